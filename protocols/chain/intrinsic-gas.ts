import { type ChainConfig, isBlockForkActive, isTimeForkActive } from './chain-config.ts'
import type { AccessTuple } from './transaction-fields.ts'

// What a transaction pays before anything of it is executed, and at least (geth core/state_transition.go).

/** Which prices hold: each from the fork that brought it. */
export type GasRules = {
  readonly isHomestead: boolean
  /** EIP-2028 */
  readonly isIstanbul: boolean
  /** EIP-3860 */
  readonly isShanghai: boolean
  /** EIP-7702 */
  readonly isPrague: boolean
  /** EIP-2780, EIP-7976, EIP-7981, EIP-8037 */
  readonly isAmsterdam: boolean
}

/** As far as its price goes. `from` is 20 bytes, and so is `to`, but of what makes a contract. */
export type PricedMessage = {
  readonly from: Uint8Array
  readonly to: Uint8Array | undefined
  readonly value: bigint
  readonly data: Uint8Array
  readonly accessList?: readonly AccessTuple[] | undefined
  readonly authorizations?: readonly unknown[] | undefined
}

export function gasRules(config: ChainConfig, at: { readonly number: bigint; readonly time: bigint }): GasRules {
  return {
    isHomestead: isBlockForkActive(config, 'homestead', at.number),
    isIstanbul: isBlockForkActive(config, 'istanbul', at.number),
    isShanghai: isTimeForkActive(config, 'shanghai', at),
    isPrague: isTimeForkActive(config, 'prague', at),
    isAmsterdam: isTimeForkActive(config, 'amsterdam', at),
  }
}

/** @returns what is paid before execution; without authorizations where the fork has none */
export function intrinsicGas(rules: GasRules, message: PricedMessage): number {
  const { to, data, accessList = [], authorizations = [] } = message
  const { zeros, others } = countBytes(data)
  const initCode = to === undefined && rules.isShanghai ? gas.initCodeWord * Math.ceil(data.length / 32) : 0
  const keys = countKeys(accessList)
  const perAddress = rules.isAmsterdam ? gas.amsterdamAddress + 20 * gas.amsterdamByte : gas.address
  const perKey = rules.isAmsterdam ? gas.amsterdamKey + 32 * gas.amsterdamByte : gas.key
  return (
    baseGas(rules, message) +
    zeros * gas.zeroByte +
    others * (rules.isIstanbul ? gas.byte : gas.frontierByte) +
    initCode +
    accessList.length * perAddress +
    keys * perKey +
    authorizations.length * authorizationGas(rules)
  )
}

/** @returns the least that is paid: by the bytes of the data (EIP-7623), since Amsterdam of the access list, too (EIP-7981) */
export function floorGas(rules: GasRules, message: PricedMessage): number {
  const { data, accessList = [] } = message
  if (!rules.isAmsterdam) {
    const { zeros, others } = countBytes(data)
    return rules.isPrague ? gas.base + gas.floorToken * (zeros + tokensPerByte * others) : 0
  }
  const listed = 20 * accessList.length + 32 * countKeys(accessList)
  return baseGas(rules, message) + gas.amsterdamByte * (data.length + listed)
}

function baseGas({ isHomestead, isAmsterdam }: GasRules, { from, to, value }: PricedMessage): number {
  if (!isAmsterdam) return to === undefined && isHomestead ? gas.create : gas.base
  if (to === undefined) return gas.amsterdamBase + gas.createAccess
  if (to.every((byte, i) => byte === from[i])) return gas.amsterdamBase
  return gas.amsterdamBase + gas.coldAccount + (value > 0n ? gas.transfer : 0)
}

/** EIP-7702; EIP-8037. */
const authorizationGas = ({ isPrague, isAmsterdam }: GasRules) =>
  isAmsterdam ? gas.amsterdamAuthorization : isPrague ? gas.newAccount : 0

const countKeys = (accessList: readonly AccessTuple[]) =>
  accessList.reduce((sum, { storageKeys }) => sum + storageKeys.length, 0)

function countBytes(data: Uint8Array): { readonly zeros: number; readonly others: number } {
  let zeros = 0
  for (const byte of data) if (byte === 0) zeros++
  return { zeros, others: data.length - zeros }
}

/** EIP-7623. */
const tokensPerByte = 4
/** geth params/protocol_params.go. */
const gas = {
  base: 21_000,
  create: 53_000,
  zeroByte: 4,
  frontierByte: 68,
  byte: 16,
  initCodeWord: 2,
  address: 2_400,
  key: 1_900,
  newAccount: 25_000,
  floorToken: 10,
  amsterdamBase: 12_000,
  createAccess: 12_000,
  coldAccount: 3_000,
  transfer: 6_000,
  amsterdamAddress: 2_900,
  amsterdamKey: 2_000,
  /** Four tokens of 16 for each byte, whatever it is (EIP-7976). */
  amsterdamByte: 64,
  amsterdamAuthorization: 7_816,
} as const
