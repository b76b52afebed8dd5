import { readBody } from '../../protocols/chain/block.ts'
import { readHeader } from '../../protocols/chain/header.ts'
import type { EthMessage } from '../../protocols/eth/messages.ts'
import { readReceiptList } from '../../protocols/eth/receipt-messages.ts'
import { readCells } from '../../protocols/eth/transaction-messages.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { asItem, HashList, LazyList, Uint32List } from '../../protocols/lib/lazy-list.ts'

/** Payloads as geth 1.17 writes them. */
export type EthVector = {
  readonly what: string
  readonly versions: readonly EthVersion[]
  readonly message: EthMessage
  readonly payload: string
}

export const repeat = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte)
const [x01, x02, x03, x11, x22] = [0x01, 0x02, 0x03, 0x11, 0x22].map((byte) => repeat(byte, 32)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const h = (byte: string) => byte.repeat(32)

const all = [68, 69, 70, 71, 72] as const
const partial = [70, 71, 72] as const
const accessLists = [71, 72] as const

const noHeaders = LazyList.of([], readHeader)
const receipt = hexToBytes('c7c60201825208c0')
const column0 = Uint8Array.of(1, ...repeat(0, 15))

export const ethVectors: readonly EthVector[] = [
  {
    what: 'Status of mainnet',
    versions: [69],
    message: {
      kind: 'Status',
      version: 69,
      networkId: 1n,
      genesis: x11,
      forkId: { hash: hexToBytes('07c9462e'), next: 0n },
      range: { earliest: 0n, latest: 100n, latestHash: x22 },
    },
    payload: `f84d4501a0${h('11')}c68407c9462e808064a0${h('22')}`,
  },
  {
    what: 'Status of eth/68',
    versions: [68],
    message: {
      kind: 'Status',
      version: 68,
      networkId: 1n,
      td: 100n,
      head: x22,
      genesis: x11,
      forkId: { hash: hexToBytes('07c9462e'), next: 0n },
    },
    payload: `f84c440164a0${h('22')}a0${h('11')}c68407c9462e80`,
  },
  {
    what: 'GetBlockHeaders by number',
    versions: all,
    message: { kind: 'GetBlockHeaders', id: 7n, origin: 9999n, amount: 5n, skip: 0n, reverse: false },
    payload: 'c807c682270f058080',
  },
  {
    what: 'GetBlockHeaders of the genesis, reverse',
    versions: all,
    message: { kind: 'GetBlockHeaders', id: 7n, origin: 0n, amount: 1n, skip: 0n, reverse: true },
    payload: 'c607c480018001',
  },
  {
    what: 'GetBlockHeaders by hash, reverse',
    versions: all,
    message: { kind: 'GetBlockHeaders', id: 7n, origin: x11, amount: 5n, skip: 1n, reverse: true },
    payload: `e607e4a0${h('11')}050101`,
  },
  {
    what: 'no headers',
    versions: all,
    message: { kind: 'BlockHeaders', id: 7n, headers: noHeaders },
    payload: 'c207c0',
  },
  {
    what: 'no headers for id 0',
    versions: all,
    message: { kind: 'BlockHeaders', id: 0n, headers: noHeaders },
    payload: 'c280c0',
  },
  {
    what: 'no headers for id 2^64−1',
    versions: all,
    message: { kind: 'BlockHeaders', id: 2n ** 64n - 1n, headers: noHeaders },
    payload: 'ca88ffffffffffffffffc0',
  },
  {
    what: 'no bodies',
    versions: all,
    message: { kind: 'BlockBodies', id: 7n, bodies: LazyList.of([], readBody) },
    payload: 'c207c0',
  },
  {
    what: 'no pooled transactions',
    versions: all,
    message: { kind: 'PooledTransactions', id: 7n, transactions: LazyList.of([], asItem) },
    payload: 'c207c0',
  },
  {
    what: 'no receipts',
    versions: [68, 69],
    message: { kind: 'Receipts', id: 7n, lastBlockIncomplete: false, receipts: LazyList.of([], readReceiptList(69)) },
    payload: 'c207c0',
  },
  {
    what: 'no access lists',
    versions: accessLists,
    message: { kind: 'BlockAccessLists', id: 7n, accessLists: LazyList.of([], asItem) },
    payload: 'c207c0',
  },
  {
    what: 'GetReceipts from the fourth receipt on',
    versions: partial,
    message: { kind: 'GetReceipts', id: 7n, firstBlockReceiptIndex: 3n, hashes: HashList.of([x11]) },
    payload: `e40703e1a0${h('11')}`,
  },
  {
    what: 'GetReceipts',
    versions: [68, 69],
    message: { kind: 'GetReceipts', id: 7n, firstBlockReceiptIndex: 0n, hashes: HashList.of([x11]) },
    payload: `e307e1a0${h('11')}`,
  },
  {
    what: 'Receipts that go on, of no block',
    versions: partial,
    message: { kind: 'Receipts', id: 7n, lastBlockIncomplete: true, receipts: LazyList.of([], readReceiptList(70)) },
    payload: 'c30701c0',
  },
  {
    what: 'Receipts of a block without any',
    versions: partial,
    message: {
      kind: 'Receipts',
      id: 7n,
      lastBlockIncomplete: false,
      receipts: LazyList.of([Uint8Array.of(0xc0)], readReceiptList(70)),
    },
    payload: 'c40780c1c0',
  },
  {
    what: 'Receipts of one block',
    versions: [69],
    message: {
      kind: 'Receipts',
      id: 7n,
      lastBlockIncomplete: false,
      receipts: LazyList.of([receipt], readReceiptList(69)),
    },
    payload: 'ca07c8c7c60201825208c0',
  },
  {
    what: 'Receipts of one block that go on',
    versions: partial,
    message: {
      kind: 'Receipts',
      id: 7n,
      lastBlockIncomplete: true,
      receipts: LazyList.of([receipt], readReceiptList(70)),
    },
    payload: 'cb0701c8c7c60201825208c0',
  },
  {
    what: 'an announcement of three transactions',
    versions: [68, 69, 70, 71],
    message: {
      kind: 'NewPooledTransactionHashes',
      types: Uint8Array.of(0, 2, 3),
      sizes: Uint32List.of([100, 200, 131_072]),
      hashes: HashList.of([x01, x02, x03]),
    },
    payload: `f87183000203c76481c883020000f863a0${h('01')}a0${h('02')}a0${h('03')}`,
  },
  {
    what: 'an announcement of a blob transaction with all its cells',
    versions: [72],
    message: {
      kind: 'NewPooledTransactionHashes',
      types: Uint8Array.of(3),
      sizes: Uint32List.of([500]),
      hashes: HashList.of([x03]),
      mask: repeat(0xff, 16),
    },
    payload: `f83803c38201f4e1a0${h('03')}90${'ff'.repeat(16)}`,
  },
  {
    what: 'BlockRangeUpdate',
    versions: [69, 70, 71, 72],
    message: { kind: 'BlockRangeUpdate', earliest: 1n, latest: 2n, latestHash: x22 },
    payload: `e30102a0${h('22')}`,
  },
  {
    what: 'BlockAccessLists, the only one not available',
    versions: accessLists,
    message: { kind: 'BlockAccessLists', id: 7n, accessLists: LazyList.of([Uint8Array.of(0x80)], asItem) },
    payload: 'c307c180',
  },
  {
    what: 'GetCells',
    versions: [72],
    message: { kind: 'GetCells', id: 7n, hashes: HashList.of([x03]), mask: column0 },
    payload: `f407e1a0${h('03')}9001${'00'.repeat(15)}`,
  },
  {
    what: 'no cells',
    versions: [72],
    message: { kind: 'Cells', id: 7n, hashes: HashList.of([]), cells: LazyList.of([], readCells), mask: column0 },
    payload: `d407c0c09001${'00'.repeat(15)}`,
  },
]
