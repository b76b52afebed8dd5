import { equalBytes } from '../lib/bytes.ts'
import { keccak256, keccak256Steps } from '../lib/keccak.ts'
import type { LazyList } from '../lib/lazy-list.ts'
import {
  contentStart,
  encodeBytes,
  encodeList,
  encodeRlp,
  lengthPrefix,
  type RlpItem,
  readItem,
  skipItem,
} from '../lib/rlp.ts'
import { atOnce } from './at-once.ts'

// Roots of Merkle-Patricia tries that are built once and thrown away (Yellow Paper, appendix D). @ethereumjs/mpt keeps
// every node and is asynchronous: 22 ms for 200 transactions, on the path of every block. This takes 2 ms.

/** What a list commits to, by its index: an array, or what is read off a {@link LazyList} when it is asked for. */
export type ListValues = { readonly length: number; at(index: number): Uint8Array | undefined }

/** @param values keyed by their RLP-encoded index, as a header commits to transactions and withdrawals */
export function listRoot(values: ListValues): Uint8Array {
  return atOnce(listRootSteps(values))
}

/** As {@link listRoot}, step by step: a block may have 100,000 transactions. */
export function* listRootSteps(values: ListValues): Generator<void, Uint8Array> {
  if (values.length === 0) return emptyTrieRoot
  const root = yield* referenceSteps(new ListLeaves(values), 0, values.length, 0)
  return root.length < 32 ? keccak256(root) : root.subarray(1)
}

/** @returns the transactions as {@link listRoot} takes them: a typed one without its string prefix (EIP-2718) */
export const transactionValues = (list: LazyList<RlpItem>): Generator<void, ListValues> =>
  valuesOf(list, ({ isList, raw, content }) => (isList ? raw : content))

/** @returns the items of any list as {@link listRoot} takes them */
export const rawValues = (list: LazyList<unknown>): Generator<void, ListValues> => valuesOf(list, ({ raw }) => raw)

/** Where they begin, and no view of each: 100,000 of those are 30 MB, which the garbage collector looks at in long steps. */
function* valuesOf(
  { raw, count }: LazyList<unknown>,
  pick: (item: RlpItem) => Uint8Array,
): Generator<void, ListValues> {
  const starts = new Uint32Array(count)
  let start = contentStart(raw, 0)
  for (let index = 0; index < count; index++, start = skipItem(raw, start)) {
    starts[index] = start
    if (index % manyStarts === manyStarts - 1) yield
  }
  return { length: count, at: (index) => pick(readItem(raw, starts[index]!)) }
}

/** @param key no key may be the beginning of another */
export type TrieEntry = { readonly key: Uint8Array; readonly value: Uint8Array }

/** Gets the nodes of a trie as a database has them: the RLP of each under its hash. */
export type EmitNode = (hash: Uint8Array, node: Uint8Array) => void

/** @param emit is called with every node that is not part of another, children first */
export function trieRoot(entries: readonly TrieEntry[], emit?: EmitNode): Uint8Array {
  if (entries.length === 0) return emptyTrieRoot
  const top = node(new KeyLeaves(entries), 0, entries.length, 0, emit)
  const root = keccak256(top)
  emit?.(root, top)
  return root
}

/**
 * @param entries one at least, which agree in the first `depth` nibbles of their keys
 * @returns the RLP of the node above them, which `emit` does not get itself
 */
export function subtrie(entries: readonly TrieEntry[], depth: number, emit?: EmitNode): Uint8Array {
  return node(new KeyLeaves(entries), 0, entries.length, depth, emit)
}

/**
 * @param slots what {@link nodeReference} makes of the nodes below, by the nibble at `to`; two of them at least
 * @param key from whose nibble `from` to before `to` all below agree
 */
export function branchNode(
  slots: ReadonlyMap<number, Uint8Array>,
  { key, from, to }: { readonly key: Uint8Array; readonly from: number; readonly to: number },
  emit?: EmitNode,
): Uint8Array {
  const branch = encodeList(Array.from({ length: 17 }, (_, nibble) => slots.get(nibble) ?? emptyString))
  if (from === to) return branch
  return extension(hexPrefix(new KeyLeaves([{ key, value: emptyString }]), 0, from, to, false), branch, emit)
}

/** @param encoded a node @returns how its parent refers to it */
export function nodeReference(encoded: Uint8Array, emit?: EmitNode): Uint8Array {
  return reference(encoded, emit)
}

const emptyString = Uint8Array.of(0x80)
export const emptyTrieRoot: Uint8Array = keccak256(emptyString)

/** In the order of their keys, by their place in it. */
type Leaves = {
  /** Of the path, which is the key in nibbles. */
  pathLength(place: number): number
  nibble(place: number, depth: number): number
  value(place: number): Uint8Array
}

/** Their paths are computed, for there is nothing to them: RLP of an index. That of 0 is 0x80, which comes after that of 127. */
class ListLeaves implements Leaves {
  readonly #values: ListValues
  /** Of 0. */
  readonly #placeOfFirst: number

  constructor(values: ListValues) {
    this.#values = values
    this.#placeOfFirst = Math.min(values.length, 128) - 1
  }

  pathLength(place: number): number {
    const index = this.#index(place)
    return index < 128 ? 2 : 2 + 2 * uintBytes(index)
  }

  nibble(place: number, depth: number): number {
    const byte = keyByte(this.#index(place), depth >> 1)
    return depth % 2 === 0 ? byte >> 4 : byte & 0xf
  }

  value(place: number): Uint8Array {
    return this.#values.at(this.#index(place))!
  }

  #index(place: number): number {
    if (place > this.#placeOfFirst) return place
    return place === this.#placeOfFirst ? 0 : place + 1
  }
}

function keyByte(index: number, at: number): number {
  if (index < 128) return index === 0 ? 0x80 : index
  const width = uintBytes(index)
  return at === 0 ? 0x80 + width : (index >>> (8 * (width - at))) & 0xff
}

const uintBytes = (value: number) => (value < 2 ** 8 ? 1 : value < 2 ** 16 ? 2 : value < 2 ** 24 ? 3 : 4)

class KeyLeaves implements Leaves {
  readonly #entries: readonly TrieEntry[]

  constructor(entries: readonly TrieEntry[]) {
    this.#entries = [...entries].sort((a, b) => compareBytes(a.key, b.key))
  }

  pathLength(place: number): number {
    return this.#entries[place]!.key.length * 2
  }

  nibble(place: number, depth: number): number {
    const byte = this.#entries[place]!.key[depth >> 1]!
    return depth % 2 === 0 ? byte >> 4 : byte & 0xf
  }

  value(place: number): Uint8Array {
    return this.#entries[place]!.value
  }
}

/** @returns the RLP of the node above `leaves[from..to)`, which agree in their first `depth` nibbles */
function node(leaves: Leaves, from: number, to: number, depth: number, emit?: EmitNode): Uint8Array {
  const length = leaves.pathLength(from)
  if (to - from === 1)
    return encodeList([encodeBytes(hexPrefix(leaves, from, depth, length, true)), encodeBytes(leaves.value(from))])
  const shared = sharedUntil(leaves, from, to - 1, depth)
  if (shared === length) throw new RangeError('a trie key is the beginning of another')
  const slots = Array<Uint8Array>(17).fill(emptyString)
  for (const [start, end] of children(leaves, from, to, shared))
    slots[leaves.nibble(start, shared)] = reference(node(leaves, start, end, shared + 1, emit), emit)
  const branch = encodeList(slots)
  return shared === depth ? branch : extension(hexPrefix(leaves, from, depth, shared, false), branch, emit)
}

/** The reference to what {@link node} makes, step by step. */
function* referenceSteps(leaves: Leaves, from: number, to: number, depth: number): Generator<void, Uint8Array> {
  yield
  if (isLittle(leaves, from, to)) return reference(node(leaves, from, to, depth))
  if (to - from === 1) return encodeRlp(yield* longLeafSteps(leaves, from, depth))
  const shared = sharedUntil(leaves, from, to - 1, depth)
  const slots = Array<Uint8Array>(17).fill(emptyString)
  for (const [start, end] of children(leaves, from, to, shared))
    slots[leaves.nibble(start, shared)] = yield* referenceSteps(leaves, start, end, shared + 1)
  const branch = encodeList(slots)
  return reference(shared === depth ? branch : extension(hexPrefix(leaves, from, depth, shared, false), branch))
}

/** @returns the hash of the leaf's node, whose value is hashed where it is */
function longLeafSteps(leaves: Leaves, at: number, depth: number): Generator<void, Uint8Array> {
  const value = leaves.value(at)
  const place = encodeRlp(hexPrefix(leaves, at, depth, leaves.pathLength(at), true))
  const before = lengthPrefix(value.length, 0x80)
  return keccak256Steps(lengthPrefix(place.length + before.length + value.length, 0xc0), place, before, value)
}

function isLittle(leaves: Leaves, from: number, to: number): boolean {
  if (to - from > fewLeaves) return false
  let bytes = 0
  for (let at = from; at < to; at++) bytes += leaves.value(at).length
  return bytes <= fewBytes
}

/** What one step may take: about a millisecond. */
const fewLeaves = 256
const fewBytes = 65_536
const manyStarts = 16_384

/** The leaves of each child of a branch at `depth`: from the first to before the second. */
function* children(leaves: Leaves, from: number, to: number, depth: number): Generator<[number, number]> {
  for (let start = from, end: number; start < to; start = end) {
    const nibble = leaves.nibble(start, depth)
    end = start + 1
    for (let after = to; end < after; ) {
      const middle = (end + after) >> 1
      if (leaves.nibble(middle, depth) === nibble) end = middle + 1
      else after = middle
    }
    yield [start, end]
  }
}

function extension(path: Uint8Array, branch: Uint8Array, emit?: EmitNode): Uint8Array {
  return encodeList([encodeBytes(path), reference(branch, emit)])
}

/** A node shorter than a hash stands in its parent itself. */
function reference(encoded: Uint8Array, emit?: EmitNode): Uint8Array {
  if (encoded.length < 32) return encoded
  const hash = keccak256(encoded)
  emit?.(hash, encoded)
  return encodeBytes(hash)
}

/** Of the leaf's path, from nibble `from` to before `to` (Yellow Paper, appendix C). */
function hexPrefix(leaves: Leaves, at: number, from: number, to: number, isLeaf: boolean): Uint8Array {
  const odd = (to - from) % 2
  const bytes = new Uint8Array(1 + ((to - from) >> 1))
  bytes[0] = (isLeaf ? 0x20 : 0) | (odd ? 0x10 | leaves.nibble(at, from) : 0)
  for (let i = 1, depth = from + odd; i < bytes.length; i++, depth += 2)
    bytes[i] = (leaves.nibble(at, depth) << 4) | leaves.nibble(at, depth + 1)
  return bytes
}

/** @returns the depth down to which both paths are the same */
function sharedUntil(leaves: Leaves, a: number, b: number, depth: number): number {
  const end = Math.min(leaves.pathLength(a), leaves.pathLength(b))
  let at = depth
  while (at < end && leaves.nibble(a, at) === leaves.nibble(b, at)) at++
  return at
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return (a[at] ?? -1) - (b[at] ?? -1)
}

/** Whether `root` commits to nothing. */
export const isEmptyTrieRoot = (root: Uint8Array): boolean => equalBytes(root, emptyTrieRoot)
