import { keccak256 } from '../lib/keccak.ts'
import { encodeRlp } from '../lib/rlp.ts'
import { emptyCodeHash, encodeAccount } from './account.ts'
import { JsonFields, toWord } from './json-fields.ts'
import { type EmitNode, trieRoot } from './trie-root.ts'

/** The accounts that a chain starts with. */
export type Alloc = readonly GenesisAccount[]

/** `balance` in wei; `storage` is of 32-byte slots and values. */
export type GenesisAccount = {
  readonly address: Uint8Array
  readonly balance: bigint
  readonly nonce: bigint
  readonly code: Uint8Array
  readonly storage: readonly (readonly [slot: Uint8Array, value: Uint8Array])[]
}

/** @throws {InvalidGenesis} */
export function readAlloc(fields: JsonFields): Alloc {
  return Array.from(fields.entries(20), ([address, value, path]) => readAccount(address, new JsonFields(value, path)))
}

/** Gets a state as a database has it. */
export type StateSink = {
  /** @param owner keccak256 of the address whose storage it is of; undefined for the trie of accounts */
  node(hash: Uint8Array, node: Uint8Array, owner?: Uint8Array): void
  code(hash: Uint8Array, code: Uint8Array): void
}

/** @returns the root of the state trie with exactly these accounts; @param sink gets every node and code of it */
export function stateRoot(alloc: Alloc, sink?: StateSink): Uint8Array {
  const entries = alloc.map((account) => {
    const key = keccak256(account.address)
    return { key, value: encodeGenesisAccount(account, key, sink) }
  })
  return trieRoot(entries, sink && ((hash, node) => sink.node(hash, node)))
}

function readAccount(address: Uint8Array, fields: JsonFields): GenesisAccount {
  const storage = fields.optionalObject('storage')
  return {
    address,
    balance: fields.uint('balance', 256),
    nonce: fields.optionalUint('nonce') ?? 0n,
    code: fields.optionalBytes('code') ?? noCode,
    storage: storage
      ? Array.from(storage.entries(32), ([slot, value, path]) => [slot, toWord(value, path)])
      : noStorage,
  }
}

/** One for all: most accounts have neither, and what is passed to another thread is copied once. */
const noCode = new Uint8Array(0)
const noStorage: GenesisAccount['storage'] = []

function encodeGenesisAccount(
  { nonce, balance, storage, code }: GenesisAccount,
  key: Uint8Array,
  sink?: StateSink,
): Uint8Array {
  const codeHash = code.length > 0 ? keccak256(code) : emptyCodeHash
  if (code.length > 0) sink?.code(codeHash, code)
  const emit = sink && ((hash: Uint8Array, node: Uint8Array) => sink.node(hash, node, key))
  return encodeAccount({ nonce, balance, storageRoot: storageRoot(storage, emit), codeHash })
}

/** A slot of zero is a slot that is not there. */
function storageRoot(storage: GenesisAccount['storage'], emit?: EmitNode): Uint8Array {
  const entries = storage.map(([slot, value]) => ({ key: keccak256(slot), value: trimZeros(value) }))
  return trieRoot(
    entries.filter(({ value }) => value.length > 0).map(({ key, value }) => ({ key, value: encodeRlp(value) })),
    emit,
  )
}

function trimZeros(word: Uint8Array): Uint8Array {
  const start = word.findIndex((byte) => byte !== 0)
  return start < 0 ? word.subarray(word.length) : word.subarray(start)
}
