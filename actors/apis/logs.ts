import type { Header } from '../../protocols/chain/header.ts'
import { bloomBits, type Log } from '../../protocols/chain/receipt.ts'
import { txHash } from '../../protocols/chain/transaction.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { HeadChange } from '../chain/branches.ts'
import type { BlockTag } from '../rpc/block-params.ts'
import { RpcCode, RpcError } from '../rpc/rpc-error.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { BlockChain, Blocks } from './blocks.ts'
import { logJson } from './json/log.ts'
import type { Receipts } from './receipts.ts'

/** Which logs: an address or a topic at a place is one of those given; none given is any. BOUNDED: by who reads it. */
export type LogFilter = {
  readonly addresses: readonly Uint8Array[]
  readonly topics: readonly (readonly Uint8Array[])[]
}

export type LogQuery = LogFilter & {
  /** One block, in place of a range. */
  readonly blockHash?: Uint8Array | undefined
  readonly fromBlock?: BlockTag | undefined
  readonly toBlock?: BlockTag | undefined
}

/** Logs of blocks (geth eth/filters). The blooms of headers say which blocks are looked into. */
export class Logs {
  readonly #chain: BlockChain
  readonly #blocks: Blocks
  readonly #receipts: Receipts

  constructor(chain: BlockChain, blocks: Blocks, receipts: Receipts) {
    this.#chain = chain
    this.#blocks = blocks
    this.#receipts = receipts
  }

  /** BOUNDED: maxAnswerLength. @throws {RpcError} no such range, or more than can be answered */
  *query(query: LogQuery): Steps<unknown[]> {
    checkLimits(query)
    const found = new FoundLogs()
    for (const header of this.#headers(query)) {
      yield
      if (header) yield* found.add(this.ofBlock(header, query))
    }
    return found.json
  }

  /** @returns those that go with their blocks, and those that come, within the range of `query` */
  *ofChange({ gone, fresh }: HeadChange, query: LogQuery): Steps<unknown[]> {
    const found = new FoundLogs()
    const isInRange = ({ number }: Header) =>
      !(typeof query.fromBlock === 'bigint' && number < query.fromBlock) &&
      !(typeof query.toBlock === 'bigint' && number > query.toBlock)
    for (const header of gone.filter(isInRange)) yield* found.add(this.ofBlock(header, query, true))
    for (const header of fresh.filter(isInRange)) yield* found.add(this.ofBlock(header, query))
    return found.json
  }

  /** @returns those of a block that fit, without a look into it where its bloom rules them out */
  *ofBlock(header: Header, filter: LogFilter, removed = false): Generator<FoundLog> {
    const block = mayHave(header.bloom, filter) ? this.#blocks.blockByHash(header.hash) : undefined
    for (const { item, index, receipt, firstLog } of block ? this.#receipts.executed(block) : []) {
      let [at, hash] = [firstLog, undefined as Uint8Array | undefined]
      for (const log of receipt.logs) {
        if (fits(log, filter)) {
          hash ??= txHash(item)
          yield { log, json: logJson(log, { header, txHash: hash, txIndex: index, index: at }, removed) }
        }
        at++
      }
    }
  }

  *#headers(query: LogQuery): Generator<Header | undefined> {
    if (query.blockHash) {
      const header = this.#chain.headerByHash(query.blockHash)
      if (!header) throw new RpcError('unknown block')
      yield header
      return
    }
    const [from, to] = this.#range(query)
    for (let number = from; number <= to; number++) yield this.#chain.headerByNumber(number)
  }

  #range({ fromBlock = 'latest', toBlock = 'latest' }: LogQuery): readonly [bigint, bigint] {
    if (typeof fromBlock === 'bigint' && typeof toBlock === 'bigint' && fromBlock > toBlock) throw badRange()
    if (fromBlock === 'pending' || toBlock === 'pending') throw invalid('pending logs are not supported')
    const [from, to] = [fromBlock, toBlock].map((tag) => {
      if (typeof tag === 'bigint') return tag
      const header = this.#blocks.headerAtOrNone(tag)
      if (!header) throw new RpcError(`${tag} header not found`)
      return header.number
    }) as [bigint, bigint]
    if (from > to) throw badRange()
    if (to > this.#chain.head.number) throw invalid('block range extends beyond current head block')
    return [from, to]
  }
}

type FoundLog = { readonly log: Log; readonly json: Record<string, unknown> }

/** BOUNDED: maxAnswerLength. */
class FoundLogs {
  #length = 0
  readonly json: unknown[] = [];

  /** @throws {RpcError} they are more than can be answered */
  *add(logs: Iterable<FoundLog>): Steps<void> {
    for (const { log, json } of logs) {
      this.#length += lengthOf(log)
      if (this.#length > maxAnswerLength) throw new RpcError('response too large', RpcCode.responseTooLarge)
      if (this.json.push(json) % fewLogs === 0) yield
    }
  }
}

/** geth eth/filters: each list of a filter, and their number. @throws {RpcError} */
export function checkLimits({ addresses, topics }: LogFilter): void {
  if (topics.length > maxTopics) throw new RpcError('exceed max topics')
  if ([addresses, ...topics].some(({ length }) => length > maxChoices))
    throw new RpcError('exceed max addresses or topics per search position')
}

/** Whether a block with this bloom can have a log that fits. */
function mayHave(bloom: Uint8Array, { addresses, topics }: LogFilter): boolean {
  const has = (value: Uint8Array) =>
    bloomBits(value).every((bit) => (bloom[bloom.length - 1 - (bit >> 3)]! & (1 << (bit & 7))) !== 0)
  return [addresses, ...topics].every((choices) => choices.length === 0 || choices.some(has))
}

function fits({ address, topics }: Log, filter: LogFilter): boolean {
  const isOneOf = (value: Uint8Array, choices: readonly Uint8Array[]) =>
    choices.length === 0 || choices.some((choice) => equalBytes(choice, value))
  if (filter.topics.length > topics.length) return false
  return isOneOf(address, filter.addresses) && filter.topics.every((choices, i) => isOneOf(topics[i]!, choices))
}

/** Of JSON, as it is written. */
const lengthOf = ({ data, topics }: Log) => 2 * data.length + 68 * topics.length + 450

const invalid = (message: string) => new RpcError(message, RpcCode.invalidParams)
const badRange = () => invalid('invalid block range params')
/** In characters of JSON. As much as geth gives a batch. */
const maxAnswerLength = 25_000_000
/** That one step takes. */
const fewLogs = 64
const maxTopics = 4
/** geth `LogQueryLimit`. */
const maxChoices = 1_000
