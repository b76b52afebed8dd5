import { at, compressed, context, libsecp256k1 as lib, uncompressed } from './libsecp256k1.ts'

// Keys as devp2p writes them: a public key is 64 bytes, x ‖ y, without SEC 1's prefix 0x04; a private key is 32.

/** The costly operations as machine code. Each takes the lengths that it must have, and throws for what is bad. */
export type NativeSecp256k1 = {
  /** @returns 65 bytes, SEC 1's uncompressed form */
  publicKeyCreate(privateKey: Uint8Array, compressed: false): Uint8Array
  /** @returns r ‖ s, and the recovery id 0 to 3 */
  ecdsaSign(hash: Uint8Array, privateKey: Uint8Array): { readonly signature: Uint8Array; readonly recid: number }
  /** @returns 65 bytes */
  ecdsaRecover(signature: Uint8Array, recoveryId: number, hash: Uint8Array, compressed: false): Uint8Array
  /** @param publicKey 65 bytes @returns false also for a high s */
  ecdsaVerify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean
  /** @param publicKey 65 bytes @returns the point in SEC 1's form, 33 or 65 bytes */
  publicKeyTweakMul(publicKey: Uint8Array, privateKey: Uint8Array, compressed: boolean): Uint8Array
}

/** From here on the process's costly operations are those of `implementation`; those of WebAssembly when left out. */
export function useNative(implementation: NativeSecp256k1 | undefined): void {
  native = implementation
}

let native: NativeSecp256k1 | undefined

/** @throws {Secp256k1Error} zero, or not below the group's order */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  if (privateKey.length !== 32) throw new Secp256k1Error('bad private key')
  if (native) return natively(native, 'bad private key', (lib) => lib.publicKeyCreate(privateKey, false).subarray(1))
  const isMade = withSecret(privateKey, () => lib._secp256k1_ec_pubkey_create(context, at.key, at.secret))
  if (!isMade) throw new Secp256k1Error('bad private key')
  return writtenKey()
}

/** @returns whether `publicKey` is 64 bytes of a point on the curve with both coordinates below the field's order */
export function isPublicKey(publicKey: Uint8Array): boolean {
  return publicKey.length === 64 && readKey(publicKey)
}

/** @returns whether `privateKey` is 32 bytes of a number from 1 to the group's order less one */
export function isPrivateKey(privateKey: Uint8Array): boolean {
  return privateKey.length === 32 && withSecret(privateKey, () => lib._secp256k1_ec_seckey_verify(context, at.secret))
}

/**
 * Elliptic-curve Diffie-Hellman.
 * @returns the 32-byte x-coordinate of the shared point
 * @throws {Secp256k1Error} either key is bad; before any multiplication
 */
export function ecdhX(publicKey: Uint8Array, privateKey: Uint8Array): Uint8Array {
  return multiplied(publicKey, privateKey, uncompressed).subarray(1, 33)
}

/**
 * Elliptic-curve Diffie-Hellman, as discv5 has it.
 * @returns the shared point in SEC 1's compressed form, 33 bytes
 * @throws {Secp256k1Error} either key is bad; before any multiplication
 */
export function ecdhPoint(publicKey: Uint8Array, privateKey: Uint8Array): Uint8Array {
  return multiplied(publicKey, privateKey, compressed)
}

/**
 * Signs deterministically (RFC 6979), with the low s.
 * @param hash 32 bytes
 * @returns 65 bytes: r ‖ s ‖ v, v the recovery id 0 to 3
 * @throws {Secp256k1Error}
 */
export function signRecoverable(hash: Uint8Array, privateKey: Uint8Array): Uint8Array {
  if (hash.length !== 32) throw new Secp256k1Error('bad hash')
  if (privateKey.length !== 32) throw new Secp256k1Error('bad private key')
  if (native) return natively(native, 'bad private key', (lib) => signatureOf(lib.ecdsaSign(hash, privateKey)))
  lib.memory.set(hash, at.hash)
  const sign = () => lib._secp256k1_ecdsa_sign_recoverable(context, at.sig, at.hash, at.secret)
  if (!withSecret(privateKey, sign)) throw new Secp256k1Error('bad private key')
  lib._secp256k1_ecdsa_recoverable_signature_serialize_compact(context, at.compact, at.number, at.sig)
  const sig = new Uint8Array(65)
  sig.set(lib.memory.subarray(at.compact, at.compact + 64))
  sig[64] = lib.view32[at.number >> 2]!
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
  const compact = sig.subarray(0, 64)
  if (native)
    return natively(native, 'bad signature', (lib) => lib.ecdsaRecover(compact, recoveryId, hash, false).subarray(1))
  lib.memory.set(compact, at.compact)
  lib.memory.set(hash, at.hash)
  const isRead = lib._secp256k1_ecdsa_recoverable_signature_parse_compact(context, at.sig, at.compact, recoveryId) === 1
  if (!isRead || lib._secp256k1_ecdsa_recover(context, at.key, at.sig, at.hash) !== 1)
    throw new Secp256k1Error('bad signature')
  return writtenKey()
}

/**
 * @param sig 64 bytes, r ‖ s
 * @returns whether `publicKey` signed `hash`, with the low s
 */
export function verifySignature(hash: Uint8Array, sig: Uint8Array, publicKey: Uint8Array): boolean {
  if (hash.length !== 32 || sig.length !== 64 || publicKey.length !== 64) return false
  if (native)
    try {
      return native.ecdsaVerify(sig, hash, withPrefix(publicKey))
    } catch {
      return false
    }
  if (!readKey(publicKey)) return false
  lib.memory.set(sig, at.compact)
  lib.memory.set(hash, at.hash)
  const isRead = lib._secp256k1_ecdsa_signature_parse_compact(context, at.sig, at.compact) === 1
  return isRead && lib._secp256k1_ecdsa_verify(context, at.sig, at.hash, at.key) === 1
}

/** @returns 33 bytes: SEC 1's compressed form @throws {Secp256k1Error} */
export function compressPublicKey(publicKey: Uint8Array): Uint8Array {
  if (!isPublicKey(publicKey)) throw new Secp256k1Error('bad public key')
  return written(compressed)
}

/** The inverse. @throws {Secp256k1Error} */
export function decompressPublicKey(compressed: Uint8Array): Uint8Array {
  if (compressed.length !== 33) throw new Secp256k1Error('bad public key')
  lib.memory.set(compressed, at.point)
  if (lib._secp256k1_ec_pubkey_parse(context, at.key, at.point, 33) !== 1) throw new Secp256k1Error('bad public key')
  return writtenKey()
}

/** @returns the shared point in SEC 1's `form` @throws {Secp256k1Error} */
function multiplied(publicKey: Uint8Array, privateKey: Uint8Array, form: Form): Uint8Array {
  if (!isPrivateKey(privateKey)) throw new Secp256k1Error('bad private key')
  if (publicKey.length !== 64) throw new Secp256k1Error('bad public key')
  const isCompressed = form === compressed
  const multiply = (lib: NativeSecp256k1) => lib.publicKeyTweakMul(withPrefix(publicKey), privateKey, isCompressed)
  if (native) return natively(native, 'bad public key', multiply)
  if (!readKey(publicKey)) throw new Secp256k1Error('bad public key')
  const isMade = withSecret(privateKey, () => lib._secp256k1_ec_pubkey_tweak_mul(context, at.key, at.secret))
  if (!isMade) throw new Secp256k1Error('bad public key')
  return written(form)
}

type Form = typeof compressed | typeof uncompressed

/** As SEC 1 has it, uncompressed. */
function withPrefix(publicKey: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(65)
  bytes[0] = 4
  bytes.set(publicKey, 1)
  return bytes
}

/** Has the library read it, as the key of its next step. @returns whether it is one */
function readKey(publicKey: Uint8Array): boolean {
  lib.memory[at.point] = 4
  lib.memory.set(publicKey, at.point + 1)
  return lib._secp256k1_ec_pubkey_parse(context, at.key, at.point, 65) === 1
}

/** @returns the key of its last step */
const writtenKey = (): Uint8Array => written(uncompressed).subarray(1)

function written({ size, form }: Form): Uint8Array {
  lib.view32[at.number >> 2] = size
  lib._secp256k1_ec_pubkey_serialize(context, at.point, at.number, at.key, form)
  return lib.memory.slice(at.point, at.point + size)
}

function signatureOf({ signature, recid }: ReturnType<NativeSecp256k1['ecdsaSign']>): Uint8Array {
  const sig = new Uint8Array(65)
  sig.set(signature)
  sig[64] = recid
  return sig
}

/** @throws {Secp256k1Error} the library refuses what it was given */
function natively<Result>(
  lib: NativeSecp256k1,
  reason: Secp256k1Error['reason'],
  step: (lib: NativeSecp256k1) => Result,
): Result {
  try {
    return step(lib)
  } catch (cause) {
    throw new Secp256k1Error(reason, { cause })
  }
}

/** @returns whether `step` has worked with `privateKey`, of which nothing is left behind */
function withSecret(privateKey: Uint8Array, step: () => number): boolean {
  lib.memory.set(privateKey, at.secret)
  const result = step()
  lib.memory.fill(0, at.secret, at.secret + 32)
  return result === 1
}

/** A key, hash or signature that cannot be one: the fault of its maker. */
export class Secp256k1Error extends Error {
  override readonly name = 'Secp256k1Error'
  readonly reason: 'bad private key' | 'bad public key' | 'bad hash' | 'bad signature'

  constructor(reason: Secp256k1Error['reason'], options?: ErrorOptions) {
    super(`secp256k1: ${reason}`, options)
    this.reason = reason
  }
}
