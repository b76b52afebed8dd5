/**
 * Hashes that were seen lately, hex digits: a value. BOUNDED: `most`; when they are as many, the older half goes at once, as
 * looking for the oldest of a map looks at all that have left it.
 */
export class RecentHashes {
  readonly #most: number
  readonly #lifetime: number
  /** When each was added. */
  #young = new Map<string, number>()
  #old = new Map<string, number>()

  /** @param lifetime ms, for ever when left out */
  constructor(most: number, lifetime: number = Number.POSITIVE_INFINITY) {
    this.#most = most
    this.#lifetime = lifetime
  }

  /** @param now ms */
  add(hash: string, now: number): void {
    this.#young.set(hash, now)
    if (this.#young.size < this.#most / 2) return
    this.#old = this.#young
    this.#young = new Map()
  }

  has(hash: string, now: number): boolean {
    const since = this.#young.get(hash) ?? this.#old.get(hash)
    return since !== undefined && since + this.#lifetime >= now
  }

  clear(): void {
    this.#young = new Map()
    this.#old = new Map()
  }
}
