import { type Cipher, createCipheriv } from 'node:crypto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import type { Secrets } from '../../../protocols/rlpx/secrets.ts'
import { xorBytes } from '../../../protocols/rlpx/secrets.ts'

/** RLPx framing as the spec's text has it (devp2p rlpx.md, "Framing"), for comparison: slow and plain. */
export class ReferenceSession {
  readonly #egress: Direction
  readonly #ingress: Direction

  constructor({ aes, mac, egressSeed, ingressSeed }: Secrets) {
    this.#egress = new Direction(aes, mac, egressSeed)
    this.#ingress = new Direction(aes, mac, ingressSeed)
  }

  seal(data: Uint8Array): Uint8Array {
    const { aes } = this.#egress
    const header = new Uint8Array(16)
    header.set([data.length >> 16, (data.length >> 8) & 0xff, data.length & 0xff, 0xc2, 0x80, 0x80])
    const body = new Uint8Array(Math.ceil(data.length / 16) * 16)
    body.set(data)
    const sealedHeader = new Uint8Array(aes.update(header))
    const headerMac = this.#egress.headerMac(sealedHeader)
    const sealedBody = new Uint8Array(aes.update(body))
    return concatBytes(sealedHeader, headerMac, sealedBody, this.#egress.bodyMac(sealedBody))
  }

  /** @throws {Error} a MAC is wrong */
  open(frame: Uint8Array): Uint8Array {
    const direction = this.#ingress
    if (!equal(direction.headerMac(frame.subarray(0, 16)), frame.subarray(16, 32))) throw new Error('header MAC')
    const [a, b, c, ...header] = direction.aes.update(frame.subarray(0, 16))
    if (Buffer.from(header).toString('hex') !== 'c2808000000000000000000000') throw new Error('header')
    const body = frame.subarray(32, -16)
    if (!equal(direction.bodyMac(body), frame.subarray(-16))) throw new Error('body MAC')
    const size = (a! << 16) | (b! << 8) | c!
    if (Math.ceil(size / 16) * 16 !== body.length) throw new Error('size')
    return new Uint8Array(direction.aes.update(body)).subarray(0, size)
  }
}

class Direction {
  readonly aes: Cipher
  readonly #macKey: Uint8Array
  readonly #state = keccak_256.create()

  constructor(aes: Uint8Array, mac: Uint8Array, seed: Uint8Array) {
    this.aes = createCipheriv('aes-256-ctr', aes, new Uint8Array(16))
    this.#macKey = mac
    this.#state.update(seed)
  }

  headerMac(header: Uint8Array): Uint8Array {
    this.#state.update(xorBytes(this.#whiten(this.#digest), header))
    return this.#digest
  }

  bodyMac(body: Uint8Array): Uint8Array {
    this.#state.update(body)
    this.#state.update(xorBytes(this.#whiten(this.#digest), this.#digest))
    return this.#digest
  }

  get #digest(): Uint8Array {
    return this.#state.clone().digest().subarray(0, 16)
  }

  #whiten(block: Uint8Array): Uint8Array {
    return new Uint8Array(createCipheriv('aes-256-ecb', this.#macKey, null).update(block))
  }
}

const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0
