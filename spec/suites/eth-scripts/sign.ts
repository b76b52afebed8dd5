import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeList, encodeRlp, type RlpInput } from '../../../protocols/lib/rlp.ts'
import { signRecoverable } from '../../../protocols/lib/secp256k1.ts'
import { blobOf, cellProofs, commitmentTo, versionedHash } from './blob.ts'

/** As messages carry it: RLP of the string `type ‖ payload`. */
export type SignedTx = {
  readonly hash: Uint8Array
  readonly item: Uint8Array
  readonly size: number
  readonly type: number
}

export type TxFields = {
  readonly chainId: bigint
  readonly nonce: bigint
  readonly tip: bigint
  readonly feeCap: bigint
  readonly gas: bigint
  /** None makes a contract. */
  readonly to?: Uint8Array
  readonly value?: bigint
  readonly data?: Uint8Array
}

const none = new Uint8Array(0)

/** An EIP-1559 transaction. */
export function signTx(fields: TxFields, key: Uint8Array): SignedTx {
  const envelope = concatBytes(Uint8Array.of(2), encodeRlp(signed(2, feeFields(fields), key)))
  return { type: 2, hash: keccak256(envelope), item: encodeRlp(envelope), size: envelope.length }
}

/** A blob transaction in its pooled form (EIP-4844, EIP-7594: cell proofs), and in parts. */
export type SignedBlobTx = SignedTx & {
  /** Without its blobs, as a block has it. */
  readonly bare: Uint8Array
  /** With the commitments of another. */
  withCommitments(commitments: readonly Uint8Array[]): Uint8Array
  readonly commitments: readonly Uint8Array[]
}

/**
 * @param values one for each blob, which holds nothing else
 * @param hasBlobs eth/72 leaves them out, and has their cells asked for (EIP-8070)
 */
export function signBlobTx(
  fields: TxFields & { readonly blobFeeCap: bigint; readonly to: Uint8Array },
  values: readonly bigint[],
  key: Uint8Array,
  hasBlobs: boolean,
): SignedBlobTx {
  const commitments = values.map(commitmentTo)
  const body = signed(3, [...feeFields(fields), fields.blobFeeCap, commitments.map(versionedHash)], key)
  const bare = concatBytes(Uint8Array.of(3), encodeRlp(body))
  const blobs = values.map(blobOf)
  const proofs = values.flatMap(() => cellProofs)
  const wrap = (blobs: readonly Uint8Array[], commitments: readonly Uint8Array[]) =>
    concatBytes(
      Uint8Array.of(3),
      encodeList([encodeRlp(body), encodeRlp(1), ...[blobs, commitments, proofs].map((list) => encodeRlp([...list]))]),
    )
  const sent = hasBlobs ? blobs : []
  return {
    ...{
      type: 3,
      hash: keccak256(bare),
      item: encodeRlp(wrap(sent, commitments)),
      size: wrap(sent, commitments).length,
    },
    ...{ bare: encodeRlp(bare), commitments },
    withCommitments: (others) => encodeRlp(wrap(sent, others)),
  }
}

const feeFields = ({ chainId, nonce, tip, feeCap, gas, to = none, value = 0n, data = none }: TxFields): RlpInput[] => [
  ...[chainId, nonce, tip, feeCap, gas],
  ...[to, value, data, []],
]

function signed(type: number, fields: RlpInput[], key: Uint8Array): RlpInput[] {
  const signature = signRecoverable(keccak256(concatBytes(Uint8Array.of(type), encodeRlp(fields))), key)
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32, 64)].map(toUint)
  return [...fields, signature[64]!, r!, s!]
}

const toUint = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
