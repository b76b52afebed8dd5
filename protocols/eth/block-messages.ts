import { type BlockBody, readBody } from '../chain/block.ts'
import { type Header, readHeader } from '../chain/header.ts'
import { fixed, hashes, lazyList, readFields, writeFields } from '../lib/fields.ts'
import { asItem, type HashList, LazyList, type ReadItem } from '../lib/lazy-list.ts'
import { RlpError, type RlpItem, type RlpReader, toUint } from '../lib/rlp.ts'
import type { Codec } from './codec.ts'

// Messages about headers, bodies and blocks (caps/eth.md). Request ids are uint64, 0 included.

/** `origin` is a block's number or its 32-byte hash; `skip` blocks lie between two headers of the answer. */
export type GetBlockHeaders = {
  readonly kind: 'GetBlockHeaders'
  readonly id: bigint
  readonly origin: bigint | Uint8Array
  readonly amount: bigint
  readonly skip: bigint
  readonly reverse: boolean
}

export const GetBlockHeaders: Codec<GetBlockHeaders> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({ kind: 'GetBlockHeaders', id: fields.uint(), ...readQuery(fields) })),
  encode: ({ id, origin, amount, skip, reverse }) =>
    writeFields(id, [typeof origin === 'bigint' ? origin : fixed(origin, 32), amount, skip, reverse ? 1 : 0]),
}

export type BlockHeaders = { readonly kind: 'BlockHeaders'; readonly id: bigint; readonly headers: LazyList<Header> }

export const BlockHeaders: Codec<BlockHeaders> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'BlockHeaders',
      id: fields.uint(),
      headers: lazyList(fields, readHeader),
    })),
  encode: ({ id, headers }) => writeFields(id, headers),
}

export type GetBlockBodies = { readonly kind: 'GetBlockBodies'; readonly id: bigint; readonly hashes: HashList }

export const GetBlockBodies: Codec<GetBlockBodies> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({ kind: 'GetBlockBodies', id: fields.uint(), hashes: hashes(fields) })),
  encode: ({ id, hashes }) => writeFields(id, hashes),
}

export type BlockBodies = { readonly kind: 'BlockBodies'; readonly id: bigint; readonly bodies: LazyList<BlockBody> }

export const BlockBodies: Codec<BlockBodies> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({ kind: 'BlockBodies', id: fields.uint(), bodies: lazyList(fields, readBody) })),
  encode: ({ id, bodies }) => writeFields(id, bodies),
}

/** The access lists of blocks, one for each (EIP-8159, eth/71). */
export type GetBlockAccessLists = {
  readonly kind: 'GetBlockAccessLists'
  readonly id: bigint
  readonly hashes: HashList
}

export const GetBlockAccessLists: Codec<GetBlockAccessLists> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({ kind: 'GetBlockAccessLists', id: fields.uint(), hashes: hashes(fields) })),
  encode: ({ id, hashes }) => writeFields(id, hashes),
}

/** Each item is a list, or the empty string where the block's is not available; an empty list is one like any other. */
export type BlockAccessLists = {
  readonly kind: 'BlockAccessLists'
  readonly id: bigint
  readonly accessLists: LazyList<RlpItem>
}

export const BlockAccessLists: Codec<BlockAccessLists> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'BlockAccessLists',
      id: fields.uint(),
      accessLists: lazyList(fields, asItem),
    })),
  encode: ({ id, accessLists }) => writeFields(id, accessLists),
}

/** eth/68. */
export type NewBlockHashes = { readonly kind: 'NewBlockHashes'; readonly blocks: LazyList<BlockName> }
export type BlockName = { readonly hash: Uint8Array; readonly number: bigint }

export const NewBlockHashes: Codec<NewBlockHashes> = {
  decode: (payload) => ({ kind: 'NewBlockHashes', blocks: LazyList.uncounted(payload, readBlockName) }),
  encode: ({ blocks }) => blocks.raw,
}

/** eth/68. `block` is for splitBlock; `td` the total difficulty with it. */
export type NewBlock = { readonly kind: 'NewBlock'; readonly block: Uint8Array; readonly td: bigint }

export const NewBlock: Codec<NewBlock> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({ kind: 'NewBlock', block: fields.listItem().raw, td: fields.uint(32) })),
  encode: ({ block, td }) => writeFields({ raw: block }, td),
}

export const readBlockName: ReadItem<BlockName> = (item) =>
  readFields(item, (fields) => ({ hash: fields.bytes(32), number: fields.uint() }))

function readQuery(fields: RlpReader): Omit<GetBlockHeaders, 'kind' | 'id'> {
  return readFields(fields.item(), (query) => ({
    origin: readOrigin(query),
    amount: query.uint(),
    skip: query.uint(),
    reverse: query.bool(),
  }))
}

/** geth takes a hash of zeros for the number 0. */
function readOrigin(query: RlpReader): bigint | Uint8Array {
  const bytes = query.bytes()
  if (bytes.length === 32) return bytes.every((byte) => byte === 0) ? 0n : bytes
  if (bytes.length <= 8) return toUint(bytes)
  throw new RlpError(`invalid input size ${bytes.length} for origin`)
}
