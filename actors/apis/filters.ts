import type { PoolTransaction } from '../../machines/pool-content.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { changeOf } from '../chain/branches.ts'
import type { TxPool } from '../pool/tx-pool.ts'
import { data } from '../rpc/json/hex.ts'
import { RpcCode, RpcError } from '../rpc/rpc-error.ts'
import type { Entropy } from '../runtime/runtime.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import { checkLimits, type LogQuery, type Logs } from './logs.ts'
import type { HeadsChain } from './new-heads.ts'
import { pooledJson } from './txpool.ts'

/** Time, in milliseconds, and chance. */
export type FilterRuntime = { now(): number; readonly entropy: Entropy }

/**
 * What callers come back for (geth eth/filters, `FilterAPI`). A filter keeps no answer, only the head up to which it was read:
 * what has changed since is found when it is asked for.
 * BOUNDED: maxFilters, over all callers; one that nothing asked for in filterTimeout goes.
 */
export class Filters {
  readonly #chain: HeadsChain
  readonly #logs: Logs
  readonly #runtime: FilterRuntime
  /** By id, the one that was asked for least lately first. */
  readonly #filters = new Map<string, Filter>()

  /** What came into the pool last, in its order. BOUNDED: maxPending, the oldest go. */
  #pending: PoolTransaction[] = []
  /** How many came before the first of those. */
  #dropped = 0

  /** @param pool of transactions that wait; none do when left out */
  constructor(chain: HeadsChain, logs: Logs, runtime: FilterRuntime, pool?: Pick<TxPool, 'ready$'>) {
    this.#chain = chain
    this.#logs = logs
    this.#runtime = runtime
    pool?.ready$.subscribe((ready) => this.#note(ready))
  }

  /** @returns its id @throws {RpcError} no new block can have such logs */
  newLogFilter(query: LogQuery): string {
    checkSubscription(query)
    return this.#add({ kind: 'logs', query })
  }

  newBlockFilter(): string {
    return this.#add({ kind: 'blocks' })
  }

  /** Of transactions that can be executed from now on: their hashes, or all of them. */
  newPendingTransactionFilter(isFull = false): string {
    return this.#add({ kind: 'transactions', isFull })
  }

  uninstall(id: string): boolean {
    this.#forgetOld()
    return this.#filters.delete(id)
  }

  /** @returns what is new since it was asked for last @throws {RpcError} there is no such filter */
  *changes(id: string): Steps<unknown[]> {
    const { filter, last, pending } = this.#touch(id)
    if (filter.kind === 'transactions')
      return this.#pending
        .slice(Math.max(0, pending - this.#dropped))
        .map((one) => (filter.isFull ? pooledJson(one) : `0x${one.hash}`))
    const { gone, fresh } = changeOf(this.#chain, last, this.#chain.head)
    if (filter.kind === 'blocks') return fresh.map(({ hash }) => data(hash))
    return yield* this.#logs.ofChange({ gone, fresh }, filter.query)
  }

  /** @returns all logs of its range @throws {RpcError} there is no such filter */
  *all(id: string): Steps<unknown[]> {
    const { filter } = this.#touch(id)
    if (filter.kind !== 'logs') throw notFound()
    return yield* this.#logs.query(filter.query)
  }

  #add(filter: FilterKind): string {
    this.#forgetOld()
    if (this.#filters.size >= maxFilters) throw new RpcError(`too many filters: ${maxFilters} are installed`)
    const id = `0x${bytesToHex(this.#runtime.entropy(16)).replace(/^0+(?=.)/, '')}`
    this.#filters.set(id, { filter, ...this.#now() })
    return id
  }

  /** @returns the filter as it was: from now on it is read up to the head */
  #touch(id: string): Filter {
    this.#forgetOld()
    const found = this.#filters.get(id)
    if (!found) throw notFound()
    this.#filters.delete(id)
    this.#filters.set(id, { ...found, ...this.#now() })
    return found
  }

  #now(): Omit<Filter, 'filter'> {
    const pending = this.#dropped + this.#pending.length
    return { last: this.#chain.head, pending, askedAt: this.#runtime.now() }
  }

  #note(ready: readonly PoolTransaction[]): void {
    for (const one of ready) this.#pending.push(one)
    if (this.#pending.length <= maxPending) return
    const over = this.#pending.length - maxPending / 2
    this.#pending = this.#pending.slice(over)
    this.#dropped += over
  }

  #forgetOld(): void {
    const oldest = this.#runtime.now() - filterTimeout
    for (const [id, { askedAt }] of this.#filters) {
      if (askedAt > oldest) return
      this.#filters.delete(id)
    }
  }
}

/** Refuses what no new block can have (geth `SubscribeLogs`). @throws {RpcError} */
export function checkSubscription(query: LogQuery): void {
  checkLimits(query)
  const { fromBlock = 'latest', toBlock = 'latest' } = query
  const invalid = (message: string) => new RpcError(message, RpcCode.invalidParams)
  if (fromBlock === 'pending' || toBlock === 'pending') throw invalid('pending logs are not supported')
  const [from, to] = [fromBlock, toBlock].map((tag) => (tag === 'earliest' ? 0n : tag))
  if (to !== 'latest' && !(typeof from === 'bigint' && typeof to === 'bigint' && to >= from))
    throw invalid('invalid block range params')
  if (from !== 'latest' && typeof from !== 'bigint') throw invalid('invalid block range params')
}

type FilterKind =
  | { readonly kind: 'logs'; readonly query: LogQuery }
  | { readonly kind: 'blocks' }
  | { readonly kind: 'transactions'; readonly isFull: boolean }

/** `pending`: how many transactions had come into the pool when it was asked for last. */
type Filter = {
  readonly filter: FilterKind
  readonly last: Header
  readonly pending: number
  readonly askedAt: number
}

const notFound = () => new RpcError('filter not found')
const maxFilters = 4_096
const maxPending = 16_384
/** Milliseconds (geth `filters.Config`). */
const filterTimeout = 300_000
