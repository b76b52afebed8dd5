import { KeptBytes } from '../runtime/kept-bytes.ts'

/**
 * Cuts the frames of a client into short ones, and calls text binary: so `ws` unmasks a message of 32 MiB a little at a time, as
 * it comes, and hands on its fragments instead of one buffer of all of them. A message may be in any number of fragments (RFC
 * 6455, 5.4). Its mask is taken off, and is 0 from then on. What is no client's frame, and one that is longer than a message may
 * be, stays as it is: `ws` says what is wrong with it.
 */
export class FrameCutter {
  readonly #maxBytes: number
  /** Of a frame's head that has not ended. BOUNDED: 14 bytes. */
  #head: Buffer = none
  /** Of the payload that is being read. */
  #left = 0
  /** Of the frame that is being cut. */
  #cut: Cut | undefined
  /** A part of it, with its head, and how much of that has come. */
  #part: Buffer = none
  #filled = 0
  /** Of what was pushed last, how much was not gone through. */
  #unread = 0
  /** Where a message has its parts that is not in one read. */
  #kept = new KeptBytes()

  /** @param maxBytes of a message */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes that were pushed and stand in nothing that was given. */
  get held(): number {
    return this.#unread + (this.#filled === this.#part.length ? 0 : this.#filled)
  }

  /** A message has ended: its memory is its reader's. */
  restart(): void {
    this.#kept = new KeptBytes()
  }

  /** @param bytes as they come; they may be written to @returns what stands for them, no more than a frame at a time */
  *push(bytes: Buffer): Generator<Buffer> {
    const chunk = this.#head.length > 0 ? Buffer.concat([this.#head, bytes]) : bytes
    this.#head = none
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const end = Math.min(at + this.#left, chunk.length)
        if (this.#cut) {
          at += this.#fill(this.#cut, chunk.subarray(at, end))
          this.#unread = chunk.length - at
          if (this.#filled === this.#part.length) yield this.#part
        } else {
          this.#left -= end - at
          this.#unread = chunk.length - end
          yield chunk.subarray(at, end)
          at = end
        }
        continue
      }
      const head = readHead(chunk, at)
      if (head === undefined) break
      if ((chunk[at]! & 0x0f) === opcodes.text) chunk[at]! += opcodes.binary - opcodes.text
      const first = chunk[at]!
      const begins = at
      at += head.size
      this.#left = head.payload
      this.#cut = undefined
      if (this.#isCut(head, first, chunk.length - at)) {
        this.#cut = { first, mask: Buffer.from(chunk.subarray(at - 4, at)), isBegun: false }
        this.#part = none
        this.#filled = 0
      } else {
        const whole = Math.min(at + this.#left, chunk.length)
        this.#left -= whole - at
        at = whole
        this.#unread = chunk.length - at
        yield chunk.subarray(begins, at)
      }
    }
    this.#head = Buffer.from(chunk.subarray(at))
    this.#unread = this.#head.length
  }

  /** What is short, alone and all there needs no memory of its own. @param here how much is there of its payload */
  #isCut({ payload, isMasked }: Head, first: number, here: number): boolean {
    const opcode = first & ~fin
    if (!isMasked || payload === 0 || payload > this.#maxBytes || opcode > opcodes.binary) return false
    return !(first === (fin | opcodes.binary) && payload <= partBytes && payload <= here)
  }

  /** @returns how many of the bytes it took */
  #fill(cut: Cut, bytes: Buffer): number {
    if (this.#filled === this.#part.length) this.#beginPart(cut)
    const taken = Math.min(this.#part.length - this.#filled, bytes.length)
    const from = this.#filled - partHeadBytes
    // Before they are kept: V8 is slow at single bytes of memory that may be resized.
    for (let i = 0; i < taken; i++) bytes[i]! ^= cut.mask[(from + i) & 3]!
    bytes.copy(this.#part, this.#filled, 0, taken)
    this.#filled += taken
    this.#left -= taken
    return taken
  }

  #beginPart(cut: Cut): void {
    const size = Math.min(partBytes, this.#left)
    const isLast = size === this.#left
    const first = (cut.isBegun ? 0 : cut.first & ~fin) | (isLast ? cut.first & fin : 0)
    cut.isBegun = true
    this.#part = this.#kept.take(partHeadBytes + size)
    this.#part.set([first, masked | 126, size >> 8, size & 0xff])
    this.#filled = partHeadBytes
  }
}

/** `first` is the first byte of its head. */
type Cut = { readonly first: number; readonly mask: Buffer; isBegun: boolean }

const none = Buffer.alloc(0)
const fin = 0x80
const masked = 0x80
const opcodes = { text: 1, binary: 2 }
/** Of one part: below 64 KiB, and whole masks. */
const partBytes = 32_768
/** With its mask. */
const partHeadBytes = 8

type Head = { readonly size: number; readonly payload: number; readonly isMasked: boolean }

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
  return { size, payload, isMasked }
}
