import { instantiateSecp256k1 } from '@bitauth/libauth/build/lib/crypto/secp256k1.js'

// Keys as devp2p writes them: a public key is 64 bytes, x ‖ y, without SEC 1's prefix 0x04; a private key is 32.

const secp256k1 = await instantiateSecp256k1()

/** @throws {Secp256k1Error} zero, or not below the group's order */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  if (!isPrivateKey(privateKey)) throw new Secp256k1Error('bad private key')
  return unprefixed(secp256k1.derivePublicKeyUncompressed(privateKey), 'bad private key')
}

/** @returns whether `publicKey` is 64 bytes of a point on the curve with both coordinates below the field's order */
export function isPublicKey(publicKey: Uint8Array): boolean {
  return publicKey.length === 64 && secp256k1.validatePublicKey(prefixed(publicKey))
}

/** @returns whether `privateKey` is 32 bytes of a number from 1 to the group's order less one */
export function isPrivateKey(privateKey: Uint8Array): boolean {
  return privateKey.length === 32 && secp256k1.validatePrivateKey(privateKey)
}

/**
 * Elliptic-curve Diffie-Hellman.
 * @returns the 32-byte x-coordinate of the shared point
 * @throws {Secp256k1Error} either key is bad; before any multiplication
 */
export function ecdhX(publicKey: Uint8Array, privateKey: Uint8Array): Uint8Array {
  if (!isPrivateKey(privateKey)) throw new Secp256k1Error('bad private key')
  if (!isPublicKey(publicKey)) throw new Secp256k1Error('bad public key')
  const shared = secp256k1.mulTweakPublicKeyUncompressed(prefixed(publicKey), privateKey)
  return unprefixed(shared, 'bad public key').subarray(0, 32)
}

/**
 * Elliptic-curve Diffie-Hellman, as discv5 has it.
 * @returns the shared point in SEC 1's compressed form, 33 bytes
 * @throws {Secp256k1Error} either key is bad; before any multiplication
 */
export function ecdhPoint(publicKey: Uint8Array, privateKey: Uint8Array): Uint8Array {
  if (!isPrivateKey(privateKey)) throw new Secp256k1Error('bad private key')
  if (!isPublicKey(publicKey)) throw new Secp256k1Error('bad public key')
  const shared = secp256k1.mulTweakPublicKeyCompressed(prefixed(publicKey), privateKey)
  if (typeof shared === 'string') throw new Secp256k1Error('bad public key')
  return shared
}

/**
 * Signs deterministically (RFC 6979), with the low s.
 * @param hash 32 bytes
 * @returns 65 bytes: r ‖ s ‖ v, v the recovery id 0 to 3
 * @throws {Secp256k1Error}
 */
export function signRecoverable(hash: Uint8Array, privateKey: Uint8Array): Uint8Array {
  if (hash.length !== 32) throw new Secp256k1Error('bad hash')
  if (!isPrivateKey(privateKey)) throw new Secp256k1Error('bad private key')
  const signed = secp256k1.signMessageHashRecoverableCompact(privateKey, hash)
  if (typeof signed === 'string') throw new Secp256k1Error('bad private key')
  const sig = new Uint8Array(65)
  sig.set(signed.signature)
  sig[64] = signed.recoveryId
  return sig
}

/**
 * @param sig 65 bytes, as {@link signRecoverable} makes them
 * @returns the public key that signed `hash`
 * @throws {Secp256k1Error} no key could have made this signature
 */
export function recoverPublicKey(hash: Uint8Array, sig: Uint8Array): Uint8Array {
  const recoveryId = sig[64]
  if (hash.length !== 32) throw new Secp256k1Error('bad hash')
  if (sig.length !== 65 || recoveryId === undefined || recoveryId > 3) throw new Secp256k1Error('bad signature')
  return unprefixed(
    secp256k1.recoverPublicKeyUncompressed(sig.subarray(0, 64), recoveryId as 0 | 1 | 2 | 3, hash),
    'bad signature',
  )
}

/**
 * @param sig 64 bytes, r ‖ s
 * @returns whether `publicKey` signed `hash`, with the low s
 */
export function verifySignature(hash: Uint8Array, sig: Uint8Array, publicKey: Uint8Array): boolean {
  if (hash.length !== 32 || sig.length !== 64 || !isPublicKey(publicKey)) return false
  return secp256k1.verifySignatureCompactLowS(sig, prefixed(publicKey), hash)
}

/** @returns 33 bytes: SEC 1's compressed form @throws {Secp256k1Error} */
export function compressPublicKey(publicKey: Uint8Array): Uint8Array {
  if (!isPublicKey(publicKey)) throw new Secp256k1Error('bad public key')
  const point = secp256k1.compressPublicKey(prefixed(publicKey))
  if (typeof point === 'string') throw new Secp256k1Error('bad public key')
  return point
}

/** The inverse. @throws {Secp256k1Error} */
export function decompressPublicKey(compressed: Uint8Array): Uint8Array {
  if (compressed.length !== 33 || !secp256k1.validatePublicKey(compressed)) throw new Secp256k1Error('bad public key')
  return unprefixed(secp256k1.uncompressPublicKey(compressed), 'bad public key')
}

function prefixed(publicKey: Uint8Array): Uint8Array {
  const point = new Uint8Array(65)
  point[0] = 4
  point.set(publicKey, 1)
  return point
}

/** What has no result comes as text: it is nobody's key. */
function unprefixed(point: Uint8Array | string, reason: Secp256k1Error['reason']): Uint8Array {
  if (typeof point === 'string') throw new Secp256k1Error(reason)
  return point.subarray(1)
}

/** A key, hash or signature that cannot be one: the fault of whoever made it. */
export class Secp256k1Error extends Error {
  override readonly name = 'Secp256k1Error'
  readonly reason: 'bad private key' | 'bad public key' | 'bad hash' | 'bad signature'

  constructor(reason: Secp256k1Error['reason']) {
    super(`secp256k1: ${reason}`)
    this.reason = reason
  }
}
