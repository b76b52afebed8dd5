import { createCipheriv } from 'node:crypto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '../../protocols/lib/bytes.ts'
import { encodeRlp } from '../../protocols/lib/rlp.ts'
import type { Secrets } from '../../protocols/rlpx/secrets.ts'

/**
 * Seals RLPx frames one by one (devp2p rlpx.md, "Framing"). A second implementation beside the node's own, so that it can
 * also seal what the node would never send, under a MAC that is right.
 */
export class FrameWriter {
  readonly #mac: ReturnType<typeof keccak_256.create>
  readonly #macKey: Uint8Array
  readonly #cipher: { update(data: Uint8Array): Uint8Array }

  constructor({ aes, mac, egressSeed }: Secrets) {
    this.#mac = keccak_256.create().update(egressSeed)
    this.#macKey = mac
    this.#cipher = createCipheriv('aes-256-ctr', aes, new Uint8Array(16))
  }

  /** @returns one frame of one message, its payload as it is given: compressed or not */
  message(code: number, payload: Uint8Array): Uint8Array {
    return this.frame(concatBytes(encodeRlp(code), payload))
  }

  /** @param size what the header claims, when that is to be something else than the truth */
  frame(data: Uint8Array, size = data.length): Uint8Array {
    const header = new Uint8Array(16)
    header.set([size >> 16, (size >> 8) & 0xff, size & 0xff, 0xc2, 0x80, 0x80])
    const sealedHeader = this.#cipher.update(header)
    const headerMac = this.#absorb(sealedHeader)
    const body = new Uint8Array(Math.ceil(data.length / 16) * 16)
    body.set(data)
    const sealedBody = this.#cipher.update(body)
    this.#mac.update(sealedBody)
    return concatBytes(sealedHeader, headerMac, sealedBody, this.#absorb(this.#digest()))
  }

  /** Whitens the digest with `seed`'s first 16 bytes, absorbs that, and gives the first half of what comes of it. */
  #absorb(seed: Uint8Array): Uint8Array {
    const aes = createCipheriv(`aes-${this.#macKey.length * 8}-ecb`, this.#macKey, null).setAutoPadding(false)
    const whitened = aes.update(this.#digest())
    this.#mac.update(whitened.map((byte, i) => byte ^ seed[i]!))
    return this.#digest()
  }

  #digest(): Uint8Array {
    return this.#mac.clone().digest().subarray(0, 16)
  }
}
