import { decodeBody } from '../../protocols/chain/block.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { txEnvelope } from '../../protocols/chain/transaction.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { keccak256, keccak256Steps } from '../../protocols/lib/keccak.ts'
import type { RlpItem } from '../../protocols/lib/rlp.ts'
import type { ChainReader } from './chain-reader.ts'
import type { KeyValueStore, Write } from './key-value-store.ts'
import { decodeNumber, encodeNumber } from './schema.ts'

/** A canonical transaction and where it stands; `index` counts from 0, `item` is as the body has it. */
export type IndexedTransaction = { readonly header: Header; readonly index: number; readonly item: RlpItem }

/**
 * In which canonical block a transaction is, by its hash: `l ‖ hash` → number, as in geth's core/rawdb/schema.go.
 * An entry that a reorganisation left behind is harmless: what it points to is looked at.
 * BOUNDED: the transactions of the last `limit` blocks.
 */
export class TransactionIndex {
  readonly #store: Pick<KeyValueStore, 'get'>
  readonly #chain: Pick<ChainReader, 'headerByNumber' | 'bodyByHash'>
  readonly #limit: bigint

  constructor(
    store: Pick<KeyValueStore, 'get'>,
    chain: Pick<ChainReader, 'headerByNumber' | 'bodyByHash'>,
    limit: bigint = transactionHistory,
  ) {
    this.#store = store
    this.#chain = chain
    this.#limit = limit
  }

  /**
   * Adds what to write before the block becomes canonical, step by step; forgets the block that leaves the window.
   * @param body RLP of the block's body
   */
  *addWrites(writes: Write[], { number }: Pick<Header, 'number'>, body: Uint8Array): Generator<void, void> {
    const value = encodeNumber(number)
    yield* this.#forget(writes, number - this.#limit)
    yield* eachKey(body, (key) => writes.push({ key, value }))
  }

  find(hash: Uint8Array): IndexedTransaction | undefined {
    const number = this.#store.get(keyOf(hash))
    const header = number && this.#chain.headerByNumber(decodeNumber(number))
    const body = header && this.#chain.bodyByHash(header.hash)
    if (!header || !body) return undefined
    let index = 0
    for (const item of decodeBody(body).transactions.items()) {
      if (equalBytes(hashOf(item), hash)) return { header, index, item }
      index++
    }
    return undefined
  }

  /** A transaction that was put into a later block as well stays, with that block's number. */
  *#forget(writes: Write[], number: bigint): Generator<void, void> {
    const header = number < 0n ? undefined : this.#chain.headerByNumber(number)
    const body = header && this.#chain.bodyByHash(header.hash)
    if (!body) return
    yield* eachKey(body, (key) => pointsTo(this.#store.get(key), number) && writes.push({ key }))
  }
}

/** Blocks: a year of them (geth's `--history.transactions`). */
const transactionHistory = 2_350_000n

/** Of any bytes, also those that are no transaction: nothing here looks into them. */
function* eachKey(body: Uint8Array, take: (key: Uint8Array) => void): Generator<void, void> {
  let count = 0
  for (const item of decodeBody(body).transactions.items()) {
    take(keyOf(yield* keccak256Steps(txEnvelope(item))))
    if (++count % fewTransactions === 0) yield
  }
}

/** That one step takes: less than a millisecond. */
const fewTransactions = 128

const hashOf = (item: RlpItem) => keccak256(txEnvelope(item))
const pointsTo = (value: Uint8Array | undefined, number: bigint) => value && decodeNumber(value) === number

function keyOf(hash: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + hash.length)
  key[0] = prefix
  key.set(hash, 1)
  return key
}

/** `l` */
const prefix = 0x6c
