import { asBytes, asItem, HashList, LazyList, Uint32List } from '../../protocols/lib/lazy-list.ts'
import { encodeRlp } from '../../protocols/lib/rlp.ts'
import { emptyPayload, encodeDisconnect, type Hello } from '../../protocols/p2p/messages.ts'
import type { SnapRequestName } from '../../protocols/snap/versions.ts'
import {
  isRequestName,
  type SubCap,
  type SubMessageIn,
  type SubMessageName,
  type SubMessageOf,
  type SubRequestName,
} from '../../protocols/sub-protocols.ts'
import { checkFieldNames, checkWhole } from './field-names.ts'
import { type BaseName, type Reason, toReason } from './negotiated-messages.ts'

// Messages as a script writes them.

/**
 * What a message is written from: whole numbers as numbers, lists as arrays, what has a usual value left out. Items of
 * lists are RLP, but for hashes, sizes, proofs, codes and nodes, which are what they are; an array is a list of strings.
 */
export type FieldsOf<N extends SubMessageName, C extends SubCap = SubCap> = Loose<N, SubMessageIn<C, N>>

type Loose<N extends SubMessageName, M> = M extends unknown
  ? { readonly [K in Exclude<keyof M, 'kind' | Usual<N>>]: LooseField<M[K]> } & {
      readonly [K in keyof M & Usual<N>]?: LooseField<M[K]>
    }
  : never
/** An id is the next of the connection's own; nothing is skipped, reversed, or had already; storage is asked for whole. */
type Usual<N extends SubMessageName> = N extends SnapRequestName
  ? 'id' | 'bytes' | (N extends 'GetStorageRanges' ? 'origin' | 'limit' : never)
  : N extends SubRequestName
    ? 'id' | 'skip' | 'reverse' | 'firstBlockReceiptIndex'
    : 'lastBlockIncomplete' | 'mask'
type LooseField<T> = T extends bigint
  ? T | (bigint extends T ? number : never)
  : T extends HashList
    ? HashList | readonly Uint8Array[]
    : T extends Uint32List
      ? Uint32List | readonly number[]
      : T extends LazyList<infer Item>
        ? LazyList<Item> | readonly (Uint8Array | readonly Uint8Array[])[]
        : T

/**
 * @param id for a request that says none
 * @throws {RangeError} a number that is not whole, a hash that is not 32 bytes
 * @throws {TypeError} a field that the message does not have, or one that it lacks
 */
export function toMessage<N extends SubMessageName>(name: N, fields: object, id: () => bigint): SubMessageOf<N> {
  const known = checkFieldNames(name, fields)
  const given = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, toField(key, value)]))
  const usual = Object.fromEntries(usualFields.filter(([key]) => known.includes(key)))
  const message = {
    ...usual,
    ...(isRequestName(name) && { id: given.id ?? id() }),
    ...(name === 'GetStorageRanges' && wholeStorage),
    ...given,
    kind: name,
  }
  checkWhole(name, message)
  return message as never
}

/**
 * @param usual what is said where `fields` says nothing
 * @throws {TypeError} a field that Hello does not have, or one that is undefined
 */
export function toHello(usual: Hello, fields: Partial<Hello> = {}): Hello {
  checkFieldNames('Hello', fields)
  const hello = { ...usual, ...fields }
  checkWhole('Hello', hello)
  return hello
}

/**
 * @returns the payload of any other message of the base protocol
 * @throws {TypeError} a field that it does not have, or one that it lacks; no reason has that name
 */
export function toBasePayload(name: Exclude<BaseName, 'Hello'>, fields: object): Uint8Array {
  checkFieldNames(name, fields)
  checkWhole(name, fields)
  return name === 'Disconnect' ? encodeDisconnect(toReason((fields as { reason: Reason }).reason)) : emptyPayload
}

function toField(key: string, value: unknown): unknown {
  if (typeof value === 'number') return key === 'version' ? value : BigInt(value)
  if (!Array.isArray(value)) return value
  if (key === 'hashes' || key === 'accountHashes') return HashList.of(value)
  if (key === 'sizes') return Uint32List.of(value)
  if (stringLists.has(key)) return LazyList.of(value.map(encodeRlp), asBytes)
  return LazyList.of(
    value.map((item) => (Array.isArray(item) ? encodeRlp(item) : item)),
    asItem,
  )
}

/** What is a list of byte strings. */
const stringLists = new Set(['proof', 'codes', 'nodes'])
/** `bytes`: what geth asks for at most. */
const usualFields = Object.entries({
  ...{ skip: 0n, reverse: false, firstBlockReceiptIndex: 0n, bytes: 512n * 1024n },
  lastBlockIncomplete: false,
})
const wholeStorage = { origin: new Uint8Array(0), limit: new Uint8Array(0) }
