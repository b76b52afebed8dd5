/** Hashes that a remote is known to have (geth's knownCache). Full, it forgets any of them. */
export class KnownSet<Key extends string | number> {
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

/**
 * @returns the first 48 bits of a hash: a twentieth of what its hex costs. Two of a set are alike once in 500,000 sets,
 * and whoever makes them alike misses an announcement himself
 */
export function shortHash(hash: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = hash
  return ((a << 16) | (b << 8) | c) * 2 ** 24 + ((d << 16) | (e << 8) | f)
}
