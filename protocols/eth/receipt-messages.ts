import {
  decodeReceiptWithBloom,
  decodeReceiptWithoutBloom,
  type Receipt,
  type Receipt68,
  type Receipt69,
} from '../chain/receipt.ts'
import { hashes, lazyList, readFields, writeFields } from '../lib/fields.ts'
import { type HashList, LazyList, type ReadItem } from '../lib/lazy-list.ts'
import type { RlpItem } from '../lib/rlp.ts'
import type { Codec } from './codec.ts'
import { limits } from './limits.ts'
import type { EthVersion } from './versions.ts'

// Receipts by block: plain up to eth/69, in parts from eth/70 on (EIP-7975).

export type GetReceipts = {
  readonly kind: 'GetReceipts'
  readonly id: bigint
  /** Of the first block, how many receipts the asker has already; 0 before eth/70. */
  readonly firstBlockReceiptIndex: bigint
  readonly hashes: HashList
}

/** Up to eth/69. */
export type GetReceipts69 = GetReceipts & { readonly firstBlockReceiptIndex: 0n }

export const GetReceipts: Codec<GetReceipts> = {
  decode: (payload, version) =>
    readFields(payload, (fields) => ({
      kind: 'GetReceipts',
      id: fields.uint(),
      firstBlockReceiptIndex: version >= 70 ? fields.uint() : 0n,
      hashes: hashes(fields),
    })),
  encode: ({ id, firstBlockReceiptIndex, hashes }, version) =>
    version >= 70 ? writeFields(id, firstBlockReceiptIndex, hashes) : writeFields(id, hashes),
}

/** A list of receipts for each block. */
export type Receipts<R extends Receipt = Receipt> = {
  readonly kind: 'Receipts'
  readonly id: bigint
  /** Whether the last block's receipts go on in a further answer; false before eth/70. */
  readonly lastBlockIncomplete: boolean
  readonly receipts: LazyList<LazyList<R>>
}

export type Receipts68 = Receipts<Receipt68> & { readonly lastBlockIncomplete: false }
export type Receipts69 = Receipts<Receipt69> & { readonly lastBlockIncomplete: false }
/** From eth/70 on. */
export type Receipts70 = Receipts<Receipt69>

export const Receipts: Codec<Receipts> = {
  decode: (payload, version) =>
    readFields(payload, (fields) => ({
      kind: 'Receipts',
      id: fields.uint(),
      lastBlockIncomplete: version >= 70 && fields.bool(),
      receipts: lazyList(fields, readReceiptList(version)),
    })),
  encode: ({ id, lastBlockIncomplete, receipts }, version) =>
    version >= 70 ? writeFields(id, lastBlockIncomplete ? 1 : 0, receipts) : writeFields(id, receipts),
}

/**
 * @param item of Receipts: with a bloom up to eth/68, without since
 * @throws {RlpError} no receipt of that version
 */
export function decodeReceipt(item: RlpItem, version: EthVersion): Receipt {
  return version === 68 ? decodeReceiptWithBloom(item) : decodeReceiptWithoutBloom(item)
}

/** @returns what reads the receipts of one block, in the encoding of `version`: no more than the list's bytes can hold */
export const readReceiptList =
  (version: EthVersion): ReadItem<LazyList<Receipt>> =>
  (list) =>
    new LazyList(list, (item) => decodeReceipt(item, version), limits.leastReceiptBytes)
