import { type Command, InvalidArgumentError } from 'commander'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import type { DiscoveryEndpoint } from '../crawler/discovery-endpoint.ts'
import type { DiscoveredNode } from '../discovery/discovered-node.ts'
import { QueryFailed } from '../discovery/v4/known-node.ts'
import { CallFailed } from '../discovery/v5/discv5.ts'
import { silent } from '../log/log.ts'
import { printJson } from '../rpc/json/print.ts'
import { toDuration } from './arguments.ts'
import { CommandFailed } from './command-failed.ts'
import { addCrawl } from './crawl.ts'
import {
  addDiscoveryOptions,
  addTimeout,
  checkPlace,
  type DiscoveryOptions,
  nodeText,
  openEndpoint,
  toNode,
  type Versions,
} from './discovery-options.ts'
import type { Io } from './io.ts'
import { watchSignals } from './signals.ts'
import { exitSilent, within } from './within.ts'

type AskOptions = DiscoveryOptions & { readonly timeout: number }
type FindOptions = AskOptions & { readonly target?: Uint8Array; readonly distances?: readonly number[] }
type ListenOptions = DiscoveryOptions & { readonly for?: number }

/** geth's `devp2p discv4`. */
export const addDiscv4 = (command: Command, io: Io): void => addProtocol(command, { v4: true, v5: false }, io)

/** geth's `devp2p discv5`. */
export const addDiscv5 = (command: Command, io: Io): void => addProtocol(command, { v4: false, v5: true }, io)

/** geth's `devp2p discovery`. */
export function addDiscovery(command: Command, io: Io): void {
  addListen(command.command('listen'), { v4: true, v5: true }, io)
}

function addProtocol(command: Command, versions: Versions, io: Io): void {
  const ask = (name: string, description: string) =>
    addTimeout(addDiscoveryOptions(command.command(name).description(description))).argument(
      '<node>',
      'enode URL or node record',
      toNode,
    )
  ask('ping', 'ping a node').action((node: DiscoveredNode, options: AskOptions) => ping(node, options, versions, io))
  ask('requestenr', 'ask a node for its record').action((node: DiscoveredNode, options: AskOptions) =>
    printNode(node, options, versions, io, (endpoint) => recordOf(endpoint, node)),
  )
  ask('resolve', 'find a node where it is now: ask it, else who is near it').action(
    (node: DiscoveredNode, options: AskOptions) =>
      printNode(node, options, versions, io, ({ v4, v5 }) => (v4 ? v4.locate(node) : v5!.resolve(node))),
  )
  const find = ask('findnode', 'ask a node for others that it knows')
  if (versions.v4) find.option('--target <hex>', 'close to this public key or any 64 bytes (default: any)', toTarget)
  else find.option('--distances <list>', 'at these distances from it', toDistances, [256, 255, 254])
  find.action((node: DiscoveredNode, options: FindOptions) => findNodes(node, options, versions, io))
  addListen(command.command('listen'), versions, io)
  addCrawl(command.command('crawl'), versions, io)
}

function addListen(command: Command, versions: Versions, io: Io): void {
  addDiscoveryOptions(command)
    .description('run a discovery node, and print its record')
    .option('--for <time>', 'end after this time', toDuration)
    .action((options: ListenOptions) => listen(options, versions, io))
}

async function ping(node: DiscoveredNode, options: AskOptions, versions: Versions, io: Io): Promise<void> {
  checkPlace(node, options.host)
  const { endpoint } = await openEndpoint(options, versions)
  await using _endpoint = endpoint
  const began = performance.now()
  const pong: Promise<unknown> = endpoint.v4 ? endpoint.v4.ping(node) : endpoint.v5!.ping(node)
  await answer(pong, "node didn't respond", options, io)
  const rtt = Number((performance.now() - began).toFixed(3))
  io.stdout.write(
    options.json ? `${JSON.stringify({ id: node.id, rtt })}\n` : `node responded to ping (RTT ${rtt}ms).\n`,
  )
}

/** As geth prints it; nothing was found: exit status 10, as of other commands. */
async function printNode(
  node: DiscoveredNode,
  options: AskOptions,
  versions: Versions,
  io: Io,
  find: (endpoint: DiscoveryEndpoint) => Promise<DiscoveredNode | undefined>,
): Promise<void> {
  checkPlace(node, options.host)
  const { endpoint } = await openEndpoint(options, versions)
  await using _endpoint = endpoint
  const found = await answer(find(endpoint), "can't retrieve record", options, io)
  if (!found) throw new CommandFailed('the node was not found', 10)
  io.stdout.write(options.json ? `${printJson(toJson(found))}\n` : `${nodeText(found)}\n`)
}

const recordOf = ({ v4, v5 }: DiscoveryEndpoint, node: DiscoveredNode): Promise<DiscoveredNode> =>
  v4 ? v4.requestRecord(node) : v5!.requestRecord(node)

async function findNodes(node: DiscoveredNode, options: FindOptions, versions: Versions, io: Io): Promise<void> {
  checkPlace(node, options.host)
  const { endpoint, runtime } = await openEndpoint(options, versions)
  await using _endpoint = endpoint
  const { v4, v5 } = endpoint
  const { target = runtime.entropy(64), distances = [] } = options
  const asked = v4 ? v4.ping(node).then(() => v4.findnode(node, target)) : v5!.findNode(node, distances)
  const found = await answer(asked, "node didn't respond", options, io)
  if (options.json) io.stdout.write(`${printJson(found.map(toJson))}\n`)
  else for (const one of found) io.stdout.write(`${nodeText(one)}\n`)
}

async function listen(options: ListenOptions, versions: Versions, io: Io): Promise<void> {
  const { endpoint } = await openEndpoint(options, versions)
  await using _endpoint = endpoint
  const { record } = endpoint.local
  const { enode } = endpoint.local
  const self = { ...enode, host: enode.host ?? options.host, record }
  io.stdout.write(options.json ? `${printJson(toJson(self))}\n` : `${nodeText(self)}\n`)
  const lifetime = watchSignals(io, silent)
  await lifetime.end(options.for)
  lifetime.release()
}

/** A node that is silent is the world's fault, and an exit status. @param what it did not do */
function answer<T>(asked: Promise<T>, what: string, { timeout }: AskOptions, io: Io): Promise<T> {
  const answered = asked.catch((error) => {
    if (error instanceof QueryFailed || error instanceof CallFailed)
      throw new CommandFailed(`${what}: ${error.message}`, exitSilent)
    throw error
  })
  return within(answered, { time: timeout, late: `no answer within ${timeout} ms` }, io)
}

const toJson = ({ id, host, tcp, udp, publicKey, record }: DiscoveredNode) => ({
  ...{ id, ip: host, tcp, udp, publicKey: bytesToHex(publicKey) },
  ...(record && { seq: record.seq, record: nodeText({ id, host, tcp, udp, publicKey, record }) }),
})

function toTarget(text: string): Uint8Array {
  if (/^(0x)?[0-9a-f]{128}$/i.test(text)) return hexToBytes(text.replace(/^0x/i, ''))
  throw new InvalidArgumentError('Want 128 hex digits.')
}

function toDistances(text: string): readonly number[] {
  const distances = text.split(',').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 257))
  if (distances.length <= 16 && distances.every((distance) => distance <= 256)) return distances
  throw new InvalidArgumentError('Want at most 16 numbers from 0 to 256, between commas.')
}
