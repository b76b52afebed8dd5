/** Bytes that grow at the end and are taken from the front. Growth doubles, so a byte is copied about once. */
export class ByteBuffer {
  #bytes: Uint8Array = empty
  #start = 0
  #end = 0
  /** Whether the memory is ours to write: a chunk is adopted as it is until more must be appended. */
  #isOwned = false

  get length(): number {
    return this.#end - this.#start
  }

  /** What it keeps in memory. */
  get heldBytes(): number {
    return this.#isOwned ? this.#bytes.length : this.length
  }

  /** @returns a view of what is in here; valid until the next `append` or `extend` */
  view(from = 0, to = this.length): Uint8Array {
    return this.#bytes.subarray(this.#start + from, this.#start + to)
  }

  /** Appends `chunk`, which must not be changed afterwards: it may be kept as it is. */
  append(chunk: Uint8Array): void {
    if (this.length > 0) this.extend(chunk.length).set(chunk)
    else {
      this.#bytes = chunk
      this.#start = 0
      this.#end = chunk.length
      this.#isOwned = false
    }
  }

  /** Appends `size` bytes of any value. @returns a view of them, to be filled at once */
  extend(size: number): Uint8Array {
    if (!this.#isOwned || this.#end + size > this.#bytes.length) this.#grow(size)
    this.#end += size
    return this.#bytes.subarray(this.#end - size, this.#end)
  }

  /** Drops the first `size` bytes. */
  skip(size: number): void {
    this.#start += size
    if (this.#start === this.#end) this.clear()
  }

  clear(): void {
    this.#bytes = empty
    this.#start = this.#end = 0
    this.#isOwned = false
  }

  #grow(size: number): void {
    const needed = this.length + size
    const bytes = new Uint8Array(this.#isOwned ? Math.max(needed, 2 * this.length) : needed)
    bytes.set(this.view())
    this.#bytes = bytes
    this.#end = this.length
    this.#start = 0
    this.#isOwned = true
  }
}

const empty = new Uint8Array(0)
