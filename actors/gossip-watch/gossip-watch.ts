import type { Actor } from 'xstate'
import { type GossipWatchEvent, gossipWatchMachine } from '../../machines/gossip-watch.ts'
import { nodeIdOf } from '../../protocols/enode/enode.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { isRequestName } from '../../protocols/sub-protocols.ts'
import { type ProbeOptions, type ProbeReport, probe } from '../probe/probe.ts'
import { judge } from '../probe/verdict.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { startActor } from '../runtime/start-actor.ts'
import { guard, reportBug } from '../runtime/supervision.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import { type Received, ScriptError } from '../scripted-peer/transcript.ts'
import { denyRequest } from './denials.ts'
import { announcedIn, type Fetched, fetchAnnounced, type Gossip, readGossip } from './gossip.ts'

/** What is emitted. Times are nanoseconds of the system's monotonic clock, `peer` a node id in hex. */
export type Report = Gossip & {
  readonly at: bigint
  readonly peer: string
  /** Of a transaction that was asked for: its bytes, and when they had come. */
  readonly raw?: Uint8Array
  readonly got?: bigint
}

export type GossipWatchOptions = Pick<ProbeOptions, 'chain' | 'now'> & {
  /** A fresh peer of the node, on its way. @param parent the actor that it belongs to */
  dial(parent: string): ScriptedPeer
  readonly runtime: Runtime
  /** ms for each step of the handshake, and for the answers of `fetches`. */
  readonly timeout: number
  /** Asks for each new transaction that is only announced. */
  readonly fetches: boolean
  /** Nanoseconds of the system's monotonic clock. */
  monotonic(): bigint
  /** @param at when it came @returns whether this transaction is new */
  isNew(gossip: Gossip, at: bigint): boolean
  /** @returns once there is room for more, if there is none: until then nothing is read */
  emit(report: Report): Promise<void> | undefined
  /** It has us for its peer. */
  running(): void
  /** It will be dialed again. */
  lost(cause: string): void
  /** It never ran, and will not be dialed again. */
  failed(report: ProbeReport): void
}

/** Listens to what one node announces: {@link gossipWatchMachine} over a scripted peer that has no chain. */
export class GossipWatch {
  readonly #options: GossipWatchOptions
  readonly #id: string
  readonly #actor: Actor<typeof gossipWatchMachine>
  #peer: ScriptedPeer | undefined
  #report: ProbeReport | undefined
  /** When the peer was made: a message bears the time since then. */
  #epoch = 0n
  #message: Received | undefined
  /** Of that message, and when it came. BOUNDED: by one message. */
  #news: readonly Gossip[] = []
  #at = 0n
  #fetched: Fetched | undefined

  constructor(id: string, options: GossipWatchOptions) {
    this.#options = options
    this.#id = `watch/${id}`
    this.#actor = startActor(options.runtime, gossipWatchMachine, {
      id: this.#id,
      input: {
        fetches: options.fetches,
        ports: {
          connect: () => this.#guard(() => this.#connect()),
          running: () => options.running(),
          read: () => this.#guard(() => this.#unlessGone(() => this.#read(this.#peer!))),
          deny: () => denyRequest(this.#peer!, this.#message!),
          fetch: () => this.#guard(() => this.#unlessGone(() => this.#fetch(this.#peer!))),
          emit: () => this.#guard(() => this.#emit(this.#peer!)),
          hangUp: () => this.#peer?.close(),
          reportLost: ({ cause }) => options.lost(cause),
          reportFailed: () => options.failed(this.#report!),
        },
      },
      crashed: () => {
        this.#peer?.close()
        options.lost('internal error')
      },
    })
  }

  /** The node has had us for its peer. */
  get hasRun(): boolean {
    const snapshot = this.#actor.getSnapshot()
    return !snapshot.matches('connecting') && !snapshot.matches('failed')
  }

  get state(): string {
    const { value } = this.#actor.getSnapshot()
    return typeof value === 'string' ? value : 'watching'
  }

  stop(): void {
    if (this.#isActive) this.#actor.send({ type: 'watch.stop' })
  }

  get #isActive(): boolean {
    return this.#actor.getSnapshot().status === 'active'
  }

  /** A bug of ours in the input of one node loses that node: it is dialed again. */
  #guard(work: () => Promise<void>): void {
    guard(work, (error) => {
      reportBug(this.#options.runtime, { actor: this.#id, error, ends: 'connection' })
      if (this.#isActive) this.#lose(this.#peer!, 'internal error')
    })
  }

  async #connect(): Promise<void> {
    const { dial, timeout, chain, now } = this.#options
    const peer = dial(this.#id)
    this.#peer = peer
    this.#report = await probe(peer, { timeout, chain, now, step() {} })
    if (!this.#isActive) return
    this.#epoch = this.#options.monotonic() - toNanoseconds(peer.age)
    if (this.#report.outcome === 'ok') this.#actor.send({ type: 'peer.running' })
    else this.#lose(peer, this.#report.cause)
  }

  /** One that is gone, or hung up, is lost. */
  async #unlessGone(work: () => Promise<void>): Promise<void> {
    const peer = this.#peer!
    try {
      await work()
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error
      if (this.#isActive) this.#lose(peer, judge(peer, undefined, longest).cause)
    }
  }

  async #read(peer: ScriptedPeer): Promise<void> {
    const message = await peer.next(() => true, { timeout: longest })
    this.#message = message
    this.#fetched = undefined
    if (isRequestName(message.name)) return this.#send({ type: 'request.received' })
    this.#at = this.#epoch + toNanoseconds(message.at)
    this.#news = readGossip(peer.version!, message).filter((gossip) => this.#options.isNew(gossip, this.#at))
    const announced = announcedIn(this.#news).length
    this.#send({ type: 'gossip.received', announced, isAnswer: message.name === 'PooledTransactions' })
  }

  async #fetch(peer: ScriptedPeer): Promise<void> {
    const { fetched, isOverdue } = await fetchAnnounced(peer, this.#news, this.#options)
    this.#fetched = fetched
    this.#send({ type: isOverdue ? 'fetch.overdue' : 'fetch.done' })
  }

  async #emit(peer: ScriptedPeer): Promise<void> {
    const of = { at: this.#at, peer: bytesToHex(nodeIdOf(peer.theirHello!.id)) }
    for (const gossip of this.#news) {
      const full = this.#options.emit({ ...gossip, ...of, ...('hash' in gossip && this.#fetched?.get(gossip.hash)) })
      if (!full) continue
      peer.stopReading()
      await full
      peer.resumeReading()
    }
    this.#send({ type: 'gossip.emitted' })
  }

  #send(event: GossipWatchEvent): void {
    if (this.#isActive) this.#actor.send(event)
  }

  #lose(peer: ScriptedPeer, cause: string): void {
    peer.close()
    this.#actor.send({ type: 'peer.lost', cause })
  }
}

const toNanoseconds = (ms: number): bigint => BigInt(Math.round(ms * 1e6))

/** ms: a node may have nothing to announce for as long as it likes. */
const longest = 2 ** 31 - 1
