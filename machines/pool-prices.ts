import { Heap } from './heap.ts'

/** What a transaction pays, as far as a pool compares it: in wei for a unit of gas. */
export type Priced = { readonly hash: string; readonly nonce: bigint; readonly feeCap: bigint; readonly tipCap: bigint }

/**
 * The transactions of a pool by what they pay, the cheapest first (geth legacypool, pricedList): a heap, from which those that
 * have left are taken when they come up.
 * BOUNDED: twice the transactions of the pool.
 */
export class PoolPrices<T extends Priced> {
  readonly #isPooled: (one: T) => boolean
  #baseFee = 0n
  readonly #heap = new Heap<T>((a, b) => this.compare(a, b))
  #stale = 0

  /** @param isPooled whether it is still in the pool */
  constructor(isPooled: (one: T) => boolean) {
    this.#isPooled = isPooled
  }

  /** @returns below zero when `a` pays less: what the block's maker gets, then the fee cap, the tip, the nearer nonce */
  compare(a: Priced, b: Priced): number {
    return (
      order(this.#tip(a), this.#tip(b)) ||
      order(a.feeCap, b.feeCap) ||
      order(a.tipCap, b.tipCap) ||
      order(b.nonce, a.nonce)
    )
  }

  add(one: T): void {
    this.#heap.add(one)
  }

  /** One has left the pool. */
  left(): void {
    this.#stale++
    if (this.#stale > this.#heap.size / 2) this.#sort()
  }

  /** The next block has another base fee. */
  reprice(baseFee: bigint): void {
    if (baseFee === this.#baseFee) return
    this.#baseFee = baseFee
    this.#sort()
  }

  get cheapest(): T | undefined {
    for (let first = this.#heap.top; first; first = this.#heap.top) {
      if (this.#isPooled(first)) return first
      this.#heap.take()
      this.#stale--
    }
    return undefined
  }

  /** Takes the cheapest out: it is to be given back, or to leave the pool. */
  take(): T | undefined {
    const one = this.cheapest
    if (one) this.#heap.take()
    return one
  }

  #sort(): void {
    this.#heap.filter(this.#isPooled)
    this.#stale = 0
  }

  #tip({ feeCap, tipCap }: Priced): bigint {
    const left = feeCap - this.#baseFee
    return left < tipCap ? left : tipCap
  }
}

const order = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)
