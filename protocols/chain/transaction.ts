import { concatBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import { encodeRlp, RlpError, type RlpItem, readItem } from '../lib/rlp.ts'

// Transactions as lists carry them: a legacy one is an RLP list, a typed one a string of `type ‖ payload` (EIP-2718).

export const blobTxType = 0x03

/** @throws {RlpError} an empty string */
export function txType({ isList, content }: RlpItem): number {
  if (isList) return 0
  if (content.length === 0) throw new RlpError('typed transaction too short')
  return content[0]!
}

/** @returns the bytes that the transaction trie holds and that are hashed, unless the item carries blobs */
export function txEnvelope({ isList, content, raw }: RlpItem): Uint8Array {
  return isList ? raw : content
}

/**
 * The 32-byte hash; of a pooled blob transaction without its blobs (EIP-4844, "Networking").
 * @throws {RlpError} no transaction
 */
export const txHash = (item: RlpItem): Uint8Array => keccak256(txEnvelope(withoutBlobs(item)))

/** @returns a pooled transaction as a block would have it @throws {RlpError} no transaction */
export function withoutBlobs(item: RlpItem): RlpItem {
  const body = txType(item) === blobTxType ? pooledBody(item.content.subarray(1)) : undefined
  return body ? readItem(encodeRlp(concatBytes(Uint8Array.of(blobTxType), body))) : item
}

/** @returns the inner list of `[[chainId, …], blobs, commitments, proofs]`; undefined for the bare `[chainId, …]` */
function pooledBody(payload: Uint8Array): Uint8Array | undefined {
  const { isList, content } = readItem(payload)
  if (!isList || content.length === 0) return undefined
  const first = readItem(content)
  return first.isList ? first.raw : undefined
}
