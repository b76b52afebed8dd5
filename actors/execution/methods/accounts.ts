import { getMerkleStateProof, type MerkleStateManager } from '@ethereumjs/statemanager'
import { Address } from '@ethereumjs/util'
import type { Header } from '../../../protocols/chain/header.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { data, quantity } from '../../rpc/json/hex.ts'
import { RpcCode, RpcError } from '../../rpc/rpc-error.ts'
import { type Backend, stateAfter } from './backend.ts'

// What an account has in the state of a block (geth internal/ethapi/api.go). Addresses are 20 bytes.

export async function getBalance(backend: Backend, block: Header, address: Uint8Array): Promise<string> {
  const account = await (await stateAfter(backend, block)).getAccount(new Address(address))
  return quantity(account?.balance ?? 0n)
}

export async function getTransactionCount(backend: Backend, block: Header, address: Uint8Array): Promise<string> {
  const account = await (await stateAfter(backend, block)).getAccount(new Address(address))
  return quantity(account?.nonce ?? 0n)
}

export async function getCode(backend: Backend, block: Header, address: Uint8Array): Promise<string> {
  return data(await (await stateAfter(backend, block)).getCode(new Address(address)))
}

/** @param key hex, as the caller gave it: the state is looked for first, as in geth */
export async function getStorageAt(backend: Backend, block: Header, address: Uint8Array, key: string): Promise<string> {
  const state = await stateAfter(backend, block)
  return data(await slotOf(state, address, readStorageKey(key).key))
}

/** @param requests keys of 32 bytes by the address, hex digits without 0x; null is no key */
export async function getStorageValues(
  backend: Backend,
  block: Header,
  requests: ReadonlyMap<string, readonly Uint8Array[] | undefined>,
): Promise<Record<string, string[]>> {
  let slots = 0
  for (const keys of requests.values()) slots += keys?.length ?? 0
  if (slots > maxStorageSlots) throw new RpcError(`too many slots (max ${maxStorageSlots})`, clientLimitExceeded)
  if (slots === 0) throw new RpcError('empty request', RpcCode.invalidParams)
  const state = await stateAfter(backend, block)
  const values: Record<string, string[]> = {}
  for (const [address, keys] of requests) {
    const slots: string[] = []
    for (const key of keys ?? []) slots.push(data(await slotOf(state, hexToBytes(address), key)))
    values[`0x${address}`] = slots
  }
  return values
}

/** EIP-1186. */
export async function getProof(
  backend: Backend,
  block: Header,
  address: Uint8Array,
  keys: readonly string[],
): Promise<Record<string, unknown>> {
  if (keys.length > maxProofKeys)
    throw new RpcError(
      `too many storage keys requested (max ${maxProofKeys}, got ${keys.length})`,
      RpcCode.invalidParams,
    )
  const slots = keys.map(readStorageKey)
  const state = await stateAfter(backend, block)
  const account = await state.getAccount(new Address(address))
  const proof = await getMerkleStateProof(state, new Address(address), account ? slots.map(({ key }) => key) : [])
  const hasStorage = account !== undefined && proof.storageHash !== emptyRoot
  return {
    address: data(address),
    accountProof: proof.accountProof,
    balance: quantity(account?.balance ?? 0n),
    codeHash: account ? proof.codeHash : zeroHash,
    nonce: quantity(account?.nonce ?? 0n),
    storageHash: account ? proof.storageHash : zeroHash,
    storageProof: slots.map(({ key, length }, i) => ({
      key: length === 32 ? data(key) : quantity(BigInt(data(key))),
      value: hasStorage ? quantity(BigInt(proof.storageProof[i]!.value)) : '0x0',
      proof: hasStorage ? proof.storageProof[i]!.proof : [],
    })),
  }
}

async function slotOf(state: MerkleStateManager, address: Uint8Array, key: Uint8Array): Promise<Uint8Array> {
  return word(await state.getStorage(new Address(address), key))
}

/** @returns 32 bytes with `bytes` at their end */
function word(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(32)
  word.set(bytes, 32 - bytes.length)
  return word
}

/**
 * Takes hex with or without 0x, and of any length up to 32 bytes (geth `decodeStorageKey`).
 * @returns also how many bytes were given
 */
function readStorageKey(text: string): { readonly key: Uint8Array; readonly length: number } {
  const given = /^0x/i.test(text) ? text.slice(2) : text
  const digits = given.length % 2 === 1 ? `0${given}` : given
  const refuse = (reason: string) => new RpcError(`${reason}: ${JSON.stringify(text)}`, RpcCode.invalidParams)
  if (digits.length > 64) throw refuse('storage key too long (want at most 32 bytes)')
  if (!/^[0-9a-f]*$/i.test(digits)) throw refuse('invalid hex in storage key')
  return { key: word(new Uint8Array(Buffer.from(digits, 'hex'))), length: digits.length / 2 }
}

/** geth `maxGetProofKeys`, `maxGetStorageSlots`. */
const maxProofKeys = 1_024
const maxStorageSlots = 1_024
/** execution-apis, eth_simulateV1; geth `errCodeClientLimitExceeded`. */
const clientLimitExceeded = -38026
const zeroHash = `0x${'00'.repeat(32)}`
/** Of a trie with nothing in it. */
const emptyRoot = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'
