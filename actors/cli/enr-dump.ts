import type { Command } from 'commander'
import { formatEnode, nodeIdOf } from '../../protocols/enode/enode.ts'
import { formatIp } from '../../protocols/enode/netutil.ts'
import { decodeRecord, endpointOf, formatRecord, type NodeRecord, parseRecord } from '../../protocols/enr/record.ts'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import { readItem } from '../../protocols/lib/rlp.ts'
import { utf8FromBytes } from '../../protocols/lib/utf8.ts'
import { printable } from '../log/log.ts'
import { printJson } from '../rpc/json/print.ts'
import { boundedOf, isReadFault, readChunks, UnreadableFile } from '../runtime/files.ts'
import { givenName } from './given-file.ts'
import type { Io } from './io.ts'

/** geth's `devp2p enrdump`. */
export function addEnrDump(command: Command, io: Io): void {
  command
    .argument('<record>', 'enr:…, or its bytes in hex after 0x, or a file that has either, or - for standard input')
    .option('--json', 'print JSON', false)
    .action(async (given: string, { json }: { json: boolean }) => {
      const record = toRecord(await readText(given, io))
      io.stdout.write(json ? `${printJson(toJson(record))}\n` : toText(record))
    })
}

async function readText(given: string, io: Io): Promise<string> {
  if (isRecord(given)) return given
  try {
    const chunks = given === '-' ? (io.stdin as AsyncIterable<Uint8Array>) : readChunks(given)
    return (await boundedOf(chunks, maxRecord)).toString('utf8')
  } catch (error) {
    throw isReadFault(error) ? new UnreadableFile(givenName(given), error) : error
  }
}

/** A record has 300 bytes at most (EIP-778), and space around it. */
const maxRecord = 4_096

const isRecord = (text: string) => /^(enr:|0x)/.test(text)

/** @throws {RecordError} */
function toRecord(text: string): NodeRecord {
  const record = text.trim()
  return /^0x(?:[0-9a-f]{2})+$/i.test(record) ? decodeRecord(hexToBytes(record.slice(2))) : parseRecord(record)
}

function toText(record: NodeRecord): string {
  const pairs = [...record.pairs].map(([key, value]) => [JSON.stringify(key), textOf(key, value)] as const)
  const width = pairs.reduce((most, [key]) => Math.max(most, key.length), 0)
  return [
    `Node ID: ${bytesToHex(nodeIdOf(record.publicKey))}`,
    `URLv4:   ${toUrl(record)}`,
    `Record has sequence number ${record.seq} and ${pairs.length} key/value pairs.`,
    ...pairs.map(([key, label]) => `  ${key.padEnd(width)} ${label}`),
    '',
  ].join('\n')
}

function toJson(record: NodeRecord): unknown {
  const { seq, pairs, publicKey } = record
  return {
    id: bytesToHex(nodeIdOf(publicKey)),
    enode: toUrl(record),
    seq,
    pairs: Object.fromEntries([...pairs].map(([key, value]) => [key, toValue(key, value) ?? `0x${bytesToHex(value)}`])),
    enr: formatRecord(record),
  }
}

function toUrl(record: NodeRecord): string {
  const { ip, tcp = 0, udp = 0 } = endpointOf(record)
  return formatEnode({ publicKey: record.publicKey, ...(ip && { host: formatIp(ip) }), tcp, udp })
}

/** As geth: an unknown value is RLP in hex, with a mark when a known key has another form than it should. */
function textOf(key: string, raw: Uint8Array): string {
  const value = toValue(key, raw)
  if (value === undefined) return `${bytesToHex(raw)} (!)`
  return key === 'id' ? JSON.stringify(printable(`${value}`)) : `${value}`
}

/** @returns undefined for another form than the key's (EIP-778, "Key/Value Pairs") */
function toValue(key: string, raw: Uint8Array): string | number | undefined {
  const { isList, content } = readItem(raw)
  if (isList) return undefined
  if (key === 'id') return utf8FromBytes(content)
  if (key === 'ip' || key === 'ip6') return content.length === (key === 'ip' ? 4 : 16) ? formatIp(content) : undefined
  if (!/^(tcp|udp)6?$/.test(key)) return bytesToHex(content)
  const isPort = content.length <= 2 && content[0] !== 0
  return isPort ? content.reduce((port, byte) => port * 256 + byte, 0) : undefined
}
