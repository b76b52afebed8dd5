import { Counter, Gauge, type Registry, Summary } from 'prom-client'
import { baseProtocolVersion } from '../../protocols/p2p/messages.ts'
import type { BugEnd } from '../trace/entries.ts'
import type { Feed } from '../trace/feed.ts'
import type { ChartCounts } from './chart-counts.ts'
import { type ConnectionCounts, type DirectionCounts, setupFaults, statusFaults } from './connection-counts.ts'
import { type MessageCounts, messageName, toHex } from './message-counts.ts'
import { Calls } from './metered-apis.ts'
import type { Traffic } from './metered-network.ts'
import type { RequestCount, Stopwatch } from './request-counts.ts'

/** What the metrics of one node are read from at a scrape. Labels are names of our definitions, never a remote's text. */
export type Sources = {
  readonly traffic: Traffic
  readonly connections: ConnectionCounts
  readonly charts: ChartCounts
  readonly messages: MessageCounts
  readonly feed: Pick<Feed, 'actors' | 'mailboxes'>
  readonly chain: Heads
  /** By what they ended. */
  readonly bugs: Readonly<Record<BugEnd, number>>
}

/** Of the chain: what a consensus client has called safe and final is not there before it did. */
export type Heads = {
  readonly head: Numbered
  readonly safe?: Numbered | undefined
  readonly finalized?: Numbered | undefined
}
type Numbered = { readonly number: bigint }

/** Those that geth has, under its names. Like geth's they are gauges, even where they only grow. */
export function registerGethGauges(registry: Registry, { traffic, connections, chain }: Sources): void {
  const gauge = (name: string, help: string, read: () => number) => gaugeOf(registry, name, help, read)
  gauge('p2p_ingress', 'Bytes received on all sockets', () => traffic.ingress)
  gauge('p2p_egress', 'Bytes sent on all sockets', () => traffic.egress)
  gauge('discover_ingress', 'Bytes of datagrams received by discovery', () => traffic.discoveryIngress)
  gauge('discover_egress', 'Bytes of datagrams sent by discovery', () => traffic.discoveryEgress)
  gauge('p2p_peers', 'Peers connected', () => connections.peers(true) + connections.peers(false))
  gauge('p2p_peers_inbound', 'Peers that came to us', () => connections.peers(false))
  gauge('p2p_peers_outbound', 'Peers that we dialed', () => connections.peers(true))
  gauge('p2p_dials', 'Dials begun', () => connections.dials)
  gauge('p2p_serves', 'Connections accepted', () => connections.serves)
  gauge('p2p_dials_error_connection', 'Dials whose TCP connect failed', () => connections.connectErrors)
  for (const [prefix, whom, counts] of [
    ['p2p_dials', 'we dialed', connections.outbound],
    ['p2p_serves', 'came to us', connections.inbound],
  ] as const) {
    gauge(`${prefix}_success`, `Connections that ${whom} and that became peers`, () => counts.success)
    gauge(`${prefix}_success_1min`, `Peers that ${whom} and that stayed a minute`, () => minutes(connections, counts))
    for (const fault of setupFaults)
      gauge(`${prefix}_error_${fault}`, `Connections that ${whom} and that failed: ${faults[fault]}`, () => {
        return counts.setupErrors[fault]
      })
  }
  for (const [way, whom, counts] of [
    ['ingress', 'came to us', connections.inbound],
    ['egress', 'we dialed', connections.outbound],
  ] as const)
    for (const fault of statusFaults)
      gauge(
        `eth_protocols_eth_${way}_handshake_error_${fault}`,
        `Status exchanges with peers that ${whom}, failed: ${faults[fault]}`,
        () => counts.statusErrors[fault],
      )
  gauge('chain_head_block', 'Number of the head block', () => Number(chain.head.number))
  gauge('chain_head_header', 'Number of the head header', () => Number(chain.head.number))
  gauge('chain_head_safe', 'Number of the safe block, 0 before there is one', () => Number(chain.safe?.number ?? 0))
  gauge('chain_head_finalized', 'Number of the final block, 0 before there is one', () =>
    Number(chain.finalized?.number ?? 0),
  )
}

/** Of RPC: geth's, and each method apart. @returns what its APIs are metered with */
export function registerCallMetrics(registry: Registry): Calls {
  const all = summaryOf(registry, 'rpc_duration_all', 'Nanoseconds to the result of a call, of the last 10 minutes')
  const calls = new Calls(all)
  gaugeOf(registry, 'rpc_requests', 'Calls over RPC', () => calls.success + calls.failure)
  gaugeOf(registry, 'rpc_success', 'Calls over RPC that had a result', () => calls.success)
  gaugeOf(registry, 'rpc_failure', 'Calls over RPC that had an error', () => calls.failure)
  labelled(Counter, registry, 'peerchart_rpc_calls_total', 'Calls over RPC, by method', ['method', 'outcome'], () =>
    [...calls.byMethod.values()].flatMap(({ method, success, failure }): Sample[] => [
      [{ method, outcome: 'success' }, success],
      [{ method, outcome: 'failure' }, failure],
    ]),
  )
  return calls
}

/** Those that only charts have. */
export function registerOwnMetrics(registry: Registry, sources: Sources, info: Readonly<Record<string, string>>): void {
  const { traffic, connections, charts, messages, feed, bugs } = sources
  const facts = { registers: [registry], name: 'peerchart_info', help: 'What the node is' }
  new Gauge({ ...facts, labelNames: Object.keys(info) }).set(info, 1)
  gaugeOf(registry, 'peerchart_sockets_paused', 'Sockets not read now: too much of theirs waits', () => traffic.paused)
  labelled(Gauge, registry, 'peerchart_actors', 'Actors alive, by the state they are in', ['chart', 'state'], () =>
    tally(feed.actors),
  )
  labelled(
    Gauge,
    registry,
    'peerchart_mailbox_depth',
    'Most events that waited in one mailbox since the last scrape',
    ['chart'],
    () => [...feed.mailboxes].map(([chart, mailbox]) => [{ chart }, emptied(mailbox)]),
  )
  labelled(
    Counter,
    registry,
    'peerchart_chart_state_entered_total',
    'How often a state of a chart was entered',
    ['chart', 'state'],
    () => charts.states.map(({ chart, what, value }) => [{ chart, state: what }, value]),
  )
  labelled(
    Counter,
    registry,
    'peerchart_chart_transitions_total',
    'How often a transition of a chart was taken',
    ['chart', 'transition'],
    () => charts.transitions.map(({ chart, what, value }) => [{ chart, transition: what }, value]),
  )
  const kind = ({ direction, protocol, version = baseProtocolVersion, ...rest }: MessageCounts['all'][number]) => ({
    ...{ direction, protocol, version: `${version}` },
    message: messageName({ protocol, version, ...rest }),
  })
  const labels = ['direction', 'protocol', 'version', 'message']
  labelled(Counter, registry, 'peerchart_messages_total', 'Messages received and sent', labels, () =>
    messages.all.map((count) => [kind(count), count.packets]),
  )
  labelled(Counter, registry, 'peerchart_message_bytes_total', 'Bytes of their payloads, uncompressed', labels, () =>
    messages.all.map((count) => [kind(count), count.bytes]),
  )
  labelled(
    Counter,
    registry,
    'peerchart_peers_ended_total',
    'Peers that ended, by who ended it and by the name of the reason',
    ['by', 'reason'],
    () => [...connections.ended.values()].map(({ by, reason, value }) => [{ by, reason }, value]),
  )
  labelled(
    Counter,
    registry,
    'peerchart_bugs_total',
    'Bugs of ours, by what they ended: a connection, a reader of the feed or the node',
    ['ends'],
    () => Object.entries(bugs).map(([ends, value]) => [{ ends }, value]),
  )
}

/** geth's of each message, once one was seen: `p2p_ingress_eth_69_0x03_packets`. geth has none of the base protocol. */
export function registerPacketGauges(registry: Registry, { messages }: Sources): void {
  for (const count of messages.all) {
    const { direction, protocol, version, code } = count
    const name = `p2p_${direction}_${protocol}_${version}_${toHex(code)}_packets`
    if (version === undefined || !/^\w+$/.test(protocol) || registry.getSingleMetric(name)) continue
    const what = direction === 'ingress' ? 'received' : 'sent'
    gaugeOf(registry, name, `${messageName(count)} of ${protocol}/${version} ${what}`, () => count.packets)
  }
}

/** geth's of each request, once one was made: `p2p_tracked_eth_69_0x03`. @returns takes what an answer took */
export function registerRequestMetrics(registry: Registry, count: RequestCount): Stopwatch {
  const suffix = `eth_${count.version}_${toHex(count.code)}`
  const name = messageName({ protocol: 'eth', ...count })
  gaugeOf(registry, `p2p_tracked_${suffix}`, `${name}: asked and not yet answered`, () => count.tracked)
  gaugeOf(registry, `p2p_lost_${suffix}`, `${name}: not answered within 5 minutes`, () => count.lost)
  return summaryOf(registry, `p2p_wait_${suffix}`, `${name}: microseconds to the answer, of the last 10 minutes`)
}

const faults = {
  saturated: 'too many peers',
  known: 'already connected',
  self: 'connected to self',
  useless: 'no protocol in common',
  id_unexpected: 'another identity than expected',
  rlpx_proto: 'in the exchange of Hellos',
  rlpx_enc: 'in the encryption handshake',
  other: 'for another reason',
  peer: 'the peer left, or its Status was no good',
  timeout: 'no Status within 5 s',
  network: 'another network id',
  version: 'another version',
  genesis: 'another genesis',
  forkid: 'a fork id that does not fit',
} as const

/** @param read is called at each scrape */
export function gaugeOf(registry: Registry, name: string, help: string, read: () => number): void {
  const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) })
}

/** geth's timers and histograms. @returns takes a value */
export function summaryOf(registry: Registry, name: string, help: string): (value: number) => void {
  const summary = new Summary({
    ...{ name, help, registers: [registry], percentiles: [0.5, 0.75, 0.95, 0.99, 0.999] },
    ...{ maxAgeSeconds: 600, ageBuckets: 5, pruneAgedBuckets: false },
  })
  return (value) => summary.observe(value)
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

/** A metric whose samples are made at each scrape. */
function labelled(
  Metric: typeof Gauge | typeof Counter,
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: () => readonly Sample[],
): void {
  const metric: Gauge | Counter = new Metric({
    ...{ name, help, labelNames: [...labelNames], registers: [registry] },
    collect: () => {
      metric.reset()
      for (const [labels, value] of read()) metric.inc({ ...labels }, value)
    },
  })
}

function tally(actors: Feed['actors']): Sample[] {
  const counts = new Map<string, Map<string, number>>()
  for (const { chart, state } of actors) {
    const ofChart = counts.get(chart) ?? new Map<string, number>()
    counts.set(chart, ofChart.set(state, (ofChart.get(state) ?? 0) + 1))
  }
  return [...counts].flatMap(([chart, states]) =>
    [...states].map(([state, count]): Sample => [{ chart, state }, count]),
  )
}

function emptied(mailbox: { deepest: number }): number {
  const { deepest } = mailbox
  mailbox.deepest = 0
  return deepest
}

function minutes(connections: ConnectionCounts, counts: DirectionCounts): number {
  connections.countStayed()
  return counts.stayed
}
