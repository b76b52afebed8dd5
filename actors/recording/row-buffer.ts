import { JsonByteWriter } from './json-byte-writer.ts'

// Entries on their way to the thread that makes lines of them. A row is its numbers, then text and payload as they are,
// filled up to eight bytes: the time (eight bytes), then four bytes each for whose it is, what it is, the message's size,
// and the lengths of text and payload.

/** Buffers in which rows wait: one after the other, each handed over when it is full. */
export class RowBuffer {
  /** Writes the text of the row that was begun. */
  readonly pen: JsonByteWriter
  readonly #turn: (needed: number) => SharedArrayBuffer
  #bytes!: Uint8Array<SharedArrayBuffer>
  #times!: Float64Array
  #numbers!: Uint32Array
  #used = 0

  /** @param turn takes what is on the page, and gives another of `needed` bytes at least */
  constructor(first: SharedArrayBuffer, turn: (needed: number) => SharedArrayBuffer) {
    this.pen = new JsonByteWriter(new Uint8Array(first))
    this.#turn = turn
    this.#lay(first)
  }

  /** Bytes of whole rows. */
  get used(): number {
    return this.#used
  }

  /** Goes on with another page. */
  turn(needed = 0): void {
    this.#lay(this.#turn(needed))
  }

  begin(): void {
    this.pen.moveTo(this.#bytes, this.#used + rowHead)
  }

  /** Ends the row. @returns false when it had no room, so that a page was begun that has: it is to be written again */
  end(at: number, whose: number, what: number, size: number, payload: Uint8Array | undefined): boolean {
    const payloadAt = this.pen.at
    const end = (payloadAt + (payload ? payload.length : 0) + 7) & ~7
    if (end > this.#bytes.length) {
      this.turn(end - this.#used)
      return false
    }
    if (payload) this.#bytes.set(payload, payloadAt)
    this.#times[this.#used >>> 3] = at
    const numbers = this.#numbers
    const i = (this.#used >>> 2) + 2
    numbers[i] = whose
    numbers[i + 1] = what
    numbers[i + 2] = size
    numbers[i + 3] = payloadAt - this.#used - rowHead
    numbers[i + 4] = payload ? payload.length : noPayload
    this.#used = end
    return true
  }

  #lay(buffer: SharedArrayBuffer): void {
    this.#bytes = new Uint8Array(buffer)
    this.#times = new Float64Array(buffer)
    this.#numbers = new Uint32Array(buffer)
    this.#used = 0
  }
}

/** Bytes before a row's text. */
export const rowHead = 32
export const noPayload = 0xffff_ffff
/** The actor of a row with a text of its own; any other number is an index into the table of names. */
export const noActor = 0
/** What that text is. */
export const own = {
  /** A line that is no entry. */
  line: 0,
  /** What a line that is one has after its number and time. */
  entry: 1,
  /** The next number's text, in two parts: what stands in a row before what it has for itself, and after it. */
  name: 2,
  /** Every number is given anew. */
  forget: 3,
  /** The last line. */
  ending: 4,
} as const
