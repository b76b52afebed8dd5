import type { Datagrams } from '../discovery/datagrams.ts'
import type { Network, Stream, StreamListener } from '../p2p/connection.ts'

/** What passes the sockets of a node. */
export class Traffic {
  /** Bytes of the streams, handshakes and frames included. */
  ingress = 0
  egress = 0
  /** Bytes of datagrams. */
  discoveryIngress = 0
  discoveryEgress = 0
  /** Streams that are not read now, for too much of theirs waits. */
  paused = 0
}

/** @returns `network`, each of whose streams adds to `traffic`: geth's meteredConn. A node without metrics has no use for it. */
export function meterNetwork(network: Network, traffic: Traffic): Network {
  return {
    dial: async (host, port, timeout, signal) =>
      new MeteredStream(await network.dial(host, port, timeout, signal), traffic),
    listen: (host, port, accept) => network.listen(host, port, (stream) => accept(new MeteredStream(stream, traffic))),
  }
}

/** @returns `datagrams`, whose sockets add to `traffic`: geth's meteredUdpConn */
export function meterDatagrams(datagrams: Datagrams, traffic: Traffic): Datagrams {
  return {
    async bind(host, port, receive) {
      const socket = await datagrams.bind(host, port, (bytes, from) => {
        traffic.discoveryIngress += bytes.length
        receive(bytes, from)
      })
      return {
        ip: socket.ip,
        port: socket.port,
        send: (bytes, to) => {
          traffic.discoveryEgress += bytes.length
          socket.send(bytes, to)
        },
        close: () => socket.close(),
      }
    },
  }
}

class MeteredStream implements Stream {
  readonly localAddress: string
  readonly remoteAddress: string
  readonly #stream: Stream
  readonly #traffic: Traffic
  #isPaused = false

  constructor(stream: Stream, traffic: Traffic) {
    this.localAddress = stream.localAddress
    this.remoteAddress = stream.remoteAddress
    this.#stream = stream
    this.#traffic = traffic
  }

  get buffered(): number {
    return this.#stream.buffered
  }

  listen(listener: StreamListener): void {
    this.#stream.listen({
      data: (chunk) => {
        this.#traffic.ingress += chunk.length
        listener.data(chunk)
      },
      drain: () => listener.drain(),
      closed: (error) => {
        this.#notePaused(false)
        listener.closed(error)
      },
    })
  }

  write(bytes: Uint8Array): boolean {
    this.#traffic.egress += bytes.length
    return this.#stream.write(bytes)
  }

  pause(): void {
    this.#notePaused(true)
    this.#stream.pause()
  }

  resume(): void {
    this.#notePaused(false)
    this.#stream.resume()
  }

  end(): void {
    this.#stream.end()
  }

  destroy(): void {
    this.#notePaused(false)
    this.#stream.destroy()
  }

  #notePaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    this.#traffic.paused += isPaused ? 1 : -1
  }
}
