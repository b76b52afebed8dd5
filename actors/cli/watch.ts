import { type Command, InvalidArgumentError } from 'commander'
import { network } from '../../protocols/chain/networks.ts'
import { isDialable, parseNode } from '../../protocols/enr/parse-node.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { FirstSeenStats } from '../gossip-watch/first-seen-stats.ts'
import { GossipWatch, type Report } from '../gossip-watch/gossip-watch.ts'
import { SeenTransactions } from '../gossip-watch/seen-transactions.ts'
import { statusFromRpc } from '../gossip-watch/status-from-rpc.ts'
import { createLogger } from '../log/log.ts'
import type { ProbeOptions, ProbeReport } from '../probe/probe.ts'
import { statusOn } from '../probe/probed-chain.ts'
import { printJson } from '../rpc/json/print.ts'
import type { Bug } from '../runtime/runtime.ts'
import { publishBug, stackOf } from '../runtime/supervision.ts'
import type { StatusFields } from '../scripted-peer/caps.ts'
import { dial } from '../scripted-peer/dial.ts'
import { addDialable, toBlock, toDuration } from './arguments.ts'
import { CommandFailed } from './command-failed.ts'
import { addInspecting, type InspectOptions } from './inspecting.ts'
import type { Io } from './io.ts'
import { lineWriter } from './line-writer.ts'
import { addPeerOptions, failed, type PeerOptions, toProbe } from './probing.ts'
import { watchSignals } from './signals.ts'

type WatchOptions = PeerOptions &
  InspectOptions & {
    readonly rpc?: string
    readonly head?: { readonly latest: bigint; readonly latestHash: Uint8Array }
    readonly txs: boolean
    readonly for?: number
    readonly summary: boolean
  }

export function addWatch(command: Command, io: Io): void {
  addInspecting(addPeerOptions(command))
    .argument(
      '[nodes...]',
      'enode URLs or node records (default: the bootnodes of --network that say where to dial)',
      addDialable,
    )
    .option('--rpc <url>', 'send the Status of the node whose RPC this is (default: theirs)')
    .option('--head <block>', 'say that this is our head: NUMBER:HASH', toHead)
    .option('--txs', 'fetch the transactions that are only announced, and print their bytes', false)
    .option('--for <time>', 'end this long after the first node accepts us (default: when interrupted)', toDuration)
    .option('--summary', 'print one line of JSON at the end, with latency and spread', false)
    .addHelpText('after', aboutLatency)
    .action((nodes: readonly string[] | undefined, options: WatchOptions) => watch(nodes ?? [], options, io))
}

async function watch(named: readonly string[], options: WatchOptions, io: Io): Promise<void> {
  const nodes = named.length > 0 ? named : bootnodesOf(options)
  await using setup = await toProbe(options, io)
  const { view } = setup
  const statusNow = await toStatus(options, view)
  const log = createLogger({ stream: io.stderr })
  // One node's bug loses that node, and not the others.
  const supervisor = (bug: Bug) => {
    publishBug(setup.runtime.feed, bug)
    log.error('A bug of ours lost a node', { actor: bug.actor, err: stackOf(bug.error) })
  }
  const runtime = { ...setup.runtime, supervisor }
  const peer = { ...setup.peer, runtime }
  const sightings = new SeenTransactions(Math.random)
  const spread = new FirstSeenStats(nodes.length)
  const write = lineWriter(io.stdout)
  const failures: ProbeReport[] = []
  const lifetime = watchSignals(io, log)
  let giveUp: () => void
  const hopeless = new Promise<void>((resolve) => {
    giveUp = resolve
  })
  let begin: () => void
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const watches = nodes.map(
    (node, i) =>
      new GossipWatch(`${i + 1}`, {
        ...{ runtime, timeout: options.timeout, ...view, fetches: options.txs },
        dial: (parent) => {
          const status = statusNow()
          return dial(node, { ...peer, ...(status && { status }), parent })
        },
        monotonic: () => process.hrtime.bigint(),
        isNew: (gossip, at) => {
          if ('hash' in gossip) spread.note(gossip.hash, i, Number(at) / 1e6)
          return sightings.isNew(gossip)
        },
        emit: (report) => {
          const room = write(`${printJson(toJson(report, options.txs))}\n`)
          if ('hash' in report) sightings.noteLine(msSince(report.at, process.hrtime.bigint()))
          if (report.got !== undefined) sightings.noteFetched(msSince(report.at, report.got))
          return room
        },
        running: () => begin(),
        lost: (cause) => log.warn('Lost a node, it will be dialed again', { node, cause }),
        failed: (report) => {
          failures.push(report)
          if (failures.length === nodes.length) giveUp()
          else log.warn('A node refused us', { node, cause: report.cause })
        },
      }),
  )
  const { for: time } = options
  const over = time === undefined ? hopeless : begun.then(() => lifetime.end(time))
  await Promise.race([lifetime.end(), over, hopeless])
  const peers = watches.map(({ state }, i) => ({ peer: parseNode(nodes[i]!).id, state, ...spread.of(i) }))
  for (const watch of watches) watch.stop()
  lifetime.release()
  if (options.summary) io.stdout.write(`${JSON.stringify({ nodes: nodes.length, ...sightings.summary, peers })}\n`)
  const [first] = failures
  if (first && failures.length === nodes.length) throw failed(first)
}

const aboutLatency = `
Latency, in the summary: p50 and p99 in ms of the last 100,000 transactions, of
  line   from reading the announcement of one to writing its line, our own
         delay; or, where --txs fetched any, of
  fetch  from that message to having the bytes: the "took" of each line

In the summary's "peers": how many transactions each node was the first to
announce, how many it announced later than another, and "behind", p50 and p99
of the ms that it was then behind the first`

/** Those that are not for discovery alone. @throws {CommandFailed} no node is named */
function bootnodesOf({ network: name }: WatchOptions): readonly string[] {
  if (name !== undefined) return network(name).bootnodes.filter((node) => isDialable(parseNode(node)))
  throw new CommandFailed('name a node to watch, or a --network whose bootnodes are', 1)
}

/** @returns what to say whenever a node is dialed: nothing where theirs will do */
async function toStatus(
  { rpc, head, timeout }: WatchOptions,
  { chain, now }: Pick<ProbeOptions, 'chain' | 'now'>,
): Promise<() => StatusFields | undefined> {
  if (rpc !== undefined) {
    const status = await statusFromRpc(rpc, timeout)
    return () => status
  }
  return () => head && { ...(chain && statusOn(chain, head.latest, now())), range: { earliest: 0n, ...head } }
}

function toHead(text: string): NonNullable<WatchOptions['head']> {
  const [number = '', hash = ''] = text.split(':')
  const [latest, latestHash] = [toBlock(number), toBlock(hash)]
  if (typeof latest === 'bigint' && latestHash instanceof Uint8Array) return { latest, latestHash }
  throw new InvalidArgumentError('Want NUMBER:HASH, as 600:0x and 64 hex digits.')
}

/** `t` is in nanoseconds of the system's monotonic clock, `took` in ms from there to the transaction's bytes. */
function toJson({ at, got, raw, ...report }: Report, isFull: boolean): unknown {
  const { peer } = report
  if ('head' in report) {
    const { number, hash } = report.head
    return { t: at, peer, head: { number, hash: `0x${bytesToHex(hash)}` } }
  }
  const { hash, type, size, how } = report
  return {
    ...{ t: at, peer, hash: `0x${hash}`, type, size, how },
    ...(isFull && raw && { raw: `0x${bytesToHex(raw)}` }),
    ...(got !== undefined && { took: msSince(at, got) }),
  }
}

/** @returns ms between two times in ns */
const msSince = (since: bigint, now: bigint): number => Number(now - since) / 1e6
