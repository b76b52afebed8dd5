import type { Entry, KeyRange, SortedStore, Write } from './key-value-store.ts'

/** A database that goes with the process. BOUNDED: by what is written, and V8's 16 million entries of a map. */
export class MemoryStore implements SortedStore {
  readonly isNew = true
  readonly #values = new Map<string, Uint8Array>()
  /** The keys in their order, when somebody has asked for it since the last one came or went. */
  #sorted: readonly string[] | undefined

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(textOf(key))
  }

  async entries({ from, to, limit, reverse = false }: KeyRange): Promise<Entry[]> {
    this.#sorted ??= [...this.#values.keys()].sort()
    const [start, end] = [placeOf(this.#sorted, textOf(from)), placeOf(this.#sorted, textOf(to))]
    const keys = reverse
      ? this.#sorted.slice(Math.max(start, end - limit), end).reverse()
      : this.#sorted.slice(start, Math.min(end, start + limit))
    return keys.map((key) => ({ key: new Uint8Array(Buffer.from(key, 'latin1')), value: this.#values.get(key)! }))
  }

  /** What is written together lies together: a buffer for each value costs more than the value. */
  async write(writes: readonly Write[]): Promise<void> {
    const room = new Uint8Array(writes.reduce((total, { value }) => total + (value?.length ?? 0), 0))
    let used = 0
    for (const { key, value } of writes) {
      if (value === undefined) {
        if (this.#values.delete(textOf(key))) this.#sorted = undefined
        continue
      }
      room.set(value, used)
      if (!this.#values.has(textOf(key))) this.#sorted = undefined
      this.#values.set(textOf(key), room.subarray(used, used + value.length))
      used += value.length
    }
  }

  async close(): Promise<void> {
    this.#values.clear()
  }
}

/** A character a byte: what a map compares fastest. */
const textOf = ({ buffer, byteOffset, length }: Uint8Array) =>
  Buffer.from(buffer, byteOffset, length).toString('latin1')

/** @returns how many of `sorted` come before `key` */
function placeOf(sorted: readonly string[], key: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
