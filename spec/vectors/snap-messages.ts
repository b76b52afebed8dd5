import { emptyCodeHash, emptyRoot } from '../../protocols/chain/account.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { asBytes, asItem, HashList, LazyList } from '../../protocols/lib/lazy-list.ts'
import { readPathSet } from '../../protocols/snap/lookup-messages.ts'
import type { SnapMessage } from '../../protocols/snap/messages.ts'
import { readRangedAccount, readStorageSlots } from '../../protocols/snap/range-messages.ts'
import type { SnapVersion } from '../../protocols/snap/versions.ts'
import { repeat } from './eth-messages.ts'

/** Payloads as geth 1.17 writes them. */
export type SnapVector = {
  readonly what: string
  readonly versions: readonly SnapVersion[]
  readonly message: SnapMessage
  readonly payload: string
}

const h = (byte: string) => byte.repeat(32)
const [x00, x11, x22, xff] = [0x00, 0x11, 0x22, 0xff].map((byte) => repeat(byte, 32)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const both = [1, 2] as const
const kib512 = 512n * 1024n
const none = new Uint8Array(0)

/** Nonce 1, 2 wei. */
export const rangedAccount = hexToBytes(`e6a0${h('11')}c401028080`)
export const plainAccount = { nonce: 1n, balance: 2n, storageRoot: emptyRoot, codeHash: emptyCodeHash }

export const snapVectors: readonly SnapVector[] = [
  {
    what: 'all accounts',
    versions: both,
    message: { kind: 'GetAccountRange', id: 7n, root: x11, origin: x00, limit: xff, bytes: kib512 },
    payload: `f86807a0${h('11')}a0${h('00')}a0${h('ff')}83080000`,
  },
  {
    what: 'nothing',
    versions: both,
    message: {
      kind: 'AccountRange',
      id: 7n,
      accounts: LazyList.of([], readRangedAccount),
      proof: LazyList.of([], asBytes),
    },
    payload: 'c307c0c0',
  },
  {
    what: 'an account without code and storage',
    versions: both,
    message: {
      kind: 'AccountRange',
      id: 7n,
      accounts: LazyList.of([rangedAccount], readRangedAccount),
      proof: LazyList.of([hexToBytes('82c180')], asBytes),
    },
    payload: `ed07e7e6a0${h('11')}c401028080c382c180`,
  },
  {
    what: 'all slots of one account',
    versions: both,
    message: {
      kind: 'GetStorageRanges',
      id: 7n,
      root: x11,
      accountHashes: HashList.of([x22]),
      origin: none,
      limit: none,
      bytes: kib512,
    },
    payload: `f84a07a0${h('11')}e1a0${h('22')}808083080000`,
  },
  {
    what: 'nothing',
    versions: both,
    message: {
      kind: 'StorageRanges',
      id: 7n,
      slots: LazyList.of([], readStorageSlots),
      proof: LazyList.of([], asBytes),
    },
    payload: 'c307c0c0',
  },
  {
    what: 'one slot',
    versions: both,
    message: {
      kind: 'StorageRanges',
      id: 7n,
      slots: LazyList.of([hexToBytes(`e3e2a0${h('33')}01`)], readStorageSlots),
      proof: LazyList.of([], asBytes),
    },
    payload: `e707e4e3e2a0${h('33')}01c0`,
  },
  {
    what: 'one code',
    versions: both,
    message: { kind: 'GetByteCodes', id: 7n, hashes: HashList.of([x22]), bytes: kib512 },
    payload: `e707e1a0${h('22')}83080000`,
  },
  {
    what: 'a code and the empty one',
    versions: both,
    message: { kind: 'ByteCodes', id: 7n, codes: LazyList.of([hexToBytes('826001'), hexToBytes('80')], asBytes) },
    payload: 'c607c482600180',
  },
  {
    what: 'a node of the state trie',
    versions: [1],
    message: {
      kind: 'GetTrieNodes',
      id: 7n,
      root: x11,
      paths: LazyList.of([hexToBytes('c101')], readPathSet),
      bytes: kib512,
    },
    payload: `e907a0${h('11')}c2c10183080000`,
  },
  {
    what: 'a node and none',
    versions: [1],
    message: { kind: 'TrieNodes', id: 7n, nodes: LazyList.of([hexToBytes('82c180'), hexToBytes('80')], asBytes) },
    payload: 'c607c482c18080',
  },
  {
    what: "a block's",
    versions: [2],
    message: { kind: 'GetAccessLists', id: 7n, hashes: HashList.of([x22]), bytes: kib512 },
    payload: `e707e1a0${h('22')}83080000`,
  },
  {
    what: 'one that is not there, and an empty one',
    versions: [2],
    message: { kind: 'AccessLists', id: 7n, accessLists: LazyList.of([hexToBytes('80'), hexToBytes('c0')], asItem) },
    payload: 'c407c280c0',
  },
]
