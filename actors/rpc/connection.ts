import type { Actor } from 'xstate'
import { type RpcConnectionEvent, rpcConnectionMachine } from '../../machines/rpc-connection.ts'
import type { Logger } from '../log/log.ts'
import type { Holding, InputRoom } from '../runtime/input-room.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Account } from '../runtime/scheduler.ts'
import { startActor } from '../runtime/start-actor.ts'
import { guard, reportBug } from '../runtime/supervision.ts'
import { newAccount } from '../runtime/time-slicer.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { RpcLimits } from './options.ts'
import { type Asked, failure, lengthOf, NoRequest, type RequestText } from './request.ts'
import { RpcCode, RpcError } from './rpc-error.ts'
import { type RequestSubscriptions, Subscriptions } from './subscriptions.ts'

/** The two ends of a connection that lasts, as WebSocket and IPC have them. */
export type Wire = {
  send(text: string): void
  /** Bytes that the system has not taken yet. */
  readonly waiting: number
  readonly ping?: () => void
  pause(): void
  resume(): void
  /** Ends it: once what waits was written, or now. */
  close(how: { now: boolean }): void
}

export type ConnectionOptions = {
  /** Of its actor: `rpc/ws/7`. */
  readonly id: string
  readonly parent: string
  readonly dispatcher: Dispatcher
  readonly limits: RpcLimits
  readonly log: Logger
  readonly input: InputRoom
  /** Whether it has shown a secret. */
  readonly isProven?: boolean
  /** All that this client asks for is on it. */
  readonly account?: Account
}

/** A client over WebSocket or IPC: runs {@link rpcConnectionMachine}. */
export class RpcConnection {
  readonly #runtime: Runtime
  readonly #wire: Wire
  readonly #options: ConnectionOptions
  readonly #subscriptions: Subscriptions
  readonly #actor: Actor<typeof rpcConnectionMachine>
  readonly account: Account
  /** Calls that run. BOUNDED: concurrentCalls, and what one read of the socket holds beyond. */
  #running = 0
  /** What came while a long text is being read. BOUNDED: what one read of the socket holds, as nothing more is read. */
  #unread: RequestText[] | undefined
  /** A long text keeps its room until it is read. */
  readonly #holding: Holding

  constructor(runtime: Runtime, wire: Wire, options: ConnectionOptions) {
    const { id, parent, limits, log } = options
    this.#runtime = runtime
    this.#wire = wire
    this.#options = options
    this.account = options.account ?? newAccount()
    const { isProven = false } = options
    this.#holding = options.input.open(() => this.send({ type: 'input.overflowed' }), { isProven })
    this.#subscriptions = new Subscriptions({
      entropy: runtime.entropy,
      maxSubscriptions: limits.subscriptions,
      send: (text) => this.guard(() => this.#send(text)),
      overflow: () => this.send({ type: 'write.overflowed' }),
    })
    this.#actor = startActor(runtime, rpcConnectionMachine, {
      id,
      parent,
      input: {
        hasPing: wire.ping !== undefined,
        pingInterval: limits.wsPingInterval,
        pongTimeout: limits.wsPongTimeout,
        writeTimeout: limits.wsWriteTimeout,
        ports: {
          ping: () => wire.ping!(),
          pause: () => wire.pause(),
          resume: () => wire.resume(),
          hangUp: ({ now, why }) => {
            log.debug('RPC connection closed', { conn: id, why })
            this.#subscriptions.end()
            this.#holding.close()
            wire.close({ now })
          },
        },
      },
      crashed: () => this.#abandon(),
    })
  }

  send(event: RpcConnectionEvent): void {
    this.#actor.send(event)
  }

  /** The client has gone. */
  get isGone(): boolean {
    return !this.isOpen
  }

  get isOpen(): boolean {
    return this.#actor.getSnapshot().matches('open')
  }

  /** What came of this client is processed in `work`: a bug of ours in it ends this connection alone. */
  guard(work: () => unknown): void {
    guard(work, (error) => this.crashed(error))
  }

  /** A bug of ours, in what was done for this client. */
  crashed(error: unknown): void {
    this.#abandon()
    reportBug(this.#runtime, { actor: this.#options.id, error, ends: 'connection' })
  }

  #abandon(): void {
    this.#subscriptions.end()
    this.#wire.close({ now: true })
  }

  /** One request or batch, as it came. Who sends something else is let go, as nothing after it can be trusted. */
  receive(request: RequestText): void {
    if (!this.isOpen) return
    if (this.#unread) return void this.#unread.push(request)
    try {
      const asked = this.#options.dispatcher.read(request, this)
      if (asked instanceof Promise) this.guard(() => this.#readLater(request, asked))
      else this.#answer(asked)
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** A long text is read in turns. What came behind it waits, as in geth, and nothing more is read of the client. */
  async #readLater(request: RequestText, reading: Promise<Asked | undefined>): Promise<void> {
    const waiting: RequestText[] = []
    const { concurrentCalls } = this.#options.limits
    this.#unread = waiting
    this.#holding.hold(lengthOf(request))
    this.#run(concurrentCalls)
    try {
      const asked = await reading
      if (asked) this.#answer(asked)
    } catch (error) {
      this.#refuse(error)
    }
    this.#unread = undefined
    this.#holding.hold(0)
    this.#run(-concurrentCalls)
    for (const one of waiting) this.receive(one)
  }

  #refuse(error: unknown): void {
    if (!(error instanceof NoRequest)) throw error
    this.reject(error.detail)
  }

  /** What came is no JSON. @param detail why, for the client */
  reject(detail: string): void {
    this.#send(failure('null', new RpcError(detail, RpcCode.parse)))
    this.send({ type: 'client.malformed', why: detail })
  }

  #answer(asked: Asked): void {
    const subscriptions = this.#subscriptions.forRequest()
    const answer = this.#options.dispatcher.answerTo(asked, { subscriptions, client: this })
    if (answer instanceof Promise) this.guard(() => this.#answerLater(answer, subscriptions))
    else this.#reply(answer, subscriptions)
  }

  async #answerLater(answer: Promise<string | undefined>, subscriptions: RequestSubscriptions): Promise<void> {
    this.#run(1)
    this.#reply(await answer, subscriptions)
    this.#run(-1)
  }

  #run(calls: number): void {
    const { concurrentCalls } = this.#options.limits
    const wasFull = this.#running >= concurrentCalls
    this.#running += calls
    const isFull = this.#running >= concurrentCalls
    if (isFull !== wasFull) this.send({ type: isFull ? 'calls.full' : 'calls.freed' })
  }

  #reply(answer: string | undefined, subscriptions: RequestSubscriptions): void {
    if (answer !== undefined) this.#send(answer)
    subscriptions.answered()
  }

  #send(text: string): void {
    if (!this.isOpen) return
    this.#wire.send(text)
    const { waiting } = this.#wire
    if (waiting > this.#options.limits.waitingBytes) this.send({ type: 'write.overflowed' })
    else if (waiting > comfortable) this.send({ type: 'write.blocked' })
  }
}

/** Bytes that may wait without anything being done about it: as of a peer. */
const comfortable = 1 << 20
