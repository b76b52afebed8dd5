import { type Account, readSlimAccount } from '../chain/account.ts'
import { fixed, hashes, lazyList, readFields, writeFields } from '../lib/fields.ts'
import { asBytes, type HashList, LazyList, type ReadItem } from '../lib/lazy-list.ts'
import type { Codec } from '../lib/message-codecs.ts'

// Ranges of the state and of storage, each with the proof of its edges (caps/snap.md).

/** Accounts of the state of `root`, by the hashes of their addresses from `origin` to the first at or behind `limit`. */
export type GetAccountRange = {
  readonly kind: 'GetAccountRange'
  readonly id: bigint
  readonly root: Uint8Array
  readonly origin: Uint8Array
  readonly limit: Uint8Array
  /** How large the answer should be at most. */
  readonly bytes: bigint
}

export const GetAccountRange: Codec<GetAccountRange> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'GetAccountRange',
      id: fields.uint(),
      root: fields.bytes(32),
      origin: fields.bytes(32),
      limit: fields.bytes(32),
      bytes: fields.uint(),
    })),
  encode: ({ id, root, origin, limit, bytes }) =>
    writeFields(id, fixed(root, 32), fixed(origin, 32), fixed(limit, 32), bytes),
}

/** Nothing at all: the state is not there. Whether hashes rise and the proof holds is the receiver's to check. */
export type AccountRange = {
  readonly kind: 'AccountRange'
  readonly id: bigint
  readonly accounts: LazyList<RangedAccount>
  /** Trie nodes, from the root to the origin and to the last account, each once. */
  readonly proof: LazyList<Uint8Array>
}

/** `hash`: Keccak-256 of the account's address. */
export type RangedAccount = { readonly hash: Uint8Array; readonly account: Account }

export const AccountRange: Codec<AccountRange> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'AccountRange',
      id: fields.uint(),
      accounts: lazyList(fields, readRangedAccount),
      proof: lazyList(fields, asBytes),
    })),
  encode: ({ id, accounts, proof }) => writeFields(id, accounts, proof),
}

export const readRangedAccount: ReadItem<RangedAccount> = (item) =>
  readFields(item, (fields) => ({ hash: fields.bytes(32), account: readSlimAccount(fields.listItem()) }))

/** Storage of some accounts; `origin` and `limit` are of the first alone, and may be empty for all of it. */
export type GetStorageRanges = {
  readonly kind: 'GetStorageRanges'
  readonly id: bigint
  readonly root: Uint8Array
  readonly accountHashes: HashList
  readonly origin: Uint8Array
  readonly limit: Uint8Array
  readonly bytes: bigint
}

export const GetStorageRanges: Codec<GetStorageRanges> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'GetStorageRanges',
      id: fields.uint(),
      root: fields.bytes(32),
      accountHashes: hashes(fields),
      origin: fields.bytes(),
      limit: fields.bytes(),
      bytes: fields.uint(),
    })),
  encode: ({ id, root, accountHashes, origin, limit, bytes }) =>
    writeFields(id, fixed(root, 32), accountHashes, origin, limit, bytes),
}

/** The slots of each account; the proof is of the last, and only when it is not whole. */
export type StorageRanges = {
  readonly kind: 'StorageRanges'
  readonly id: bigint
  readonly slots: LazyList<LazyList<StorageSlot>>
  readonly proof: LazyList<Uint8Array>
}

/** `hash`: Keccak-256 of the slot's key; `data`: RLP of its value. */
export type StorageSlot = { readonly hash: Uint8Array; readonly data: Uint8Array }

export const StorageRanges: Codec<StorageRanges> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'StorageRanges',
      id: fields.uint(),
      slots: lazyList(fields, readStorageSlots),
      proof: lazyList(fields, asBytes),
    })),
  encode: ({ id, slots, proof }) => writeFields(id, slots, proof),
}

export const readStorageSlots: ReadItem<LazyList<StorageSlot>> = (item) => new LazyList(item, readStorageSlot)

const readStorageSlot: ReadItem<StorageSlot> = (item) =>
  readFields(item, (fields) => ({ hash: fields.bytes(32), data: fields.bytes() }))
