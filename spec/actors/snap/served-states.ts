import type { KeyValueStore } from '../../../actors/chain/key-value-store.ts'
import { openStore } from '../../../actors/chain/store.ts'
import { queries } from '../../../actors/execution/queries.ts'
import { codeKey, nodeKey, StateStore } from '../../../actors/execution/state-store.ts'
import type { Backend } from '../../../actors/snap/answers.ts'
import { type Account, emptyCodeHash, emptyRoot, encodeAccount } from '../../../protocols/chain/account.ts'
import { type TrieEntry, trieRoot } from '../../../protocols/chain/trie-root.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'

// States of our own making, in a store as an execution writes it: what is served of them is compared with what they were made of.

export type ServedAccount = Account & { readonly hash: Uint8Array; readonly slots: readonly TrieEntry[] }

export type StateParts = { readonly accounts: readonly ServedAccount[]; readonly codes: readonly Uint8Array[] }

/** @param name hashes to the key of the account @param slots how many it has */
export function accountOf(
  name: string,
  { slots = 0, code }: { slots?: number; code?: Uint8Array } = {},
): ServedAccount {
  const entries = Array.from({ length: slots }, (_, i) => ({
    key: keccak256(Buffer.from(`${name} slot ${i}`)),
    value: encodeRlp(i + 1),
  })).sort(byKey)
  return {
    ...{ hash: keccak256(Buffer.from(name)), nonce: BigInt(name.length), balance: 10n ** 18n, slots: entries },
    ...{ storageRoot: slots > 0 ? trieRoot(entries) : emptyRoot, codeHash: code ? keccak256(code) : emptyCodeHash },
  }
}

const byKey = (a: TrieEntry, b: TrieEntry) => Buffer.compare(a.key, b.key)

/** The states of blocks that stand on each other, the first of the genesis. */
export class ServedStates {
  readonly roots: Uint8Array[] = []
  /** Questions that were put to the states. */
  readonly asked: string[] = []
  readonly lists = new Map<string, Uint8Array>()
  #states!: StateStore
  #nodes = new Map<string, Uint8Array>()

  static async open(genesis: StateParts): Promise<ServedStates> {
    const served = new ServedStates()
    const store: KeyValueStore = await openStore()
    const { root, nodes, codes } = nodesOf(genesis)
    for (const [key, value] of [...nodes, ...codes])
      await store.write([{ key: Buffer.from(`t${key}`, 'latin1'), value }])
    const base = { hash: blockHash(0), number: 0n, stateRoot: root, ancestors: [], result: new Uint8Array(0) }
    served.#states = await StateStore.begin(store, base)
    served.#nodes = nodes
    served.roots.push(root)
    return served
  }

  /** The state of the next block. */
  async add(parts: StateParts): Promise<void> {
    const { root, nodes, codes } = nodesOf(parts)
    const number = this.roots.length
    const before = this.#nodes
    const added = new Map([...nodes].filter(([key]) => !before.has(key)))
    const removed = new Set([...before.keys()].filter((key) => !nodes.has(key)))
    const [hash, parent, result] = [blockHash(number), blockHash(number - 1), new Uint8Array(0)]
    await this.#states.commit({ hash, parent, number: BigInt(number), stateRoot: root, result, added, removed }, codes)
    this.#nodes = nodes
    this.roots.push(root)
  }

  get backend(): Backend {
    const query = (name: string, params: unknown) => {
      this.asked.push(name)
      return queries[name as 'codes']({ states: this.#states }, params as never)
    }
    return {
      chain: { accessListByHash: (hash) => this.lists.get(Buffer.from(hash).toString('hex')) },
      states: { query: query as Backend['states']['query'] },
    }
  }
}

export const blockHash = (number: number): Uint8Array => keccak256(Buffer.from(`block ${number}`))

function nodesOf({ accounts, codes }: StateParts) {
  const nodes = new Map<string, Uint8Array>()
  for (const { hash: owner, slots } of accounts)
    trieRoot(slots, (hash, node) => void nodes.set(nodeKey(hash, owner), node))
  const entries = accounts.map((account) => ({ key: account.hash, value: encodeAccount(account) }))
  const root = trieRoot(entries, (hash, node) => void nodes.set(nodeKey(hash), node))
  return { root, nodes, codes: new Map(codes.map((code) => [codeKey(keccak256(code)), code])) }
}
