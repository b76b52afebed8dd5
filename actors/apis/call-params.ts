import { checksumAddress } from '../../protocols/chain/checksum-address.ts'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import { JsonNames } from '../../protocols/lib/json-names.ts'
import type { CallArgs } from '../execution/methods/call-args.ts'
import type { AccountOverride, BlockOverrides, StateOverrides } from '../execution/methods/overrides.ts'
import type { Simulation } from '../execution/methods/simulate.ts'
import {
  address,
  bigQuantity,
  boolean,
  bytes,
  fixedBytes,
  hash,
  inSteps,
  optional,
  type Param,
  ParamError,
  quantity,
  readSteps,
  required,
  unfit,
} from '../rpc/params.ts'
import { completeStruct, listOf, struct } from '../rpc/struct-params.ts'
import { withdrawals } from './engine-payload.ts'

// What is called, and on what (geth internal/ethapi `TransactionArgs`, internal/ethapi/override).

const accessTuple = completeStruct(
  'types.AccessTuple',
  { address: optional(address), storageKeys: listOf(hash, '[]common.Hash') },
  ['address', 'storageKeys'],
)

/** A JSON that is 0 or 1 (geth `yParityJSON`). */
const yParity: Param<bigint> = required((json) => {
  const value = quantity.read(json)
  if (value > 1n) throw new ParamError('yParity must be 0 or 1')
  return value
})

const authorization = completeStruct(
  'types.SetCodeAuthorization',
  {
    chainId: optional(bigQuantity),
    address: optional(address),
    nonce: optional(quantity),
    yParity: optional(yParity),
    r: optional(bigQuantity),
    s: optional(bigQuantity),
  },
  ['chainId', 'address', 'nonce', 'yParity', 'r', 's'],
)

/** `ethapi.TransactionArgs` */
export const callArgs = struct('ethapi.TransactionArgs', {
  from: optional(address),
  to: optional(address),
  gas: optional(quantity),
  gasPrice: optional(bigQuantity),
  maxFeePerGas: optional(bigQuantity),
  maxPriorityFeePerGas: optional(bigQuantity),
  value: optional(bigQuantity),
  nonce: optional(quantity),
  data: optional(bytes),
  input: optional(bytes),
  accessList: optional(listOf(accessTuple, 'types.AccessList')),
  chainId: optional(bigQuantity),
  maxFeePerBlobGas: optional(bigQuantity),
  blobVersionedHashes: listOf(hash, '[]common.Hash'),
  authorizationList: listOf(authorization, '[]types.SetCodeAuthorization'),
}) as Param<CallArgs>

const slots = mapOf(32, 'common.Hash', {
  isOptional: false,
  read: (json) => bytesToHex(fixedBytes(json, 32, 'common.Hash')),
})

const accountFields = {
  nonce: optional(quantity),
  code: optional(bytes),
  balance: optional(bigQuantity),
  state: optional(slots),
  stateDiff: optional(slots),
  movePrecompileToAddress: optional(address),
}
const accountOverride = struct('override.OverrideAccount', accountFields) as Param<AccountOverride>

export const stateOverrides: Param<StateOverrides> = mapOf(20, 'common.Address', accountOverride)

const blockFields = {
  number: optional(bigQuantity),
  difficulty: optional(bigQuantity),
  time: optional(quantity),
  gasLimit: optional(quantity),
  feeRecipient: optional(address),
  prevRandao: optional(hash),
  baseFeePerGas: optional(bigQuantity),
  blobBaseFee: optional(bigQuantity),
  beaconRoot: optional(hash),
  withdrawals,
}
export const blockOverrides = struct('override.BlockOverrides', blockFields) as Param<BlockOverrides>

/** `ethapi.simOpts`: here, an unknown field of an override is refused. */
export const simulation = struct('ethapi.simOpts', {
  blockStateCalls: listOf(
    struct('ethapi.simBlock', {
      blockOverrides: optional(strict(blockFields, 'block override', blockOverrides)),
      stateOverrides: optional(
        mapOf(20, 'common.Address', accountOverride, (json, key) =>
          checkKeys(json, accountFields, `state override for ${checksumAddress(hexToBytes(key))}`),
        ),
      ),
      calls: listOf(callArgs, '[]ethapi.TransactionArgs'),
    }),
    '[]ethapi.simBlock',
  ),
  traceTransfers: optional(boolean),
  validation: optional(boolean),
  returnFullTransactions: optional(boolean),
}) as Param<Simulation>

function strict<T>(fields: Readonly<Record<string, unknown>>, what: string, param: Param<T>): Param<T> {
  return inSteps(function* (json) {
    checkKeys(json, fields, what)
    return yield* readSteps(param, json)
  })
}

/** geth `checkOverrideKeys`. */
function checkKeys(json: unknown, fields: Readonly<Record<string, unknown>>, what: string): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return
  const names = new JsonNames(Object.keys(fields))
  const seen = new Map<string, string>()
  for (const key of Object.keys(json).sort()) {
    const name = names.of(key)
    if (name === undefined) throw new ParamError(`unknown field ${JSON.stringify(key)} in ${what}`)
    const before = seen.get(name)
    if (before !== undefined)
      throw new ParamError(`keys ${JSON.stringify(before)} and ${JSON.stringify(key)} in ${what} name the same field`)
    seen.set(name, key)
  }
}

/**
 * An object whose keys are bytes in hex.
 * @param length of a key
 * @returns values by the key's digits, without 0x
 */
export function mapOf<Value>(
  length: number,
  type: string,
  value: Param<Value>,
  check: (json: unknown, key: string) => void = () => {},
): Param<ReadonlyMap<string, Value>> {
  return inSteps(function* (json) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw unfit(json, `map[${type}]`)
    const read = new Map<string, Value>()
    for (const [key, item] of Object.entries(json)) {
      const digits = bytesToHex(fixedBytes(key, length, type))
      check(item, digits)
      read.set(digits, yield* readSteps(value, item))
      if (read.size % 128 === 0) yield
    }
    return read
  })
}
