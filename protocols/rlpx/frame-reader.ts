import { address, memory, sourceBytes } from '../lib/sponge.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { FrameBody, giveBack } from './frame-body.ts'
import { type FrameCipher, headerBytes, macBytes, padded } from './frame-cipher.ts'
import { RlpxError } from './rlpx-error.ts'

/** Takes frames off a stream, in any chunking: a MAC is checked before what it covers is decrypted. */
export class FrameReader {
  readonly #cipher: FrameCipher
  readonly #input = new ByteBuffer()
  /** The body of a frame that did not come in one piece. BOUNDED: by what of the frame has arrived. */
  #body: FrameBody | undefined
  #phase: 'header' | 'body' | 'opening' = 'header'
  #size = 0
  #opened = 0
  maxFrameBytes: number | undefined

  constructor(cipher: FrameCipher) {
    this.#cipher = cipher
  }

  /** What is kept in memory of the stream. */
  get bufferedBytes(): number {
    return this.#input.heldBytes + (this.#body?.heldBytes ?? 0)
  }

  /** Forgets what is held. It cannot be used afterwards. */
  discard(): void {
    this.#input.clear()
    this.free()
    this.#body = undefined
    this.#phase = 'header'
  }

  /** Gives back the memory of the body. */
  free(): void {
    if (this.#body) giveBack(this.#body.view(0, 0))
  }

  /** Whether `next` has more to do without another chunk. */
  get hasWork(): boolean {
    if (this.#phase === 'opening') return true
    if (this.#phase === 'header') return this.#input.length >= headerBytes
    return this.#input.length >= (this.#body!.length < padded(this.#size) ? 1 : macBytes)
  }

  push(chunk: Uint8Array): void {
    this.#input.append(chunk)
  }

  /**
   * Does at most {@link workBytes} of work.
   * @returns the next frame's data without padding, if that completed it: valid until anything else uses the sponge's memory
   * @throws {RlpxError}
   */
  next(): Uint8Array | undefined {
    if (this.#phase === 'header') {
      if (this.#input.length < headerBytes) return undefined
      this.#openHeader()
      if (this.#isWhole) return this.#openWhole()
      this.#phase = 'body'
      this.#body = new FrameBody(padded(this.#size))
    }
    if (this.#phase === 'body') this.#collect(this.#body!)
    return this.#phase === 'opening' ? this.#open(this.#body!) : undefined
  }

  #openHeader(): void {
    memory().set(this.#input.view(0, headerBytes), address.frame)
    this.#input.skip(headerBytes)
    this.#size = this.#cipher.openHeader()
    if (this.maxFrameBytes !== undefined && this.#size > this.maxFrameBytes) throw new RlpxError('message too big')
  }

  get #isWhole(): boolean {
    return this.#size <= sourceBytes && this.#input.length >= padded(this.#size) + macBytes
  }

  #openWhole(): Uint8Array {
    const at = address.frame + headerBytes
    const size = padded(this.#size)
    memory().set(this.#input.view(0, size + macBytes), at)
    this.#input.skip(size + macBytes)
    this.#cipher.absorb(at, size)
    this.#cipher.check(at + size)
    this.#cipher.decrypt(at, size)
    return memory().subarray(at, at + this.#size)
  }

  /** Moves what has arrived of the body, and adds it to the MAC at once: a big frame's MAC must not wait for its end. */
  #collect(body: FrameBody): void {
    const size = padded(this.#size)
    for (let budget = workBytes; budget > 0 && body.length < size && this.#input.length > 0; ) {
      const part = this.#input.view(0, Math.min(sourceBytes, size - body.length, this.#input.length))
      memory().set(part, address.source)
      this.#cipher.absorb(address.source, part.length)
      body.append(part)
      this.#input.skip(part.length)
      budget -= part.length
    }
    if (body.length < size || this.#input.length < macBytes) return
    memory().set(this.#input.view(0, macBytes), address.source)
    this.#input.skip(macBytes)
    this.#cipher.check(address.source)
    this.#opened = 0
    this.#phase = 'opening'
  }

  #open(body: FrameBody): Uint8Array | undefined {
    const size = body.length
    const end = Math.min(size, this.#opened + workBytes)
    while (this.#opened < end) {
      const part = body.view(this.#opened, Math.min(this.#opened + sourceBytes, end))
      memory().set(part, address.source)
      this.#cipher.decrypt(address.source, part.length)
      part.set(memory().subarray(address.source, address.source + part.length))
      this.#opened += part.length
    }
    if (end < size) return undefined
    const data = body.view(0, this.#size)
    this.#body = undefined
    this.#phase = 'header'
    return data
  }
}

/** The most one call works on: about a millisecond. */
const workBytes = 4 * sourceBytes
