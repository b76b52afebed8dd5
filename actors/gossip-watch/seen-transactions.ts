import { SeenSet } from '../runtime/seen-set.ts'
import type { Gossip } from './gossip.ts'
import { Latencies } from './latencies.ts'

/** What was announced, counted, so that each transaction is emitted once. */
export class SeenTransactions {
  /** BOUNDED: capacity; full, it forgets any of them, and may emit it again. */
  readonly #known: SeenSet<string>
  /** Of each transaction, from the message that announced it to its line being written. */
  readonly #lines = new Latencies()
  /** Of those that were asked for, from there to having the bytes. */
  readonly #fetches = new Latencies()
  #announced = 0
  #sent = 0
  #again = 0

  /** @param random in [0, 1) */
  constructor(random: () => number, capacity = 1 << 20) {
    this.#known = new SeenSet(capacity, random)
  }

  /** @returns whether it is new; a block is always news */
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
  noteLine(latency: number): void {
    this.#lines.note(latency)
  }

  /** @param latency ms */
  noteFetched(latency: number): void {
    this.#fetches.note(latency)
  }

  get summary() {
    const [of, latencies] =
      this.#fetches.count > 0 ? (['fetch', this.#fetches] as const) : (['line', this.#lines] as const)
    return {
      seen: this.#announced + this.#sent,
      announced: this.#announced,
      sent: this.#sent,
      again: this.#again,
      fetched: this.#fetches.count,
      /** ms, and of what: of fetches where there were any, or else of lines. */
      ...(latencies.percentiles && { latency: { of, ...latencies.percentiles } }),
    }
  }
}
