import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** A DNS server on loopback that has TXT records (RFC 1035): a spec's own, and none but it is asked. */
export class DnsServer {
  /** Names in any order, as they were asked for. */
  readonly asked: string[] = []
  /** By name; a change holds from the next question on. */
  readonly records: Map<string, readonly string[]>
  readonly #socket: Socket

  static async open(records: Iterable<readonly [string, string]> = []): Promise<DnsServer> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new DnsServer(socket, new Map(Array.from(records, ([name, txt]) => [name.toLowerCase(), [txt]])))
  }

  private constructor(socket: Socket, records: Map<string, readonly string[]>) {
    this.#socket = socket
    this.records = records
    socket.on('message', (query, { port, address }) => socket.send(this.#answer(query), port, address))
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`
  }

  close(): void {
    this.#socket.close()
  }

  #answer(query: Buffer): Buffer {
    const labels: string[] = []
    let at = 12
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const name = labels.join('.')
    this.asked.push(name)
    const texts = this.records.get(name.toLowerCase())
    const question = query.subarray(12, at + 5)
    const head = Buffer.alloc(12)
    query.copy(head, 0, 0, 2)
    head.writeUInt16BE(texts ? 0x8180 : 0x8183, 2) // NXDOMAIN
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(texts?.length ?? 0, 6)
    return Buffer.concat([head, question, ...(texts ?? []).map(txtRecord)])
  }
}

/** In strings of 255 bytes, as a zone has them. */
function txtRecord(text: string): Buffer {
  const strings = (text.match(/.{1,255}/g) ?? ['']).map((part) => Buffer.from([part.length, ...Buffer.from(part)]))
  const data = Buffer.concat(strings)
  const head = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 0])
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}
