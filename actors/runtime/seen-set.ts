/** Keys that were seen, of any peer. Full, it forgets any of them: as geth's knownCache, none can be chosen for it by a peer. */
export class SeenSet<Key extends string | number> {
  readonly #capacity: number
  readonly #random: () => number
  /** BOUNDED: capacity. */
  readonly #places = new Map<Key, number>()
  readonly #keys: Key[] = []

  /** @param random in [0, 1) */
  constructor(capacity: number, random: () => number) {
    this.#capacity = capacity
    this.#random = random
  }

  get size(): number {
    return this.#keys.length
  }

  has(key: Key): boolean {
    return this.#places.has(key)
  }

  add(key: Key): void {
    if (this.#places.has(key)) return
    if (this.#keys.length >= this.#capacity) this.#evict(Math.floor(this.#random() * this.#keys.length))
    this.#places.set(key, this.#keys.length)
    this.#keys.push(key)
  }

  #evict(place: number): void {
    const last = this.#keys.pop()!
    const evicted = this.#keys[place] ?? last
    this.#places.delete(evicted)
    if (evicted === last) return
    this.#keys[place] = last
    this.#places.set(last, place)
  }
}
