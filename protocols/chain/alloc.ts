import { keccak256 } from '../lib/keccak.ts'
import { encodeRlp } from '../lib/rlp.ts'
import { JsonFields, toWord } from './json-fields.ts'
import { trieRoot } from './trie-root.ts'

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

/** @returns the root of the state trie with exactly these accounts */
export function stateRoot(alloc: Alloc): Uint8Array {
  return trieRoot(alloc.map((account) => ({ key: keccak256(account.address), value: encodeAccount(account) })))
}

function readAccount(address: Uint8Array, fields: JsonFields): GenesisAccount {
  const storage = fields.optionalObject('storage')
  return {
    address,
    balance: fields.uint('balance', 256),
    nonce: fields.optionalUint('nonce') ?? 0n,
    code: fields.optionalBytes('code') ?? new Uint8Array(0),
    storage: storage ? Array.from(storage.entries(32), ([slot, value, path]) => [slot, toWord(value, path)]) : [],
  }
}

function encodeAccount({ nonce, balance, storage, code }: GenesisAccount): Uint8Array {
  return encodeRlp([nonce, balance, storageRoot(storage), keccak256(code)])
}

/** A slot of zero is a slot that is not there. */
function storageRoot(storage: GenesisAccount['storage']): Uint8Array {
  const entries = storage.map(([slot, value]) => ({ key: keccak256(slot), value: trimZeros(value) }))
  return trieRoot(
    entries.filter(({ value }) => value.length > 0).map(({ key, value }) => ({ key, value: encodeRlp(value) })),
  )
}

function trimZeros(word: Uint8Array): Uint8Array {
  const start = word.findIndex((byte) => byte !== 0)
  return start < 0 ? word.subarray(word.length) : word.subarray(start)
}
