/** A binary heap: what comes first by `compare` is on top. BOUNDED: by what is added. */
export class Heap<T> {
  readonly #compare: (a: T, b: T) => number
  #all: T[]

  constructor(compare: (a: T, b: T) => number, all: readonly T[] = []) {
    this.#compare = compare
    this.#all = [...all].sort(compare)
  }

  get size(): number {
    return this.#all.length
  }

  get top(): T | undefined {
    return this.#all[0]
  }

  add(one: T): void {
    this.#all.push(one)
    this.#rise(this.#all.length - 1)
  }

  /** Only those stay. */
  filter(isWanted: (one: T) => boolean): void {
    this.#all = this.#all.filter(isWanted).sort(this.#compare)
  }

  #rise(at: number): void {
    for (let here = at; here > 0; ) {
      const above = (here - 1) >> 1
      if (this.#isInOrder(above, here)) return
      this.#swap(above, here)
      here = above
    }
  }

  take(): T | undefined {
    const top = this.#all[0]
    const last = this.#all.pop()
    if (last === undefined || this.#all.length === 0) return top
    this.#all[0] = last
    this.#sink()
    return top
  }

  #sink(): void {
    for (let here = 0; ; ) {
      const [left, right] = [2 * here + 1, 2 * here + 2]
      if (left >= this.#all.length) return
      const least = right < this.#all.length && !this.#isInOrder(left, right) ? right : left
      if (this.#isInOrder(here, least)) return
      this.#swap(here, least)
      here = least
    }
  }

  #isInOrder(above: number, below: number): boolean {
    return this.#compare(this.#all[above]!, this.#all[below]!) <= 0
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#all[a]!, this.#all[b]!]
    this.#all[a] = other
    this.#all[b] = one
  }
}
