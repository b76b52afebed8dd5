import { concatSteps } from '../lib/bytes.ts'
import { asItem, LazyList } from '../lib/lazy-list.ts'
import { encodeList, encodeRlp, lengthPrefix, RlpError, type RlpItem, RlpReader, readItem } from '../lib/rlp.ts'
import { type Header, readHeader } from './header.ts'

// Blocks and their bodies (caps/eth.md, "Block Encoding and Validity").

/** `[transactions, uncles, withdrawals?]`, not looked into beyond its lists. */
export type BlockBody = {
  readonly raw: Uint8Array
  readonly transactions: LazyList<RlpItem>
  /** Keccak-256 of its `raw` is the header's `unclesHash`. */
  readonly uncles: LazyList<Header>
  /** From Shanghai on. */
  readonly withdrawals?: LazyList<RlpItem>
}

/** @throws {RlpError} no body: more transactions or withdrawals than its bytes can hold, too */
export function readBody({ isList, content, raw }: RlpItem): BlockBody {
  if (!isList) throw new RlpError('expected a list, got a string')
  const fields = new RlpReader(content)
  const transactions = new LazyList(fields.listItem(), asItem, leastTransactionBytes)
  const uncles = new LazyList(unclesOf(fields), readHeader)
  if (fields.isDone) return { raw, transactions, uncles }
  const withdrawals = new LazyList(fields.listItem(), asItem, leastWithdrawalBytes)
  fields.end()
  return { raw, transactions, uncles, withdrawals }
}

/**
 * @param raw one body and nothing after it
 * @throws {RlpError} no body
 */
export const decodeBody = (raw: Uint8Array): BlockBody => readBody(whole(raw))

/** `amount` in Gwei (EIP-4895). */
export type Withdrawal = {
  readonly index: bigint
  readonly validatorIndex: bigint
  readonly address: Uint8Array
  readonly amount: bigint
}

/** @throws {RlpError} no withdrawal */
export function decodeWithdrawal({ raw }: RlpItem): Withdrawal {
  const fields = RlpReader.open(raw)
  const withdrawal = {
    index: fields.uint(),
    validatorIndex: fields.uint(),
    address: fields.bytes(20),
    amount: fields.uint(),
  }
  fields.end()
  return withdrawal
}

/** The inverse of {@link decodeWithdrawal}. */
export const encodeWithdrawal = ({ index, validatorIndex, address, amount }: Withdrawal): Uint8Array =>
  encodeRlp([index, validatorIndex, address, amount])

/** @param parts items, each of them RLP already */
export function encodeBody(parts: {
  readonly transactions: readonly Uint8Array[]
  readonly uncles: readonly Uint8Array[]
  readonly withdrawals?: readonly Uint8Array[] | undefined
}): Uint8Array {
  const { transactions, uncles, withdrawals } = parts
  return encodeList([transactions, uncles, ...(withdrawals ? [withdrawals] : [])].map(encodeList))
}

/** As {@link encodeBody}, step by step. */
export function* encodeBodySteps({
  transactions,
  uncles,
  withdrawals,
}: Parameters<typeof encodeBody>[0]): Generator<void, Uint8Array> {
  const parts: Uint8Array[] = [none]
  let size = 0
  for (const list of [transactions, uncles, ...(withdrawals ? [withdrawals] : [])]) {
    const at = parts.push(none) - 1
    let length = 0
    for (const item of list) {
      length += item.length
      if (parts.push(item) % itemsInStep === 0) yield
    }
    const prefix = lengthPrefix(length, 0xc0)
    parts[at] = prefix
    size += prefix.length + length
  }
  parts[0] = lengthPrefix(size, 0xc0)
  return yield* concatSteps(parts)
}

const none = new Uint8Array(0)
/** That one step takes. */
const itemsInStep = 4_096

/** A block in the two halves that the wire and the database keep apart. `header` is a view, `body` a copy. */
export type SplitBlock = { readonly header: Uint8Array; readonly body: Uint8Array }

/**
 * @param raw `[header, transactions, uncles, withdrawals?]` and nothing after it
 * @throws {RlpError} no block; the header and the items of the body are not looked into
 */
export function splitBlock(raw: Uint8Array): SplitBlock {
  const { isList, content } = whole(raw)
  if (!isList) throw new RlpError('expected a list, got a string')
  const header = new RlpReader(content).listItem().raw
  const body = encodeList([content.subarray(header.length)])
  decodeBody(body)
  return { header, body }
}

/** The inverse of {@link splitBlock}. */
export function joinBlock({ header, body }: SplitBlock): Uint8Array {
  return encodeList([header, readItem(body).content])
}

/** @returns the bytes of a block's RLP: what a body has in it follows the header in one list */
export function blockSize(headerBytes: number, bodyItemBytes: number): number {
  const length = headerBytes + bodyItemBytes
  const lengthBytes = length < 56 ? 0 : Math.ceil(length.toString(16).length / 2)
  return 1 + lengthBytes + length
}

function unclesOf(fields: RlpReader): RlpItem {
  const list = fields.listItem()
  if (list.content.length > maxUnclesBytes) throw new RlpError(`uncles of ${list.content.length} bytes`)
  return list
}

/** Of the two that a block may have: their extra data has 100 KiB at most (geth `Header.SanityCheck`). */
const maxUnclesBytes = 2 << 17

function whole(raw: Uint8Array): RlpItem {
  const item = readItem(raw)
  if (item.raw.length !== raw.length) throw new RlpError('bytes after the value')
  return item
}

/** geth handlers.go minTxEncodedSize, minWithdrawalEncodedSize. */
const leastTransactionBytes = 10
const leastWithdrawalBytes = 25
