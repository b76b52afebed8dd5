import { isEmptyTrieRoot } from '../../protocols/chain/trie-root.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { type RlpItem, RlpReader, readItem } from '../../protocols/lib/rlp.ts'

/** What differs between two tries. */
export type TrieDiff = {
  /** Hashes of the nodes that only the second has, and that only the first has. */
  readonly added: readonly Uint8Array[]
  readonly removed: readonly Uint8Array[]
  /** Values that differ, by their keys: undefined where there is none. */
  readonly values: ReadonlyMap<string, { readonly before?: Uint8Array; readonly after?: Uint8Array }>
}

/** @returns the RLP of a node @throws when there is none */
export type ReadNode = (hash: Uint8Array) => Uint8Array

/**
 * Walks two tries side by side, and only where they differ: a node of both costs nothing, and what is below it neither.
 * Keys are of one length, as hashes are.
 * @param before, after the roots
 */
export function diffTries(read: ReadNode, before: Uint8Array, after: Uint8Array): TrieDiff {
  const first: Side = { nodes: new Map(), read }
  const second: Side = { nodes: new Map(), read }
  const values = new Map<string, { before?: Uint8Array; after?: Uint8Array }>()
  // BOUNDED: by the depth of the tries, with 16 places at each level.
  const open: { a: Place | undefined; b: Place | undefined; path: string }[] = []
  const push = (a: Place | undefined, b: Place | undefined, path: string) => {
    if ((a ?? b) && !(a && b && isSame(a, b))) open.push({ a, b, path })
  }
  push(rootPlace(before), rootPlace(after), '')
  for (let next = open.pop(); next; next = open.pop()) {
    const [a, b] = [next.a && settle(next.a, first), next.b && settle(next.b, second)]
    const end = endOf(a, b)
    if (end !== undefined) {
      values.set(next.path + end, { ...(a?.value && { before: a.value }), ...(b?.value && { after: b.value }) })
      continue
    }
    for (let nibble = 0; nibble < 16; nibble++)
      push(a && below(a, nibble), b && below(b, nibble), next.path + nibble.toString(16))
  }
  return {
    added: [...second.nodes].filter(([key]) => !first.nodes.has(key)).map(([, hash]) => hash),
    removed: [...first.nodes].filter(([key]) => !second.nodes.has(key)).map(([, hash]) => hash),
    values,
  }
}

type Side = { readonly nodes: Map<string, Uint8Array>; readonly read: ReadNode }

/** Somewhere in a trie: `nibbles` before what is there, a reference, the slots of a branch, or a value. */
type Place = {
  readonly nibbles: readonly number[]
  readonly child?: RlpItem
  readonly slots?: readonly RlpItem[]
  readonly value?: Uint8Array
}

const rootPlace = (root: Uint8Array): Place | undefined =>
  isEmptyTrieRoot(root) ? undefined : { nibbles: [], child: { isList: false, content: root, raw: root } }

const isSame = (a: Place, b: Place) =>
  a.child !== undefined &&
  b.child !== undefined &&
  a.nibbles.length === b.nibbles.length &&
  a.nibbles.every((nibble, i) => nibble === b.nibbles[i]) &&
  equalBytes(a.child.raw, b.child.raw)

/** @returns the rest of the key, when there is nothing but one value under it, or two */
function endOf(a: Place | undefined, b: Place | undefined): string | undefined {
  const [one, other] = [a ?? b!, b ?? a!]
  if (!one.value || !other.value) return undefined
  const [rest, otherRest] = [one, other].map(({ nibbles }) => nibbles.map((nibble) => nibble.toString(16)).join(''))
  return rest === otherRest ? rest : undefined
}

/** Opens references until there are nibbles, a branch or a value. */
function settle(place: Place, side: Side): Place {
  let at = place
  while (at.nibbles.length === 0 && at.child) at = openNode(at.child, side)
  return at
}

function openNode(reference: RlpItem, { nodes, read }: Side): Place {
  const list = reference.isList ? reference : readItem(read(reference.content))
  if (!reference.isList) nodes.set(keyOf(reference.content), reference.content)
  const items = [...new RlpReader(list.content).rest()]
  if (items.length === 17) return { nibbles: [], slots: items }
  const [path, end] = items as [RlpItem, RlpItem]
  const { nibbles, isLeaf } = readPath(path.content)
  return isLeaf ? { nibbles, value: end.content } : { nibbles, child: end }
}

function below({ nibbles, slots, ...rest }: Place, nibble: number): Place | undefined {
  if (nibbles.length > 0) return nibbles[0] === nibble ? { ...rest, nibbles: nibbles.slice(1) } : undefined
  const child = slots?.[nibble]
  return child && (child.isList || child.content.length > 0) ? { nibbles: [], child } : undefined
}

/** Yellow Paper, appendix C. */
function readPath(bytes: Uint8Array): { nibbles: number[]; isLeaf: boolean } {
  const all = Array.from(bytes, (byte) => [byte >> 4, byte & 0xf]).flat()
  const flags = all[0]!
  return { nibbles: all.slice(flags & 1 ? 1 : 2), isLeaf: flags >= 2 }
}

const keyOf = (hash: Uint8Array) => Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('latin1')
