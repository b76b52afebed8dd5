import { contractAddress } from '../../../protocols/chain/account.ts'
import { blobParams, type ChainConfig } from '../../../protocols/chain/chain-config.ts'
import { blobBaseFee, blobGasPerBlob } from '../../../protocols/chain/fees.ts'
import type { Header } from '../../../protocols/chain/header.ts'
import { bloomOf, type Receipt } from '../../../protocols/chain/receipt.ts'
import type { Transaction } from '../../../protocols/chain/transaction-fields.ts'
import { data, optionalData, quantity } from '../../rpc/json/hex.ts'
import { logJson } from './log.ts'
import { gasPricePaid } from './transaction.ts'

/** A transaction and what it did. */
export type Outcome = {
  readonly tx: Transaction
  /** 20 bytes */
  readonly from: Uint8Array
  /** In the block, as `firstLog`. */
  readonly index: number
  readonly receipt: Receipt
  readonly gasUsed: bigint
  readonly firstLog: number
}

/** By the names, and in the order, of geth's `MarshalReceipt`. */
export function receiptJson(config: ChainConfig, header: Header, outcome: Outcome): Record<string, unknown> {
  const { tx, from, index, receipt, gasUsed, firstLog } = outcome
  const place = { header, txHash: tx.hash, txIndex: index }
  return {
    ...blobFields(config, header, tx),
    blockHash: data(header.hash),
    blockNumber: quantity(header.number),
    contractAddress: tx.to ? null : data(contractAddress(from, tx.nonce)),
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    effectiveGasPrice: quantity(gasPricePaid(tx, header.baseFee)),
    from: data(from),
    gasUsed: quantity(gasUsed),
    logs: Array.from(receipt.logs, (log, i) => logJson(log, { ...place, index: firstLog + i })),
    logsBloom: data(receipt.logsBloom ?? bloomOf(receipt.logs)),
    ...(receipt.root ? { root: data(receipt.root) } : { status: quantity(receipt.status ?? 0) }),
    to: optionalData(tx.to) ?? null,
    transactionHash: data(tx.hash),
    transactionIndex: quantity(index),
    type: quantity(tx.type),
  }
}

function blobFields(config: ChainConfig, header: Header, tx: Transaction): Record<string, string> {
  if (!tx.blobVersionedHashes) return {}
  const params = blobParams(config, header)
  const price = params && blobBaseFee(header.excessBlobGas ?? 0n, params.baseFeeUpdateFraction)
  return {
    blobGasPrice: quantity(price ?? 0n),
    blobGasUsed: quantity(BigInt(tx.blobVersionedHashes.length) * blobGasPerBlob),
  }
}
