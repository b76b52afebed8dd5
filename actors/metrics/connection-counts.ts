import type { SnapshotFrom } from 'xstate'
import { dialerMachine } from '../../machines/dialer.ts'
import { ethPeerMachine } from '../../machines/eth-peer.ts'
import { type Outcome, peerMachine } from '../../machines/peer.ts'
import { serverMachine } from '../../machines/server.ts'
import { phaseOf, stateFacts } from '../../machines/state-facts.ts'
import { StatusError } from '../../protocols/eth/status.ts'
import { DiscError, DiscReason, discReasonText } from '../../protocols/p2p/disconnect-reasons.ts'
import type { Clock } from '../runtime/runtime.ts'
import { connectionOf } from '../trace/actor-names.ts'
import type { TransitionEntry } from '../trace/entries.ts'
import type { Live } from '../trace/live.ts'

/** Why a connection did not become a peer, in the order in which geth looks (p2p/metrics.go). */
export const setupFaults = [
  ...(['saturated', 'known', 'self', 'useless', 'id_unexpected'] as const),
  ...(['rlpx_proto', 'rlpx_enc', 'other'] as const),
]
/** Why two Status did not agree (eth/protocols/eth/metrics.go). */
export const statusFaults = ['peer', 'timeout', 'network', 'version', 'genesis', 'forkid'] as const

type SetupFault = (typeof setupFaults)[number]

/** What is counted of each direction: of what we dialed, and of what came to us. */
export class DirectionCounts {
  success = 0
  /** Peers that stayed a minute. */
  stayed = 0
  readonly setupErrors = zeros(setupFaults)
  readonly statusErrors = zeros(statusFaults)
}

/** How connections come about and how they end, read off the charts of dialer, server, peers and eth sessions. */
export class ConnectionCounts {
  /** Dials begun, and those whose TCP connect failed. */
  dials = 0
  connectErrors = 0
  /** Connections accepted and not refused at the door. */
  serves = 0
  readonly outbound = new DirectionCounts()
  readonly inbound = new DirectionCounts()
  /** By who ended it, and why. BOUNDED: by the reasons that have a name. */
  readonly ended = new Map<string, { readonly by: 'us' | 'remote'; readonly reason: string; value: number }>()
  readonly #clock: Pick<Clock, 'now'>
  /** Actors of connections that we dialed. BOUNDED: by those alive. */
  readonly #dialed = new Set<string>()
  /** By actor. BOUNDED: by the peers alive. */
  readonly #peers = new Map<string, { readonly since: number; hasStayed: boolean }>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Peers of one direction, now. */
  peers(isDialed: boolean): number {
    return [...this.#peers.keys()].filter((actor) => this.#dialed.has(actor) === isDialed).length
  }

  take(entry: TransitionEntry, { actor, event }: Live): void {
    const logic = actor?.logic
    if (logic === ethPeerMachine) {
      const [before, after] = [entry.from, entry.to].map((state) => phaseOf(entry.chart, state))
      if (before === 'handshaking' && after === 'closed') this.#takeStatusError(entry, event)
    } else if (logic === peerMachine) {
      if (entry.from !== entry.to) this.#takePeer(entry, actor!.getSnapshot() as SnapshotFrom<typeof peerMachine>)
    } else if (logic === serverMachine) {
      if (entry.event === 'conn.dialed') this.#dialed.add(`peer/${(event as unknown as { conn: number }).conn}`)
      else this.serves += countIn(entry, 'setUp')
    } else if (logic === dialerMachine) {
      this.dials += countIn(entry, 'connect')
      if (entry.event === 'connect.failed') this.connectErrors++
    }
  }

  stopped(actor: string): void {
    this.countStayed()
    this.#peers.delete(actor)
    this.#dialed.delete(actor)
  }

  /** A minute needs no timer: it is counted when the number is read, and when a peer ends. */
  countStayed(): void {
    const then = this.#clock.now() - 60_000
    for (const [actor, peer] of this.#peers) {
      if (peer.hasStayed || peer.since > then) continue
      peer.hasStayed = true
      this.#directionOf(actor).stayed++
    }
  }

  #takePeer({ actor, chart, from, to }: TransitionEntry, { context }: SnapshotFrom<typeof peerMachine>): void {
    if (phaseOf(chart, to) === 'admitted') {
      this.#peers.set(actor, { since: this.#clock.now(), hasStayed: false })
      this.#directionOf(actor).success++
    } else if (!context.outcome || phaseOf(chart, from) === 'closing') return
    else if (this.#peers.has(actor)) this.#noteEnd(context.outcome, context.reason)
    else {
      const place = stateFacts(chart, from)?.setupFault ?? 'other'
      this.#directionOf(actor).setupErrors[setupFaultOf(context.outcome.error) ?? place]++
    }
  }

  #noteEnd({ error, remoteRequested }: Outcome, sent: number | undefined): void {
    const by = remoteRequested || sent === undefined ? 'remote' : 'us'
    const reason = error instanceof DiscError ? error.reason : sent
    const text = reason === undefined ? 'connection lost' : isNamed(reason) ? discReasonText(reason) : 'unknown'
    const key = `${by} ${text}`
    const count = this.ended.get(key) ?? { by, reason: text, value: 0 }
    count.value++
    this.ended.set(key, count)
  }

  #takeStatusError({ actor, event: type }: TransitionEntry, event: Live['event']): void {
    const { error } = (event ?? {}) as { error?: unknown }
    const { statusErrors } = this.#directionOf(connectionOf(actor) ?? '')
    if (type.startsWith('xstate.after')) statusErrors.timeout++
    else if (error instanceof StatusError && error.fault !== 'range') statusErrors[error.fault]++
    else statusErrors.peer++
  }

  #directionOf(actor: string): DirectionCounts {
    return this.#dialed.has(actor) ? this.outbound : this.inbound
  }
}

/** geth's order: the reason first, from either side, then how far the setup had come. */
const setupFaultOf = (error: unknown): SetupFault | undefined =>
  error instanceof DiscError ? faultsByReason.get(error.reason) : undefined

const faultsByReason: ReadonlyMap<number, SetupFault> = new Map([
  [DiscReason.TooManyPeers, 'saturated'],
  [DiscReason.AlreadyConnected, 'known'],
  [DiscReason.Self, 'self'],
  [DiscReason.UselessPeer, 'useless'],
  [DiscReason.UnexpectedIdentity, 'id_unexpected'],
])

const named: ReadonlySet<number> = new Set(Object.values(DiscReason))
const isNamed = (reason: number) => named.has(reason)

const countIn = ({ effects }: TransitionEntry, effect: string) => effects.filter((one) => one === effect).length

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
}
