import { type RlpItem, RlpReader, readItem } from '../lib/rlp.ts'
import { isEmptyTrieRoot, type TrieEntry } from './trie-root.ts'

/** @returns the RLP of a node @throws when there is none */
export type ReadNode = (hash: Uint8Array) => Uint8Array

/** What is at a path of a trie. */
export type FoundNode = {
  /** RLP; empty where the trie has nothing. Undefined: a node so short that it stands in its parent, and has no hash. */
  readonly node: Uint8Array | undefined
  /** How many nodes were read for it. */
  readonly loads: number
}

/**
 * Reads a Merkle-Patricia trie whose keys are of one length, as hashes are (Yellow Paper, appendix D).
 * BOUNDED: it remembers the nodes that {@link node} went through, until it is dropped.
 */
export class TrieReader {
  readonly #read: ReadNode
  readonly #root: RlpItem | undefined
  readonly #opened = new Map<RlpItem, OpenNode>()

  constructor(read: ReadNode, root: Uint8Array) {
    this.#read = read
    this.#root = isEmptyTrieRoot(root) ? undefined : { isList: false, content: root, raw: root }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const path = nibblesOf(key)
    for (let at = this.#root, depth = 0; at && isThere(at); ) {
      const node = this.#open(at)
      if (node.slots) {
        at = node.slots[path[depth++]!]
        continue
      }
      if (!startsWith(path, node.nibbles, depth)) return undefined
      if (node.value) return node.value
      depth += node.nibbles.length
      at = node.child
    }
    return undefined
  }

  /** In the order of their keys, from the first at or behind `origin` on. */
  *leaves(origin: Uint8Array): Generator<TrieEntry> {
    const start = nibblesOf(origin)
    // BOUNDED: by the depth of the trie, with 16 places at each level.
    const open: Place[] = this.#root ? [{ reference: this.#root, path: [], isEdge: true }] : []
    for (let at = open.pop(); at; at = open.pop()) {
      const { path, isEdge } = at
      const { slots, nibbles, value, child } = this.#open(at.reference)
      if (slots) {
        const least = isEdge ? start[path.length]! : 0
        for (let nibble = 15; nibble >= least; nibble--) {
          const reference = slots[nibble]!
          if (isThere(reference)) open.push({ reference, path: [...path, nibble], isEdge: isEdge && nibble === least })
        }
        continue
      }
      const here = [...path, ...nibbles]
      const order = isEdge ? compare(here, start) : 1
      if (order < 0) continue
      if (value) yield { key: bytesOf(here), value }
      else open.push({ reference: child!, path: here, isEdge: order === 0 })
    }
  }

  /** @returns the nodes from the root to `key`, or to where the trie has nothing under it */
  *proof(key: Uint8Array): Generator<Uint8Array> {
    const path = nibblesOf(key)
    for (let at = this.#root, depth = 0; at && isThere(at); ) {
      if (!at.isList) yield this.#read(at.content)
      const node = this.#open(at)
      if (node.slots) at = node.slots[path[depth++]!]
      else if (node.value || !startsWith(path, node.nibbles, depth)) return
      else {
        depth += node.nibbles.length
        at = node.child
      }
    }
  }

  /** @param path nibbles, and 16 for the end of a key (geth `Trie.GetNode`) */
  node(path: readonly number[]): FoundNode {
    let loads = 0
    let depth = 0
    for (let at = this.#root; at && isThere(at); ) {
      if (depth >= path.length) {
        if (at.isList) return { node: undefined, loads }
        return { node: this.#read(at.content), loads: loads + 1 }
      }
      let node = this.#opened.get(at)
      if (!node) {
        node = this.#open(at)
        this.#opened.set(at, node)
        if (!at.isList && at !== this.#root) loads++
      }
      if (node.slots) {
        at = node.slots[path[depth++]!]
        continue
      }
      if (!startsWith(path, node.nibbles, depth)) break
      depth += node.nibbles.length
      if (node.value) return path[depth] === keyEnd ? { node: undefined, loads } : { node: nothing, loads }
      at = node.child
    }
    return { node: nothing, loads }
  }

  #open(reference: RlpItem): OpenNode {
    return openNode(reference.isList ? reference : readItem(this.#read(reference.content)))
  }
}

/** @returns the path that `compact` stands for, with 16 at its end for a leaf (Yellow Paper, appendix C) */
export function pathOf(compact: Uint8Array): number[] {
  if (compact.length === 0) return []
  const all = nibblesOf(compact)
  const flags = all[0]!
  const path = all.slice(2 - (flags & 1))
  return flags >= 2 ? [...path, keyEnd] : path
}

/** @returns the compact form of a path that does not end a key */
export function nodePath(nibbles: readonly number[]): Uint8Array {
  const odd = nibbles.length % 2
  const all = odd ? [1, ...nibbles] : [0, 0, ...nibbles]
  return bytesOf(all)
}

type Place = { readonly reference: RlpItem; readonly path: readonly number[]; readonly isEdge: boolean }

/** The slots of a branch, or `nibbles` before a value or a child. */
type OpenNode = {
  readonly nibbles: readonly number[]
  readonly slots?: readonly RlpItem[]
  readonly value?: Uint8Array
  readonly child?: RlpItem
}

function openNode(list: RlpItem): OpenNode {
  const items = [...new RlpReader(list.content).rest()]
  if (items.length === 17) return { nibbles: [], slots: items }
  const [compact, end] = items as [RlpItem, RlpItem]
  const path = pathOf(compact.content)
  if (path.at(-1) !== keyEnd) return { nibbles: path, child: end }
  return { nibbles: path.slice(0, -1), value: end.content }
}

const isThere = ({ isList, content }: RlpItem) => isList || content.length > 0

const startsWith = (path: readonly number[], part: readonly number[], at: number): boolean =>
  part.every((nibble, i) => nibble === path[at + i])

/** As far as `path` goes. */
function compare(path: readonly number[], start: readonly number[]): number {
  for (const [i, nibble] of path.entries()) if (nibble !== start[i]) return nibble - start[i]!
  return 0
}

const nibblesOf = (bytes: Uint8Array): number[] => Array.from(bytes, (byte) => [byte >> 4, byte & 0xf]).flat()

function bytesOf(nibbles: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: nibbles.length / 2 }, (_, i) => (nibbles[2 * i]! << 4) | nibbles[2 * i + 1]!)
}

const keyEnd = 16
const nothing = new Uint8Array(0)
