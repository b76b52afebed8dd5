import type { AccessTuple, Authorization } from '../../../protocols/chain/transaction-fields.ts'
import { RpcError } from '../../rpc/rpc-error.ts'
import { blobCreate, type Message, setCodeCreate } from './message.ts'

/** What a caller gives of a transaction (geth `TransactionArgs`). */
export type CallArgs = {
  readonly from?: Uint8Array | undefined
  readonly to?: Uint8Array | undefined
  readonly gas?: bigint | undefined
  readonly gasPrice?: bigint | undefined
  readonly maxFeePerGas?: bigint | undefined
  readonly maxPriorityFeePerGas?: bigint | undefined
  readonly value?: bigint | undefined
  readonly nonce?: bigint | undefined
  readonly data?: Uint8Array | undefined
  /** Before `data`. */
  readonly input?: Uint8Array | undefined
  readonly accessList?: readonly AccessTuple[] | undefined
  readonly chainId?: bigint | undefined
  readonly maxFeePerBlobGas?: bigint | undefined
  readonly blobVersionedHashes?: readonly Uint8Array[] | undefined
  readonly authorizationList?: readonly Authorization[] | undefined
}

export type CallDefaults = {
  /** Most that a call gets, and what it gets without a number of its own. */
  readonly gas: bigint
  readonly baseFee: bigint | undefined
  readonly chainId: bigint
}

/** @returns what is executed (geth `CallDefaults`, `ToMessage`) @throws {RpcError} fields that exclude each other */
export function toMessage(args: CallArgs, { gas, baseFee, chainId }: CallDefaults): Message {
  const { to, gasPrice, maxFeePerGas, maxPriorityFeePerGas } = args
  if (gasPrice !== undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined))
    throw new RpcError('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified')
  if (!to && args.blobVersionedHashes) throw new RpcError(blobCreate)
  if (!to && args.authorizationList) throw new RpcError(setCodeCreate)
  if (args.chainId !== undefined && args.chainId !== chainId)
    throw new RpcError(`chainId does not match node's (have=${args.chainId}, want=${chainId})`)
  if (baseFee === undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined))
    throw new RpcError('maxFeePerGas and maxPriorityFeePerGas are not valid before London is active')
  return {
    from: args.from ?? noAddress,
    to,
    nonce: args.nonce ?? 0n,
    value: args.value ?? 0n,
    gasLimit: args.gas === undefined || args.gas > gas ? gas : args.gas,
    ...feesOf(args, baseFee),
    data: args.input ?? args.data ?? new Uint8Array(0),
    accessList: args.accessList,
    blobFeeCap: args.maxFeePerBlobGas ?? (args.blobVersionedHashes && 0n),
    blobHashes: args.blobVersionedHashes,
    authorizations: args.authorizationList,
  }
}

/** geth `checkBlobFeeCap`: of eth_call and its like. @throws {RpcError} */
export function checkBlobFee({ maxFeePerBlobGas, blobVersionedHashes }: CallArgs): void {
  if (maxFeePerBlobGas !== undefined && !blobVersionedHashes?.length)
    throw new RpcError('maxFeePerBlobGas specified without blobVersionedHashes')
}

type Fees = Pick<Message, 'gasPrice' | 'gasFeeCap' | 'gasTipCap'>

function feesOf(
  { gasPrice, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n }: CallArgs,
  baseFee: bigint | undefined,
): Fees {
  if (gasPrice !== undefined || baseFee === undefined) {
    const price = gasPrice ?? 0n
    return { gasPrice: price, gasFeeCap: price, gasTipCap: price }
  }
  const isFree = maxFeePerGas === 0n && maxPriorityFeePerGas === 0n
  const offered = isFree ? 0n : baseFee + maxPriorityFeePerGas
  return {
    gasPrice: offered < maxFeePerGas ? offered : maxFeePerGas,
    gasFeeCap: maxFeePerGas,
    gasTipCap: maxPriorityFeePerGas,
  }
}

const noAddress = new Uint8Array(20)
