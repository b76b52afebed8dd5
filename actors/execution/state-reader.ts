import { createMerkleProof, MerklePatriciaTrie } from '@ethereumjs/mpt'
import { ValueEncoding } from '@ethereumjs/util'
import { type Account, noAccount, readSlimAccount } from '../../protocols/chain/account.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { readItem } from '../../protocols/lib/rlp.ts'
import { codeKey, type StateStore } from './state-store.ts'
import { TrieDatabase } from './trie-database.ts'

/** Reads the state after a block. Addresses are 20 bytes, slots 32. */
export class StateReader {
  readonly #database: TrieDatabase
  readonly #root: Uint8Array

  /** @throws {StateUnavailable} */
  constructor(states: StateStore, block: Uint8Array) {
    const root = states.stateRoot(block)
    if (!root) throw new StateUnavailable()
    this.#database = new TrieDatabase(states)
    this.#root = root
  }

  async account(address: Uint8Array): Promise<Account> {
    const raw = await this.#trie(this.#root).get(address)
    return raw ? readSlimAccount(readItem(raw)) : noAccount
  }

  async code(address: Uint8Array): Promise<Uint8Array> {
    const { codeHash } = await this.account(address)
    return this.#database.node(codeKey(codeHash)) ?? new Uint8Array(0)
  }

  /** @returns 32 bytes */
  async storage(address: Uint8Array, slot: Uint8Array): Promise<Uint8Array> {
    const raw = await (await this.#storageTrie(address)).get(slot)
    const word = new Uint8Array(32)
    if (!raw) return word
    const { content } = readItem(raw)
    word.set(content, 32 - content.length)
    return word
  }

  /** Nodes from the root down (EIP-1186). */
  accountProof(address: Uint8Array): Promise<Uint8Array[]> {
    return createMerkleProof(this.#trie(this.#root), address)
  }

  async storageProof(address: Uint8Array, slot: Uint8Array): Promise<Uint8Array[]> {
    return createMerkleProof(await this.#storageTrie(address), slot)
  }

  async #storageTrie(address: Uint8Array): Promise<MerklePatriciaTrie> {
    const { storageRoot } = await this.account(address)
    return this.#trie(storageRoot, keccak256(address))
  }

  #trie(root: Uint8Array, keyPrefix?: Uint8Array): MerklePatriciaTrie {
    const options = { valueEncoding: ValueEncoding.Bytes, useKeyHashing: true, useKeyHashingFunction: keccak256 }
    return new MerklePatriciaTrie({ ...options, db: this.#database, root, ...(keyPrefix && { keyPrefix }) })
  }
}

/** Pruned, or of a block that was not executed. */
export class StateUnavailable extends Error {
  override readonly name = 'StateUnavailable'
  constructor() {
    super('the state is not available')
  }
}
