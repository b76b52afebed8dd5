import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { ethernet, type Format, type Sent, writeCapture } from '../../protocols/pcap/capture-writer.ts'

/** Stands between a client and a server on 127.0.0.1 and keeps what passes, as a capture of their connections. */
export class Tap {
  /** The one to be connected to. */
  port = 0
  readonly #packets: { at: number; bytes: Uint8Array }[] = []
  readonly #server = createServer((client) => this.#join(client))
  /** BOUNDED: by the connections of a spec. */
  readonly #sockets = new Set<Socket>()
  readonly #target: number

  constructor(target: number) {
    this.#target = target
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as { port: number }).port
  }

  /** Both ends of every connection lose it, without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Resolves once every connection has ended by itself. */
  async close(): Promise<void> {
    this.#server.close()
    await once(this.#server, 'close')
  }

  capture(format?: Format): Uint8Array {
    return writeCapture(this.#packets, format)
  }

  #join(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1')
    const [clientAt, serverAt] = [`127.0.0.1:${client.remotePort}`, `127.0.0.1:${this.#target}`]
    this.#note({ from: clientAt, to: serverAt, seq: 999, flags: ['SYN'] })
    const next = { [clientAt]: 1_000, [serverAt]: 1_000 }
    this.#pass(client, server, clientAt, serverAt, next)
    this.#pass(server, client, serverAt, clientAt, next)
  }

  /** @param next sequence numbers, by address */
  #pass(source: Socket, target: Socket, from: string, to: string, next: Record<string, number>): void {
    this.#sockets.add(source)
    source.on('close', () => this.#sockets.delete(source))
    source.on('error', () => target.destroy())
    source.on('data', (payload) => {
      for (let at = 0; at < payload.length; at += 1_400) {
        const part = payload.subarray(at, at + 1_400)
        this.#note({ from, to, seq: next[from]!, ack: next[to]!, payload: part })
        next[from]! += part.length
      }
      target.write(payload)
    })
    source.on('end', () => {
      this.#note({ from, to, seq: next[from]!++, ack: next[to]!, flags: ['FIN', 'ACK'] })
      target.end()
    })
  }

  #note(sent: Sent): void {
    this.#packets.push({ at: Date.now(), bytes: ethernet(sent) })
  }
}
