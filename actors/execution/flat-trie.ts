import { branchNode, type EmitNode, nodeReference, subtrie, type TrieEntry } from '../../protocols/chain/trie-root.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { type FlatRange, highestHash, lowestHash, manyEntries } from './flat-state.ts'

/** What of a flat state becomes leaves of a trie. */
export type Leaves = {
  readonly entries: readonly TrieEntry[]
  /** Everything that they refer to is there: their nodes may be kept. */
  readonly isWhole: boolean
}

export type BuiltTrie = {
  /** RLP of the node at the top; undefined when there is nothing. */
  readonly node: Uint8Array | undefined
  readonly isWhole: boolean
}

type Options = {
  /** What entries stand for, as leaves. */
  toLeaves(entries: readonly TrieEntry[]): Promise<Leaves>
  /** Nodes under which everything is there: a node that is kept is one that need not be looked under. */
  emit: EmitNode
}

/**
 * Makes the trie of a flat state, bottom up, in pieces of some thousand leaves: memory is bounded by a piece and by 16 references
 * at each level.
 */
export async function buildTrie(flat: FlatRange, { toLeaves, emit }: Options): Promise<BuiltTrie> {
  const none: BuiltTrie = { node: undefined, isWhole: true }
  const build = async (first: Uint8Array, last: Uint8Array, depth: number): Promise<BuiltTrie> => {
    const found = await flat.entries(first, last, manyEntries + 1)
    if (found.length === 0) return none
    if (found.length <= manyEntries) {
      const { entries, isWhole } = await toLeaves(found)
      return { node: subtrie(entries, depth, isWhole ? emit : undefined), isWhole }
    }
    const [end] = await flat.entries(first, last, 1, true)
    const shared = sharedNibbles(found[0]!.key, end!.key)
    const slots = new Map<number, Uint8Array>()
    let isWhole = true
    for (let nibble = 0; nibble < 16; nibble++) {
      const [from, to] = bounds(found[0]!.key, shared, nibble)
      const child = await build(from, to, shared + 1)
      isWhole &&= child.isWhole
      if (child.node) slots.set(nibble, nodeReference(child.node, child.isWhole ? emit : undefined))
    }
    const path = { key: found[0]!.key, from: depth, to: shared }
    return { node: branchNode(slots, path, isWhole ? emit : undefined), isWhole }
  }
  const top = await build(lowestHash, highestHash, 0)
  if (top.node && top.isWhole) emit(keccak256(top.node), top.node)
  return top
}

function sharedNibbles(a: Uint8Array, b: Uint8Array): number {
  let at = 0
  while (at < 64 && nibbleOf(a, at) === nibbleOf(b, at)) at++
  return at
}

const nibbleOf = (key: Uint8Array, at: number) => (at % 2 === 0 ? key[at >> 1]! >> 4 : key[at >> 1]! & 0xf)

/** @returns the first and the last key that begin as `key` does in `depth` nibbles, and with `nibble` then */
function bounds(key: Uint8Array, depth: number, nibble: number): [Uint8Array, Uint8Array] {
  const [first, last] = [new Uint8Array(32), new Uint8Array(32).fill(0xff)]
  for (let at = 0; at <= depth; at++) {
    const own = at === depth ? nibble : nibbleOf(key, at)
    for (const one of [first, last])
      one[at >> 1] = at % 2 === 0 ? (own << 4) | (one[at >> 1]! & 0xf) : (one[at >> 1]! & 0xf0) | own
  }
  return [first, last]
}
