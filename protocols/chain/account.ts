import { equalBytes } from '../lib/bytes.ts'
import { fixed, readFields, writeFields } from '../lib/fields.ts'
import { keccak256 } from '../lib/keccak.ts'
import { encodeRlp, RlpError, type RlpItem, type RlpReader } from '../lib/rlp.ts'

/** An account as the state trie has it (Yellow Paper 4.1). */
export type Account = {
  readonly nonce: bigint
  /** wei */
  readonly balance: bigint
  /** Of its storage trie. */
  readonly storageRoot: Uint8Array
  readonly codeHash: Uint8Array
}

/** Of no code. */
export const emptyCodeHash: Uint8Array = keccak256(new Uint8Array(0))
/** Of a trie with nothing in it. */
export const emptyRoot: Uint8Array = keccak256(encodeRlp(new Uint8Array(0)))

/** What a state that does not have an account says of it. */
export const noAccount: Account = { nonce: 0n, balance: 0n, storageRoot: emptyRoot, codeHash: emptyCodeHash }

/**
 * Reads the slim form, which leaves an empty storage root and code hash out (caps/snap.md, "Slim" account).
 * @throws {RlpError} it is no account
 */
export function readSlimAccount(item: RlpItem): Account {
  return readFields(item, (fields) => ({
    nonce: fields.uint(),
    balance: fields.uint(32),
    storageRoot: hashOr(fields, emptyRoot),
    codeHash: hashOr(fields, emptyCodeHash),
  }))
}

/** @throws {RangeError} a hash of ours that has not 32 bytes */
export function encodeSlimAccount({ nonce, balance, storageRoot, codeHash }: Account): Uint8Array {
  return writeFields(nonce, balance, omit(storageRoot, emptyRoot), omit(codeHash, emptyCodeHash))
}

/** @returns the account as it stands in the trie @throws {RangeError} as {@link encodeSlimAccount} */
export function encodeAccount({ nonce, balance, storageRoot, codeHash }: Account): Uint8Array {
  return writeFields(nonce, balance, fixed(storageRoot, 32), fixed(codeHash, 32))
}

function hashOr(fields: RlpReader, whenEmpty: Uint8Array): Uint8Array {
  const bytes = fields.bytes()
  if (bytes.length === 0) return whenEmpty
  if (bytes.length !== 32) throw new RlpError(`expected 32 bytes or none, got ${bytes.length}`)
  return bytes
}

const omit = (hash: Uint8Array, empty: Uint8Array): Uint8Array =>
  equalBytes(fixed(hash, 32), empty) ? new Uint8Array(0) : hash

/** @returns the 20-byte address of the contract that a transaction makes: Yellow Paper, section 7 */
export const contractAddress = (sender: Uint8Array, nonce: bigint): Uint8Array =>
  keccak256(encodeRlp([sender, nonce])).subarray(12)
