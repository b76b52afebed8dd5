import { Pen } from './pen.ts'

// Lines on their way to the thread that ends them: each is its text up to the payload, and the payload as it is. Before
// the two stand their lengths, four bytes each, the lowest first.

/** The buffer in which lines wait. What is written is there once `end` says so. */
export class LinePage {
  readonly pen: Pen
  #bytes: Uint8Array<ArrayBuffer>
  /** Bytes of whole lines. */
  #used = 0

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes
    this.pen = new Pen(bytes)
  }

  get used(): number {
    return this.#used
  }
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes
  }

  /** Goes on with another buffer. */
  turn(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#used = 0
  }

  /** The pen is where a line's text begins. */
  begin(): void {
    this.pen.moveTo(this.#bytes, this.#used + lengthsSize)
  }

  /** The pen is where the text has ended. @returns bytes that the line has in the file */
  end(payload: Uint8Array | undefined): number {
    const { pen } = this
    const text = pen.at - this.#used - lengthsSize
    pen.uint32(text, this.#used)
    pen.uint32(payload ? payload.length : noPayload, this.#used + 4)
    if (!payload) return text + crcSize
    pen.raw(payload)
    return text + Math.ceil(payload.length / 3) * 4 + 1 + crcSize
  }

  /** Bytes of the line that was ended, as it stands here. */
  get needed(): number {
    return this.pen.at - this.#used
  }

  /** The line that was ended stays. @returns false when it has no room */
  keep(): boolean {
    if (!this.pen.fits) return false
    this.#used = this.pen.at
    return true
  }
}

const lengthsSize = 8
export const noPayload = 0xffff_ffff
/** `,"crc":"01234567"}` and the line's end. */
const crcSize = 19
