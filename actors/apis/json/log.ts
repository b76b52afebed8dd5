import type { Log } from '../../../protocols/chain/receipt.ts'
import { data, quantity } from '../../rpc/json/hex.ts'

/** Where a log was emitted. */
export type LogPlace = {
  readonly header: { readonly number: bigint; readonly hash: Uint8Array; readonly time: bigint }
  readonly txHash: Uint8Array
  readonly txIndex: number
  /** In the block. */
  readonly index: number
}

/** By the names, and in the order, of geth's `types.Log`. @param removed its block is no longer canonical */
export const logJson = (
  { address, topics, data: bytes }: Log,
  { header, txHash, txIndex, index }: LogPlace,
  removed = false,
): Record<string, unknown> => ({
  address: data(address),
  topics: topics.map(data),
  data: data(bytes),
  blockNumber: quantity(header.number),
  transactionHash: data(txHash),
  transactionIndex: quantity(txIndex),
  blockHash: data(header.hash),
  blockTimestamp: quantity(header.time),
  logIndex: quantity(index),
  removed,
})
