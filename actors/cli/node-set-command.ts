import { type Command, InvalidArgumentError, Option } from 'commander'
import { scheduleOf } from '../../protocols/chain/chain-config.ts'
import { type ForkFilter, forkFilter } from '../../protocols/chain/fork-id.ts'
import { type NetworkName, network, networkNames } from '../../protocols/chain/networks.ts'
import { isInNetlist, type Netlist, NetlistError, parseNetlist } from '../../protocols/enode/netlist.ts'
import { forkIdIn, type NodeRecord } from '../../protocols/enr/record.ts'
import { readItem } from '../../protocols/lib/rlp.ts'
import type { CrawledNode } from '../crawler/crawler.ts'
import { toDuration, toWhole } from './arguments.ts'
import type { Io } from './io.ts'
import { formatNodeSet, type NodeSet, readNodeSet } from './node-set.ts'

type FilterOptions = {
  readonly limit?: number
  readonly ip?: Netlist
  readonly minAge?: number
  readonly ethNetwork?: NetworkName
  readonly lesServer: boolean
  readonly snap: boolean
  readonly dialable: boolean
  readonly reason?: string
}

/** geth's `devp2p nodeset`. */
export function addNodeSet(command: Command, io: Io): void {
  command
    .command('info')
    .description('count what the nodes of a set have in their records, and why they were not to be had')
    .argument('<file>')
    .option('--json', 'print JSON', false)
    .action(async (file: string, { json }: { json: boolean }) => {
      const { count, attributes, reasons } = infoOf(await readNodeSet(file))
      io.stdout.write(
        json
          ? `${JSON.stringify({ nodes: count, attributes, reasons })}\n`
          : `Set contains ${count} nodes.\nENR attribute counts:\n${columns(attributes)}${Object.keys(reasons).length > 0 ? `Reasons:\n${columns(reasons)}` : ''}`,
      )
    })
  command
    .command('filter')
    .description('print the nodes of a set that pass all filters')
    .argument('<file>')
    .option('--limit <number>', 'only so many, those with the best score', (text) => toWhole(text, 0, 999_999_999))
    .option('--ip <mask>', 'in this network, as 10.0.0.0/8', toNetlist)
    .option('--min-age <time>', 'with so long between the first response and the last', toDuration)
    .addOption(new Option('--eth-network <name>', 'whose fork id is one of this network').choices([...networkNames]))
    .option('--les-server', 'with an entry "les"', false)
    .option('--snap', 'with an entry "snap"', false)
    .option('--dialable', 'with a port for peers', false)
    .option('--reason <name>', 'that a dial came to this: ok, full, other-network, stale-fork, …')
    .action(
      async (file: string, options: FilterOptions) =>
        void io.stdout.write(`${formatNodeSet(filtered(await readNodeSet(file), options))}\n`),
    )
}

function infoOf(set: NodeSet) {
  const attributes = new Map<string, number>()
  const reasons = new Map<string, number>()
  const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
  for (const { record, reason } of set.values()) {
    for (const key of record?.pairs.keys() ?? []) count(attributes, key)
    if (reason !== undefined) count(reasons, reason)
  }
  const sorted = (counts: Map<string, number>) => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  return { count: set.size, attributes: sorted(attributes), reasons: sorted(reasons) }
}

function filtered(set: NodeSet, options: FilterOptions): NodeSet {
  const { limit, ip, minAge, ethNetwork, lesServer, snap, dialable, reason } = options
  const ofNetwork = ethNetwork && filterOf(ethNetwork)
  const passes = ({ node, record, ...one }: CrawledNode) =>
    (!ip || (node.host !== undefined && isInNetlist(ip, node.host))) &&
    (minAge === undefined || one.lastResponse - one.firstResponse >= minAge) &&
    (!ofNetwork || isOfNetwork(record, ofNetwork)) &&
    (!lesServer || hasList(record, 'les')) &&
    (!snap || hasList(record, 'snap')) &&
    (!dialable || ['tcp', 'tcp6', 'quic', 'quic6'].some((key) => hasPort(record, key))) &&
    (reason === undefined || one.reason === reason)
  const all = [...set].filter(([, one]) => passes(one))
  if (limit === undefined || limit >= all.length) return new Map(all)
  return new Map(all.sort(([, a], [, b]) => b.score - a.score).slice(0, limit))
}

/** geth NewStaticFilter: as a node sees it that is at the genesis, which takes any fork of its chain. */
function filterOf(name: NetworkName): ForkFilter {
  const { config, header } = network(name).genesis
  return forkFilter(header.hash, scheduleOf(config, header.time), () => ({ number: 0n, time: 0n }))
}

function isOfNetwork(record: NodeRecord | undefined, filter: ForkFilter): boolean {
  const forkId = record && forkIdIn(record)
  return forkId !== undefined && filter(forkId) === undefined
}

function hasList(record: NodeRecord | undefined, key: string): boolean {
  const raw = record?.pairs.get(key)
  return raw !== undefined && readItem(raw).isList
}

function hasPort(record: NodeRecord | undefined, key: string): boolean {
  const raw = record?.pairs.get(key)
  if (raw === undefined) return false
  const { isList, content } = readItem(raw)
  return !isList && content.length > 0 && content.length <= 2
}

function columns(counts: Readonly<Record<string, number>>): string {
  const width = Object.keys(counts).reduce((most, key) => Math.max(most, key.length), 0)
  return Object.entries(counts)
    .map(([key, count]) => ` ${key.padStart(width)}: ${count}\n`)
    .join('')
}

function toNetlist(text: string): Netlist {
  try {
    return parseNetlist(text)
  } catch (error) {
    if (error instanceof NetlistError)
      throw new InvalidArgumentError(`Want a network, as 10.0.0.0/8: ${error.message}.`)
    throw error
  }
}
