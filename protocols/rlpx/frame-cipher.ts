import { address, allot, extraOf, memory, release, sourceBytes, sponge } from '../lib/sponge.ts'
import type { Ciphers } from './ciphers.ts'
import { Keystream, keystreamBytes } from './keystream.ts'
import { RlpxError } from './rlpx-error.ts'
import type { Secrets } from './secrets.ts'

// devp2p rlpx.md, "Framing". A frame is header ‖ header MAC ‖ body, padded to 16 ‖ body MAC. It is sealed and opened in
// place at `address.frame` of the sponge's memory when it fits there.

/** Header and header MAC. */
export const headerBytes = 32
export const macBytes = 16
export const padded = (size: number): number => (size + 15) & ~15

/** The ciphers and MACs of one session, both directions. It holds memory that no collector frees: `free` it. */
export class FrameCipher {
  #state: { readonly session: number; readonly egress: Keystream; readonly ingress: Keystream } | undefined

  constructor(secrets: Secrets, ciphers: Ciphers) {
    const session = allot()
    memory().set(secrets.mac, address.source)
    sponge.sessionStart(session)
    for (const [side, seed] of [
      [address.egress, secrets.egressSeed],
      [address.ingress, secrets.ingressSeed],
    ] as const) {
      memory().set(seed, address.source)
      sponge.sessionSeed(session + side, seed.length)
    }
    const keystream = (at: number) => new Keystream(ciphers.aesCtr(secrets.aes, zeroIv), at)
    const extra = extraOf(session)
    this.#state = { session, egress: keystream(extra), ingress: keystream(extra + keystreamBytes) }
  }

  /** Seals the frame whose `size` bytes of body stand behind the header's place. @returns its length */
  seal(size: number): number {
    const body = address.frame + headerBytes
    const end = body + padded(size)
    memory().fill(0, body + size, end)
    this.sealHeader(size)
    this.sealBody(body, end - body)
    sponge.sealBody(this.#live.session, end)
    return end + macBytes - address.frame
  }

  /** Seals the header of a frame of `size` bytes at `address.frame`. */
  sealHeader(size: number): void {
    const { session, egress } = this.#live
    sponge.sealHeader(session, size, egress.take(16))
  }

  /** Seals `size` bytes at `at`, the next of the body. */
  sealBody(at: number, size: number): void {
    const { session, egress } = this.#live
    egress.apply(at, size)
    sponge.absorbBody(session + address.egress, at, size)
  }

  /** Seals a big frame in `frame`, where its body stands padded, 64 KiB at a time. No other may be sealed meanwhile. */
  *sealBig(frame: Uint8Array, size: number): Generator<void, void> {
    const macAt = frame.length - macBytes
    this.sealHeader(size)
    frame.set(memory().subarray(address.frame, address.frame + headerBytes))
    for (let at = headerBytes; at < macAt; at += sourceBytes) {
      const part = frame.subarray(at, Math.min(at + sourceBytes, macAt))
      memory().set(part, address.source)
      this.sealBody(address.source, part.length)
      part.set(memory().subarray(address.source, address.source + part.length))
      yield
    }
    sponge.sealBody(this.#live.session, address.source)
    frame.set(memory().subarray(address.source, address.source + macBytes), macAt)
  }

  /** Opens the header at `address.frame`. @returns the frame's size @throws {RlpxError} */
  openHeader(): number {
    const { session, ingress } = this.#live
    const size = sponge.openHeader(session, ingress.take(16))
    if (size < 0) throw new RlpxError('bad header MAC')
    return size
  }

  /** Adds `size` bytes at `at` to the body that `check` is about. */
  absorb(at: number, size: number): void {
    sponge.absorbBody(this.#live.session + address.ingress, at, size)
  }

  /** Checks all that was absorbed against the MAC at `at`. @throws {RlpxError} */
  check(at: number): void {
    if (!sponge.openBody(this.#live.session, at)) throw new RlpxError('bad frame MAC')
  }

  /** Decrypts `size` bytes at `at`, the next of a checked body. */
  decrypt(at: number, size: number): void {
    this.#live.ingress.apply(at, size)
  }

  /** Wipes the keys. Any use afterwards throws. */
  free(): void {
    if (this.#state) release(this.#state.session)
    this.#state = undefined
  }

  get #live() {
    if (!this.#state) throw new Error('RLPx session used after free')
    return this.#state
  }
}

const zeroIv = new Uint8Array(16)
