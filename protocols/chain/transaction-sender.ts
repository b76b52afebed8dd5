import { concatBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import { encodeList, encodeRlp } from '../lib/rlp.ts'
import { recoverPublicKey, Secp256k1Error } from '../lib/secp256k1.ts'
import { legacyChainId, type Transaction, type TxType } from './transaction-fields.ts'

// Who signed a transaction, by the rules of its block's fork (geth core/types/transaction_signing.go).

/** What signatures a fork accepts. */
export type Signer = {
  /** Of the chain, from EIP-155 on. */
  readonly chainId: bigint | undefined
  /** From Homestead on, s is in the lower half of the group (EIP-2). */
  readonly lowS: boolean
  readonly highestType: TxType
}

/**
 * @throws {SenderError} the signature is not one that `signer` accepts; before any recovery
 */
export function checkSignature(tx: Transaction, signer: Signer): void {
  if (tx.type > signer.highestType) throw new SenderError('transaction type not supported')
  const isProtected = tx.type > 0 || (signer.chainId !== undefined && isProtectedV(tx.v))
  const chainId = tx.type > 0 ? tx.chainId : legacyChainId(tx.v)
  if (isProtected && chainId !== signer.chainId) throw new SenderError('invalid chain id for signer')
  const { r, s } = tx
  const isInGroup = r > 0n && s > 0n && r < groupOrder && s < groupOrder
  const parity = yParity(tx, isProtected ? chainId : undefined)
  if (!isInGroup || (signer.lowS && s > groupOrder / 2n) || (parity !== 0n && parity !== 1n))
    throw new SenderError('invalid transaction v, r, s values')
}

/**
 * Some 0.3 ms.
 * @param tx has passed {@link checkSignature}
 * @returns the 20-byte address
 * @throws {SenderError} no key could have signed this
 */
export function recoverSender(tx: Transaction): Uint8Array {
  const chainId = tx.type > 0 ? tx.chainId : isProtectedV(tx.v) ? legacyChainId(tx.v) : undefined
  const sig = new Uint8Array(65)
  putWord(sig, 0, tx.r)
  putWord(sig, 32, tx.s)
  sig[64] = Number(yParity(tx, chainId))
  try {
    return keccak256(recoverPublicKey(signingHash(tx), sig)).subarray(12)
  } catch (cause) {
    if (cause instanceof Secp256k1Error) throw new SenderError('invalid public key', { cause })
    throw cause
  }
}

/** @returns the 32 bytes that were signed */
export function signingHash({ type, unsigned, v }: Transaction): Uint8Array {
  if (type > 0) return keccak256(concatBytes(Uint8Array.of(type), encodeList([unsigned])))
  const chainId = isProtectedV(v) ? legacyChainId(v) : undefined
  return keccak256(encodeList(chainId === undefined ? [unsigned] : [unsigned, ...[chainId, 0n, 0n].map(encodeRlp)]))
}

/** Of secp256k1 (SEC 2, 2.4.1). */
const groupOrder = 0xffffffff_ffffffff_ffffffff_fffffffe_baaedce6_af48a03b_bfd25e8c_d0364141n

/** 0 and 1 name no chain either, and geth, too, counts them as unprotected. */
const isProtectedV = (v: bigint) => v !== 27n && v !== 28n && v !== 1n && v !== 0n

function yParity({ type, v }: Transaction, chainId: bigint | undefined): bigint {
  if (type > 0) return v
  return chainId === undefined ? v - 27n : v - 35n - 2n * chainId
}

function putWord(bytes: Uint8Array, offset: number, value: bigint): void {
  const view = new DataView(bytes.buffer, offset, 32)
  for (let i = 0; i < 4; i++) view.setBigUint64(8 * i, BigInt.asUintN(64, value >> BigInt(192 - 64 * i)))
}

/** A signature that the rules do not accept: the fault of the signer, or of the block's builder. */
export class SenderError extends Error {
  override readonly name = 'SenderError'

  constructor(
    message:
      | 'transaction type not supported'
      | 'invalid chain id for signer'
      | 'invalid transaction v, r, s values'
      | 'invalid public key',
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
