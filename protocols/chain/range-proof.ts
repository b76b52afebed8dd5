import { bytesToHex, equalBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import { RlpError, type RlpItem, RlpReader, readItem } from '../lib/rlp.ts'
import { pathOf } from './trie-reader.ts'
import { nodeReference, subtrie, type TrieEntry, trieRoot } from './trie-root.ts'

/** Some of a trie whose keys have 32 bytes: what it has from `origin` to the last of `entries` (caps/snap.md). */
export type TrieRange = {
  readonly root: Uint8Array
  readonly origin: Uint8Array
  /** In the order of their keys. */
  readonly entries: readonly TrieEntry[]
  /** Nodes on the way to `origin` and to the last key, in any order; none when the entries are the whole trie. */
  readonly proof: readonly Uint8Array[]
}

/**
 * Whether the trie has exactly these entries from `origin` to the last, or nothing from `origin` on where there are none: geth's
 * trie.VerifyRangeProof. Nothing is put together: going down along both edges, each subtrie between them must have the hash that
 * its parent says, when it is made of the entries alone.
 * @returns whether the trie has more behind the last
 * @throws {BadRangeProof}
 */
export function verifyRange({ root, origin, entries, proof }: TrieRange): boolean {
  checkEntries(origin, entries)
  if (proof.length === 0) {
    if (!equalBytes(trieRoot(entries), root)) throw new BadRangeProof('the entries are not the whole trie')
    return false
  }
  const edges = { origin: nibblesOf(origin), last: nibblesOf(entries.at(-1)?.key ?? highest) }
  const walk = new Walk(entries, edges, proof)
  try {
    walk.down({ isList: false, content: root, raw: root }, { depth: 0, from: 0, to: entries.length }, true, true)
  } catch (cause) {
    if (cause instanceof RlpError) throw new BadRangeProof('a node is malformed', { cause })
    throw cause
  }
  return walk.hasMore
}

function checkEntries(origin: Uint8Array, entries: readonly TrieEntry[]): void {
  let before: Uint8Array | undefined
  for (const { key, value } of entries) {
    if (key.length !== 32) throw new BadRangeProof(`a key of ${key.length} bytes`)
    if (value.length === 0) throw new BadRangeProof('an entry without a value')
    const order = compareBytes(key, before ?? origin)
    if (order < 0 || (before && order === 0)) throw new BadRangeProof('the keys are not in order')
    before = key
  }
}

/** Entries below a node: those from `from` to before `to`, which agree in their first `depth` nibbles. */
type Below = { readonly depth: number; readonly from: number; readonly to: number }
type Edges = { readonly origin: readonly number[]; readonly last: readonly number[] }

class Walk {
  hasMore = false
  readonly #entries: readonly TrieEntry[]
  readonly #edges: Edges
  /** By their hashes. */
  readonly #nodes: ReadonlyMap<string, Uint8Array>

  constructor(entries: readonly TrieEntry[], edges: Edges, proof: readonly Uint8Array[]) {
    this.#entries = entries
    this.#edges = edges
    this.#nodes = new Map(proof.map((node) => [bytesToHex(keccak256(node)), node]))
  }

  /** @param isLow whether all keys above began as the origin does; @param isHigh as the last entry does */
  down(at: RlpItem, below: Below, isLow: boolean, isHigh: boolean): void {
    if (!isLow && !isHigh) this.#checkWhole(at, below)
    else if (!isThere(at)) this.#checkNone(below)
    else {
      const items = [...new RlpReader(this.#open(at).content).rest()]
      if (items.length === 17) this.#branch(items, below, isLow, isHigh)
      else if (items.length === 2) this.#path(items, below, isLow, isHigh)
      else throw new BadRangeProof(`a node of ${items.length} items`)
    }
  }

  /** An extension or a leaf. */
  #path(items: readonly RlpItem[], below: Below, isLow: boolean, isHigh: boolean): void {
    const { depth, from, to } = below
    const path = pathOf(items[0]!.content)
    const isLeaf = path.at(-1) === keyEnd
    if (isLeaf) path.pop()
    else if (path.length === 0) throw new BadRangeProof('an extension of nothing') // else a proof is as deep as it is long
    if (depth + path.length > 64 || isLeaf !== (depth + path.length === 64)) throw new BadRangeProof('a path too long')
    const toOrigin = isLow ? compare(path, this.#edges.origin, depth) : 1
    const toLast = isHigh ? compare(path, this.#edges.last, depth) : -1
    if (toLast > 0) this.hasMore = true
    const isOutside = toOrigin < 0 || toLast > 0
    if (isOutside) this.#checkNone(below)
    for (const place of from < to ? [from, to - 1] : [])
      if (!path.every((nibble, i) => nibble === this.#nibble(place, depth + i)))
        throw new BadRangeProof('an entry that the trie does not have')
    if (isLeaf && !isOutside) this.#checkLeaf(items[1]!.content, below)
    else if (!isOutside) this.down(items[1]!, { depth: depth + path.length, from, to }, toOrigin === 0, toLast === 0)
  }

  #branch(slots: readonly RlpItem[], { depth, from, to }: Below, isLow: boolean, isHigh: boolean): void {
    if (depth >= 64) throw new BadRangeProof('a path too long')
    const { origin, last } = this.#edges
    const lowest = isLow ? origin[depth]! : 0
    const highest = isHigh ? last[depth]! : 15
    let start = from
    for (let nibble = 0; nibble < 16; nibble++) {
      let end = start
      while (end < to && this.#nibble(end, depth) === nibble) end++
      const slot = slots[nibble]!
      if (nibble > highest && isThere(slot)) this.hasMore = true
      if (nibble >= lowest && nibble <= highest)
        this.down(
          slot,
          { depth: depth + 1, from: start, to: end },
          isLow && nibble === lowest,
          isHigh && nibble === highest,
        )
      start = end
    }
  }

  #checkWhole(at: RlpItem, { depth, from, to }: Below): void {
    if (from === to) {
      if (isThere(at)) throw new BadRangeProof('entries are missing')
    } else if (!equalBytes(nodeReference(subtrie(this.#entries.slice(from, to), depth)), at.raw))
      throw new BadRangeProof('entries that are not those of the trie')
  }

  #checkNone({ from, to }: Below): void {
    if (from < to) throw new BadRangeProof('an entry that the trie does not have')
  }

  #checkLeaf(value: Uint8Array, { from, to }: Below): void {
    if (from === to) throw new BadRangeProof('an entry is missing')
    if (to - from > 1 || !equalBytes(this.#entries[from]!.value, value))
      throw new BadRangeProof('an entry that is not the one of the trie')
  }

  #open(at: RlpItem): RlpItem {
    if (at.isList) return at
    const node = this.#nodes.get(bytesToHex(at.content))
    if (!node) throw new BadRangeProof('a node is missing')
    const item = readItem(node)
    if (!item.isList) throw new BadRangeProof('a node that is no list')
    return item
  }

  #nibble(place: number, depth: number): number {
    const byte = this.#entries[place]!.key[depth >> 1]!
    return depth % 2 === 0 ? byte >> 4 : byte & 0xf
  }
}

const isThere = ({ isList, content }: RlpItem) => isList || content.length > 0

function compare(path: readonly number[], edge: readonly number[], depth: number): number {
  for (const [i, nibble] of path.entries()) {
    const difference = nibble - edge[depth + i]!
    if (difference !== 0) return difference
  }
  return 0
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return (a[at] ?? -1) - (b[at] ?? -1)
}

const nibblesOf = (bytes: Uint8Array): number[] => Array.from(bytes, (byte) => [byte >> 4, byte & 0xf]).flat()
const highest = new Uint8Array(32).fill(0xff)
const keyEnd = 16

/** The sender's fault: what it says of a trie is not so. */
export class BadRangeProof extends Error {
  override readonly name = 'BadRangeProof'
  constructor(detail: string, options?: ErrorOptions) {
    super(`bad range proof: ${detail}`, options)
  }
}
