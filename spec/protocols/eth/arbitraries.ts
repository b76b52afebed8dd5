import fc, { type Arbitrary } from 'fast-check'
import { encodeBody, readBody } from '../../../protocols/chain/block.ts'
import { encodeHeader, readHeader } from '../../../protocols/chain/header.ts'
import { readBlockName } from '../../../protocols/eth/block-messages.ts'
import type { MessageOf } from '../../../protocols/eth/messages.ts'
import { readReceiptList } from '../../../protocols/eth/receipt-messages.ts'
import { readCells } from '../../../protocols/eth/transaction-messages.ts'
import type { EthVersion, MessageName } from '../../../protocols/eth/versions.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { asItem, HashList, LazyList, type ReadItem, Uint32List } from '../../../protocols/lib/lazy-list.ts'
import { encodeList, encodeRlp } from '../../../protocols/lib/rlp.ts'

// Any message of any version, small. Integers favour the edges of their width.

const edges = (bits: bigint) => fc.constantFrom(0n, 1n, 0x7fn, 0x80n, 2n ** 32n - 1n, 2n ** 63n, 2n ** bits - 1n)
export const uint64 = fc.oneof(edges(64n), fc.bigInt(0n, 2n ** 64n - 1n))
export const uint256 = fc.oneof(edges(256n), fc.bigInt(0n, 2n ** 256n - 1n))
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
export const hash = bytes(32)
export const hashes = fc.array(hash, { maxLength: 4 }).map((list) => HashList.of(list))
export const listOf = <T>(item: Arbitrary<Uint8Array>, read: ReadItem<T>) =>
  fc.array(item, { maxLength: 4 }).map((items) => LazyList.of(items, read))

export const shortBytes = fc.uint8Array({ maxLength: 80 })
export const anyRlp = fc.oneof(
  shortBytes.map((string) => encodeRlp(string)),
  fc.array(shortBytes, { maxLength: 3 }).map((list) => encodeRlp(list)),
)
const anyHeader = fc
  .record({
    parentHash: hash,
    unclesHash: hash,
    coinbase: bytes(20),
    stateRoot: hash,
    txRoot: hash,
    receiptsRoot: hash,
    bloom: bytes(256),
    difficulty: uint256,
    number: uint64,
    gasLimit: uint64,
    gasUsed: uint64,
    time: uint64,
    extraData: fc.uint8Array({ maxLength: 40 }),
    mixHash: hash,
    nonce: bytes(8),
    baseFee: fc.option(uint256, { nil: undefined }),
  })
  .map(encodeHeader)
/** No shorter than what stands there can be. */
const rlpOf = (least: number) => anyRlp.map((raw) => (raw.length < least ? encodeRlp(new Uint8Array(least)) : raw))
const anyBody = fc
  .record({
    transactions: fc.array(rlpOf(10), { maxLength: 3 }),
    uncles: fc.array(anyHeader, { maxLength: 2 }),
    withdrawals: fc.option(fc.array(rlpOf(25), { maxLength: 3 }), { nil: undefined }),
  })
  .map(encodeBody)
const blockName = fc.tuple(hash, uint64).map((fields) => encodeRlp(fields))
const anyLogs = fc.array(fc.tuple(bytes(20), fc.array(hash, { maxLength: 4 }), shortBytes), { maxLength: 2 })
const outcome = fc.oneof(fc.constantFrom(0, 1), hash)
const receiptSince69 = fc.tuple(fc.nat(0x7f), outcome, uint64, anyLogs).map((fields) => encodeRlp(fields))
const receipt68 = fc.tuple(fc.nat(4), outcome, uint64, bytes(256), anyLogs).map(([type, ...fields]) => {
  const list = encodeRlp(fields)
  return type === 0 ? list : encodeRlp(concatBytes(Uint8Array.of(type), list))
})
const receiptList = (version: EthVersion) =>
  fc.array(version === 68 ? receipt68 : receiptSince69, { maxLength: 3 }).map(encodeList)
const cellGroup = fc.array(bytes(2048), { maxLength: 2 }).map((cells) => encodeRlp(cells))

const status = {
  networkId: uint64,
  genesis: hash,
  forkId: fc.record({ hash: bytes(4), next: uint64 }),
}
const range = { earliest: uint64, latest: uint64, latestHash: hash }
const request = { id: uint64, hashes }

/** @returns messages `name` as `version` has them */
export function anyMessage(version: EthVersion, name: MessageName): Arbitrary<MessageOf<MessageName>> {
  const fields = fieldsOf(version)[name]
  return fc.record({ kind: fc.constant(name), ...fields }) as Arbitrary<MessageOf<MessageName>>
}

const fieldsOf = (version: EthVersion): Record<MessageName, Record<string, Arbitrary<unknown>>> => ({
  Status: {
    version: fc.constant(version),
    ...status,
    ...(version === 68 ? { td: uint256, head: hash } : { range: fc.record(range) }),
  },
  NewBlockHashes: { blocks: listOf(blockName, readBlockName) },
  Transactions: { transactions: listOf(anyRlp, asItem) },
  GetBlockHeaders: {
    id: uint64,
    origin: fc.oneof(uint64, hash).map((origin) => (isZero(origin) ? 0n : origin)),
    amount: uint64,
    skip: uint64,
    reverse: fc.boolean(),
  },
  BlockHeaders: { id: uint64, headers: listOf(anyHeader, readHeader) },
  GetBlockBodies: request,
  BlockBodies: { id: uint64, bodies: listOf(anyBody, readBody) },
  NewBlock: { block: fc.array(anyRlp, { maxLength: 3 }).map(encodeList), td: uint256 },
  NewPooledTransactionHashes: {
    types: shortBytes,
    sizes: fc.array(fc.nat(0xffff_ffff), { maxLength: 4 }).map((sizes) => Uint32List.of(sizes)),
    hashes,
    ...(version >= 72 ? { mask: bytes(16) } : {}),
  },
  GetPooledTransactions: request,
  PooledTransactions: { id: uint64, transactions: listOf(anyRlp, asItem) },
  GetReceipts: { ...request, firstBlockReceiptIndex: version >= 70 ? uint64 : fc.constant(0n) },
  Receipts: {
    id: uint64,
    lastBlockIncomplete: version >= 70 ? fc.boolean() : fc.constant(false),
    receipts: listOf(receiptList(version), readReceiptList(version)),
  },
  BlockRangeUpdate: range,
  GetBlockAccessLists: request,
  BlockAccessLists: { id: uint64, accessLists: listOf(anyRlp, asItem) },
  GetCells: { ...request, mask: bytes(16) },
  Cells: { ...request, cells: listOf(cellGroup, readCells), mask: bytes(16) },
})

const isZero = (origin: bigint | Uint8Array) => typeof origin !== 'bigint' && origin.every((byte) => byte === 0)
