import { concatBytes } from '../lib/bytes.ts'
import { RlpxError } from './rlpx-error.ts'

/** geth's limit on what an auth or ack packet's size prefix may announce. */
const maxHandshakeBytes = 2048

/** Collects one packet of the handshake: two bytes of size, then as many as they say. */
export class PacketReader {
  /** BOUNDED: 2 + maxHandshakeBytes and the last chunk given. */
  #bytes: Uint8Array = new Uint8Array(0)

  /** @returns whether the packet is complete */
  receive(chunk: Uint8Array): boolean {
    if (this.#isComplete) throw new Error('the packet is complete already')
    this.#bytes = this.#bytes.length === 0 ? chunk : concatBytes(this.#bytes, chunk)
    if (this.#size > maxHandshakeBytes) throw new RlpxError('message too big')
    return this.#isComplete
  }

  /** @returns the packet with its size prefix, and the bytes after it */
  take(): { packet: Uint8Array; rest: Uint8Array } {
    if (!this.#isComplete) throw new Error('the packet is not complete')
    const end = 2 + this.#size
    return { packet: this.#bytes.subarray(0, end), rest: this.#bytes.subarray(end) }
  }

  /** Bytes of the packet that have come, its size prefix included. */
  get received(): number {
    return this.#isComplete ? 2 + this.#size : this.#bytes.length
  }

  get #size(): number {
    return this.#bytes.length < 2 ? 0 : (this.#bytes[0]! << 8) | this.#bytes[1]!
  }

  get #isComplete(): boolean {
    return this.#bytes.length >= 2 && this.#bytes.length >= 2 + this.#size
  }
}
