import { extraBytes, memory, sponge } from '../lib/sponge.ts'
import type { CipherStream } from './ciphers.ts'

/**
 * One direction's AES-256-CTR key stream. It is made some way ahead, because a call of the platform's cipher costs more
 * than the 64 bytes that a small message takes; big ones go through the cipher as they are.
 */
export class Keystream {
  readonly #stream: CipherStream
  readonly #start: number
  #left = 0

  /** @param start where in the sponge's memory {@link keystreamBytes} are its own */
  constructor(stream: CipherStream, start: number) {
    this.#stream = stream
    this.#start = start
  }

  /** @returns the address of the next `size` bytes, at most {@link keystreamBytes}: used up by this call */
  take(size: number): number {
    if (this.#left < size) this.#refill()
    const at = this.#start + keystreamBytes - this.#left
    this.#left -= size
    return at
  }

  /** XORs the `size` bytes at `at` in the sponge's memory; a multiple of 16. */
  apply(at: number, size: number): void {
    if (size <= aheadBytes) {
      sponge.xor(at, this.take(size), size)
      return
    }
    const ahead = Math.min(this.#left, size)
    sponge.xor(at, this.take(ahead), ahead)
    if (ahead < size) memory().set(this.#stream.update(memory().subarray(at + ahead, at + size)), at + ahead)
  }

  #refill(): void {
    const bytes = memory()
    const end = this.#start + keystreamBytes
    bytes.copyWithin(this.#start, end - this.#left, end)
    bytes.set(this.#stream.update(zeros.subarray(this.#left)), this.#start + this.#left)
    this.#left = keystreamBytes
  }
}

/** How far ahead: 64 small messages. */
export const keystreamBytes = extraBytes / 2
/** The biggest body that is worth it. */
const aheadBytes = 1536

const zeros = new Uint8Array(keystreamBytes)
