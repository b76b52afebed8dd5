/**
 * The body of a frame, as it comes. A big one grows in place, in pages that the system gives and takes back at once: a buffer
 * of the usual kind is copied as it grows, and what it leaves behind stays in the process long after a collection of garbage.
 */
export class FrameBody {
  readonly #most: number
  readonly #buffer: ArrayBuffer
  #length = 0

  /** @param most bytes it will ever have */
  constructor(most: number) {
    this.#most = most
    this.#buffer = most < bigBytes ? new ArrayBuffer(most) : new ArrayBuffer(0, { maxByteLength: most })
  }

  get length(): number {
    return this.#length
  }

  /** What it keeps in memory. */
  get heldBytes(): number {
    return this.#buffer.byteLength
  }

  /** Appends `part`, for which there is room. */
  append(part: Uint8Array): void {
    const end = this.#length + part.length
    if (end > this.#buffer.byteLength) this.#buffer.resize(Math.min(this.#most, end + growth))
    this.view(this.#length, end).set(part)
    this.#length = end
  }

  view(from: number, to: number): Uint8Array {
    return new Uint8Array(this.#buffer, from, to - from)
  }
}

/** Gives back the memory of what stood in a big body, which may not be read any more. */
export function giveBack({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.resizable) buffer.resize(0)
}

/** So much is allotted on a header's word alone. */
const bigBytes = 1 << 17
const growth = 1 << 16
