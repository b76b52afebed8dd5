/** How long each of many things took, in ms. */
export class Latencies {
  /** BOUNDED: the last capacity. */
  readonly #last: number[] = []
  readonly #capacity: number
  #count = 0

  constructor(capacity = 100_000) {
    this.#capacity = capacity
  }

  get count(): number {
    return this.#count
  }

  note(ms: number): void {
    this.#last[this.#count % this.#capacity] = ms
    this.#count += 1
  }

  /** @returns ms; undefined where nothing was noted */
  get percentiles(): { readonly p50: number; readonly p99: number } | undefined {
    return this.#count === 0 ? undefined : { p50: percentile(this.#last, 50), p99: percentile(this.#last, 99) }
  }
}

/** By nearest rank. @param values at least one @returns to a thousandth */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  return Math.round(sorted[rank - 1]! * 1000) / 1000
}
