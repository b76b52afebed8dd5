import { KnownSet } from '../eth/known-set.ts'
import type { Gossip } from './gossip.ts'

/** What a tap has heard, counted, so that each transaction is told once. */
export class Sightings {
  /** BOUNDED: capacity; full, it forgets any of them, and may tell it again. */
  readonly #known: KnownSet
  /** Milliseconds from the first word of a transaction to having it. BOUNDED: the last longestRecord. */
  readonly #latencies: number[] = []
  #announced = 0
  #sent = 0
  #again = 0
  #fetched = 0

  /** @param random in [0, 1) */
  constructor(random: () => number, capacity = 1 << 20) {
    this.#known = new KnownSet(capacity, random)
  }

  /** @returns whether nobody told of it before; a block is always news */
  isNew(gossip: Gossip): boolean {
    if ('head' in gossip) return true
    if (this.#known.has(gossip.hash)) {
      this.#again += 1
      return false
    }
    this.#known.add(gossip.hash)
    if (gossip.how === 'sent') this.#sent += 1
    else this.#announced += 1
    return true
  }

  /** @param latency ms */
  noteFetched(latency: number): void {
    this.#fetched += 1
    this.#latencies.push(latency)
    if (this.#latencies.length > longestRecord) this.#latencies.shift()
  }

  get summary() {
    const latencies = this.#latencies
    return {
      seen: this.#announced + this.#sent,
      announced: this.#announced,
      sent: this.#sent,
      again: this.#again,
      fetched: this.#fetched,
      /** ms, from the first word of a transaction to having it. */
      ...(latencies.length > 0 && { latency: { p50: percentile(latencies, 50), p99: percentile(latencies, 99) } }),
    }
  }
}

const longestRecord = 100_000

/** By nearest rank. @param values at least one @returns to a hundredth */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  return Math.round(sorted[rank - 1]! * 100) / 100
}
