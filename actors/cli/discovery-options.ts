import { type Command, InvalidArgumentError, Option } from 'commander'
import { EnodeError, formatEnode } from '../../protocols/enode/enode.ts'
import { parseIp } from '../../protocols/enode/netutil.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { formatRecord, parseRecord } from '../../protocols/enr/record.ts'
import { DiscoveryEndpoint } from '../crawler/discovery-endpoint.ts'
import { reachable } from '../discovery/datagrams.ts'
import type { DiscoveredNode } from '../discovery/discovered-node.ts'
import { silent } from '../log/log.ts'
import { readNodeKey } from '../node/node-key.ts'
import { processRuntime } from '../runtime/process-runtime.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { publishBug, supervised } from '../runtime/supervision.ts'
import { toDuration, toPort } from './arguments.ts'
import { CommandFailed } from './command-failed.ts'

/** What every command takes that runs a discovery node, as those of geth's `devp2p`. */
export type DiscoveryOptions = {
  readonly bootnodes?: readonly DiscoveredNode[]
  readonly nodekey?: string
  readonly nodedb?: string
  readonly host: string
  readonly port: number
  readonly json: boolean
}

export const addDiscoveryOptions = (command: Command): Command =>
  command
    .option('--bootnodes <list>', 'nodes to begin with: enode://…,enr:…', toBootnodes)
    .option('--nodekey <file>', 'our key: 64 hex digits (default: a fresh one)')
    .option('--nodedb <dir>', 'where nodes are kept (default: in memory)')
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets datagrams leave this machine', toHost, '127.0.0.1')
    .option('--port <number>', 'UDP port, 0 for any', toPort, 0)
    .option('--json', 'print JSON', false)

export const addTimeout = (command: Command): Command =>
  command.addOption(new Option('--timeout <time>', 'how long to try').argParser(toDuration).default(15_000, '15s'))

export type Versions = { readonly v4: boolean; readonly v5: boolean }

/** @throws {NodeKeyError} and the system's error */
export async function openEndpoint(
  { bootnodes = [], nodekey, nodedb, host, port }: DiscoveryOptions,
  versions: Versions,
): Promise<{ endpoint: DiscoveryEndpoint; runtime: Runtime }> {
  const world = processRuntime()
  const runtime = supervised(world, (bug) => publishBug(world.feed, bug))
  const privateKey = nodekey === undefined ? runtime.entropy(32) : await readNodeKey(nodekey)
  const common = { ...versions, host, port, privateKey, bootnodes, directory: nodedb, log: silent }
  return { endpoint: await DiscoveryEndpoint.open(runtime, common), runtime }
}

/** @throws {InvalidArgumentError} it is no node, or not one that discovery can ask */
export function toNode(text: string): DiscoveredNode {
  try {
    const { host, ...node } = parseNode(text)
    if (host === undefined || !parseIp(host) || node.udp === 0)
      throw new InvalidArgumentError('Want a node with its IP address and UDP port.')
    return { ...node, host, ...(text.startsWith('enr:') && { record: parseRecord(text) }) }
  } catch (error) {
    if (error instanceof EnodeError) throw new InvalidArgumentError(`Want enode://… or enr:…: ${error.message}.`)
    throw error
  }
}

/** @throws {CommandFailed} the node is elsewhere */
export function checkPlace({ host: ip }: DiscoveredNode, host: string): void {
  if (reachable(host, undefined)(ip)) return
  throw new CommandFailed(
    `${ip} is not on this machine, where --host ${host} keeps all datagrams; --host 0.0.0.0 opens it`,
    1,
  )
}

/** @returns its record where it is known, else its URL, as geth prints it */
export const nodeText = ({ record, ...node }: DiscoveredNode): string =>
  record ? formatRecord(record) : formatEnode(node)

function toBootnodes(text: string): readonly DiscoveredNode[] {
  return text.split(',').filter(Boolean).map(toNode)
}

function toHost(text: string): string {
  if (parseIp(text)) return text
  throw new InvalidArgumentError('Want an IP address.')
}
