import { concatBytes, hexToBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import { encodeRlp } from '../lib/rlp.ts'
import { recoverPublicKey, Secp256k1Error } from '../lib/secp256k1.ts'
import type { Authorization } from './transaction-fields.ts'

// EIP-7702: an account lets the code of another run as its own.

/** @returns the 20-byte address of who signed; undefined for a signature that is none */
export function recoverAuthority({ chainId, address, nonce, yParity, r, s }: Authorization): Uint8Array | undefined {
  if (yParity > 1n || r === 0n || s === 0n || r >= order || s > order / 2n) return undefined
  const hash = keccak256(concatBytes(Uint8Array.of(magic), encodeRlp([chainId, address, nonce])))
  const signature = concatBytes(word(r), word(s), Uint8Array.of(Number(yParity)))
  try {
    return keccak256(recoverPublicKey(hash, signature)).slice(12)
  } catch (error) {
    if (error instanceof Secp256k1Error) return undefined
    throw error
  }
}

export const isDelegation = (code: Uint8Array): boolean =>
  code.length === 23 && code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00

export const delegationTo = (address: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(0xef, 0x01, 0x00), address)

const word = (value: bigint) => hexToBytes(value.toString(16).padStart(64, '0'))

const magic = 0x05
/** Of secp256k1 (SEC 2, 2.4.1). */
const order = 0xffffffff_ffffffff_ffffffff_fffffffe_baaedce6_af48a03b_bfd25e8c_d0364141n
