import { fixed, hashes, lazyList, readFields, writeFields } from '../lib/fields.ts'
import { asItem, type HashList, LazyList, type ReadItem, Uint32List } from '../lib/lazy-list.ts'
import { RlpError, type RlpItem } from '../lib/rlp.ts'
import type { Codec } from './codec.ts'
import { limits } from './limits.ts'

// Messages of the transaction pool: bodies, announcements, requests, and cells of blobs (caps/eth.md).

/** Items are for txType, txHash and txEnvelope. */
export type Transactions = { readonly kind: 'Transactions'; readonly transactions: LazyList<RlpItem> }

export const Transactions: Codec<Transactions> = {
  decode: (payload) => ({ kind: 'Transactions', transactions: LazyList.uncounted(payload, asItem) }),
  encode: ({ transactions }) => transactions.raw,
}

/** One type, size in bytes and hash for each transaction; whether the three are as many is its receiver's to check. */
export type NewPooledTransactionHashes = {
  readonly kind: 'NewPooledTransactionHashes'
  readonly types: Uint8Array
  readonly sizes: Uint32List
  readonly hashes: HashList
  /** eth/72: the cells that the sender has of every blob transaction here. */
  readonly mask?: CellMask
}

/** Up to eth/71. */
export type NewPooledTransactionHashes71 = Omit<NewPooledTransactionHashes, 'mask'>
/** eth/72. */
export type NewPooledTransactionHashes72 = Required<NewPooledTransactionHashes>

export const NewPooledTransactionHashes: Codec<NewPooledTransactionHashes> = {
  decode: (payload, version) =>
    readFields(payload, (fields) => ({
      kind: 'NewPooledTransactionHashes',
      types: fields.bytes(),
      sizes: Uint32List.uncounted(fields.item()),
      hashes: hashes(fields),
      ...(version >= 72 ? { mask: fields.bytes(maskBytes) } : {}),
    })),
  encode: ({ types, sizes, hashes, mask }, version) =>
    version >= 72
      ? writeFields(types, sizes, hashes, fixed(mask ?? new Uint8Array(maskBytes), maskBytes))
      : writeFields(types, sizes, hashes),
}

export type GetPooledTransactions = {
  readonly kind: 'GetPooledTransactions'
  readonly id: bigint
  readonly hashes: HashList
}

export const GetPooledTransactions: Codec<GetPooledTransactions> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({ kind: 'GetPooledTransactions', id: fields.uint(), hashes: hashes(fields) })),
  encode: ({ id, hashes }) => writeFields(id, hashes),
}

/** Blob transactions come with their blobs up to eth/71, and with an empty list of them from eth/72 on. */
export type PooledTransactions = {
  readonly kind: 'PooledTransactions'
  readonly id: bigint
  readonly transactions: LazyList<RlpItem>
}

export const PooledTransactions: Codec<PooledTransactions> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'PooledTransactions',
      id: fields.uint(),
      transactions: lazyList(fields, asItem),
    })),
  encode: ({ id, transactions }) => writeFields(id, transactions),
}

/** 128 bits in 16 bytes: cell i is bit i mod 8, from the least significant, of byte ⌊i/8⌋ (EIP-8070). */
export type CellMask = Uint8Array
const maskBytes = limits.cellsPerBlob / 8

/** @returns how many columns a mask names */
export function countColumns(mask: CellMask): number {
  let count = 0
  for (const byte of mask) for (let bits = byte; bits > 0; bits &= bits - 1) count++
  return count
}

/** eth/72 (EIP-8070): asks for the cells of the mask's columns, of every blob of these transactions. */
export type GetCells = {
  readonly kind: 'GetCells'
  readonly id: bigint
  readonly hashes: HashList
  readonly mask: CellMask
}

export const GetCells: Codec<GetCells> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'GetCells',
      id: fields.uint(),
      hashes: hashes(fields),
      mask: fields.bytes(maskBytes),
    })),
  encode: ({ id, hashes, mask }) => writeFields(id, hashes, fixed(mask, maskBytes)),
}

/**
 * eth/72. One group of cells for each hash, each cell 2048 bytes. A group goes column by column: the cells that all blobs
 * of the transaction, in order, have in the mask's lowest column, then those of the next.
 */
export type Cells = {
  readonly kind: 'Cells'
  readonly id: bigint
  readonly hashes: HashList
  readonly cells: LazyList<LazyList<Uint8Array>>
  readonly mask: CellMask
}

export const Cells: Codec<Cells> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'Cells',
      id: fields.uint(),
      hashes: hashes(fields),
      cells: lazyList(fields, readCells),
      mask: fields.bytes(maskBytes),
    })),
  encode: ({ id, hashes, cells, mask }) => writeFields(id, hashes, cells, fixed(mask, maskBytes)),
}

export const readCells: ReadItem<LazyList<Uint8Array>> = (item) => new LazyList(item, readCell)

const readCell: ReadItem<Uint8Array> = ({ isList, content }) => {
  if (isList || content.length !== limits.cellBytes) throw new RlpError(`expected a cell of ${limits.cellBytes} bytes`)
  return content
}
