import type { Header } from '../../../protocols/chain/header.ts'
import {
  type AccessTuple,
  type Authorization,
  legacyChainId,
  type Transaction,
} from '../../../protocols/chain/transaction-fields.ts'
import { data, optionalData, optionalQuantity, quantity } from '../../rpc/json/hex.ts'

/** Where a transaction stands; `index` counts from 0. */
export type Inclusion = { readonly header: Header; readonly index: number }

/**
 * By the names, and in the order, of geth's `RPCTransaction`; what the type does not have is left out.
 * @param from 20 bytes
 * @param inclusion undefined while it waits in a pool
 */
export function transactionJson(tx: Transaction, from: Uint8Array, inclusion?: Inclusion): Record<string, unknown> {
  const { header, index } = inclusion ?? {}
  return {
    blockHash: optionalData(header?.hash) ?? null,
    blockNumber: optionalQuantity(header?.number) ?? null,
    blockTimestamp: optionalQuantity(header?.time) ?? null,
    from: data(from),
    gas: quantity(tx.gas),
    gasPrice: quantity(header ? gasPricePaid(tx, header.baseFee) : (tx.gasPrice ?? tx.maxFeePerGas ?? 0n)),
    maxFeePerGas: optionalQuantity(tx.maxFeePerGas),
    maxPriorityFeePerGas: optionalQuantity(tx.maxPriorityFeePerGas),
    maxFeePerBlobGas: optionalQuantity(tx.maxFeePerBlobGas),
    hash: data(tx.hash),
    input: data(tx.data),
    nonce: quantity(tx.nonce),
    to: optionalData(tx.to) ?? null,
    transactionIndex: index === undefined ? null : quantity(index),
    value: quantity(tx.value),
    type: quantity(tx.type),
    accessList: tx.accessList?.map(tupleJson),
    chainId: optionalQuantity(tx.type === 0 ? legacyChainId(tx.v) : tx.chainId),
    blobVersionedHashes: tx.blobVersionedHashes?.length ? tx.blobVersionedHashes.map(data) : undefined,
    authorizationList: tx.authorizationList?.length ? tx.authorizationList.map(authorizationJson) : undefined,
    v: quantity(tx.v),
    r: quantity(tx.r),
    s: quantity(tx.s),
    yParity: tx.type === 0 ? undefined : quantity(tx.v > 0n ? 1 : 0),
  }
}

/** What a unit of gas cost in the block (EIP-1559). */
export function gasPricePaid(tx: Transaction, baseFee: bigint | undefined): bigint {
  const { gasPrice, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = tx
  if (gasPrice !== undefined) return gasPrice
  const offered = baseFee === undefined ? maxFeePerGas : baseFee + maxPriorityFeePerGas
  if (offered < maxFeePerGas) return offered
  return maxFeePerGas
}

const tupleJson = ({ address, storageKeys }: AccessTuple) => ({
  address: data(address),
  storageKeys: storageKeys.map(data),
})

const authorizationJson = ({ chainId, address, nonce, yParity, r, s }: Authorization) => ({
  chainId: quantity(chainId),
  address: data(address),
  nonce: quantity(nonce),
  yParity: quantity(yParity),
  r: quantity(r),
  s: quantity(s),
})
