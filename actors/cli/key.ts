import { type Command, InvalidArgumentError, Option } from 'commander'
import { formatEnode, nodeIdOf } from '../../protocols/enode/enode.ts'
import { formatIp, parseIp } from '../../protocols/enode/netutil.ts'
import { formatRecord, signRecord } from '../../protocols/enr/record.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { createNodeKey, readNodeKey } from '../node/node-key.ts'
import { processRuntime } from '../runtime/process-runtime.ts'
import { toPort } from './arguments.ts'
import type { Io } from './io.ts'

type Place = { readonly ip: Uint8Array; readonly tcp: number; readonly udp: number }

/** geth's `devp2p key`. */
export function addKey(key: Command, io: Io): void {
  const print = (isJson: boolean, name: string, value: string): void => {
    io.stdout.write(isJson ? `${JSON.stringify({ [name]: value })}\n` : `${value}\n`)
  }
  addJson(key.command('generate'))
    .description("write a fresh key to a new file of its owner's alone, and print its node id")
    .argument('<file>')
    .action(async (file: string, { json }) =>
      print(json, 'id', toId(await createNodeKey(file, processRuntime().entropy))),
    )
  addJson(key.command('to-id'))
    .description('print the node id of a key: Keccak-256 of its public key')
    .argument('<file>', '64 hex digits')
    .action(async (file: string, { json }) => print(json, 'id', toId(await readNodeKey(file))))
  addPlace(addJson(key.command('to-enode')))
    .description('print the enode URL of a key at an address')
    .argument('<file>', '64 hex digits')
    .action(async (file: string, { json, ...place }) => print(json, 'enode', toUrl(await readNodeKey(file), place)))
  addPlace(addJson(key.command('to-enr')))
    .description('print a node record of a key at an address, signed by it')
    .argument('<file>', '64 hex digits')
    .action(async (file: string, { json, ...place }) => print(json, 'enr', toRecord(await readNodeKey(file), place)))
}

const addJson = (command: Command): Command => command.option('--json', 'print JSON', false)

const addPlace = (command: Command): Command =>
  command
    .addOption(
      new Option('--ip <address>', 'IP address of the node')
        .argParser(toIp)
        .default(Uint8Array.of(127, 0, 0, 1), '127.0.0.1'),
    )
    .option('--tcp <number>', 'TCP port of the node', toPort, 30_303)
    .option('--udp <number>', 'UDP port of the node', toPort, 30_303)

const toId = (key: Uint8Array): string => bytesToHex(nodeIdOf(publicKeyOf(key)))

const toUrl = (key: Uint8Array, { ip, tcp, udp }: Place): string =>
  formatEnode({ publicKey: publicKeyOf(key), host: formatIp(ip), tcp, udp })

/** Number 0, as geth's: a running node makes the next. No port, no pair. */
const toRecord = (key: Uint8Array, { ip, tcp, udp }: Place): string =>
  formatRecord(
    signRecord(0n, { [ip.length === 4 ? 'ip' : 'ip6']: ip, ...(tcp > 0 && { tcp }), ...(udp > 0 && { udp }) }, key),
  )

function toIp(text: string): Uint8Array {
  const ip = parseIp(text)
  if (ip) return ip
  throw new InvalidArgumentError('Want an IP address.')
}
