import { PeerError } from '../../protocols/lib/peer-error.ts'
import type { MatchedProtocol } from '../../protocols/p2p/matching.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Account } from '../runtime/scheduler.ts'
import type { Client, Outcome, TimeSlicer } from '../runtime/time-slicer.ts'
import type { MessageTrace } from '../trace/message-trace.ts'
import { maxQueuedOutput } from './back-pressure.ts'
import type { PeerFacts, Protocol, Session, SessionHandler } from './protocol.ts'
import type { RlpxSocket } from './rlpx-socket.ts'

type SessionParts = {
  readonly matched: MatchedProtocol<Protocol>
  readonly peer: PeerFacts
  readonly runtime: Runtime
  readonly actor: string
  readonly socket: RlpxSocket
  readonly slicer: TimeSlicer
  /** Publishes its messages in the feed. */
  readonly messageTrace: MessageTrace
  ended(error: Error): void
  crashed(error: unknown): void
}

/** One matched protocol on one peer (geth's protoRW): shifts codes by the offset and keeps its own place in the line. */
export class PeerSession implements Session, Client {
  readonly #parts: SessionParts
  #handler: SessionHandler | undefined
  #isPaused = false
  /** Works that go on. One may begin another. */
  #works = 0
  #isClosed = false

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  get peer(): PeerFacts {
    return this.#parts.peer
  }

  get runtime(): Runtime {
    return this.#parts.runtime
  }

  get actor(): string {
    return this.#parts.actor
  }

  get name(): string {
    return this.#parts.matched.name
  }

  get version(): number {
    return this.#parts.matched.version
  }

  get isGone(): boolean {
    return this.#isClosed || this.#parts.socket.isGone
  }

  get account(): Account {
    return this.#parts.socket.account
  }

  start(): void {
    this.#handler = this.#parts.matched.protocol.run(this)
  }

  send(code: number, payload: Uint8Array): boolean {
    if (code >= this.#parts.matched.length) throw new PeerError('invalid message code', 'not handled')
    if (this.#isClosed) return false
    if (this.#parts.socket.queuedOutput > maxQueuedOutput) throw new WriteQueueFull()
    this.#parts.messageTrace.sent(code, payload)
    return this.#parts.socket.send(this.#parts.matched.offset + code, payload)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#parts.socket.proceed()
  }

  work(steps: Generator<unknown, void>): void {
    const { slicer, socket, crashed } = this.#parts
    let isDone = false
    const done = (outcome: Outcome<void>) => {
      isDone = true
      if (isLeft && --this.#works === 0) socket.proceed()
      if ('error' in outcome) crashed(outcome.error)
    }
    let isLeft = false
    slicer.start(steps, done, this)
    if (isDone) return
    isLeft = true
    this.#works++
  }

  end(error: Error): void {
    if (!this.#isClosed) this.#parts.ended(error)
  }

  owns(code: number): boolean {
    return code >= this.#parts.matched.offset && code < this.#parts.matched.offset + this.#parts.matched.length
  }

  /** @returns false while the protocol does not read, or works on what it has read */
  take(code: number, payload: Uint8Array): boolean {
    if (this.#isPaused || this.#works > 0) return false
    const relative = code - this.#parts.matched.offset
    this.#parts.messageTrace.received(relative, payload)
    this.#handler?.message(relative, payload)
    return true
  }

  writable(): void {
    if (!this.#isClosed) this.#handler?.writable?.()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#handler?.closed()
  }

  /** geth's admin_peers: what the protocol says of the peer, `unknown` when it says nothing of any. */
  info(): unknown {
    return this.#handler?.info ? (this.#handler.info() ?? 'handshake') : 'unknown'
  }
}

/** Our own fault: a protocol went on sending after `send` had returned false. */
export class WriteQueueFull extends Error {
  override readonly name = 'WriteQueueFull'
  constructor() {
    super(`more than ${maxQueuedOutput} bytes wait to be sent: wait for writable()`)
  }
}
