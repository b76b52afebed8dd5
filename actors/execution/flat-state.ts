import type { TrieEntry } from '../../protocols/chain/trie-root.ts'
import type { SortedStore, Write } from '../chain/key-value-store.ts'

// Where a state that is being synced lies before it has a trie (geth's snapshot): accounts by the hashes of their addresses, and
// their slots by the hashes of their keys.

/** Part of it: accounts, or the slots of one account, which begin with `prefix`. */
export class FlatRange {
  readonly #store: SortedStore
  readonly #prefix: Uint8Array

  private constructor(store: SortedStore, prefix: Uint8Array) {
    this.#store = store
    this.#prefix = prefix
  }

  static accounts(store: SortedStore): FlatRange {
    return new FlatRange(store, Uint8Array.of(0x61))
  }

  static slots(store: SortedStore, account: Uint8Array): FlatRange {
    return new FlatRange(store, concat([Uint8Array.of(0x73), account]))
  }

  get(hash: Uint8Array): Uint8Array | undefined {
    return this.#store.get(this.#key(hash))
  }

  /** @param value the entry goes without one */
  write(hash: Uint8Array, value?: Uint8Array): Write {
    return { key: this.#key(hash), ...(value && { value }) }
  }

  /** The first `limit` of those from `first` to `last`, both included; the last of them where `reverse`. */
  async entries(first: Uint8Array, last: Uint8Array, limit: number, reverse = false): Promise<TrieEntry[]> {
    const range = { from: this.#key(first), to: concat([this.#key(last), Uint8Array.of(0)]), limit, reverse }
    const found = await this.#store.entries(range)
    return found.map(({ key, value }) => ({ key: key.subarray(this.#prefix.length), value }))
  }

  /** What is to be written so that nothing is from `first` to `last` but `entries`. */
  async *replacing(first: Uint8Array, last: Uint8Array, entries: readonly TrieEntry[]): AsyncGenerator<Write[]> {
    const kept = new Set(entries.map(({ key }) => latin1(key)))
    for (let from: Uint8Array | undefined = first; from; ) {
      const found: TrieEntry[] = await this.entries(from, last, manyEntries)
      yield found.filter(({ key }) => !kept.has(latin1(key))).map(({ key }) => this.write(key))
      const end: TrieEntry | undefined = found.length === manyEntries ? found.at(-1) : undefined
      from = end && !equal(end.key, last) ? nextHash(end.key) : undefined
    }
    yield entries.map(({ key, value }) => this.write(key, value))
  }

  #key(hash: Uint8Array): Uint8Array {
    return concat([this.#prefix, hash])
  }
}

/** @returns the one after it; undefined after the last there is */
export function nextHash(hash: Uint8Array): Uint8Array | undefined {
  const next = hash.slice()
  for (let at = next.length - 1; at >= 0; at--) {
    next[at] = (next[at]! + 1) & 0xff
    if (next[at] !== 0) return next
  }
  return undefined
}

export const lowestHash = new Uint8Array(32)
export const highestHash = new Uint8Array(32).fill(0xff)

/** Read in one go: some milliseconds. */
export const manyEntries = 4_096

const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0
