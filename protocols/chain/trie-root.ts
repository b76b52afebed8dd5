import { equalBytes } from '../lib/bytes.ts'
import { keccak256, keccak256Steps } from '../lib/keccak.ts'
import { encodeBytes, encodeList, encodeRlp, lengthPrefix, type RlpItem } from '../lib/rlp.ts'
import { atOnce } from './at-once.ts'

// Roots of Merkle-Patricia tries that are built once and thrown away (Yellow Paper, appendix D). @ethereumjs/mpt keeps
// every node and is asynchronous: 22 ms for 200 transactions, on the path of every block. This takes 2 ms.

/** @param items keyed by their RLP-encoded index, as a header commits to transactions and withdrawals */
export function listRoot(items: readonly Uint8Array[]): Uint8Array {
  return atOnce(listRootSteps(items))
}

/** As {@link listRoot}, step by step: a block may have 100,000 transactions. */
export function* listRootSteps(items: readonly Uint8Array[]): Generator<void, Uint8Array> {
  const leaves: Leaf[] = []
  for (const index of inOrderOfKeys(items.length)) {
    leaves.push({ path: toNibbles(encodeRlp(index)), value: items[index]! })
    if (leaves.length % fewLeaves === 0) yield
  }
  if (leaves.length === 0) return emptyTrieRoot
  const root = yield* referenceSteps(leaves, 0, leaves.length, 0)
  return root.length < 32 ? keccak256(root) : root.subarray(1)
}

/** RLP of 0 is 0x80, which comes after that of 127 and before that of 128. */
function* inOrderOfKeys(count: number): Generator<number> {
  for (let index = 1; index < Math.min(count, 128); index++) yield index
  if (count > 0) yield 0
  for (let index = 128; index < count; index++) yield index
}

/** @returns the transactions as {@link listRoot} takes them: a typed one without its string prefix (EIP-2718) */
export const transactionValues = (items: Iterable<RlpItem>): Generator<void, Uint8Array[]> =>
  collect(items, ({ isList, raw, content }) => (isList ? raw : content))

/** @returns the items of any list as {@link listRoot} takes them */
export const rawValues = (items: Iterable<RlpItem>): Generator<void, Uint8Array[]> => collect(items, ({ raw }) => raw)

function* collect(items: Iterable<RlpItem>, pick: (item: RlpItem) => Uint8Array): Generator<void, Uint8Array[]> {
  const values: Uint8Array[] = []
  for (const item of items) if (values.push(pick(item)) % fewLeaves === 0) yield
  return values
}

/** @param key no key may be the beginning of another */
export type TrieEntry = { readonly key: Uint8Array; readonly value: Uint8Array }

/** Gets the nodes of a trie as a database has them: the RLP of each under its hash. */
export type EmitNode = (hash: Uint8Array, node: Uint8Array) => void

/** @param emit is called with every node that is not part of another, children first */
export function trieRoot(entries: readonly TrieEntry[], emit?: EmitNode): Uint8Array {
  if (entries.length === 0) return emptyTrieRoot
  const leaves = entries.map(({ key, value }) => ({ path: toNibbles(key), value }))
  leaves.sort((a, b) => compareBytes(a.path, b.path))
  const top = node(leaves, 0, leaves.length, 0, emit)
  const root = keccak256(top)
  emit?.(root, top)
  return root
}

const emptyString = Uint8Array.of(0x80)
export const emptyTrieRoot: Uint8Array = keccak256(emptyString)

type Leaf = { readonly path: Uint8Array; readonly value: Uint8Array }

/** @returns the RLP of the node above `leaves[from..to)`, which agree in their first `depth` nibbles */
function node(leaves: readonly Leaf[], from: number, to: number, depth: number, emit?: EmitNode): Uint8Array {
  const first = leaves[from]!
  if (to - from === 1)
    return encodeList([encodeBytes(hexPrefix(first.path.subarray(depth), true)), encodeBytes(first.value)])
  const shared = sharedUntil(first.path, leaves[to - 1]!.path, depth)
  if (shared === first.path.length) throw new RangeError('a trie key is the beginning of another')
  const slots = Array<Uint8Array>(17).fill(emptyString)
  for (const [start, end] of children(leaves, from, to, shared))
    slots[leaves[start]!.path[shared]!] = reference(node(leaves, start, end, shared + 1, emit), emit)
  return below(first.path.subarray(depth, shared), encodeList(slots), emit)
}

/** The reference to what {@link node} makes, step by step. */
function* referenceSteps(
  leaves: readonly Leaf[],
  from: number,
  to: number,
  depth: number,
): Generator<void, Uint8Array> {
  yield
  if (isLittle(leaves, from, to)) return reference(node(leaves, from, to, depth))
  const first = leaves[from]!
  if (to - from === 1) return encodeRlp(yield* longLeafSteps(first, depth))
  const shared = sharedUntil(first.path, leaves[to - 1]!.path, depth)
  const slots = Array<Uint8Array>(17).fill(emptyString)
  for (const [start, end] of children(leaves, from, to, shared))
    slots[leaves[start]!.path[shared]!] = yield* referenceSteps(leaves, start, end, shared + 1)
  return reference(below(first.path.subarray(depth, shared), encodeList(slots)))
}

/** @returns the hash of the leaf's node, whose value is hashed where it is */
function longLeafSteps({ path, value }: Leaf, depth: number): Generator<void, Uint8Array> {
  const place = encodeRlp(hexPrefix(path.subarray(depth), true))
  const before = lengthPrefix(value.length, 0x80)
  return keccak256Steps(lengthPrefix(place.length + before.length + value.length, 0xc0), place, before, value)
}

function isLittle(leaves: readonly Leaf[], from: number, to: number): boolean {
  if (to - from > fewLeaves) return false
  let bytes = 0
  for (let at = from; at < to; at++) bytes += leaves[at]!.value.length
  return bytes <= fewBytes
}

/** What one step may take: about a millisecond. */
const fewLeaves = 256
const fewBytes = 65_536

/** The leaves of each child of a branch at `depth`: from the first to before the second. */
function* children(leaves: readonly Leaf[], from: number, to: number, depth: number): Generator<[number, number]> {
  for (let start = from, end: number; start < to; start = end) {
    const nibble = leaves[start]!.path[depth]!
    for (end = start + 1; end < to && leaves[end]!.path[depth] === nibble; ) end++
    yield [start, end]
  }
}

/** A branch, or an extension to it where its leaves share more than their place. */
function below(shared: Uint8Array, branch: Uint8Array, emit?: EmitNode): Uint8Array {
  return shared.length === 0 ? branch : encodeList([encodeBytes(hexPrefix(shared, false)), reference(branch, emit)])
}

/** A node shorter than a hash stands in its parent itself. */
function reference(encoded: Uint8Array, emit?: EmitNode): Uint8Array {
  if (encoded.length < 32) return encoded
  const hash = keccak256(encoded)
  emit?.(hash, encoded)
  return encodeBytes(hash)
}

function toNibbles(key: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(key.length * 2)
  for (let i = 0; i < nibbles.length; i++) nibbles[i] = i % 2 === 0 ? key[i >> 1]! >> 4 : key[i >> 1]! & 0xf
  return nibbles
}

/** Yellow Paper, appendix C. */
function hexPrefix(nibbles: Uint8Array, isLeaf: boolean): Uint8Array {
  const odd = nibbles.length % 2
  const bytes = new Uint8Array(1 + (nibbles.length >> 1))
  bytes[0] = (isLeaf ? 0x20 : 0) | (odd ? 0x10 | nibbles[0]! : 0)
  for (let i = 1, at = odd; i < bytes.length; i++, at += 2) bytes[i] = (nibbles[at]! << 4) | nibbles[at + 1]!
  return bytes
}

function sharedUntil(a: Uint8Array, b: Uint8Array, depth: number): number {
  let at = depth
  while (at < a.length && a[at] === b[at]) at++
  return at
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = sharedUntil(a, b, 0)
  return (a[at] ?? -1) - (b[at] ?? -1)
}

/** Whether `root` commits to nothing. */
export const isEmptyTrieRoot = (root: Uint8Array): boolean => equalBytes(root, emptyTrieRoot)
