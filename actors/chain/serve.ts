import type { Header } from '../../protocols/chain/header.ts'
import { decodeReceiptWithoutBloom, encodeReceipt } from '../../protocols/chain/receipt.ts'
import type { GetBlockHeaders } from '../../protocols/eth/block-messages.ts'
import { limits } from '../../protocols/eth/limits.ts'
import type { GetReceipts } from '../../protocols/eth/receipt-messages.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { encodeList, encodeRlp, RlpReader, readItem } from '../../protocols/lib/rlp.ts'
import type { ChainReader } from './chain-reader.ts'

// What a chain answers to requests for headers, bodies, receipts and access lists, as geth's eth/protocols/eth/handlers.go does. Step
// by step: a remote chooses how much it asks for.

export type HeaderQuery = Pick<GetBlockHeaders, 'origin' | 'amount' | 'skip' | 'reverse'>

/** @returns RLP of each header; empty when nothing is known of what was asked. BOUNDED: 1024 items, about 2 MiB. */
export function* getBlockHeaders(chain: ChainReader, query: HeaderQuery): Generator<void, Uint8Array[]> {
  const headers = yield* query.skip === 0n ? contiguousHeaders(chain, query) : sparseHeaders(chain, query)
  return Array.from(headers, ({ raw }) => raw)
}

/**
 * The answer ends at the first hash that is unknown.
 * @returns RLP of each body. BOUNDED: 1024 items, 2 MiB and one body.
 */
export function* getBlockBodies(chain: ChainReader, hashes: Iterable<Uint8Array>): Generator<void, Uint8Array[]> {
  const bodies: Uint8Array[] = []
  let bytes = 0
  for (const hash of hashes) {
    if (bytes >= limits.softResponseBytes || bodies.length >= limits.maxBodiesServed) break
    const body = chain.bodyByHash(hash)
    if (body === undefined) break
    bodies.push(body)
    bytes += body.length
    yield
  }
  return bodies
}

/**
 * An entry for every hash, from the first on.
 * @returns a list as it is stored, or the empty string where there is none (EIP-8159). BOUNDED: 1024 entries, 2 MiB and
 * one list.
 */
export function* getBlockAccessLists(chain: ChainReader, hashes: Iterable<Uint8Array>): Generator<void, Uint8Array[]> {
  const lists: Uint8Array[] = []
  let bytes = 0
  for (const hash of hashes) {
    if (bytes >= limits.softResponseBytes || lists.length >= limits.maxBlockAccessListsServed) break
    const list = chain.accessListByHash(hash)
    lists.push(list ?? notAvailable)
    bytes += list?.length ?? 0
    yield
  }
  return lists
}

export type ReceiptQuery = Pick<GetReceipts, 'hashes' | 'firstBlockReceiptIndex'>

/**
 * The answer ends at the first hash whose receipts are not there, as geth's does.
 * @returns a list of receipts for each block, as `version` has them; before eth/70 whole. BOUNDED: 1024 items, about 2 MiB; and
 * before eth/70 one list, since then one receipt
 */
export function* getReceipts(
  chain: ChainReader,
  { hashes, firstBlockReceiptIndex }: ReceiptQuery,
  version: EthVersion,
): Generator<void, { readonly receipts: Uint8Array[]; readonly lastBlockIncomplete: boolean }> {
  const receipts: Uint8Array[] = []
  let bytes = 0
  for (const hash of hashes) {
    if (bytes >= limits.softResponseBytes || receipts.length >= limits.maxReceiptsServed) break
    const stored = chain.receiptsByHash(hash)
    if (stored === undefined) break
    const isFirst = receipts.length === 0
    if (version < 70) receipts.push(version === 68 ? yield* withBlooms(stored) : stored)
    else {
      const from = isFirst ? firstBlockReceiptIndex : 0n
      const page = yield* pageOf(stored, from, limits.softResponseBytes - bytes, isFirst)
      if (!page) break
      receipts.push(page.list)
      if (page.isIncomplete) return { receipts, lastBlockIncomplete: true }
    }
    bytes += receipts.at(-1)!.length
    yield
  }
  return { receipts, lastBlockIncomplete: false }
}

/** @param hasOne whether one receipt is taken, however long it is @returns undefined: not even one fits */
function* pageOf(
  stored: Uint8Array,
  from: bigint,
  room: number,
  hasOne: boolean,
): Generator<void, { list: Uint8Array; isIncomplete: boolean } | undefined> {
  if (from === 0n && stored.length <= room) return { list: stored, isIncomplete: false }
  const taken: Uint8Array[] = []
  let [index, bytes] = [0n, 0]
  for (const { raw } of new RlpReader(readItem(stored).content).rest()) {
    if (index++ < from) continue
    bytes += raw.length
    if (bytes > room && !(hasOne && taken.length === 0))
      return taken.length === 0 ? undefined : { list: encodeList(taken), isIncomplete: true }
    if (taken.push(raw) % receiptsAStep === 0) yield
  }
  return { list: encodeList(taken), isIncomplete: false }
}

/** As eth/68 has them: a typed one in a string, and each with the bloom that is made of its logs. */
function* withBlooms(stored: Uint8Array): Generator<void, Uint8Array> {
  const all: Uint8Array[] = []
  for (const item of new RlpReader(readItem(stored).content).rest()) {
    const receipt = decodeReceiptWithoutBloom(item)
    const encoded = encodeReceipt(receipt)
    if (all.push(receipt.type === 0 ? encoded : encodeRlp(encoded)) % receiptsAStep === 0) yield
  }
  return encodeList(all)
}

const receiptsAStep = 64

function* contiguousHeaders(chain: ChainReader, { origin, amount, reverse }: HeaderQuery): Steps {
  const count = amount < maxHeaders ? amount : maxHeaders
  if (count === 0n) return []
  if (typeof origin === 'bigint')
    // geth reaches for the last of them in uint64: a range past 2^64 − 1 goes on from the genesis.
    return reverse
      ? yield* descending(chain, origin, count)
      : (yield* descending(chain, BigInt.asUintN(64, origin + count - 1n), count)).reverse()
  const first = chain.headerByHash(origin)
  if (first === undefined) return []
  if (reverse) return yield* ancestors(chain, first, count)
  return isCanonical(chain, first) ? yield* ascending(chain, first.number, first.number + count) : [first]
}

/** An empty list would be one that is available. */
const notAvailable = Uint8Array.of(0x80)

const maxHeaders = BigInt(limits.maxHeadersServed)
/** A tenth of a millisecond. */
const headersAStep = 16

type Steps = Generator<void, Header[]>

function* ascending(chain: ChainReader, from: bigint, to: bigint): Steps {
  const headers: Header[] = []
  for (let number = from; number < to; number++) {
    const header = chain.headerByNumber(number)
    if (header === undefined) break
    if (headers.push(header) % headersAStep !== 0) continue
    yield
    // The chain may be another by now: headers of two do not go together.
    if (!isCanonical(chain, header)) return yield* ascending(chain, from, to)
  }
  return headers
}

/** The part of `(from − count, from]` that exists, downwards. */
function* descending(chain: ChainReader, from: bigint, count: bigint): Steps {
  const top = from < chain.head.number ? from : chain.head.number
  const first = from - count + 1n
  return (yield* ascending(chain, first < 0n ? 0n : first, top + 1n)).reverse()
}

/** `first` and what it stands on, canonical or not. */
function* ancestors(chain: ChainReader, first: Header, count: bigint): Steps {
  const headers = [first]
  for (let next = chain.headerByHash(first.parentHash); next !== undefined && headers.length < count; ) {
    if (headers.push(next) % headersAStep === 0) yield
    next = chain.headerByHash(next.parentHash)
  }
  return headers
}

/** One header at a time, each `skip + 1` blocks from the one before. */
function* sparseHeaders(chain: ChainReader, { origin, amount, skip, reverse }: HeaderQuery): Steps {
  const headers: Header[] = []
  const budget = { offCanonical: limits.maxNonCanonicalAncestors }
  const distance = skip + 1n
  const wanted = BigInt.asIntN(64, amount) // geth counts in an int: from 2^63 on nothing is wanted
  let bytes = 0
  let next = typeof origin === 'bigint' ? chain.headerByNumber(origin) : chain.headerByHash(origin)
  while (next !== undefined && headers.length < wanted && headers.length < limits.maxHeadersServed) {
    headers.push(next)
    yield
    bytes += next.raw.length
    if (bytes >= limits.softResponseBytes || distance > maxUint64) break
    if (typeof origin === 'bigint')
      next = chain.headerByNumber(reverse ? next.number - distance : next.number + distance)
    else next = reverse ? ancestor(chain, next, distance, budget) : descendant(chain, next, distance, budget)
  }
  return headers
}

const maxUint64 = 2n ** 64n - 1n

type Budget = { offCanonical: number }

/** @returns the canonical header `distance` above `from`, when it stands on `from` */
function descendant(chain: ChainReader, from: Header, distance: bigint, budget: Budget): Header | undefined {
  const above = chain.headerByNumber(from.number + distance)
  const below = above && ancestor(chain, above, distance, budget)
  return below && equalBytes(below.hash, from.hash) ? above : undefined
}

/** Jumps along the canonical chain; the steps to reach it are taken one by one, out of `budget`. */
function ancestor(chain: ChainReader, from: Header, distance: bigint, budget: Budget): Header | undefined {
  const number = from.number - distance
  if (number < 0n) return undefined
  let at: Header | undefined = from
  while (at !== undefined && at.number > number) {
    if (isCanonical(chain, at)) return chain.headerByNumber(number)
    if (budget.offCanonical === 0) return undefined
    budget.offCanonical--
    at = chain.headerByHash(at.parentHash)
  }
  return at
}

function isCanonical(chain: ChainReader, { number, hash }: Header): boolean {
  const canonical = chain.canonicalHash(number)
  return canonical !== undefined && equalBytes(canonical, hash)
}
