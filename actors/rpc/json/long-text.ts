import { KeptBytes } from '../../runtime/kept-bytes.ts'

/**
 * A string of JSON that is too long to be one text: V8 copies such a one at once when it is first looked into, which takes
 * milliseconds. Only what is read piece by piece takes it.
 */
export class LongText {
  readonly #memory = new KeptBytes()
  /** UTF-8, each but the last of pieceBytes. BOUNDED: by the text that the string stands in. */
  readonly #pieces: Buffer[] = []
  /** Of the last piece. */
  #filled = pieceBytes

  /** Bytes of UTF-8. */
  get length(): number {
    return this.#pieces.length * pieceBytes - (pieceBytes - this.#filled)
  }

  /** Its first characters, for messages. */
  get head(): string {
    return `${this.#pieces[0]?.toString('utf8', 0, 64) ?? ''}…`
  }

  append(text: string): void {
    for (let at = 0; at < text.length; at += writtenAtOnce) {
      const end = scratch.write(text.slice(at, at + writtenAtOnce))
      for (let from = 0; from < end; ) from += this.#fill(scratch.subarray(from, end))
    }
  }

  /** Its bytes from an offset that is a multiple of 65,536, and no more than so many. */
  pieceAt(offset: number): Buffer {
    const piece = this.#pieces[offset / pieceBytes]!
    return piece.subarray(0, Math.min(pieceBytes, this.length - offset))
  }

  #fill(bytes: Buffer): number {
    if (this.#filled === pieceBytes) {
      this.#pieces.push(this.#memory.take(pieceBytes))
      this.#filled = 0
    }
    const copied = bytes.copy(this.#pieces.at(-1)!, this.#filled)
    this.#filled += copied
    return copied
  }
}

export const pieceBytes = 65_536
const writtenAtOnce = 16_384
/** A character of UTF-16 is three bytes at most. */
const scratch = Buffer.allocUnsafeSlow(3 * writtenAtOnce)
