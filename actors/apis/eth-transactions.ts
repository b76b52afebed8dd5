import type { Senders } from '../../protocols/chain/senders.ts'
import { txEnvelope } from '../../protocols/chain/transaction.ts'
import { decodeTransaction } from '../../protocols/chain/transaction-fields.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import type { IndexedTransaction } from '../chain/tx-index.ts'
import { type Method, method } from '../rpc/api.ts'
import { blockTag } from '../rpc/block-params.ts'
import { data } from '../rpc/json/hex.ts'
import { hash, index } from '../rpc/params.ts'
import type { Blocks } from './blocks.ts'
import type { Block } from './json/block.ts'
import { transactionJson } from './json/transaction.ts'
import { pooledJson, type ReadPool } from './txpool.ts'

export type TransactionLookup = {
  /** @returns the canonical transaction with this hash, as far back as they are indexed */
  transactionByHash(hash: Uint8Array): IndexedTransaction | undefined
}

/** Those of `eth` that are about transactions: null, or no bytes, for one that is not known. */
export function transactionMethods(
  blocks: Blocks,
  senders: Senders,
  lookup: TransactionLookup,
  pool?: ReadPool,
): Record<string, Method> {
  const json = (found: IndexedTransaction | undefined) => (found === undefined ? null : includedJson(found, senders))
  const pooled = (hash: Uint8Array) => pool?.content.get(bytesToHex(hash))
  const waiting = (hash: Uint8Array) => {
    const one = pooled(hash)
    return one ? pooledJson(one) : null
  }
  return {
    getTransactionByHash: method([hash], (hash) => json(lookup.transactionByHash(hash)) ?? waiting(hash)),
    getTransactionByBlockNumberAndIndex: method([blockTag, index], (tag, index) =>
      json(transactionAt(blocks.blockAt(tag), index)),
    ),
    getTransactionByBlockHashAndIndex: method([hash, index], (hash, index) =>
      json(transactionAt(blocks.blockByHash(hash), index)),
    ),
    getRawTransactionByHash: method([hash], (hash) => rawJson(lookup.transactionByHash(hash) ?? pooled(hash))),
    getRawTransactionByBlockNumberAndIndex: method([blockTag, index], (tag, index) =>
      rawJson(transactionAt(blocks.blockAtOrNone(tag), index)),
    ),
    getRawTransactionByBlockHashAndIndex: method([hash, index], (hash, index) =>
      rawJson(transactionAt(blocks.blockByHash(hash), index)),
    ),
  }
}

export function includedJson(found: IndexedTransaction, senders: Senders): Record<string, unknown> {
  const tx = decodeTransaction(found.item)
  return transactionJson(tx, senders.of(tx, found.header), found)
}

/** The bytes that are hashed; none when there is no such transaction. */
export const rawJson = (found: Pick<IndexedTransaction, 'item'> | undefined): string =>
  data(found ? txEnvelope(found.item) : new Uint8Array(0))

function transactionAt(block: Block | undefined, index: bigint): IndexedTransaction | undefined {
  const item = block && [...block.body.transactions.items()][Number(index)]
  return item && { header: block.header, index: Number(index), item }
}
