import type { Header } from '../../protocols/chain/header.ts'
import type { KeyValueStore } from './key-value-store.ts'
import { decodeNumber, keys } from './schema.ts'
import { CorruptDatabase } from './store.ts'
import { tryDecodeHeader } from './stored-chain.ts'

/** The blocks of a database, canonical or not, by their hashes of 32 bytes. Reads are synchronous. */
export class BlockReader {
  readonly #store: KeyValueStore
  readonly #name: string

  /** @param name of the database, in errors */
  constructor(store: KeyValueStore, name: string) {
    this.#store = store
    this.#name = name
  }

  /** @throws {CorruptDatabase} its bytes are no header */
  header(hash: Uint8Array): Header | undefined {
    const number = this.#numberOf(hash)
    return number === undefined ? undefined : this.headerAt(number, hash)
  }

  /** As {@link header}, of a block whose number is known. */
  headerAt(number: bigint, hash: Uint8Array): Header | undefined {
    const raw = this.#store.get(keys.header(number, hash))
    const header = raw && tryDecodeHeader(raw)
    if (raw && header === undefined) throw new CorruptDatabase(this.#name, `block ${number} is damaged`)
    return header
  }

  has(hash: Uint8Array): boolean {
    return this.#numberOf(hash) !== undefined
  }

  body(hash: Uint8Array): Uint8Array | undefined {
    return this.#get(keys.body, hash)
  }

  accessList(hash: Uint8Array): Uint8Array | undefined {
    return this.#get(keys.accessList, hash)
  }

  receipts(hash: Uint8Array): Uint8Array | undefined {
    return this.#get(keys.receipts, hash)
  }

  #get(key: (number: bigint, hash: Uint8Array) => Uint8Array, hash: Uint8Array): Uint8Array | undefined {
    const number = this.#numberOf(hash)
    return number === undefined ? undefined : this.#store.get(key(number, hash))
  }

  #numberOf(hash: Uint8Array): bigint | undefined {
    const bytes = this.#store.get(keys.number(hash))
    return bytes && decodeNumber(bytes)
  }
}
