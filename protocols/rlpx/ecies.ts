import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '../lib/bytes.ts'
import { ecdhX, isPrivateKey, publicKeyOf, Secp256k1Error } from '../lib/secp256k1.ts'
import type { Ciphers, Entropy } from './ciphers.ts'
import { RlpxError } from './rlpx-error.ts'

// devp2p rlpx.md, "ECIES Encryption": 0x04 ‖ ephemeral public key ‖ iv ‖ AES-128-CTR ciphertext ‖ HMAC-SHA-256 tag.

/** Bytes that encryption adds: 65 of key, 16 of iv, 32 of tag. */
export const eciesOverhead = 65 + 16 + 32

/** Encrypts `plain` to the holder of `publicKey`. @param shared authenticated, not sent along */
export function eciesEncrypt(
  publicKey: Uint8Array,
  plain: Uint8Array,
  shared: Uint8Array,
  { entropy, ciphers }: { entropy: Entropy; ciphers: Ciphers },
): Uint8Array {
  const ephemeral = newPrivateKey(entropy)
  const { encryptionKey, macKey } = deriveKeys(ecdhX(publicKey, ephemeral))
  const iv = entropy(16)
  const sealed = concatBytes(iv, ciphers.aesCtr(encryptionKey, iv).update(plain))
  return concatBytes(uncompressed, publicKeyOf(ephemeral), sealed, tagOf(macKey, sealed, shared))
}

/** @throws {RlpxError} 'handshake': not made for `privateKey`, or changed on its way */
export function eciesDecrypt(
  privateKey: Uint8Array,
  packet: Uint8Array,
  shared: Uint8Array,
  ciphers: Ciphers,
): Uint8Array {
  if (packet.length < eciesOverhead || packet[0] !== 4) throw new RlpxError('handshake')
  const { encryptionKey, macKey } = deriveKeys(agree(packet.subarray(1, 65), privateKey))
  const sealed = packet.subarray(65, -32)
  if (!isTag(packet.subarray(-32), tagOf(macKey, sealed, shared))) throw new RlpxError('handshake')
  return ciphers.aesCtr(encryptionKey, sealed.subarray(0, 16)).update(sealed.subarray(16))
}

/**
 * {@link ecdhX} with a key that came from the remote.
 * @throws {RlpxError} 'handshake': it is off the curve, which is found before any multiplication
 */
export function agree(publicKey: Uint8Array, privateKey: Uint8Array): Uint8Array {
  try {
    return ecdhX(publicKey, privateKey)
  } catch (cause) {
    if (cause instanceof Secp256k1Error && cause.reason === 'bad public key')
      throw new RlpxError('handshake', { cause })
    throw cause
  }
}

/** @throws {Error} the entropy is broken: all but 2^-128 of what it may give is a key */
export function newPrivateKey(entropy: Entropy): Uint8Array {
  const key = entropy(32)
  if (!isPrivateKey(key)) throw new Error('entropy gives no private key')
  return key
}

/** NIST SP 800-56C's one-step KDF with SHA-256 and no other info: one round gives the 32 bytes that are needed. */
function deriveKeys(secret: Uint8Array): { encryptionKey: Uint8Array; macKey: Uint8Array } {
  const key = sha256(concatBytes(Uint8Array.of(0, 0, 0, 1), secret))
  return { encryptionKey: key.subarray(0, 16), macKey: sha256(key.subarray(16)) }
}

const tagOf = (macKey: Uint8Array, sealed: Uint8Array, shared: Uint8Array) =>
  hmac(sha256, macKey, concatBytes(sealed, shared))

/** Takes as long for every wrong tag. */
const isTag = (got: Uint8Array, want: Uint8Array) => got.reduce((sum, byte, i) => sum | (byte ^ want[i]!), 0) === 0

/** SEC 1's prefix of a public key with both coordinates. */
const uncompressed = Uint8Array.of(4)
