import { emptyCodeHash, emptyRoot, encodeAccount, readSlimAccount } from '../../protocols/chain/account.ts'
import { BadRangeProof, verifyRange } from '../../protocols/chain/range-proof.ts'
import type { TrieEntry } from '../../protocols/chain/trie-root.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { MalformedItem } from '../../protocols/lib/lazy-list.ts'
import { RlpError, readItem } from '../../protocols/lib/rlp.ts'
import { decode } from '../../protocols/snap/messages.ts'
import type { SortedStore, Write } from '../chain/key-value-store.ts'
import { FlatRange, highestHash, lowestHash, nextHash } from './flat-state.ts'
import { buildTrie, type Leaves } from './flat-trie.ts'
import { type Base, codeKey, nodeKey, nodeWrite } from './state-store.ts'
import { type Missing, type MissingNode, TrieHeal } from './trie-heal.ts'

/** What the peers of a state sync gave, and how far it is. Payloads are messages of snap as they came, hashes 32 bytes. */
export class StateSync {
  readonly #states: SortedStore
  readonly #flat: SortedStore
  #heal: TrieHeal | undefined

  /** @param states where nodes and codes go @param flat holds the accounts and slots that came until their trie is made */
  constructor(states: SortedStore, flat: SortedStore) {
    this.#states = states
    this.#flat = flat
  }

  /** What was saved last. */
  progress(): Uint8Array | undefined {
    return this.#flat.get(progressKey)
  }

  async save({ progress }: { readonly progress: Uint8Array }): Promise<void> {
    await this.#flat.write([{ key: progressKey, value: progress }])
  }

  /** Accounts from `origin` on: those up to `limit` are kept. */
  accounts({ payload, root, origin, limit }: AccountsGiven): Promise<Taken<AccountsTaken>> {
    return judged<AccountsTaken>(async () => {
      const { accounts, proof } = decode(1, 'AccountRange', payload)
      const all = [...accounts]
      const nodes = [...proof]
      if (all.length === 0 && nodes.length === 0) return { kind: 'none' }
      checkProof(nodes)
      const given = all.map(({ hash, account }) => ({ key: hash, value: encodeAccount(account) }))
      const hasMore = verifyRange({ root, origin, entries: given, proof: nodes })
      const kept = all.filter(({ hash }) => compare(hash, limit) <= 0)
      const last = all.at(-1)?.hash
      const isDone = !hasMore || !last || compare(last, limit) >= 0
      const entries = given.slice(0, kept.length)
      await this.#replace(FlatRange.accounts(this.#flat), origin, isDone ? limit : last, entries)
      const storages = kept.filter(({ account }) => !equalBytes(account.storageRoot, emptyRoot))
      const codes = new Map(kept.map(({ account: { codeHash } }) => [bytesToHex(codeHash), codeHash]))
      return {
        kind: 'taken',
        accounts: kept.length,
        bytes: payload.length,
        next: isDone ? undefined : nextHash(last),
        storages: storages.map(({ hash, account: { storageRoot } }) => ({ account: hash, root: storageRoot })),
        codes: [...codes.values()].filter((hash) => !equalBytes(hash, emptyCodeHash) && !this.#hasCode(hash)),
      }
    })
  }

  /** Slots of accounts, whole but for the last; of the first from `origin` on, and those up to `limit` are kept. */
  storage({ payload, accounts, origin, limit }: StorageGiven): Promise<Taken<StorageTaken>> {
    return judged<StorageTaken>(async () => {
      const message = decode(1, 'StorageRanges', payload)
      const nodes = [...message.proof]
      const lists = Array.from(message.slots, (slots) =>
        Array.from(slots, ({ hash, data }) => ({ key: hash, value: data })),
      )
      if (lists.length === 0 && nodes.length === 0) return { kind: 'none' }
      if (lists.length === 0) lists.push([])
      checkProof(nodes)
      if (lists.length > accounts.length) throw new BadAnswer('storage of accounts that were not asked for')
      let slots = 0
      let cut: StorageTaken['cut']
      for (const [at, given] of lists.entries()) {
        const { account, root } = accounts[at]!
        const isLast = at === lists.length - 1
        const from = at === 0 ? origin : lowestHash
        const to = at === 0 ? limit : highestHash
        const proof = isLast ? nodes : []
        const hasMore = verifyRange({ root, origin: proof.length > 0 ? from : lowestHash, entries: given, proof })
        const entries = given.filter(({ key }) => compare(key, from) >= 0 && compare(key, to) <= 0)
        const last = given.at(-1)?.key
        const isDone = !hasMore || !last || compare(last, to) >= 0
        await this.#replace(FlatRange.slots(this.#flat, account), from, isDone ? to : last, entries)
        slots += entries.length
        if (!isDone) cut = { next: nextHash(last)!, slots: entries.length }
      }
      return { kind: 'taken', accounts: lists.length, slots, bytes: payload.length, cut }
    })
  }

  /** Those of `hashes` that came, in their order. */
  codes({ payload, hashes }: CodesGiven): Promise<Taken<CodesTaken>> {
    return judged<CodesTaken>(async () => {
      const { codes } = decode(1, 'ByteCodes', payload)
      const came: boolean[] = hashes.map(() => false)
      const writes: Write[] = []
      let at = 0
      for (const code of codes) {
        const hash = keccak256(code)
        while (at < hashes.length && !equalBytes(hashes[at]!, hash)) at++
        if (at === hashes.length) throw new BadAnswer('a code that was not asked for')
        came[at++] = true
        writes.push(nodeWrite(codeKey(hash), code))
        this.#heal?.takeCode(hash, code)
      }
      if (writes.length === 0) return { kind: 'none' }
      await this.#states.write(writes)
      const missing = hashes.filter((_, i) => !came[i])
      return { kind: 'taken', codes: writes.length, bytes: payload.length, missing, isWhole: await this.#isWhole() }
    })
  }

  /** Begins to look for what the state of `root` lacks. */
  async heal({ root }: { readonly root: Uint8Array }): Promise<Healed> {
    this.#heal = new TrieHeal(this.#states, root)
    return { ...this.#heal.found(), isWhole: await this.#isWhole() }
  }

  /** Nodes of those that were asked for, in their order; where a peer has none it leaves it out, or gives an empty one. */
  nodes({ payload, wanted }: NodesGiven): Promise<Taken<NodesTaken>> {
    return judged<NodesTaken>(async () => {
      const { nodes } = decode(1, 'TrieNodes', payload)
      const came = new Set<number>()
      let at = 0
      for (const node of nodes) {
        if (node.length === 0) continue
        const hash = keccak256(node)
        while (at < wanted.length && !equalBytes(wanted[at]!.hash, hash)) at++
        if (at === wanted.length) throw new BadAnswer('a node that was not asked for')
        this.#heal?.take(wanted[at]!, node.slice())
        came.add(at++)
      }
      if (came.size === 0) return { kind: 'none' }
      await this.#heal?.flush()
      const found = this.#heal?.found() ?? { nodes: [], codes: [] }
      const missing = wanted.filter((_, i) => !came.has(i))
      const counts = { count: came.size, bytes: payload.length }
      return { kind: 'taken', ...counts, missing, ...found, isWhole: await this.#isWhole() }
    })
  }

  async #isWhole(): Promise<boolean> {
    await this.#heal?.flush()
    return this.#heal?.isWhole ?? false
  }

  /** Makes the trie of all that came. @returns its root, and whether all of it is there */
  async build(): Promise<{ readonly root: Uint8Array; readonly isWhole: boolean }> {
    const writes = new PendingWrites(this.#states)
    const emit = (hash: Uint8Array, node: Uint8Array) => writes.add(nodeWrite(nodeKey(hash), node))
    const { node, isWhole } = await buildTrie(FlatRange.accounts(this.#flat), {
      toLeaves: (entries) => this.#accountLeaves(entries, writes),
      emit,
    })
    await writes.flush()
    return { root: node ? keccak256(node) : emptyRoot, isWhole }
  }

  async #accountLeaves(entries: readonly TrieEntry[], writes: PendingWrites): Promise<Leaves> {
    let isWhole = true
    const leaves: TrieEntry[] = []
    const toLeaves = async (entries: readonly TrieEntry[]): Promise<Leaves> => {
      await writes.flushIfMany()
      return { entries, isWhole: true }
    }
    for (const { key, value } of entries) {
      const account = readSlimAccount(readItem(value))
      const isUnknown = equalBytes(account.storageRoot, unknownRoot)
      if (equalBytes(account.storageRoot, emptyRoot)) {
        leaves.push({ key, value })
        continue
      }
      const emit = (hash: Uint8Array, node: Uint8Array) => writes.add(nodeWrite(nodeKey(hash, key), node))
      const slots = FlatRange.slots(this.#flat, key)
      const { node } = await buildTrie(slots, { toLeaves, emit })
      const storageRoot = node ? keccak256(node) : emptyRoot
      if (isUnknown) leaves.push({ key, value: encodeAccount({ ...account, storageRoot }) })
      else {
        if (!equalBytes(storageRoot, account.storageRoot)) isWhole = false
        leaves.push({ key, value })
      }
    }
    return { entries: leaves, isWhole }
  }

  async #replace(flat: FlatRange, first: Uint8Array, last: Uint8Array, entries: readonly TrieEntry[]): Promise<void> {
    for await (const writes of flat.replacing(first, last, entries))
      if (writes.length > 0) await this.#flat.write(writes)
  }

  #hasCode(hash: Uint8Array): boolean {
    return this.#states.get(nodeWrite(codeKey(hash), lowestHash).key) !== undefined
  }
}

/** Nodes on their way to a store, some thousand in a write. */
class PendingWrites {
  readonly #store: SortedStore
  #writes: Write[] = []

  constructor(store: SortedStore) {
    this.#store = store
  }

  add(write: Write): void {
    this.#writes.push(write)
  }

  async flushIfMany(): Promise<void> {
    if (this.#writes.length >= nodesInWrite) await this.flush()
  }

  async flush(): Promise<void> {
    const writes = this.#writes
    this.#writes = []
    if (writes.length > 0) await this.#store.write(writes)
  }
}

export type AccountsGiven = {
  readonly payload: Uint8Array
  readonly root: Uint8Array
  readonly origin: Uint8Array
  readonly limit: Uint8Array
}
export type StorageGiven = {
  readonly payload: Uint8Array
  /** Of which storage was asked for, with the roots that their accounts have. */
  readonly accounts: readonly WantedStorage[]
  readonly origin: Uint8Array
  readonly limit: Uint8Array
}
export type CodesGiven = { readonly payload: Uint8Array; readonly hashes: readonly Uint8Array[] }
export type WantedStorage = { readonly account: Uint8Array; readonly root: Uint8Array }

/** What became of an answer: `none` says that the peer does not have what it was asked for, `bad` that it lies. */
export type Taken<What> = ({ readonly kind: 'taken'; readonly bytes: number } & What) | NotTaken
type NotTaken = { readonly kind: 'none' } | { readonly kind: 'bad'; readonly reason: string }

export type AccountsTaken = {
  readonly accounts: number
  /** Where the range goes on; undefined when it is there up to the limit. */
  readonly next: Uint8Array | undefined
  /** Of those accounts that have some. */
  readonly storages: readonly WantedStorage[]
  /** Of those accounts that are not there. */
  readonly codes: readonly Uint8Array[]
}
export type StorageTaken = {
  /** The first so many of those asked for; the last perhaps in part. */
  readonly accounts: number
  readonly slots: number
  /** Where the last goes on, and how many of its slots came. */
  readonly cut: { readonly next: Uint8Array; readonly slots: number } | undefined
}
export type CodesTaken = {
  readonly codes: number
  readonly missing: readonly Uint8Array[]
  /** The state that is healed lacks nothing any more. */
  readonly isWhole: boolean
}
/** What a state lacks, as far as it has come to light. */
export type Healed = Missing & { readonly isWhole: boolean }
export type NodesGiven = { readonly payload: Uint8Array; readonly wanted: readonly MissingNode[] }
/** `missing`: of those that were asked for. */
export type NodesTaken = Healed & { readonly count: number; readonly missing: readonly MissingNode[] }

/** The block whose state is there. */
export type SyncedBase = Omit<Base, 'result'>

async function judged<What>(
  take: () => Promise<({ readonly kind: 'taken'; readonly bytes: number } & What) | NotTaken>,
): Promise<Taken<What>> {
  try {
    return await take()
  } catch (error) {
    const isBad = [BadRangeProof, BadAnswer, MalformedItem, RlpError].some((bad) => error instanceof bad)
    if (isBad) return { kind: 'bad', reason: (error as Error).message }
    throw error
  }
}

/** geth refuses more. */
function checkProof(proof: readonly Uint8Array[]): void {
  if (proof.length > maxProofNodes) throw new BadAnswer(`a proof of ${proof.length} nodes`)
}

/** Says of an account whose slots have changed that its root is what they come to. No trie has this hash. */
const unknownRoot = new Uint8Array(32)
const progressKey = Uint8Array.of(0x70)
/** geth: two paths of 64 nodes. */
const maxProofNodes = 128
const nodesInWrite = 8_192

const compare = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b)

/** The remote's fault. */
class BadAnswer extends Error {
  override readonly name = 'BadAnswer'
}
