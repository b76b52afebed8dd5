import type { Header } from '../../../protocols/chain/header.ts'
import { data, optionalData, optionalQuantity, quantity } from '../../rpc/json/hex.ts'

/** By the names, and in the order, of geth's `RPCMarshalHeader`; what the block's fork does not have is left out. */
export function headerJson(header: Header): Record<string, unknown> {
  return {
    baseFeePerGas: optionalQuantity(header.baseFee),
    blobGasUsed: optionalQuantity(header.blobGasUsed),
    blockAccessListHash: optionalData(header.balHash),
    difficulty: quantity(header.difficulty),
    excessBlobGas: optionalQuantity(header.excessBlobGas),
    extraData: data(header.extraData),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    hash: data(header.hash),
    logsBloom: data(header.bloom),
    miner: data(header.coinbase),
    mixHash: data(header.mixHash),
    nonce: data(header.nonce),
    number: quantity(header.number),
    parentBeaconBlockRoot: optionalData(header.parentBeaconRoot),
    parentHash: data(header.parentHash),
    receiptsRoot: data(header.receiptsRoot),
    requestsHash: optionalData(header.requestsHash),
    sha3Uncles: data(header.unclesHash),
    slotNumber: optionalQuantity(header.slotNumber),
    stateRoot: data(header.stateRoot),
    timestamp: quantity(header.time),
    transactionsRoot: data(header.txRoot),
    withdrawalsRoot: optionalData(header.withdrawalsRoot),
  }
}

/** As `newHeads` has it, in the order of geth's `types.Header`: with null for what the block's fork does not have. */
export function headJson(header: Header): Record<string, unknown> {
  return {
    parentHash: data(header.parentHash),
    sha3Uncles: data(header.unclesHash),
    miner: data(header.coinbase),
    stateRoot: data(header.stateRoot),
    transactionsRoot: data(header.txRoot),
    receiptsRoot: data(header.receiptsRoot),
    logsBloom: data(header.bloom),
    difficulty: quantity(header.difficulty),
    number: quantity(header.number),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.time),
    extraData: data(header.extraData),
    mixHash: data(header.mixHash),
    nonce: data(header.nonce),
    baseFeePerGas: optionalQuantity(header.baseFee) ?? null,
    withdrawalsRoot: optionalData(header.withdrawalsRoot) ?? null,
    blobGasUsed: optionalQuantity(header.blobGasUsed) ?? null,
    excessBlobGas: optionalQuantity(header.excessBlobGas) ?? null,
    parentBeaconBlockRoot: optionalData(header.parentBeaconRoot) ?? null,
    requestsHash: optionalData(header.requestsHash) ?? null,
    blockAccessListHash: optionalData(header.balHash) ?? null,
    slotNumber: optionalQuantity(header.slotNumber) ?? null,
    hash: data(header.hash),
  }
}
