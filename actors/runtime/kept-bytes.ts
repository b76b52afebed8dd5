/**
 * Memory for what comes in many reads and is kept until it is whole. It is mapped in blocks, which the system has back when
 * they are collected. Of small pieces malloc would keep all below the last that is in use: after a flood, hundreds of MB.
 */
export class KeptBytes {
  /** What is left of the last block. */
  #rest: Buffer = none
  #blockBytes = minBlock

  /** @returns room for so many bytes, all of them 0 */
  take(bytes: number): Buffer {
    if (bytes > this.#rest.length) {
      this.#rest = map(Math.max(bytes, this.#blockBytes))
      this.#blockBytes = Math.min(2 * this.#blockBytes, maxBlock)
    }
    const taken = this.#rest.subarray(0, bytes)
    this.#rest = this.#rest.subarray(bytes)
    return taken
  }

  /** @returns a copy */
  keep(bytes: Uint8Array): Buffer {
    const kept = this.take(bytes.length)
    kept.set(bytes)
    return kept
  }
}

const none = Buffer.alloc(0)
/** They grow: one small message needs little, and a long one few blocks. */
const minBlock = 4_096
const maxBlock = 1 << 20

/** V8 maps what may be resized, and leaves the rest to malloc. */
function map(bytes: number): Buffer {
  return Buffer.from(new ArrayBuffer(bytes, { maxByteLength: bytes }))
}
