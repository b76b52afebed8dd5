import type { Datagrams } from '../discovery/datagrams.ts'
import type { Listener, Network, Stream, StreamListener } from '../p2p/connection.ts'
import { memoryDatagrams } from './memory-datagrams.ts'

/** Streams and datagrams in memory: what is sent arrives in order in a later turn of `defer`, nothing is lost, and no port is real. */
export function memoryNetwork(defer: (run: () => void) => void = queueMicrotask): Network & Datagrams {
  const accepts = new Map<string, (stream: Stream) => void>()
  let ports = 40_000
  return {
    ...memoryDatagrams({ defer }),
    async dial(host, port) {
      const accept = accepts.get(`${host}:${port}`)
      if (!accept) throw new Error(`dial tcp ${host}:${port}: connection refused`)
      const [ours, theirs] = streamPair(`${host}:${++ports}`, `${host}:${port}`, defer)
      accept(theirs)
      return ours
    },
    async listen(host, port, accept): Promise<Listener> {
      const address = { host, port: port || ++ports }
      const key = `${address.host}:${address.port}`
      if (accepts.has(key)) throw new Error(`listen tcp ${key}: address already in use`)
      accepts.set(key, accept)
      return { ...address, close: async () => void accepts.delete(key) }
    },
  }
}

/** Two ends of one connection. */
export function streamPair(
  from: string,
  to: string,
  defer: (run: () => void) => void = queueMicrotask,
): [Stream, Stream] {
  const a = new MemoryStream(from, to, defer)
  const b = new MemoryStream(to, from, defer)
  a.remote = b
  b.remote = a
  return [a, b]
}

/** BOUNDED: its writer has to wait past this many bytes, as a kernel's buffer does. */
const highWater = 64 * 1024

class MemoryStream implements Stream {
  readonly localAddress: string
  readonly remoteAddress: string
  readonly #defer: (run: () => void) => void
  remote: MemoryStream | undefined
  #listener: StreamListener | undefined
  /** What the remote wrote and we have not read. */
  #inbox: Uint8Array[] = []
  #waiting = 0
  #isPaused = true
  #isEnded = false
  #isDue = false

  constructor(local: string, remote: string, defer: (run: () => void) => void) {
    this.localAddress = local
    this.remoteAddress = remote
    this.#defer = defer
  }

  get buffered(): number {
    return this.remote?.unread ?? 0
  }

  get unread(): number {
    return this.#waiting
  }

  listen(listener: StreamListener): void {
    this.#listener = listener
    this.#wake()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnded || !this.remote) return false
    this.remote.#arrive(bytes.slice())
    return this.buffered < highWater
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#wake()
  }

  end(): void {
    this.destroy()
  }

  /** What was written before still arrives. */
  destroy(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const remote = this.remote
    this.remote = undefined
    if (remote) {
      remote.remote = undefined
      remote.#wake()
    }
    this.#wake()
  }

  #arrive(bytes: Uint8Array): void {
    this.#inbox.push(bytes)
    this.#waiting += bytes.length
    this.#wake()
  }

  #wake(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#defer(() => this.#deliver())
  }

  #deliver(): void {
    this.#isDue = false
    if (!this.#listener) return
    const wasFull = this.#waiting >= highWater
    while (!this.#isPaused && !this.#isEnded && this.#inbox.length > 0) {
      const chunk = this.#inbox.shift() as Uint8Array
      this.#waiting -= chunk.length
      this.#listener.data(chunk)
    }
    if (wasFull && this.#waiting < highWater && this.remote) this.remote.#drained()
    if (this.#isEnded || (!this.remote && this.#inbox.length === 0)) this.#close()
  }

  #drained(): void {
    this.#defer(() => this.#listener?.drain())
  }

  #close(): void {
    this.#isEnded = true
    const listener = this.#listener
    this.#listener = undefined
    listener?.closed()
  }
}
