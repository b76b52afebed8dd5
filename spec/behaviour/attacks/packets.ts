import { createHmac, randomBytes } from 'node:crypto'
import { sha256 } from '@noble/hashes/sha2.js'
import { nodeCiphers } from '../../../actors/runtime/ciphers.ts'
import { parseEnode } from '../../../protocols/enode/enode.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp, type RlpInput } from '../../../protocols/lib/rlp.ts'
import { ecdhX, publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { eciesEncrypt } from '../../../protocols/rlpx/ecies.ts'

// Auth and ack packets that no honest peer makes.

/** 64 bytes that are no public key, by what is wrong with them. */
export const badKeys: Readonly<Record<string, Uint8Array>> = {
  'all zeros, the point at infinity': new Uint8Array(64),
  'off the curve': new Uint8Array(64).fill(1),
  'with x above the prime': new Uint8Array(64).fill(0xff),
  'with y above the prime': concatBytes(
    publicKeyOf(new Uint8Array(32).fill(1)).subarray(0, 32),
    new Uint8Array(32).fill(0xff),
  ),
}

/** @returns `size` as the two bytes that a handshake packet begins with, and `body` */
export const sized = (size: number, body: Uint8Array): Uint8Array =>
  concatBytes(Uint8Array.of((size >> 8) & 0xff, size & 0xff), body)

/** An auth that the node can decrypt, its list made of `fields`. */
export function auth(enode: string, fields: RlpInput): Uint8Array {
  return sealed(parseEnode(enode).publicKey, concatBytes(encodeRlp(fields), new Uint8Array(120)))
}

/** A packet that the holder of `publicKey` can decrypt, whatever is in it. */
export function sealed(publicKey: Uint8Array, plain: Uint8Array): Uint8Array {
  const size = plain.length + 113
  const prefix = sized(size, new Uint8Array(0))
  return concatBytes(prefix, eciesEncrypt(publicKey, plain, prefix, { entropy: randomBytes, ciphers: nodeCiphers }))
}

/** A packet with a MAC that is right over `length` bytes, which are too few for even an iv. */
export function sealedShort(enode: string, length: number): Uint8Array {
  const ephemeral = randomBytes(32)
  const secret = ecdhX(parseEnode(enode).publicKey, ephemeral)
  const macKey = sha256(sha256(concatBytes(Uint8Array.of(0, 0, 0, 1), secret)).subarray(16))
  const prefix = sized(65 + length + 32, new Uint8Array(0))
  const body = randomBytes(length)
  const tag = createHmac('sha256', macKey).update(body).update(prefix).digest()
  return concatBytes(prefix, Uint8Array.of(4), publicKeyOf(ephemeral), body, tag)
}
