import { decodeBody } from '../../../protocols/chain/block.ts'
import { decodeHeader } from '../../../protocols/chain/header.ts'
import { txEnvelope } from '../../../protocols/chain/transaction.ts'
import { data, optionalQuantity, quantity } from '../../rpc/json/hex.ts'
import { withdrawalJson } from './block.ts'

/** A block that was built: RLP of its parts. */
export type PayloadBlock = {
  readonly header: Uint8Array
  readonly body: Uint8Array
  /** A type and its data each (EIP-7685). */
  readonly requests: readonly Uint8Array[] | undefined
  readonly accessList: Uint8Array | undefined
  /** In wei. */
  readonly value: bigint
}

/** What goes beside the blobs of a block (`BlobsBundleV1` and `V2`). */
export type BlobsBundle = {
  readonly commitments: readonly Uint8Array[]
  readonly proofs: readonly Uint8Array[]
  readonly blobs: readonly Uint8Array[]
}

/** By the names, and in the order, of geth's `ExecutableData`. */
export function payloadJson({ header: raw, body: rawBody, accessList }: PayloadBlock): Record<string, unknown> {
  const [header, body] = [decodeHeader(raw), decodeBody(rawBody)]
  return {
    parentHash: data(header.parentHash),
    feeRecipient: data(header.coinbase),
    stateRoot: data(header.stateRoot),
    receiptsRoot: data(header.receiptsRoot),
    logsBloom: data(header.bloom),
    prevRandao: data(header.mixHash),
    blockNumber: quantity(header.number),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.time),
    extraData: data(header.extraData),
    baseFeePerGas: quantity(header.baseFee ?? 0n),
    blockHash: data(header.hash),
    transactions: Array.from(body.transactions.items(), (item) => data(txEnvelope(item))),
    withdrawals: body.withdrawals ? Array.from(body.withdrawals.items(), withdrawalJson) : null,
    blobGasUsed: optionalQuantity(header.blobGasUsed) ?? null,
    excessBlobGas: optionalQuantity(header.excessBlobGas) ?? null,
    ...(accessList && { blockAccessList: data(accessList) }),
    ...(header.slotNumber !== undefined && { slotNumber: quantity(header.slotNumber) }),
  }
}

/** By the names, and in the order, of geth's `ExecutionPayloadEnvelope`. */
export function envelopeJson(block: PayloadBlock, blobs: BlobsBundle = noBlobs): Record<string, unknown> {
  return {
    executionPayload: payloadJson(block),
    blockValue: quantity(block.value),
    blobsBundle: {
      commitments: blobs.commitments.map(data),
      proofs: blobs.proofs.map(data),
      blobs: blobs.blobs.map(data),
    },
    executionRequests: block.requests?.map(data) ?? null,
    shouldOverrideBuilder: false,
  }
}

const noBlobs: BlobsBundle = { commitments: [], proofs: [], blobs: [] }
