import { giveBack } from './frame-body.ts'
import { RlpxError } from './rlpx-error.ts'
import type { Claim } from './snappy.ts'

/** A big snappy block being inflated a part at a time, so that no other connection waits for it. */
export class Inflation {
  readonly #from: Uint8Array
  readonly #to: Uint8Array
  #in: number
  #out = 0

  /** @param block its own: it may be given back */
  constructor(block: Uint8Array, claim: Claim) {
    this.#from = block
    this.#in = claim.bytes
    this.#to = new Uint8Array(claim.size)
  }

  /** Compressed and inflated. */
  get bufferedBytes(): number {
    return this.#from.length + this.#to.length
  }

  /** Ends it. */
  discard(): void {
    giveBack(this.#from)
  }

  /**
   * Inflates about `budget` bytes more, or one literal.
   * @returns all of them when done
   * @throws {RlpxError} 'snappy'
   */
  run(budget: number): Uint8Array | undefined {
    const from = this.#from
    const to = this.#to
    const pause = this.#out + budget
    let at = this.#in
    let out = this.#out
    while (at < from.length) {
      if (out >= pause) {
        this.#in = at
        this.#out = out
        return undefined
      }
      const tag = from[at++]!
      const kind = tag & 3
      if (kind === 0) {
        let size = (tag >> 2) + 1
        if (size > 60) {
          const width = size - 60
          size = littleEndian(from, at, width) + 1
          at += width
        }
        if (size > from.length - at || size > to.length - out) throw new RlpxError('snappy')
        if (size > fewBytes) to.set(from.subarray(at, at + size), out)
        else for (let i = 0; i < size; i++) to[out + i] = from[at + i]!
        at += size
        out += size
        continue
      }
      const width = kind === 3 ? 4 : kind
      let offset = littleEndian(from, at, width)
      let size = (tag >> 2) + 1
      if (kind === 1) {
        offset |= (tag >> 5) << 8
        size = ((tag >> 2) & 7) + 4
      }
      at += width
      if (offset === 0 || offset > out || size > to.length - out) throw new RlpxError('snappy')
      const end = out + size
      if (size > fewBytes && offset >= size) to.copyWithin(out, out - offset, end - offset)
      else if (size > fewBytes && offset === 1) to.fill(to[out - 1]!, out, end)
      else for (let i = out; i < end; i++) to[i] = to[i - offset]! // byte by byte: it overlaps itself
      out = end
    }
    if (out !== to.length) throw new RlpxError('snappy')
    giveBack(from)
    return to
  }
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  if (width > bytes.length - at) throw new RlpxError('snappy')
  let value = bytes[at]!
  if (width > 1) value |= bytes[at + 1]! << 8
  if (width > 2) value |= bytes[at + 2]! << 16
  if (width > 3) value += bytes[at + 3]! * 2 ** 24
  return value
}

/** Up to so many, a loop is faster than a call of a typed array's method. */
const fewBytes = 24
