import type { TcpSegment } from './tcp-segment.ts'

// Both byte streams of each TCP connection in a capture, in order, whatever was sent twice or came late.

export type StreamChunk = {
  /** Numbers the connections of a capture, from 1. */
  readonly connection: number
  /** `ip:port` of who opened it. */
  readonly client: string
  readonly server: string
  readonly isFromClient: boolean
  /** Its opening is in the capture. */
  readonly isFromStart: boolean
  readonly bytes: Uint8Array
  /** Bytes of this direction that the capture lacks, before these. */
  readonly lost: number
  /** They are lost because the packet that had them was cut to this many bytes. */
  readonly cutTo?: number
  /** FIN: nothing of this direction follows. RST: nothing of either. */
  readonly end?: 'FIN' | 'RST'
}

/** Puts the segments of a capture in order. */
export class TcpStreams {
  /** By both ends. BOUNDED: by the connections of the capture. */
  readonly #connections = new Map<string, Connection>()
  #count = 0

  /** @returns what of its connection is in order now */
  take(segment: TcpSegment): StreamChunk[] {
    const key = [segment.from, segment.to].sort().join(' ')
    const known = this.#connections.get(key)
    if (known && !known.isReplacedBy(segment)) return known.take(segment)
    const connection = new Connection(++this.#count, segment)
    this.#connections.set(key, connection)
    return [...(known?.finish() ?? []), ...connection.take(segment)]
  }

  /** @returns what waited for bytes that the capture lacks */
  finish(): StreamChunk[] {
    return [...this.#connections.values()].flatMap((connection) => connection.finish())
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
  #isFromStart = false
  #hasEnded = false

  constructor(number: number, first: TcpSegment) {
    // A capture that begins later than the connection shows it by whichever end speaks first.
    const isAnswer = first.isSyn && first.isAck
    this.#number = number
    this.#client = isAnswer ? first.to : first.from
    this.#server = isAnswer ? first.from : first.to
  }

  isReplacedBy({ isSyn, isAck }: TcpSegment): boolean {
    return isSyn && !isAck && this.#hasEnded
  }

  take(segment: TcpSegment): StreamChunk[] {
    const side = segment.from === this.#client ? 'client' : 'server'
    this.#isFromStart ||= segment.isSyn
    this.#hasEnded ||= segment.isFin || segment.isReset
    const other = side === 'client' ? 'server' : 'client'
    const chunks = [
      ...(segment.isAck ? this.#chunks(other, this.#directions[other].arrived(segment.ack)) : []),
      ...this.#chunks(side, this.#directions[side].take(segment)),
    ]
    if (!segment.isReset) return chunks
    return [...chunks, ...this.finish(), ...this.#chunks(side, [{ bytes: none, lost: 0, end: 'RST' }])]
  }

  finish(): StreamChunk[] {
    const { client, server } = this.#directions
    return [...this.#chunks('client', client.finish()), ...this.#chunks('server', server.finish())]
  }

  #chunks(side: 'client' | 'server', parts: readonly Part[]): StreamChunk[] {
    const ends = { connection: this.#number, client: this.#client, server: this.#server }
    return parts.map((part) => ({
      ...ends,
      isFromClient: side === 'client',
      isFromStart: this.#isFromStart,
      ...part,
    }))
  }
}

type Part = Pick<StreamChunk, 'bytes' | 'lost' | 'cutTo' | 'end'>
type Waiting = Pick<TcpSegment, 'seq' | 'payload' | 'size' | 'captured' | 'isFin'>

const none = new Uint8Array(0)

/** How much of one direction waits for what is missing before it, in bytes; then it is taken as lost. */
const maxWaiting = 4 << 20

class Direction {
  #next: number | undefined
  #hasEnded = false
  /** BOUNDED: maxWaiting, and a FIN. */
  #waiting: Waiting[] = []
  #waitingBytes = 0

  take({ seq, isSyn, isFin, payload, size, captured }: TcpSegment): Part[] {
    if (isSyn) this.#next ??= wrap(seq + 1)
    if (size === 0 && (!isFin || this.#waiting.some((one) => one.isFin))) return []
    this.#next ??= seq
    this.#waiting.push({ seq, payload, size, captured, isFin })
    const parts = this.#drain()
    return this.#waitingBytes > maxWaiting ? [...parts, ...this.#skip()] : parts
  }

  /** What has arrived at the other end and is not here will not come. */
  arrived(end: number): Part[] {
    const parts: Part[] = []
    while (this.#next !== undefined && this.#ahead(end) > 0) {
      if (this.#waiting.some(({ seq }) => this.#ahead(seq) <= this.#ahead(end))) append(parts, this.#skip())
      else {
        parts.push({ bytes: none, lost: this.#ahead(end) })
        this.#next = end
      }
    }
    return parts
  }

  finish(): Part[] {
    const parts: Part[] = []
    while (this.#waiting.length > 0) append(parts, this.#skip())
    return parts
  }

  /** Goes on behind what is missing. */
  #skip(): Part[] {
    const { seq: found } = this.#waiting.toSorted((a, b) => this.#ahead(a.seq) - this.#ahead(b.seq))[0]!
    const lost = this.#ahead(found)
    this.#next = found
    const [first, ...others] = this.#drain()
    return first ? [{ ...first, lost: lost + first.lost }, ...others] : []
  }

  /** Takes out what continues the stream. */
  #drain(): Part[] {
    const parts: Part[] = []
    for (let found = true; found; ) {
      found = false
      for (const one of this.#waiting.splice(0)) {
        const ahead = this.#ahead(one.seq)
        if (ahead > 0) this.#waiting.push(one)
        else if (ahead + one.size >= 0) {
          append(parts, this.#open(one, -ahead))
          found = true
        }
      }
    }
    this.#waitingBytes = this.#waiting.reduce((sum, { payload }) => sum + payload.length, 0)
    return parts
  }

  /** @param start how many bytes of the segment were there before */
  *#open({ seq, payload, size, captured, isFin }: Waiting, start: number): Generator<Part> {
    const bytes = payload.subarray(start)
    if (bytes.length > 0) yield { bytes, lost: 0 }
    const lost = size - start - bytes.length
    if (lost > 0) yield { bytes: none, lost, cutTo: captured }
    this.#next = wrap(seq + size + (isFin ? 1 : 0))
    if (!isFin || this.#hasEnded) return
    this.#hasEnded = true
    yield { bytes: none, lost: 0, end: 'FIN' }
  }

  /** How far `seq` lies beyond what was taken; negative: behind it. Sequence numbers go round at 2^32. */
  #ahead(seq: number): number {
    return (seq - this.#next!) | 0
  }
}

const wrap = (seq: number) => seq >>> 0

function append(parts: Part[], more: Iterable<Part>): void {
  for (const part of more) parts.push(part)
}
