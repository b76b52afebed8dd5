import { Heap } from './heap.ts'
import type { TcpSegment } from './tcp-segment.ts'

// Both byte streams of each TCP connection in a capture, in order, whatever was sent twice or came late.

export type StreamChunk = {
  /** When it was captured, in the clock of the caller: what waited for other bytes has their time. */
  readonly at: number
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
  readonly #waiting = new Waiting()
  #count = 0

  /** @returns what of its connection is in order now */
  take(segment: TcpSegment, at: number): StreamChunk[] {
    const key = [segment.from, segment.to].sort().join(' ')
    const known = this.#connections.get(key)
    if (known && !known.isReplacedBy(segment)) return known.take({ ...segment, at })
    const connection = new Connection(++this.#count, segment, this.#waiting)
    this.#connections.set(key, connection)
    return [...(known?.finish(at) ?? []), ...connection.take({ ...segment, at })]
  }

  /** @returns what waited for bytes that the capture lacks */
  finish(at: number): StreamChunk[] {
    return [...this.#connections.values()].flatMap((connection) => connection.finish(at))
  }
}

type Captured = TcpSegment & { readonly at: number }

/** What waits in all connections together. */
class Waiting {
  bytes = 0

  get isTooMuch(): boolean {
    return this.bytes > maxWaitingInAll
  }
}

class Connection {
  readonly #number: number
  readonly #client: string
  readonly #server: string
  readonly #directions: Readonly<Record<'client' | 'server', Direction>>
  readonly #waiting: Waiting
  /** Segments that say that something has arrived which the capture has not shown yet. BOUNDED: mostEarly. */
  readonly #early: Captured[] = []
  #isFromStart = false
  #hasEnded = false

  constructor(number: number, first: TcpSegment, waiting: Waiting) {
    this.#directions = { client: new Direction(waiting), server: new Direction(waiting) }
    this.#waiting = waiting
    // A capture that begins later than the connection shows it by whichever end speaks first.
    const isAnswer = first.isSyn && first.isAck
    this.#number = number
    this.#client = isAnswer ? first.to : first.from
    this.#server = isAnswer ? first.from : first.to
  }

  isReplacedBy({ isSyn, isAck }: TcpSegment): boolean {
    return isSyn && !isAck && this.#hasEnded
  }

  /** What was captured early waits for what it answers: captures have packets of both directions a little out of order. */
  take(segment: Captured): StreamChunk[] {
    this.#isFromStart ||= segment.isSyn
    this.#hasEnded ||= segment.isFin || segment.isReset
    if (segment.isReset) return [...this.#takeEarly(() => true), ...this.#takeNow(segment)]
    const chunks: StreamChunk[] = []
    if (this.#isEarly(segment)) this.#hold(segment)
    else append(chunks, this.#takeNow(segment))
    append(
      chunks,
      this.#takeEarly((first) => this.#early.length > mostEarly || this.#waiting.isTooMuch || !this.#isEarly(first)),
    )
    return chunks
  }

  finish(at: number): StreamChunk[] {
    const early = this.#takeEarly(() => true)
    const { client, server } = this.#directions
    return [...early, ...this.#chunks('client', at, client.finish()), ...this.#chunks('server', at, server.finish())]
  }

  #isEarly({ from, isAck, ack }: TcpSegment): boolean {
    const other = from === this.#client ? 'server' : 'client'
    return isAck && this.#directions[other].lacks(ack)
  }

  #hold(segment: Captured): void {
    this.#early.push({ ...segment, payload: segment.payload.slice() })
    this.#waiting.bytes += segment.payload.length
  }

  /** From the first on, as long as they are ready. */
  #takeEarly(isReady: (first: Captured) => boolean): StreamChunk[] {
    const chunks: StreamChunk[] = []
    while (this.#early.length > 0 && isReady(this.#early[0]!)) {
      const segment = this.#early.shift()!
      this.#waiting.bytes -= segment.payload.length
      append(chunks, this.#takeNow(segment))
    }
    return chunks
  }

  #takeNow(segment: Captured): StreamChunk[] {
    const side = segment.from === this.#client ? 'client' : 'server'
    const other = side === 'client' ? 'server' : 'client'
    const chunks = [
      ...(segment.isAck ? this.#chunks(other, segment.at, this.#directions[other].arrived(segment.ack)) : []),
      ...this.#chunks(side, segment.at, this.#directions[side].take(segment)),
    ]
    if (!segment.isReset) return chunks
    return [
      ...chunks,
      ...this.finish(segment.at),
      ...this.#chunks(side, segment.at, [{ bytes: none, lost: 0, end: 'RST' }]),
    ]
  }

  #chunks(side: 'client' | 'server', at: number, parts: readonly Part[]): StreamChunk[] {
    const ends = { at, connection: this.#number, client: this.#client, server: this.#server }
    return parts.map((part) => ({
      ...ends,
      isFromClient: side === 'client',
      isFromStart: this.#isFromStart,
      ...part,
    }))
  }
}

type Part = Pick<StreamChunk, 'bytes' | 'lost' | 'cutTo' | 'end'>
type Placed = Pick<TcpSegment, 'seq' | 'payload' | 'size' | 'captured' | 'isFin'> & {
  /** Where it begins, counted in bytes of the stream. */
  readonly place: number
  /** Of two at one place the first is taken. */
  readonly number: number
}

const none = new Uint8Array(0)

/** How much of one direction waits for what is missing before it, in bytes; then it is taken as lost. */
const maxWaiting = 4 << 20
/** Of all directions together. */
const maxWaitingInAll = 64 << 20
/** What a segment that waits takes beside its bytes. */
const segmentOverhead = 128
/** Segments of a connection that wait for what they say has arrived; then it is taken as lost. */
const mostEarly = 64

class Direction {
  #next: number | undefined
  /** How many bytes of the stream come before #next. */
  #place = 0
  #hasEnded = false
  /** BOUNDED: maxWaiting. */
  readonly #placed = new Heap<Placed>((a, b) => a.place < b.place || (a.place === b.place && a.number < b.number))
  readonly #waiting: Waiting
  #waitingBytes = 0
  #waitingFins = 0
  #taken = 0

  constructor(waiting: Waiting) {
    this.#waiting = waiting
  }

  take(segment: TcpSegment): Part[] {
    const { seq, isSyn, isFin, payload, size } = segment
    if (isSyn) this.#next ??= wrap(seq + 1)
    if (size === 0 && (!isFin || this.#waitingFins > 0)) return []
    this.#next ??= seq
    const ahead = this.#ahead(seq)
    const placed = { ...segment, place: this.#place + ahead, number: this.#taken++ }
    // What waits outlives the memory that the packet is in.
    this.#push(ahead > 0 ? { ...placed, payload: payload.slice() } : placed)
    const parts = this.#drain()
    while (this.#waitingBytes > maxWaiting || (this.#waitingBytes > 0 && this.#waiting.isTooMuch))
      append(parts, this.#skip())
    return parts
  }

  /** Whether bytes before `end` have not come. */
  lacks(end: number): boolean {
    return this.#next !== undefined && this.#ahead(end) > 0
  }

  /** What has arrived at the other end and is not here will not come. */
  arrived(end: number): Part[] {
    const parts: Part[] = []
    while (this.lacks(end)) {
      const { first } = this.#placed
      if (first && first.place <= this.#place + this.#ahead(end)) append(parts, this.#skip())
      else {
        parts.push({ bytes: none, lost: this.#ahead(end) })
        this.#goTo(end)
      }
    }
    return parts
  }

  finish(): Part[] {
    const parts: Part[] = []
    while (this.#placed.first) append(parts, this.#skip())
    return parts
  }

  /** Goes on behind what is missing. */
  #skip(): Part[] {
    const { seq: found } = this.#placed.first!
    const lost = this.#ahead(found)
    this.#goTo(found)
    const [first, ...others] = this.#drain()
    return first ? [{ ...first, lost: lost + first.lost }, ...others] : []
  }

  /** Takes out what continues the stream. */
  #drain(): Part[] {
    const parts: Part[] = []
    for (let { first } = this.#placed; first && first.place <= this.#place; { first } = this.#placed) {
      this.#pop()
      const start = this.#place - first.place
      if (start <= first.size) append(parts, this.#open(first, start))
    }
    return parts
  }

  #push(segment: Placed): void {
    this.#placed.push(segment)
    this.#weigh(segment, 1)
  }

  #pop(): void {
    this.#weigh(this.#placed.pop()!, -1)
  }

  #weigh({ payload, isFin }: Placed, sign: 1 | -1): void {
    const weight = sign * (payload.length + segmentOverhead)
    this.#waitingBytes += weight
    this.#waiting.bytes += weight
    if (isFin) this.#waitingFins += sign
  }

  #goTo(seq: number): void {
    this.#place += this.#ahead(seq)
    this.#next = seq
  }

  /** @param start how many bytes of the segment were there before */
  *#open({ seq, payload, size, captured, isFin }: Placed, start: number): Generator<Part> {
    const bytes = payload.subarray(start)
    if (bytes.length > 0) yield { bytes, lost: 0 }
    const lost = size - start - bytes.length
    if (lost > 0) yield { bytes: none, lost, cutTo: captured }
    this.#goTo(wrap(seq + size + (isFin ? 1 : 0)))
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

function append<Item>(parts: Item[], more: Iterable<Item>): void {
  for (const part of more) parts.push(part)
}
