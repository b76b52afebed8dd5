import type { Actor } from 'xstate'
import { tapMachine } from '../../machines/gossip-watch.ts'
import { nodeIdOf } from '../../protocols/enode/enode.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { type ProbeOptions, type ProbeReport, probe } from '../probe/probe.ts'
import { judge } from '../probe/verdict.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { startActor } from '../runtime/start-actor.ts'
import { guard, reportBug } from '../runtime/supervision.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import { ScriptError } from '../scripted-peer/transcript.ts'
import { denyRequest } from './denials.ts'
import { type Fetched, fetchAnnounced, type Gossip, readGossip } from './gossip.ts'

/** What a tap tells. Times are nanoseconds of the system's monotonic clock, `peer` a node id in hex. */
export type Told = Gossip & {
  readonly at: bigint
  readonly peer: string
  /** Of a transaction that was asked for: its bytes, and when they had come. */
  readonly raw?: Uint8Array
  readonly got?: bigint
}

export type TapOptions = Pick<ProbeOptions, 'chain' | 'now'> & {
  /** A fresh peer of the node, on its way. @param parent the actor that it belongs to */
  dial(parent: string): ScriptedPeer
  readonly runtime: Runtime
  /** ms for each step of the handshake, and for the answers of `fetches`. */
  readonly timeout: number
  /** Asks for each new transaction that is only announced. */
  readonly fetches: boolean
  /** Nanoseconds of the system's monotonic clock. */
  monotonic(): bigint
  /** @param at when it came @returns whether nobody told of this transaction before */
  isNew(gossip: Gossip, at: bigint): boolean
  /** @returns once there is room for more, if there is none: until then nothing is read */
  tell(told: Told): Promise<void> | undefined
  /** It has us for its peer. */
  running(): void
  /** It will be dialed again. */
  lost(cause: string): void
  /** It never ran, and will not be dialed again. */
  failed(report: ProbeReport): void
}

/** Listens to what one node tells its peers: {@link tapMachine} over a scripted peer that has no chain. */
export class Tap {
  readonly #options: TapOptions
  readonly #id: string
  readonly #actor: Actor<typeof tapMachine>
  #peer: ScriptedPeer | undefined
  #report: ProbeReport | undefined

  constructor(id: string, options: TapOptions) {
    this.#options = options
    this.#id = `tap/${id}`
    this.#actor = startActor(options.runtime, tapMachine, {
      id: this.#id,
      input: {
        ports: {
          connect: () => this.#guard(() => this.#connect()),
          watch: () =>
            this.#guard(() => {
              options.running()
              return this.#watch(this.#peer!)
            }),
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
    return this.#actor.getSnapshot().value
  }

  stop(): void {
    if (this.#isActive) this.#actor.send({ type: 'tap.stop' })
  }

  get #isActive(): boolean {
    return this.#actor.getSnapshot().status === 'active'
  }

  /** A bug of ours in what one node told loses that node: it is dialed again. */
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
    if (this.#report.outcome === 'ok') this.#actor.send({ type: 'peer.running' })
    else this.#lose(peer, this.#report.cause)
  }

  async #watch(peer: ScriptedPeer): Promise<void> {
    /** As in geth's fetcher, who has not answered is asked for no more until he has: what he tells is not kept waiting. */
    let isOverloaded = false
    const overloaded = () => {
      isOverloaded = true
    }
    // A message bears the time since its peer was made.
    const { monotonic } = this.#options
    const epoch = monotonic() - toNanoseconds(peer.age)
    try {
      for (;;) {
        const message = await peer.next(() => true, { timeout: longest })
        if (denyRequest(peer, message)) continue
        const at = epoch + toNanoseconds(message.at)
        const news = readGossip(peer.version!, message).filter((gossip) => this.#options.isNew(gossip, at))
        if (message.name === 'PooledTransactions') isOverloaded = false
        const isAsking = this.#options.fetches && !isOverloaded
        const fetched = isAsking ? await fetchAnnounced(peer, news, { ...this.#options, overloaded }) : undefined
        await this.#tellAll(peer, at, news, fetched)
      }
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error
      if (this.#isActive) this.#lose(peer, judge(peer, undefined, longest).cause)
    }
  }

  async #tellAll(peer: ScriptedPeer, at: bigint, news: readonly Gossip[], fetched?: Fetched): Promise<void> {
    const of = { at, peer: bytesToHex(nodeIdOf(peer.theirHello!.id)) }
    for (const gossip of news) {
      const full = this.#options.tell({ ...gossip, ...of, ...('hash' in gossip && fetched?.get(gossip.hash)) })
      if (!full) continue
      peer.stopReading()
      await full
      peer.resumeReading()
    }
  }

  #lose(peer: ScriptedPeer, cause: string): void {
    peer.close()
    this.#actor.send({ type: 'peer.lost', cause })
  }
}

const toNanoseconds = (ms: number): bigint => BigInt(Math.round(ms * 1e6))

/** ms: a node may have nothing to tell for as long as it likes. */
const longest = 2 ** 31 - 1
