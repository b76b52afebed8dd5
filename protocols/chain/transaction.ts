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
 * Of a transaction as JSON-RPC and the engine API have it: a list is a legacy one, a small first byte the type of another
 * (EIP-2718).
 * @returns its item in a block @throws {RlpError} no transaction
 */
export function readTxEnvelope(envelope: Uint8Array): RlpItem {
  const [first] = envelope
  if (first === undefined || first < 0x80) {
    if (envelope.length < 2) throw new RlpError('typed transaction too short')
    return { isList: false, content: envelope, raw: encodeRlp(envelope) }
  }
  const item = readItem(envelope)
  if (!item.isList) throw new RlpError('expected a list, got a string')
  if (item.raw.length !== envelope.length) throw new RlpError('bytes after the transaction')
  return item
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
