import { fixed, hashes, lazyList, readFields, writeFields } from '../lib/fields.ts'
import { asBytes, asItem, type HashList, LazyList, type ReadItem } from '../lib/lazy-list.ts'
import type { Codec } from '../lib/message-codecs.ts'
import type { RlpItem } from '../lib/rlp.ts'

// Things by their hashes or paths (caps/snap.md; EIP-8189 for snap/2).

export type GetByteCodes = {
  readonly kind: 'GetByteCodes'
  readonly id: bigint
  readonly hashes: HashList
  readonly bytes: bigint
}

export const GetByteCodes: Codec<GetByteCodes> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'GetByteCodes',
      id: fields.uint(),
      hashes: hashes(fields),
      bytes: fields.uint(),
    })),
  encode: ({ id, hashes, bytes }) => writeFields(id, hashes, bytes),
}

/** In the order of the request; a code that is not there is left out. */
export type ByteCodes = { readonly kind: 'ByteCodes'; readonly id: bigint; readonly codes: LazyList<Uint8Array> }

export const ByteCodes: Codec<ByteCodes> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({ kind: 'ByteCodes', id: fields.uint(), codes: lazyList(fields, asBytes) })),
  encode: ({ id, codes }) => writeFields(id, codes),
}

/** snap/1. A set of one path is of the state trie; of more, the first is an account's hash, the others are of its storage. */
export type GetTrieNodes = {
  readonly kind: 'GetTrieNodes'
  readonly id: bigint
  readonly root: Uint8Array
  readonly paths: LazyList<LazyList<Uint8Array>>
  readonly bytes: bigint
}

export const GetTrieNodes: Codec<GetTrieNodes> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'GetTrieNodes',
      id: fields.uint(),
      root: fields.bytes(32),
      paths: lazyList(fields, readPathSet),
      bytes: fields.uint(),
    })),
  encode: ({ id, root, paths, bytes }) => writeFields(id, fixed(root, 32), paths, bytes),
}

export const readPathSet: ReadItem<LazyList<Uint8Array>> = (item) => new LazyList(item, asBytes)

/** snap/1. */
export type TrieNodes = { readonly kind: 'TrieNodes'; readonly id: bigint; readonly nodes: LazyList<Uint8Array> }

export const TrieNodes: Codec<TrieNodes> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({ kind: 'TrieNodes', id: fields.uint(), nodes: lazyList(fields, asBytes) })),
  encode: ({ id, nodes }) => writeFields(id, nodes),
}

/** snap/2: by hashes of blocks. */
export type GetAccessLists = {
  readonly kind: 'GetAccessLists'
  readonly id: bigint
  readonly hashes: HashList
  readonly bytes: bigint
}

export const GetAccessLists: Codec<GetAccessLists> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'GetAccessLists',
      id: fields.uint(),
      hashes: hashes(fields),
      bytes: fields.uint(),
    })),
  encode: ({ id, hashes, bytes }) => writeFields(id, hashes, bytes),
}

/** snap/2: in the order of the request, an empty string for one that is not there (EIP-7928). */
export type AccessLists = {
  readonly kind: 'AccessLists'
  readonly id: bigint
  readonly accessLists: LazyList<RlpItem>
}

export const AccessLists: Codec<AccessLists> = {
  decode: (payload) =>
    readFields(payload, (fields) => ({
      kind: 'AccessLists',
      id: fields.uint(),
      accessLists: lazyList(fields, asItem),
    })),
  encode: ({ id, accessLists }) => writeFields(id, accessLists),
}
