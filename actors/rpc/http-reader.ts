import type { Socket } from 'node:net'
import type { FairScheduler, Task } from '../runtime/scheduler.ts'
import { newAccount } from '../runtime/time-slicer.ts'
import { readTime } from './http-body.ts'

/**
 * Stands between a socket and the HTTP server of Node that listens to it: what comes while no request is being answered is
 * handed on in the turn of its client, and so is its end. Left alone, Node parses at once what a crowd has sent since it last
 * looked, and takes leave of all who have left: 0.2 and 0.1 ms a connection.
 */
export class HttpReader implements Task {
  readonly account = newAccount()
  readonly #socket: Socket
  readonly #scheduler: FairScheduler
  readonly #crashed: (error: unknown) => void
  readonly #listeners: readonly ((chunk: Buffer) => void)[]
  readonly #endListeners: readonly (() => void)[]
  /** BOUNDED: one read, as the socket is paused at it. */
  #chunk: Buffer | undefined
  #hasEnded = false
  /** Requests that are not answered. */
  #asked = 0
  #isReleased = false

  /** @param crashed gets a bug of ours, in what was done with what came */
  constructor(socket: Socket, scheduler: FairScheduler, crashed: (error: unknown) => void) {
    this.#socket = socket
    this.#scheduler = scheduler
    this.#crashed = crashed
    this.#listeners = socket.listeners('data') as ((chunk: Buffer) => void)[]
    this.#endListeners = socket.listeners('end') as (() => void)[]
    for (const listener of this.#endListeners) socket.off('end', listener)
    socket.on('end', this.#end)
    socket.once('close', () => {
      this.#chunk = undefined
      this.#hasEnded = false
      scheduler.forget(this)
    })
    this.#await()
  }

  /** The socket is no longer that of an HTTP server. */
  release(): void {
    this.#isReleased = true
    this.#socket.off('end', this.#end)
  }

  asked(): void {
    this.#asked++
  }

  answered(): void {
    if (--this.#asked === 0) this.#await()
  }

  /** What follows while a request is answered is Node's, which pauses the socket as it needs. */
  step(): boolean {
    const chunk = this.#chunk
    this.#chunk = undefined
    if (chunk !== undefined) {
      this.#socket.resume() // from the next tick on, unless it is paused at what it gets now
      if (this.#socket.readableLength > 0) this.#scheduler.follows(this.account, readTime)
      for (const listener of this.#listeners) listener.call(this.#socket, chunk)
      if (this.#asked === 0 && !this.#isReleased) this.#await()
    } else if (this.#hasEnded) {
      this.#hasEnded = false
      for (const listener of this.#endListeners) listener.call(this.#socket)
    }
    return false
  }

  crashed(error: unknown): void {
    this.#crashed(error)
  }

  #await(): void {
    for (const listener of this.#listeners) this.#socket.off('data', listener)
    this.#socket.on('data', this.#receive)
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#socket.pause().off('data', this.#receive)
    for (const listener of this.#listeners) this.#socket.on('data', listener)
    this.#chunk = chunk
    this.#scheduler.ready(this)
  }

  readonly #end = (): void => {
    this.#hasEnded = true
    this.#scheduler.ready(this)
  }
}
