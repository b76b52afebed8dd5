import type { PeerFacts, Session, SessionHandler } from '../../../actors/p2p/protocol.ts'
import type { Clock, Runtime } from '../../../actors/runtime/runtime.ts'
import { type DiscReason, reasonOf } from '../../../protocols/p2p/disconnect-reasons.ts'

export type PipeOptions = {
  readonly runtime: Runtime
  readonly version: number
  /** Of the two nodes: the first dialed. */
  readonly ids: readonly [string, string]
  readonly trusted?: boolean
  /** Milliseconds from one end to the other. */
  readonly latency?: number
}

/** Two ends of one session, in memory: what the peer layer does for a protocol, on a clock of the spec's. */
export function sessionPipe({ runtime, version, ids, trusted = false, latency = 1 }: PipeOptions): [PipeEnd, PipeEnd] {
  const facts = (id: string, inbound: boolean): PeerFacts => ({
    id,
    publicKey: new Uint8Array(64),
    name: `node ${id}`,
    caps: [{ name: 'eth', version }],
    localAddress: '127.0.0.1:1',
    remoteAddress: '127.0.0.1:2',
    inbound,
    static: false,
    trusted,
  })
  const dialer = new PipeEnd(runtime, facts(ids[1], false), { version, latency, actor: `${ids[0]}/peer/${ids[1]}` })
  const listener = new PipeEnd(runtime, facts(ids[0], true), { version, latency, actor: `${ids[1]}/peer/${ids[0]}` })
  dialer.remote = listener
  listener.remote = dialer
  return [dialer, listener]
}

type Message = { readonly code: number; readonly payload: Uint8Array }

export class PipeEnd implements Session {
  readonly peer: PeerFacts
  readonly runtime: Runtime
  readonly actor: string
  readonly name = 'eth'
  readonly version: number
  isGone = false
  remote: PipeEnd | undefined
  handler: SessionHandler | undefined
  /** Of work that was left off to go on with. */
  steps = 0
  /** What this side sent in Disconnect, or got. */
  reason: DiscReason | undefined
  error: Error | undefined
  /** Bytes that may wait for the remote before `send` says no. */
  highWater = Number.POSITIVE_INFINITY
  readonly #clock: Clock
  readonly #latency: number
  readonly #inbox: Message[] = []
  #isPaused = false
  #works = 0
  #isClosed = false
  #isFull = false

  constructor(runtime: Runtime, peer: PeerFacts, options: { version: number; latency: number; actor: string }) {
    this.runtime = runtime
    this.#clock = runtime.clock
    this.peer = peer
    this.version = options.version
    this.actor = options.actor
    this.#latency = options.latency
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Bytes that this side has not read. */
  get unread(): number {
    return this.#inbox.reduce((sum, { payload }) => sum + payload.length, 0)
  }

  send(code: number, payload: Uint8Array): boolean {
    const remote = this.remote!
    if (this.#isClosed) return false
    remote.#inbox.push({ code, payload })
    this.#clock.setTimeout(() => remote.#deliver(), this.#latency)
    this.#isFull = remote.unread > this.highWater
    return !this.#isFull
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#clock.setTimeout(() => this.#deliver(), 0)
  }

  /** At once, but for what waits for a promise: the messages behind it wait, too. */
  work(steps: Generator<unknown, void>): void {
    const proceed = (given?: unknown): void => {
      for (let next = steps.next(given); !next.done; next = steps.next(next.value)) {
        this.steps++
        if (!(next.value instanceof Promise)) continue
        this.#works++
        next.value.then((value) => {
          this.#works--
          proceed(value)
          this.#deliver()
        })
        return
      }
    }
    proceed()
  }

  end(error: Error): void {
    if (this.#isClosed) return
    this.error = error
    const reason = reasonOf(error)
    this.#close(reason)
    this.#clock.setTimeout(() => this.remote!.#close(reason), this.#latency)
  }

  /** The connection breaks. */
  vanish(): void {
    this.#close(undefined)
    this.remote!.#close(undefined)
  }

  #deliver(): void {
    while (!this.#isPaused && this.#works === 0 && !this.#isClosed && this.handler) {
      const next = this.#inbox.shift()
      if (!next) break
      this.handler.message(next.code, next.payload)
    }
    const writer = this.remote!
    if (!writer.#isFull || this.unread > writer.highWater / 2) return
    writer.#isFull = false
    if (!writer.#isClosed) writer.handler?.writable?.()
  }

  #close(reason: DiscReason | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.reason = reason
    this.#clock.setTimeout(() => this.handler?.closed(), 0)
  }
}
