import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/create-node.ts'
import type { MessageEntry } from '../../../actors/feed.ts'
import { parseNode } from '../../../actors/p2p/parse-node.ts'
import { formatEnode } from '../../../protocols/enode/enode.ts'
import { ethernet, type Format, type Sent, writeCapture } from '../../protocols/pcap/capture-writer.ts'

export type TappedSession = {
  capture(format?: Format): Uint8Array
  /** What the node that dialed said of the messages, while it read them. */
  readonly told: readonly MessageEntry[]
}

/** Two nodes meet, exchange their Statuses and part, and the one that dials writes its keys to `keyLog`. */
export async function tapSession(keyLog: string): Promise<TappedSession> {
  const [listening, dialing] = await Promise.all([
    createNode({ genesis: devGenesisJson, port: 0 }),
    createNode({ genesis: devGenesisJson, port: 0, keyLog }),
  ])
  await listening.start()
  const tap = new Tap(parseNode(listening.enode).tcp)
  await tap.open()
  const told: MessageEntry[] = []
  dialing.feed.subscribe((entry) => {
    if (entry.type === 'message.sent' || entry.type === 'message.received') told.push(entry)
  })
  const met = new Promise<void>((resolve) => {
    listening.events$.subscribe((event) => {
      if (event.type === 'transition' && event.chart === 'eth-peer' && event.to.startsWith('active')) resolve()
    })
  })
  await dialing.start()
  dialing.addPeer(formatEnode({ ...parseNode(listening.enode), tcp: tap.port }))
  await met
  await dialing.stop()
  await listening.stop()
  await tap.close()
  return { told, capture: (format) => tap.capture(format) }
}

/** Stands between a client and a server on 127.0.0.1 and keeps what passes, as a capture of their connections. */
class Tap {
  /** The one to be connected to. */
  port = 0
  readonly #packets: { at: number; bytes: Uint8Array }[] = []
  readonly #server = createServer((client) => this.#join(client))
  readonly #target: number

  constructor(target: number) {
    this.#target = target
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as { port: number }).port
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
    this.#pass(client, server, clientAt, serverAt)
    this.#pass(server, client, serverAt, clientAt)
  }

  #pass(source: Socket, target: Socket, from: string, to: string): void {
    let seq = 1_000
    source.on('error', () => target.destroy())
    source.on('data', (payload) => {
      for (let at = 0; at < payload.length; at += 1_400) {
        const part = payload.subarray(at, at + 1_400)
        this.#note({ from, to, seq, payload: part })
        seq += part.length
      }
      target.write(payload)
    })
    source.on('end', () => {
      this.#note({ from, to, seq, flags: ['FIN', 'ACK'] })
      target.end()
    })
  }

  #note(sent: Sent): void {
    this.#packets.push({ at: Date.now(), bytes: ethernet(sent) })
  }
}
