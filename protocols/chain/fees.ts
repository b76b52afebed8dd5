import type { HeaderFields } from './header.ts'

// What the next block costs, by EIP-1559 and EIP-4844 (geth consensus/misc/eip1559, eip4844). In wei.

/** @returns the base fee of the block on `parent`, which has one itself */
export function nextBaseFee({
  baseFee,
  gasLimit,
  gasUsed,
}: Pick<HeaderFields, 'gasLimit' | 'gasUsed'> & { readonly baseFee: bigint }): bigint {
  const target = gasLimit / elasticityMultiplier
  if (gasUsed === target) return baseFee
  const change = (off: bigint) => (off * baseFee) / target / baseFeeChangeDenominator
  if (gasUsed < target) return baseFee - change(target - gasUsed)
  const increase = change(gasUsed - target)
  return baseFee + (increase > 0n ? increase : 1n)
}

/** How many times its target a block may use (EIP-1559). */
export const elasticityMultiplier = 2n
/** Of the first block with one (EIP-1559). */
export const initialBaseFee = 1_000_000_000n

/**
 * @param updateFraction of the fork that the block is in
 * @returns undefined beyond 256 bits, where no chain that checks its headers gets: the sum would take for ever
 */
export function blobBaseFee(excessBlobGas: bigint, updateFraction: bigint): bigint | undefined {
  if (excessBlobGas / updateFraction >= maxExponent) return undefined
  let output = 0n
  let term = minBlobBaseFee * updateFraction
  for (let i = 1n; term > 0n; i++) {
    output += term
    term = (term * excessBlobGas) / updateFraction / i
  }
  return output / updateFraction
}

/** What the chain's rules say of blobs in a block; `hasReservePrice` from Osaka on (EIP-7918). */
export type BlobRules = {
  readonly target: bigint
  readonly max: bigint
  readonly baseFeeUpdateFraction: bigint
  readonly hasReservePrice: boolean
}

/** @returns the excess blob gas of the block on `parent`, by the rules that hold in that block; sums wrap as uint64 do */
export function nextExcessBlobGas(
  { target, max, baseFeeUpdateFraction, hasReservePrice }: BlobRules,
  parent: Pick<HeaderFields, 'baseFee' | 'blobGasUsed' | 'excessBlobGas'>,
): bigint {
  const { baseFee = 0n, blobGasUsed = 0n, excessBlobGas = 0n } = parent
  const sum = BigInt.asUintN(64, excessBlobGas + blobGasUsed)
  const targetGas = target * blobGasPerBlob
  if (sum < targetGas) return 0n
  const blobPrice = hasReservePrice ? blobBaseFee(excessBlobGas, baseFeeUpdateFraction) : undefined
  if (blobPrice !== undefined && blobBaseCost * baseFee > blobPrice * blobGasPerBlob)
    // Where no blob fits, none was used.
    return BigInt.asUintN(64, excessBlobGas + (blobGasUsed * (max - target)) / (max || 1n))
  return sum - targetGas
}

/** EIP-4844. */
export const blobGasPerBlob = 131_072n
/** EIP-7918: gas of executing that a blob shall cost at least. */
const blobBaseCost = 8_192n
const baseFeeChangeDenominator = 8n
const minBlobBaseFee = 1n
/** e to the power of 178 is above 2^256. */
const maxExponent = 178n
