import { type BlobSidecar, cellProofsPerBlob, findMismatch } from './blob-sidecar.ts'
import { type ChainConfig, isBlockForkActive, isTimeForkActive } from './chain-config.ts'
import { blobGasPerBlob } from './fees.ts'
import type { Header } from './header.ts'
import { floorGas, gasRules, intrinsicGas } from './intrinsic-gas.ts'
import { noFunds, PoolError } from './pool-error.ts'
import { signerAt } from './signer.ts'
import type { Transaction } from './transaction-fields.ts'
import { checkSignature, recoverSender, SenderError } from './transaction-sender.ts'

// What a pool takes, whatever the state is (geth core/txpool/validation.go, ValidateTransaction): the rules are those of the
// head, checked in geth's order and refused with its sentences.

/** @param size bytes of an envelope, before it is read @throws {PoolError} */
export function checkSize(size: number, type: number): void {
  const limit = type === 3 ? maxBlobTxBytes : maxTxBytes
  if (size > limit) throw new PoolError('oversized', `oversized data: transaction size ${size}, limit ${limit}`)
}

/**
 * @param sidecar of a blob transaction; whether its proofs are right is not looked at
 * @returns the 20-byte address of its sender @throws {PoolError}
 */
export function checkForPool(tx: Transaction, config: ChainConfig, head: Header, sidecar?: SidecarPoints): Uint8Array {
  checkType(tx, config, head)
  checkGas(tx, config, head)
  const { feeCap, tipCap } = feesOf(tx)
  if (feeCap > maxUint256) throw new PoolError('fees', 'max fee per gas higher than 2^256-1')
  if (tipCap > maxUint256) throw new PoolError('fees', 'max priority fee per gas higher than 2^256-1')
  if (feeCap < tipCap) throw new PoolError('fees', 'max priority fee per gas higher than max fee per gas')
  const from = senderOf(tx, config, head)
  if (tx.nonce === maxNonce) throw new PoolError('nonce', 'nonce has max value')
  if (tx.value > maxUint256) throw new PoolError('funds', noFunds)
  checkIntrinsic(tx, from, config, head)
  if (tipCap < minTip)
    throw new PoolError(
      'priceTooLow',
      `transaction gas price below minimum: gas tip cap ${tipCap}, minimum needed ${minTip}`,
    )
  if (tx.type === 4 && tx.authorizationList!.length === 0)
    throw new PoolError('type', 'set code tx must have at least one authorization tuple')
  if (tx.type === 3) checkSidecar(tx, sidecar)
  return from
}

/** A sidecar, its blobs apart: eth/72 has their cells come by themselves. */
export type SidecarPoints = Pick<BlobSidecar, 'version' | 'commitments' | 'proofs'>

/** What a transaction offers for a unit of gas, whatever its type. */
export function feesOf({ gasPrice = 0n, maxFeePerGas, maxPriorityFeePerGas }: Fees): {
  readonly feeCap: bigint
  readonly tipCap: bigint
} {
  return { feeCap: maxFeePerGas ?? gasPrice, tipCap: maxPriorityFeePerGas ?? gasPrice }
}

/** @returns the most that it may take from its sender, in wei */
export function costOf(tx: Transaction): bigint {
  const blobGas = BigInt(tx.blobVersionedHashes?.length ?? 0) * blobGasPerBlob
  return tx.gas * feesOf(tx).feeCap + tx.value + blobGas * (tx.maxFeePerBlobGas ?? 0n)
}

type Fees = Pick<Transaction, 'gasPrice' | 'maxFeePerGas' | 'maxPriorityFeePerGas'>

function checkType({ type, to, data }: Transaction, config: ChainConfig, head: Header): void {
  const refuse = (fork: string) => {
    throw new PoolError('type', `transaction type not supported: type ${type} rejected, pool not yet in ${fork}`)
  }
  if (type > 0 && !isBlockForkActive(config, 'berlin', head.number)) refuse('Berlin')
  if (type === 2 && !isBlockForkActive(config, 'london', head.number)) refuse('London')
  if (type === 3 && !isTimeForkActive(config, 'cancun', head)) refuse('Cancun')
  if (type === 4 && !isTimeForkActive(config, 'prague', head)) refuse('Prague')
  const limit = to === undefined ? maxInitCode(config, head) : undefined
  if (limit !== undefined && data.length > limit)
    throw new PoolError('initCode', `max initcode size exceeded: code size ${data.length} limit ${limit}`)
}

/** EIP-3860; EIP-7954. */
function maxInitCode(config: ChainConfig, head: Header): number | undefined {
  if (isTimeForkActive(config, 'amsterdam', head)) return 131_072
  return isTimeForkActive(config, 'shanghai', head) ? 49_152 : undefined
}

function checkGas({ gas }: Transaction, config: ChainConfig, head: Header): void {
  const isAmsterdam = isTimeForkActive(config, 'amsterdam', head)
  const cap = isAmsterdam ? maxTxGasOfAmsterdam : isTimeForkActive(config, 'osaka', head) ? maxTxGas : undefined
  if (cap !== undefined && gas > cap)
    throw new PoolError('gas', `transaction gas limit too high (cap: ${cap}, tx: ${gas})`)
  if (head.gasLimit < gas) throw new PoolError('gas', 'exceeds block gas limit')
}

function senderOf(tx: Transaction, config: ChainConfig, head: Header): Uint8Array {
  try {
    checkSignature(tx, signerAt(config, head))
    return recoverSender(tx)
  } catch (cause) {
    if (!(cause instanceof SenderError)) throw cause
    throw new PoolError('sender', `invalid sender: ${cause.message}`, { cause })
  }
}

function checkIntrinsic(tx: Transaction, from: Uint8Array, config: ChainConfig, head: Header): void {
  const rules = gasRules(config, head)
  const { to, value, data, accessList, authorizationList: authorizations, gas } = tx
  const message = { from, to, value, data, accessList, authorizations }
  const [least, floor] = [intrinsicGas(rules, message), floorGas(rules, message)]
  if (gas < least) throw new PoolError('gas', `intrinsic gas too low: gas ${gas}, minimum needed ${least}`)
  if (gas < floor)
    throw new PoolError('gas', `insufficient gas for floor data gas cost: gas ${gas}, minimum needed ${floor}`)
  if (rules.isAmsterdam && Math.max(least, floor) > Number(maxTxGas))
    throw new PoolError('gas', `insufficient gas for floor data gas cost: intrinsic cost ${least}, floor: ${floor}`)
}

/** geth validateBlobSidecar. */
function checkSidecar(
  { maxFeePerBlobGas = 0n, blobVersionedHashes: hashes = [] }: Transaction,
  sidecar: SidecarPoints | undefined,
): void {
  if (maxFeePerBlobGas < minBlobFee)
    throw new PoolError(
      'priceTooLow',
      `transaction gas price below minimum: blob fee cap ${maxFeePerBlobGas}, minimum needed ${minBlobFee}`,
    )
  if (!sidecar) throw new PoolError('sidecar', 'missing sidecar in blob transaction')
  const mismatch = findMismatch(hashes, sidecar.commitments)
  if (mismatch !== undefined) throw new PoolError('sidecar', mismatch)
  if (hashes.length > maxBlobs)
    throw new PoolError('sidecar', `transaction blob limit exceeded: blob count ${hashes.length}, limit ${maxBlobs}`)
  if (sidecar.version !== 1)
    throw new PoolError('sidecar', `Wrong sidecar format: unexpected sidecar version, want: 1, got: ${sidecar.version}`)
  const [count, wanted] = [sidecar.proofs.length, hashes.length * cellProofsPerBlob]
  if (count !== wanted)
    throw new PoolError('sidecar', `Wrong sidecar format: invalid number of ${count} blob proofs expected ${wanted}`)
  if (hashes.length === 0) throw new PoolError('sidecar', 'blobless blob transaction')
}

/** geth legacypool.go txMaxSize. */
const maxTxBytes = 131_072
/** geth blobpool.go txMaxSize, params.BlobTxMaxBlobs and BlobTxMinBlobGasprice. */
const maxBlobTxBytes = 1_048_576
const maxBlobs = 6
const minBlobFee = 1n
/** EIP-2681. */
export const maxNonce: bigint = 2n ** 64n - 1n
/** EIP-7825; geth params.MaxTxTotalGas. */
export const maxTxGas: bigint = 2n ** 24n
const maxTxGasOfAmsterdam = 2n ** 32n - 1n
/** geth legacypool.DefaultConfig.PriceLimit, in wei. */
const minTip = 1n
const maxUint256 = 2n ** 256n - 1n
