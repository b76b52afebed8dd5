import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FairScheduler, Task } from '../runtime/scheduler.ts'
import { newAccount } from '../runtime/time-slicer.ts'
import { readTime } from './http-body.ts'

/**
 * Stands between a socket and the HTTP server of Node that listens to it: what comes is handed on in the turns of its client, a
 * little at a time but for a long body, and nothing of the next request before all are answered, as Go's net/http reads one after the other; and so
 * is its end. Left alone, Node parses at once what a crowd has sent since it last looked, all that one sends in one breath, and
 * takes leave of all who have left: 0.2 and 0.1 ms a request.
 */
export class HttpReader implements Task {
  readonly account = newAccount()
  readonly #socket: Socket
  readonly #scheduler: FairScheduler
  readonly #crashed: (error: unknown) => void
  readonly #listeners: readonly ((chunk: Buffer) => void)[]
  readonly #endListeners: readonly (() => void)[]
  /** BOUNDED: a read or two, as the socket is paused at each. */
  #chunks: Buffer[] = []
  #hasEnded = false
  /** Requests that are not answered. */
  #asked = 0
  /** The last of them. */
  #last: Asked | undefined
  /** Bytes of its body that are still to come, at the least. */
  #body = 0

  /** @param crashed gets a bug of ours, in what was done with what came */
  constructor(socket: Socket, scheduler: FairScheduler, crashed: (error: unknown) => void) {
    this.#socket = socket
    this.#scheduler = scheduler
    this.#crashed = crashed
    this.#listeners = socket.listeners('data') as ((chunk: Buffer) => void)[]
    this.#endListeners = socket.listeners('end') as (() => void)[]
    for (const listener of this.#listeners) socket.off('data', listener)
    for (const listener of this.#endListeners) socket.off('end', listener)
    socket.on('data', this.#receive).on('end', this.#end)
    socket.once('close', () => {
      this.#chunks = []
      this.#hasEnded = false
      scheduler.forget(this)
    })
  }

  /** The socket is no longer that of an HTTP server. What has not been handed on is read by who has it now. */
  release(): void {
    this.#socket.off('data', this.#receive).off('end', this.#end)
    for (const chunk of this.#chunks.splice(0).reverse()) this.#socket.unshift(chunk)
    this.#scheduler.forget(this)
  }

  asked(request: Asked): void {
    this.#asked++
    this.#last = request
    this.#body = Number(request.headers['content-length'] ?? 0) - pieceBytes
  }

  answered(): void {
    this.#asked--
    if (this.#hasNext) this.#scheduler.ready(this)
  }

  step(): boolean {
    if (this.#hasNext) this.#handOn()
    else if (this.#hasEnded) {
      this.#hasEnded = false
      for (const listener of this.#endListeners) listener.call(this.#socket)
    }
    return this.#hasNext || this.#hasEnded
  }

  crashed(error: unknown): void {
    this.#crashed(error)
  }

  #handOn(): void {
    const [chunk] = this.#chunks as [Buffer]
    const size = Math.max(pieceBytes, Math.min(chunk.length, this.#body))
    this.#body -= size
    if (chunk.length > size) this.#chunks[0] = chunk.subarray(size)
    else this.#chunks.shift()
    if (this.#chunks.length === 0) {
      this.#socket.resume() // from the next tick on, unless it is paused at what it gets now
      if (this.#socket.readableLength > 0) this.#scheduler.follows(this.account, readTime)
    }
    for (const listener of this.#listeners) listener.call(this.#socket, chunk.subarray(0, size))
  }

  /** Of a request that has begun, or of the next, when none is being answered. */
  get #hasNext(): boolean {
    return this.#chunks.length > 0 && (this.#asked === 0 || !this.#last!.complete)
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#socket.pause()
    this.#chunks.push(chunk)
    if (this.#hasNext) this.#scheduler.ready(this)
  }

  readonly #end = (): void => {
    this.#hasEnded = true
    this.#scheduler.ready(this)
  }
}

type Asked = Pick<IncomingMessage, 'complete' | 'headers'>

/** So many requests are in it at most that they are parsed in a millisecond. */
const pieceBytes = 1_024
