import { Account, Address } from '@ethereumjs/util'
import type { Withdrawal } from '../../../protocols/chain/block.ts'
import { checksumAddress } from '../../../protocols/chain/checksum-address.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { RpcError } from '../../rpc/rpc-error.ts'
import type { BlockContext, Environment } from './environment.ts'

// What a caller wants to be otherwise (geth internal/ethapi/override). BOUNDED: by the request.

/** By the address, hex digits without 0x. */
export type StateOverrides = ReadonlyMap<string, AccountOverride>

/** Slots and values are hex digits of 32 bytes, without 0x. */
export type AccountOverride = {
  readonly nonce?: bigint | undefined
  readonly code?: Uint8Array | undefined
  readonly balance?: bigint | undefined
  readonly state?: ReadonlyMap<string, string> | undefined
  readonly stateDiff?: ReadonlyMap<string, string> | undefined
  readonly movePrecompileToAddress?: Uint8Array | undefined
}

export type BlockOverrides = {
  readonly number?: bigint | undefined
  readonly difficulty?: bigint | undefined
  readonly time?: bigint | undefined
  readonly gasLimit?: bigint | undefined
  readonly feeRecipient?: Uint8Array | undefined
  readonly prevRandao?: Uint8Array | undefined
  readonly baseFeePerGas?: bigint | undefined
  readonly blobBaseFee?: bigint | undefined
  readonly beaconRoot?: Uint8Array | undefined
  readonly withdrawals?: readonly Withdrawal[] | undefined
}

/** @throws {RpcError} overrides that exclude each other */
export async function applyOverrides(environment: Environment, overrides: StateOverrides = new Map()): Promise<void> {
  const taken = new Set<string>()
  for (const [address, override] of [...overrides].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = hexToBytes(address)
    if (taken.has(address))
      throw new RpcError(`account ${checksumAddress(bytes)} has already been overridden by a precompile`)
    movePrecompile(environment, address, override, overrides, taken)
    await overrideAccount(environment, bytes, override)
  }
  await environment.evm.journal.cleanup()
}

/** @returns the context as the caller wants it @throws {RpcError} what only a whole block has */
export function overrideContext(context: BlockContext, overrides: BlockOverrides = {}): BlockContext {
  if (overrides.beaconRoot) throw new RpcError('block override "beaconRoot" is not supported for this RPC method')
  if (overrides.withdrawals) throw new RpcError('block override "withdrawals" is not supported for this RPC method')
  return {
    ...context,
    number: overrides.number ?? context.number,
    difficulty: overrides.difficulty ?? context.difficulty,
    time: overrides.time ?? context.time,
    gasLimit: overrides.gasLimit ?? context.gasLimit,
    coinbase: overrides.feeRecipient ?? context.coinbase,
    random: overrides.prevRandao ?? context.random,
    baseFee: overrides.baseFeePerGas ?? context.baseFee,
    blobBaseFee: overrides.blobBaseFee ?? context.blobBaseFee,
  }
}

/** An override of a precompile takes it away; it may go elsewhere. */
function movePrecompile(
  { evm }: Environment,
  address: string,
  { movePrecompileToAddress: to }: AccountOverride,
  overrides: StateOverrides,
  taken: Set<string>,
): void {
  const precompile = evm.precompiles.get(address)
  if (to) {
    const [from, target] = [hexToBytes(address), bytesToHex(to)]
    if (!precompile) throw new RpcError(`account ${checksumAddress(from)} is not a precompile`)
    if (overrides.has(target)) throw new RpcError(`account ${checksumAddress(to)} is already overridden`)
    evm.precompiles.set(target, precompile)
    taken.add(target)
  }
  evm.precompiles.delete(address)
}

async function overrideAccount(
  { evm, state }: Environment,
  bytes: Uint8Array,
  override: AccountOverride,
): Promise<void> {
  const address = new Address(bytes)
  const { nonce, balance, code, state: slots, stateDiff } = override
  if (slots && stateDiff) throw new RpcError(`account ${checksumAddress(bytes)} has both 'state' and 'stateDiff'`)
  const account = (await state.getAccount(address)) ?? new Account()
  if (nonce !== undefined) account.nonce = nonce
  if (balance !== undefined) account.balance = balance
  await evm.journal.putAccount(address, account)
  if (code) await state.putCode(address, code)
  if (slots) await state.clearStorage(address)
  for (const [slot, value] of slots ?? stateDiff ?? [])
    await state.putStorage(address, hexToBytes(slot), trimmed(value))
}

/** The library keeps values as the trie has them. */
function trimmed(digits: string): Uint8Array {
  const bytes = hexToBytes(digits)
  const start = bytes.findIndex((byte) => byte !== 0)
  return start < 0 ? new Uint8Array(0) : bytes.subarray(start)
}
