import { plainDisconnect } from '../../protocols/plain-disconnect.ts'
import type { Ciphers } from '../../protocols/rlpx/ciphers.ts'
import { RlpxError } from '../../protocols/rlpx/rlpx-error.ts'
import { isBig, type RlpxSession } from '../../protocols/rlpx/session.ts'
import type { KeyLog } from '../keylog/key-log-file.ts'
import { type Holding, InputOverflow, type InputRoom } from '../runtime/input-room.ts'
import type { Clock, Entropy } from '../runtime/runtime.ts'
import type { Account, FairScheduler, Task } from '../runtime/scheduler.ts'
import { guard } from '../runtime/supervision.ts'
import type { HandshakePacket } from '../trace/handshake-packet.ts'
import { flushSize, readHighWater, readLowWater, writeHighWater } from './back-pressure.ts'
import type { Stream } from './connection.ts'
import { EncryptionHandshake } from './encryption-handshake.ts'
import { ReadDeadline } from './read-deadline.ts'

/** What a socket reports. Every call is made from the scheduler's turn or a stream's event, never from inside a method. */
export type SocketListener = {
  /** A packet of the handshake went or came; also from inside `secure` and `destroy`. */
  shook(packet: HandshakePacket): void
  secured(remotePublicKey: Uint8Array): void
  failed(error: Error): void
  blocked(): void
  drained(): void
  closed(error: Error | undefined): void
  /** A bug of ours, in what was done for this connection. */
  crashed(error: unknown): void
}

/** Takes one message. @returns false when it can't be taken now: it is offered again after {@link RlpxSocket.proceed} */
export type MessageTaker = (code: number, payload: Uint8Array) => boolean

export type SocketOptions = {
  readonly stream: Stream
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
  /** Whom we dialed; without it the remote speaks first. */
  readonly remotePublicKey?: Uint8Array
  readonly clock: Clock
  readonly entropy: Entropy
  readonly ciphers: Ciphers
  readonly scheduler: FairScheduler
  /** Where what has come and was not taken has its room. */
  readonly input: InputRoom
  /** Pays until {@link RlpxSocket.promote}. */
  readonly account: Account
  readonly listener: SocketListener
  /** Gets the keys of the session, once there are any. */
  readonly keyLog?: KeyLog | undefined
}

/** The data plane of one connection: bytes ⇄ messages, with back-pressure both ways. What any of it means is the peer chart's. */
export class RlpxSocket implements Task {
  account: Account
  readonly #options: SocketOptions
  #handshake: EncryptionHandshake | undefined
  #session: RlpxSession | undefined
  /** Undefined: nothing is read. */
  #taker: MessageTaker | undefined
  #offered: { code: number; payload: Uint8Array } | undefined
  /** BOUNDED: the stream pauses past readHighWater. */
  #chunks: Uint8Array[] = []
  #queued = 0
  readonly #holding: Holding
  #isPaused = true
  #isBlocked = false
  #isFlushDue = false
  /** A big message, which is sealed step by step, and what waits behind it. BOUNDED: by maxQueuedOutput, with what is sealed. */
  #outgoing: { readonly bytes: number; readonly sealing: Generator<void, number> }[] = []
  #outgoingBytes = 0
  /** The stream takes no more before it has drained. */
  #isFull = false
  /** The stream is ended once all of that is sealed. */
  #isEnding = false
  /** The stream has closed. What is left of its input may still be read so far. */
  #ending: { readonly error: Error | undefined; messages: number; bytes: number } | undefined
  #isDone = false
  readonly #deadline: ReadDeadline

  constructor(options: SocketOptions) {
    this.#options = options
    this.account = options.account
    this.#holding = options.input.open(() => this.#overflow())
    this.#deadline = new ReadDeadline({
      clock: options.clock,
      isWaiting: () => !this.#isDone && this.#canTake() && !this.#offered,
      expired: (error) => this.#guard(() => options.listener.failed(error)),
    })
    options.stream.listen({
      data: (chunk) => this.#guard(() => this.#receive(chunk)),
      drain: () => {
        this.#isFull = false
        this.#guard(() => this.#drained())
      },
      closed: (error) => this.#guard(() => this.#streamClosed(error)),
    })
  }

  /** Runs the encryption handshake: `secured` or `failed` follows. */
  secure(): void {
    const { stream, listener } = this.#options
    this.#handshake = new EncryptionHandshake({
      ...this.#options,
      write: (packet) => stream.write(packet),
      shook: (packet) => listener.shook(packet),
    })
    this.#resume()
  }

  /** Reads on, every message to `taker`; nothing is read without one. */
  read(taker: MessageTaker | undefined): void {
    this.#taker = taker
    if (taker) this.proceed()
  }

  /** Offers the waiting message again. */
  proceed(): void {
    this.#deadline.begin()
    this.#options.scheduler.ready(this)
  }

  /** From here on the peer pays for itself. */
  promote(account: Account): void {
    this.account = account
  }

  limitFrames(maxBytes: number | undefined): void {
    this.#session?.limitFrames(maxBytes)
  }

  enableSnappy(): void {
    this.#session?.enableSnappy()
  }

  /** @returns false once more is queued than the remote reads: `drained` follows */
  send(code: number, payload: Uint8Array): boolean {
    const session = this.#session
    if (!session || this.#isDone) return false
    if (this.#outgoing.length > 0 || isBig(payload)) return this.#sendLater(session, code, payload)
    session.write(code, payload)
    if (session.outputBytes >= flushSize) this.#flush()
    else if (!this.#isFlushDue) {
      this.#isFlushDue = true
      queueMicrotask(() => this.#guard(() => this.#flush()))
    }
    return !this.#isBlocked
  }

  /** The remote has hung up: what is sent gets nowhere. */
  get isGone(): boolean {
    return this.#isDone || this.#ending !== undefined
  }

  get queuedOutput(): number {
    return this.#options.stream.buffered + (this.#session?.outputBytes ?? 0) + this.#outgoingBytes
  }

  /** Sends what is queued, then closes: `closed` follows. */
  end(): void {
    this.read(undefined)
    this.#isEnding = this.#outgoing.length > 0
    if (this.#isEnding) return
    this.#flush()
    this.#options.stream.end()
  }

  /** Closes and forgets. Nothing is reported from here on. */
  destroy(): void {
    this.#release()
    this.#options.stream.destroy()
  }

  step(): boolean {
    if (this.#outgoing.length > 0 && !this.#ending) return this.#seal()
    try {
      const hasMore = this.#handshake ? this.#stepHandshake(this.#handshake) : this.#stepFrames()
      this.#hold()
      return hasMore
    } catch (error) {
      const taker = this.#taker
      this.read(undefined)
      if (!isRemoteFault(error)) throw error
      const disconnect = plainDisconnect(error)
      if (disconnect && taker) taker(disconnect.code, disconnect.payload)
      else this.#options.listener.failed(error)
      return false
    }
  }

  crashed(error: unknown): void {
    this.#options.listener.crashed(error)
  }

  #guard(work: () => void): void {
    guard(work, (error) => this.crashed(error))
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isDone) return
    this.#chunks.push(chunk)
    this.#queued += chunk.length
    this.#hold()
    if (this.#queued >= readHighWater) {
      this.#isPaused = true
      this.#options.stream.pause()
    }
    if (this.#handshake || this.#canTake()) this.#options.scheduler.ready(this)
  }

  #hold(): void {
    if (this.#isDone) return
    const unread = this.#queued + (this.#session?.bufferedBytes ?? 0)
    this.#holding.hold(unread + (this.#offered?.payload.length ?? 0))
  }

  /** It holds most of what all connections do, and there is no room. */
  #overflow(): void {
    this.read(undefined)
    this.#chunks = []
    this.#queued = 0
    this.#offered = undefined
    this.#session?.discardInput()
    this.#options.listener.failed(new InputOverflow())
  }

  #stepHandshake(handshake: EncryptionHandshake): boolean {
    const isAck = this.#options.remotePublicKey !== undefined
    if (this.#ending && !isAck) return this.#finishIfEnded() // an auth is for one to whom we can answer
    for (let chunk = this.#nextChunk(); chunk; chunk = this.#nextChunk()) {
      if (!handshake.receive(chunk)) continue
      this.#handshake = undefined
      const { session, remotePublicKey, rest } = handshake.finish()
      this.#session = session
      if (rest.length > 0) {
        this.#chunks.unshift(rest)
        this.#queued += rest.length
      }
      this.#options.listener.secured(remotePublicKey)
      return false
    }
    return this.#finishIfEnded()
  }

  #stepFrames(): boolean {
    const { clock, scheduler } = this.#options
    const end = scheduler.turnEnd(stepBudget)
    while (this.#canTake()) {
      const message = this.#offered ?? this.#session!.next()
      if (message) {
        this.#offered = this.#taker!(message.code, message.payload) ? undefined : message
        if (this.#offered || this.#wasLast(message)) break
        const now = clock.now()
        this.#deadline.begin(now)
        if (now >= end) return true
      } else {
        if (!this.#session!.hasWork) {
          const chunk = this.#nextChunk()
          if (!chunk) break
          this.#session!.push(chunk)
        }
        if (clock.now() >= end) return true
      }
    }
    return this.#finishIfEnded()
  }

  #canTake(): boolean {
    return this.#taker !== undefined && !this.#isBlocked && this.#session !== undefined
  }

  #nextChunk(): Uint8Array | undefined {
    const chunk = this.#chunks.shift()
    if (!chunk) return undefined
    this.#queued -= chunk.length
    if (this.#isPaused && this.#queued <= readLowWater) this.#resume()
    return chunk
  }

  #resume(): void {
    this.#isPaused = false
    this.#options.stream.resume()
  }

  #sendLater(session: RlpxSession, code: number, payload: Uint8Array): boolean {
    this.#outgoing.push({ bytes: payload.length, sealing: session.writeSteps(code, payload) })
    this.#outgoingBytes += payload.length
    this.#block()
    this.#options.scheduler.ready(this)
    return !this.#isBlocked
  }

  /** Seals for a millisecond; nothing is read meanwhile. @returns whether there is more to do, and be it to read on */
  #seal(): boolean {
    const { clock, stream, scheduler } = this.#options
    const end = scheduler.turnEnd(stepBudget)
    do {
      const { sealing, bytes } = this.#outgoing[0]!
      if (!sealing.next().done) continue
      this.#outgoing.shift()
      this.#outgoingBytes -= bytes
      this.#flush()
    } while (this.#outgoing.length > 0 && clock.now() < end)
    if (this.#outgoing.length > 0) return true
    if (this.#isDone) return false
    if (this.#isEnding) stream.end()
    else if (!this.#isFull) this.#drained()
    return !this.#isEnding
  }

  #flush(): void {
    this.#isFlushDue = false
    const bytes = this.#isDone ? undefined : this.#session?.takeOutput()
    if (!bytes) return
    this.#isFull = !this.#options.stream.write(bytes)
    this.#block()
  }

  /** More waits than the remote reads: `drained` follows. */
  #block(): void {
    const { stream, listener } = this.#options
    if (this.#isBlocked || stream.buffered + this.#outgoingBytes < writeHighWater) return
    this.#isBlocked = true
    listener.blocked()
  }

  #drained(): void {
    if (!this.#isBlocked || this.#outgoing.length > 0) return
    this.#isBlocked = false
    this.#options.listener.drained()
    if (this.#taker) this.proceed()
  }

  /**
   * What came before the end is read first, where somebody takes it: a Disconnect, and what was said just before. No more
   * than that: a peer that queues thousands of requests and closes is served none of them.
   */
  #streamClosed(error: Error | undefined): void {
    if (this.#isDone) return
    this.#ending = { error, messages: lastMessages, bytes: lastBytes }
    const isReading = this.#canTake() && !this.#offered
    // Also of a stranger that said nothing: its end frees the place of the next, which may be gone as well, and so on.
    if (this.#handshake || isReading) this.#options.scheduler.ready(this)
    else this.#finishIfEnded()
  }

  /** @returns whether nothing more is read, as the stream has closed */
  #wasLast({ payload }: { payload: Uint8Array }): boolean {
    const left = this.#ending
    if (!left) return false
    left.messages--
    left.bytes -= payload.length
    return left.messages <= 0 || left.bytes <= 0
  }

  /** @returns false: nothing more waits */
  #finishIfEnded(): false {
    if (this.#ending && !this.#isDone) {
      this.#release()
      this.#options.listener.closed(this.#ending.error)
    }
    return false
  }

  #release(): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#taker = undefined
    this.#handshake?.abandon()
    this.#handshake = undefined
    this.#chunks = []
    this.#queued = 0
    this.#offered = undefined
    this.#outgoing = []
    this.#outgoingBytes = 0
    this.#isEnding = false
    this.#holding.close()
    this.#session?.free()
    this.#session = undefined
    this.#options.scheduler.forget(this)
    this.#deadline.close()
  }
}

/** What is still read of a stream that has closed, as far as it came in order. */
const lastMessages = 16
const lastBytes = 1024 * 1024
/** Milliseconds of one step. */
const stepBudget = 1

const isRemoteFault = (error: unknown): error is Error => error instanceof RlpxError
