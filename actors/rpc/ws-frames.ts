/**
 * Cuts the frames of a client into short ones, and calls text binary: so `ws` unmasks a message of 32 MiB a little at a time, as
 * it comes, and hands on its fragments instead of one buffer of all of them. A message may be in any number of fragments (RFC
 * 6455, 5.4), and a mask repeats every four bytes, so it goes on from one to the next. What is no client's frame, and one that is
 * longer than a message may be, stays as it is: `ws` says what is wrong with it.
 */
export class FrameCutter {
  readonly #maxBytes: number
  /** Of a frame's head that has not ended. BOUNDED: 14 bytes. */
  #head: Buffer = none
  /** Of the payload that is being read. */
  #left = 0
  /** Of the frame that is being cut. */
  #cut: Cut | undefined
  #leftOfPart = 0

  /** @param maxBytes of a message */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** @param bytes as they come; they may be written to @returns what stands for them */
  *push(bytes: Buffer): Generator<Buffer> {
    const chunk = this.#head.length > 0 ? Buffer.concat([this.#head, bytes]) : bytes
    this.#head = none
    /** All before it has been given. */
    let given = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        if (this.#cut && this.#leftOfPart === 0) yield this.#partHead(this.#cut)
        const size = Math.min(this.#left, chunk.length - at, this.#cut ? this.#leftOfPart : this.#left)
        at += size
        this.#left -= size
        this.#leftOfPart -= size
        if (this.#cut) {
          yield chunk.subarray(given, at)
          given = at
        }
        continue
      }
      const head = readHead(chunk, at)
      if (head === undefined) break
      this.#cut = undefined
      this.#left = head.payload
      if ((chunk[at]! & 0x0f) === opcodes.text) chunk[at]! += opcodes.binary - opcodes.text
      if (head.isData && head.isMasked && head.payload > partBytes && head.payload <= this.#maxBytes) {
        if (at > given) yield chunk.subarray(given, at)
        given = at + head.size
        this.#cut = { first: chunk[at]!, mask: Buffer.from(chunk.subarray(given - 4, given)), isBegun: false }
        this.#leftOfPart = 0
      }
      at += head.size
    }
    if (at > given) yield chunk.subarray(given, at)
    this.#head = Buffer.from(chunk.subarray(at))
  }

  #partHead(cut: Cut): Buffer {
    this.#leftOfPart = Math.min(partBytes, this.#left)
    const isLast = this.#leftOfPart === this.#left
    const first = (cut.isBegun ? 0 : cut.first & ~fin) | (isLast ? cut.first & fin : 0)
    cut.isBegun = true
    return Buffer.concat([Buffer.of(first, masked | 126, this.#leftOfPart >> 8, this.#leftOfPart & 0xff), cut.mask])
  }
}

/** `first` is the first byte of its head. */
type Cut = { readonly first: number; readonly mask: Buffer; isBegun: boolean }

const none = Buffer.alloc(0)
const fin = 0x80
const masked = 0x80
const opcodes = { text: 1, binary: 2, close: 8 }
/** Of one part: below 64 KiB, and whole masks. */
const partBytes = 32_768

type Head = { readonly size: number; readonly payload: number; readonly isMasked: boolean; readonly isData: boolean }

/** @returns undefined when it goes on after `bytes` */
function readHead(bytes: Buffer, at: number): Head | undefined {
  const second = bytes[at + 1]
  if (second === undefined) return undefined
  const isMasked = (second & masked) !== 0
  const short = second & 0x7f
  const width = short === 127 ? 8 : short === 126 ? 2 : 0
  const size = 2 + width + (isMasked ? 4 : 0)
  if (bytes.length < at + size) return undefined
  const payload = width === 8 ? Number(bytes.readBigUInt64BE(at + 2)) : width === 2 ? bytes.readUInt16BE(at + 2) : short
  return { size, payload, isMasked, isData: (bytes[at]! & 0x0f) < opcodes.close }
}
