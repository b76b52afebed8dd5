/** Hashes that a remote is known to have, by hex (geth's knownCache). Full, it forgets any of them. */
export class KnownSet {
  readonly #capacity: number
  readonly #random: () => number
  /** BOUNDED: capacity, and what one `add` brings. */
  readonly #places = new Map<string, number>()
  readonly #hashes: string[] = []

  /** @param random in [0, 1) */
  constructor(capacity: number, random: () => number) {
    this.#capacity = capacity
    this.#random = random
  }

  get size(): number {
    return this.#hashes.length
  }

  has(hash: string): boolean {
    return this.#places.has(hash)
  }

  /** Makes room first, then takes them all: a batch larger than the capacity exceeds it, as geth's does. */
  add(...hashes: readonly string[]): void {
    const room = Math.max(0, this.#capacity - hashes.length)
    while (this.#hashes.length > room) this.#evict(Math.floor(this.#random() * this.#hashes.length))
    for (const hash of hashes) {
      if (this.#places.has(hash)) continue
      this.#places.set(hash, this.#hashes.length)
      this.#hashes.push(hash)
    }
  }

  #evict(place: number): void {
    const last = this.#hashes.pop()!
    const evicted = this.#hashes[place] ?? last
    this.#places.delete(evicted)
    if (evicted === last) return
    this.#hashes[place] = last
    this.#places.set(last, place)
  }
}
