import { emptyCodeHash, encodeSlimAccount, readSlimAccount } from '../../protocols/chain/account.ts'
import { pathOf, TrieReader } from '../../protocols/chain/trie-reader.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { encodeBytes, encodeList, readItem } from '../../protocols/lib/rlp.ts'
import { codeKey, nodeKey, type StateStore } from './state-store.ts'

// What snap asks of a state by its root: geth's Service…Query, a piece at a time, so that a block that is to be executed waits
// for a piece at most. What comes back is RLP, made here: a view of a longer buffer would cross to the other thread whole.

type Context = { readonly states: StateStore }
/** `root`: of the state; undefined comes back where there is no such state. */
type OfRoot = { readonly root: Uint8Array }

/** Some of what is in a range. */
export type RangePiece = {
  /** RLP of the items, one behind the other. */
  readonly items: Uint8Array
  /** What they count for in the size of an answer. */
  readonly size: number
  readonly last: Uint8Array | undefined
  /** Where the next piece begins; undefined when there is nothing more, or nothing more fits. */
  readonly next: Uint8Array | undefined
}

/** Some of what is in the storage of accounts. */
export type StoragePiece = {
  /** RLP of the slots of each account in turn, as many as fit: empty where it has none. */
  readonly slots: readonly Uint8Array[]
  readonly size: number
  /** The last account did not fit whole, or was asked for in part: it is to be proved up to `last`, if it has slots here. */
  readonly isCut: boolean
  readonly last: Uint8Array | undefined
  /** Where the next piece goes on in the last account. */
  readonly next?: Uint8Array
}

export const snapQueries = {
  /** @param room ends the range behind the account that goes beyond it */
  accountRange: async (
    { states }: Context,
    { root, origin, limit, room }: OfRoot & { origin: Uint8Array; limit: Uint8Array; room: number },
  ): Promise<RangePiece | undefined> => {
    const trie = stateTrie(states, root)
    if (!trie) return undefined
    const items: Uint8Array[] = []
    let size = 0
    let last: Uint8Array | undefined
    let next: Uint8Array | undefined
    for (const { key, value } of trie.leaves(origin)) {
      if (items.length === maxPiece) {
        next = key
        break
      }
      const body = encodeSlimAccount(readSlimAccount(readItem(value)))
      items.push(encodeList([encodeBytes(key), body]))
      size += 32 + body.length
      last = key
      if (compareBytes(key, limit) >= 0 || size > room) break
    }
    return { items: concat(items), size, last, next }
  },

  /** @param origin, limit of the first account alone @param size of what the answer has already */
  storageRanges: async (
    { states }: Context,
    {
      root,
      accounts,
      origin,
      limit,
      size: before,
      bytes,
      isPartial,
    }: OfRoot & {
      readonly accounts: readonly Uint8Array[]
      readonly origin: Uint8Array
      readonly limit: Uint8Array
      readonly size: number
      readonly bytes: number
      /** Whether the first account is to be proved however it ends. */
      readonly isPartial: boolean
    },
  ): Promise<StoragePiece | undefined> => {
    const state = stateTrie(states, root)
    if (!state) return undefined
    const hardLimit = Math.floor(bytes * (1 + lookupSlack))
    const slots: Uint8Array[] = []
    let size = before
    let left = maxPiece
    for (const [index, account] of accounts.entries()) {
      if (index > 0 && (size >= bytes || left <= 0)) break
      const items: Uint8Array[] = []
      const [from, to] = index === 0 ? [origin, limit] : [lowest, undefined]
      let isCut = index === 0 && isPartial
      let last: Uint8Array | undefined
      let next: Uint8Array | undefined
      left--
      for (const { key, value } of storageTrie(states, state, account)?.leaves(from) ?? []) {
        if (size >= hardLimit) isCut = true
        else if (left-- <= 0) next = key
        if (size >= hardLimit || next) break
        items.push(encodeList([encodeBytes(key), encodeBytes(value)]))
        size += 32 + value.length
        last = key
        if (to && compareBytes(key, to) >= 0) {
          isCut = true
          break
        }
      }
      slots.push(concat(items))
      if (next) return { slots, size: size - before, isCut: false, last, next }
      if (isCut) return { slots, size: size - before, isCut, last }
    }
    return { slots, size: size - before, isCut: false, last: undefined }
  },

  /**
   * @param account of whose storage the keys are; of the state itself when left out
   * @returns a list of nodes, each once; undefined also when there is no such account
   */
  rangeProof: async (
    { states }: Context,
    { root, account, keys }: OfRoot & { readonly account?: Uint8Array; readonly keys: readonly Uint8Array[] },
  ): Promise<Uint8Array | undefined> => {
    const state = stateTrie(states, root)
    const trie = state && account ? storageTrie(states, state, account) : state
    if (!trie) return undefined
    const nodes = new Map<string, Uint8Array>()
    for (const key of keys)
      for (const node of trie.proof(key)) nodes.set(Buffer.from(node).toString('latin1'), encodeBytes(node))
    return encodeList([...nodes.values()])
  },

  /** @returns a list of codes, without those that are not there; ends behind the one that goes beyond `bytes` */
  codes: async (
    { states }: Context,
    { hashes, bytes }: { readonly hashes: readonly Uint8Array[]; readonly bytes: number },
  ): Promise<Uint8Array> => {
    const codes: Uint8Array[] = []
    let size = 0
    for (const hash of hashes) {
      if (size > bytes) break
      const code = equalBytes(hash, emptyCodeHash) ? new Uint8Array(0) : states.node(codeKey(hash))
      if (code) codes.push(encodeBytes(code))
      size += code?.length ?? 0
    }
    return encodeList(codes)
  },

  /**
   * @param sets of paths: one alone is of the state's trie, of more the first is an account's hash
   * @returns a list of nodes, and whether not all sets were looked at
   */
  trieNodes: async (
    { states }: Context,
    { root, sets, bytes }: OfRoot & { readonly sets: readonly (readonly Uint8Array[])[]; readonly bytes: number },
  ): Promise<{ readonly nodes: Uint8Array; readonly isFull: boolean } | undefined> => {
    const state = stateTrie(states, root)
    if (!state) return undefined
    const end = performance.now() + maxTrieNodeTime
    const nodes: Uint8Array[] = []
    let size = 0
    let loads = 0
    const isFull = () => size > bytes || loads > maxTrieNodeLoads || performance.now() > end
    const take = (trie: TrieReader, path: Uint8Array): boolean => {
      const { node, loads: its } = trie.node(pathOf(path))
      loads += Math.max(its, 1)
      if (!node) return false
      nodes.push(encodeBytes(node))
      size += node.length
      return true
    }
    for (const [at, [first, ...paths]] of sets.entries()) {
      if (paths.length === 0) take(state, first!)
      else {
        const trie = storageTrie(states, state, toHash(first!))
        loads += trie ? 2 : 1
        for (const path of trie ? paths : []) if (!take(trie!, path) || isFull()) break
      }
      if (isFull()) return { nodes: encodeList(nodes), isFull: at + 1 < sets.length }
    }
    return { nodes: encodeList(nodes), isFull: false }
  },
} as const

/** @returns the last 32 bytes, with zeros before them (geth `common.BytesToHash`) */
export function toHash(bytes: Uint8Array): Uint8Array {
  const hash = new Uint8Array(32)
  hash.set(bytes.subarray(-32), 32 - Math.min(bytes.length, 32))
  return hash
}

function stateTrie(states: StateStore, root: Uint8Array): TrieReader | undefined {
  for (const { stateRoot } of states.states())
    if (equalBytes(stateRoot, root)) return new TrieReader((hash) => states.node(nodeKey(hash))!, root)
  return undefined
}

function storageTrie(states: StateStore, state: TrieReader, account: Uint8Array): TrieReader | undefined {
  const raw = state.get(account)
  if (!raw) return undefined
  return new TrieReader((hash) => states.node(nodeKey(hash, account))!, readSlimAccount(readItem(raw)).storageRoot)
}

const compareBytes = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b)

const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

const lowest = new Uint8Array(32)
/** What is looked up in one piece: some milliseconds. */
const maxPiece = 1_024
/** geth stateLookupSlack, maxTrieNodeLookups, maxTrieNodeTimeSpent (ms). */
const lookupSlack = 0.1
const maxTrieNodeLoads = 1_024
const maxTrieNodeTime = 5_000
