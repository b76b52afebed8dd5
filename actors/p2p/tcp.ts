import { createServer, connect as netConnect, type Socket } from 'node:net'
import { joinHostPort } from '../../protocols/enode/netutil.ts'
import type { Listener, Network, Stream, StreamListener } from './connection.ts'

/** TCP as the operating system has it. @param localAddress what to dial from; the system's choice when left out */
export const tcpFrom = (localAddress?: string): Network => ({
  dial(host, port, timeout, signal) {
    return new Promise((resolve, reject) => {
      const from = localAddress !== undefined && { localAddress }
      const socket = netConnect({ host, port, noDelay: true, ...from, ...(signal && { signal }) })
      const fail = (error: Error) => {
        socket.destroy()
        reject(error)
      }
      const giveUp = () => fail(new Error(`dial tcp ${host}:${port}: i/o timeout`))
      socket.setTimeout(timeout, giveUp)
      socket.once('error', fail)
      socket.once('connect', () => {
        socket.setTimeout(0)
        socket.off('timeout', giveUp)
        socket.off('error', fail)
        resolve(new TcpStream(socket))
      })
    })
  },

  listen(host, port, accept) {
    return new Promise<Listener>((resolve, reject) => {
      const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => accept(new TcpStream(socket)))
      server.once('error', reject)
      server.listen({ port, host, backlog: listenBacklog }, () => {
        server.off('error', reject)
        // accept() failing for want of file descriptors must not end the node: the next connection is tried again.
        server.on('error', () => {})
        const { address, port } = server.address() as { address: string; port: number }
        // Only the listener: connections are their owners' to close.
        resolve({ host: address, port, close: async () => void server.close() })
      })
    })
  },
})

export const tcp: Network = tcpFrom()

class TcpStream implements Stream {
  readonly localAddress: string
  readonly remoteAddress: string
  readonly #socket: Socket
  #listener: StreamListener | undefined
  #error: Error | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.localAddress = address(socket.localAddress, socket.localPort)
    this.remoteAddress = address(socket.remoteAddress, socket.remotePort)
    socket.pause()
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => this.#close())
  }

  get buffered(): number {
    return this.#socket.writableLength
  }

  listen(listener: StreamListener): void {
    this.#listener = listener
    if (this.#socket.destroyed) queueMicrotask(() => this.#close())
    this.#socket.on('data', (chunk: Uint8Array) => this.#listener?.data(chunk))
    this.#socket.on('drain', () => this.#listener?.drain())
    // EOF ends both ways: no half-open peers.
    this.#socket.on('end', () => this.#close())
    this.#socket.pause()
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end(() => {
      this.#close()
      this.#linger()
    })
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #close(): void {
    const listener = this.#listener
    this.#listener = undefined
    listener?.closed(this.#error)
  }

  /** Closing with bytes unread resets the connection, and the remote may lose our last word. So they are read, a while. */
  #linger(): void {
    const socket = this.#socket
    if (socket.destroyed || lingering >= maxLingering) return void socket.destroy()
    lingering++
    let discarded = 0
    socket.on('data', (chunk: Uint8Array) => {
      discarded += chunk.length
      if (discarded > maxDiscarded) socket.destroy()
    })
    socket.once('close', () => lingering--)
    const timer = setTimeout(() => socket.destroy(), lingerTimeout)
    socket.once('close', () => clearTimeout(timer))
    socket.resume()
  }
}

/** Connections that the kernel holds for us: all of them are accepted in one turn, so a crowd must not be one long turn. */
const listenBacklog = 128
/** BOUNDED: sockets that said their last word and wait for the remote's. */
const maxLingering = 256
const maxDiscarded = 1 << 20
const lingerTimeout = 500
let lingering = 0

const address = (host = '', port = 0) => joinHostPort(host.replace(/^::ffff:(?=\d+\.)/i, ''), port)
