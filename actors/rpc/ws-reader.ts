import type { Socket } from 'node:net'
import type { Holding } from '../runtime/input-room.ts'
import type { Account, FairScheduler, Task } from '../runtime/scheduler.ts'
import { FrameCutter } from './ws-frames.ts'

export type WsReaderOptions = {
  readonly scheduler: FairScheduler
  readonly account: Account
  /** Has room for what has come of a message that is not whole. */
  readonly holding: Holding
  /** Of a message. */
  readonly maxBytes: number
  /** A bug of ours, in what was done with what came. */
  crashed(error: unknown): void
}

/**
 * Stands between a socket and the `ws` that listens to it: hands on what comes in the turns of its client, cut into short frames.
 * Left alone, `ws` unmasks at once what libuv reads at once: 2 MiB of each of its sockets.
 */
export class WsReader implements Task {
  readonly #socket: Socket
  readonly #options: WsReaderOptions
  readonly #listeners: readonly ((chunk: Buffer) => void)[]
  readonly #cutter: FrameCutter
  /** BOUNDED: what one turn has the socket read, as it is paused at each. */
  #chunks: Buffer[] = []
  /** Of the first of them, which is no longer among them. */
  #parts: Iterator<Buffer> | undefined
  /** Bytes in `#chunks`, and of the message that has begun. */
  #unread = 0
  #ofMessage = 0
  #isPaused = false

  constructor(socket: Socket, options: WsReaderOptions) {
    this.#socket = socket
    this.#options = options
    this.#cutter = new FrameCutter(options.maxBytes)
    this.#listeners = socket.listeners('data') as ((chunk: Buffer) => void)[]
    for (const listener of this.#listeners) socket.off('data', listener)
    socket.on('data', this.#receive)
    // Before `ws` does, which would read what the socket still has: nothing is done for a client that has left.
    socket.prependListener('close', () => {
      this.discard()
      socket.read()
    })
  }

  get account(): Account {
    return this.#options.account
  }

  /** What comes stays with the client until `resume`. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#options.scheduler.ready(this)
  }

  /** The message that was given is whole, and its reader's. */
  messageEnded(): void {
    this.#ofMessage = 0
    this.#cutter.restart()
    this.#hold()
  }

  /** A control frame with so many bytes in it was given: no part of a message. */
  controlPassed(bytes: number): void {
    this.#ofMessage = Math.max(0, this.#ofMessage - bytes - controlHeadBytes)
  }

  /** What comes from now on is passed over. */
  discard(): void {
    this.#socket.off('data', this.#receive)
    this.#options.scheduler.forget(this)
    this.#chunks = []
    this.#parts = undefined
    this.#unread = 0
  }

  step(): boolean {
    const { scheduler } = this.#options
    const end = scheduler.now() + stepBudget
    let hasMore = false
    while (!this.#isPaused && !hasMore) {
      const part = this.#next()
      if (part === undefined) {
        this.#socket.resume()
        break
      }
      this.#ofMessage += part.length
      for (const listener of this.#listeners) listener.call(this.#socket, part)
      hasMore = scheduler.now() >= end
    }
    this.#hold()
    return hasMore
  }

  crashed(error: unknown): void {
    this.#options.crashed(error)
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#socket.pause()
    this.#chunks.push(chunk)
    this.#unread += chunk.length
    this.#hold()
    if (!this.#isPaused) this.#options.scheduler.ready(this)
  }

  #next(): Buffer | undefined {
    for (;;) {
      const part = this.#parts?.next()
      if (part && !part.done) return part.value
      const chunk = this.#chunks.shift()
      this.#parts = chunk && this.#cutter.push(chunk)
      if (!chunk) return undefined
      this.#unread -= chunk.length
    }
  }

  #hold(): void {
    this.#options.holding.hold(this.#unread + this.#ofMessage + this.#cutter.held)
  }
}

/** Milliseconds of one step. */
const stepBudget = 1
/** Of a ping or pong of a client: its mask is in it. */
const controlHeadBytes = 6
