import { readFile } from 'node:fs/promises'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { data, optionalData, optionalQuantity, quantity } from '../../../actors/rpc/json/hex.ts'
import { decodeBody, decodeWithdrawal } from '../../../protocols/chain/block.ts'
import { txEnvelope } from '../../../protocols/chain/transaction.ts'
import { type Ethtest, ethtest } from '../../support/ethtest.ts'
import type { RpcRequest } from '../../support/geth.ts'

/** A block as a consensus client sends it: `ExecutionPayload`, with the fields of its fork. */
export function payloadOf({ header, body, accessList }: NewBlock): Record<string, unknown> {
  const { transactions, withdrawals } = decodeBody(body)
  const payload = {
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
    baseFeePerGas: optionalQuantity(header.baseFee),
    blockHash: data(header.hash),
    transactions: Array.from(transactions.items(), (item) => data(txEnvelope(item))),
    withdrawals: withdrawals && Array.from(withdrawals.items(), (item) => withdrawalJson(decodeWithdrawal(item))),
    blobGasUsed: optionalQuantity(header.blobGasUsed),
    excessBlobGas: optionalQuantity(header.excessBlobGas),
    blockAccessList: optionalData(accessList),
    slotNumber: optionalQuantity(header.slotNumber),
  }
  return Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))
}

/** What stands beside the payload: no blobs, and no requests. */
export function paramsOf(block: NewBlock): unknown[] {
  const { parentBeaconRoot, requestsHash } = block.header
  const root = optionalData(parentBeaconRoot)
  return [payloadOf(block), ...(root ? [[], root] : []), ...(requestsHash ? [[]] : [])]
}

/** The payloads of the test chain as calls, the genesis first. Some files have requests in base64, which no one takes: made hex. */
export async function readPayloads({ newPayloads }: Ethtest = ethtest): Promise<RpcRequest[]> {
  const calls = JSON.parse(await readFile(newPayloads, 'utf8')) as RpcRequest[]
  return calls.map(({ method, params: [payload, hashes, root, requests] }) => {
    const hex = (requests as string[] | undefined)?.map((request) =>
      request.startsWith('0x') ? request : data(Buffer.from(request, 'base64')),
    )
    return { method, params: [payload, hashes, root, hex].filter((param) => param !== undefined) }
  })
}

function withdrawalJson({ index, validatorIndex, address, amount }: ReturnType<typeof decodeWithdrawal>) {
  return {
    index: quantity(index),
    validatorIndex: quantity(validatorIndex),
    address: data(address),
    amount: quantity(amount),
  }
}
