import type { TcpSegment } from './tcp-segment.ts'

// Both byte streams of each TCP connection in a capture, in order, whatever was sent twice or came late.

export type StreamChunk = {
  /** Numbers the connections of a capture, from 1. */
  readonly connection: number
  /** `ip:port` of who opened it. */
  readonly client: string
  readonly server: string
  readonly isFromClient: boolean
  /** Empty when the connection ends here. */
  readonly bytes: Uint8Array
  /** Bytes of this direction that the capture lacks, before these. */
  readonly lost: number
}

/** Puts the segments of a capture in order. */
export class TcpStreams {
  /** By both ends. BOUNDED: by the connections of the capture. */
  readonly #connections = new Map<string, Connection>()
  #count = 0

  /** @returns what of its connection is in order now */
  take(segment: TcpSegment): StreamChunk[] {
    const key = [segment.from, segment.to].sort().join(' ')
    let connection = this.#connections.get(key)
    if (connection === undefined || (segment.isSyn && !segment.isAck && connection.hasEnded)) {
      connection = new Connection(++this.#count, segment)
      this.#connections.set(key, connection)
    }
    return connection.take(segment)
  }
}

class Connection {
  readonly #number: number
  readonly #client: string
  readonly #server: string
  readonly #directions: Readonly<Record<'client' | 'server', Direction>> = {
    client: new Direction(),
    server: new Direction(),
  }
  hasEnded = false

  constructor(number: number, first: TcpSegment) {
    // A capture that begins later than the connection shows it by whichever end speaks first.
    const isAnswer = first.isSyn && first.isAck
    this.#number = number
    this.#client = isAnswer ? first.to : first.from
    this.#server = isAnswer ? first.from : first.to
  }

  take(segment: TcpSegment): StreamChunk[] {
    const isFromClient = segment.from === this.#client
    const parts = this.#directions[isFromClient ? 'client' : 'server'].take(segment)
    if (segment.isEnd && !this.hasEnded) {
      this.hasEnded = true
      parts.push({ bytes: new Uint8Array(0), lost: 0 })
    }
    const ends = { connection: this.#number, client: this.#client, server: this.#server, isFromClient }
    return parts.map((part) => ({ ...ends, ...part }))
  }
}

type Part = Pick<StreamChunk, 'bytes' | 'lost'>

/** How much of one direction waits for what is missing before it, in bytes; then it is taken as lost. */
const maxWaiting = 4 << 20

class Direction {
  #next: number | undefined
  /** BOUNDED: maxWaiting. */
  #waiting: { readonly seq: number; readonly bytes: Uint8Array }[] = []
  #waitingBytes = 0

  take({ seq, isSyn, payload }: TcpSegment): Part[] {
    if (isSyn) this.#next = wrap(seq + 1)
    if (payload.length === 0) return []
    this.#next ??= seq
    this.#waiting.push({ seq, bytes: payload })
    this.#waitingBytes += payload.length
    const parts = this.#drain()
    if (this.#waitingBytes <= maxWaiting) return parts
    const { seq: found } = this.#waiting.toSorted((a, b) => this.#ahead(a.seq) - this.#ahead(b.seq))[0]!
    const lost = this.#ahead(found)
    this.#next = found
    const [first, ...others] = this.#drain()
    return first ? [...parts, { ...first, lost }, ...others] : parts
  }

  /** Takes out what continues the stream. */
  #drain(): Part[] {
    const parts: Part[] = []
    for (let found = true; found; ) {
      found = false
      for (const { seq, bytes } of this.#waiting.splice(0)) {
        const ahead = this.#ahead(seq)
        if (ahead > 0) this.#waiting.push({ seq, bytes })
        else if (ahead + bytes.length > 0) {
          parts.push({ bytes: bytes.subarray(-ahead), lost: 0 })
          this.#next = wrap(seq + bytes.length)
          found = true
        }
      }
    }
    this.#waitingBytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)
    return parts
  }

  /** How far `seq` lies beyond what was taken; negative: behind it. Sequence numbers go round at 2^32. */
  #ahead(seq: number): number {
    return (seq - this.#next!) | 0
  }
}

const wrap = (seq: number) => seq >>> 0
