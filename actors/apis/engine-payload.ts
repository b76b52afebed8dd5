import { encodeBodySteps, encodeWithdrawal, type Withdrawal } from '../../protocols/chain/block.ts'
import { emptyUnclesHash } from '../../protocols/chain/genesis.ts'
import {
  decodeHeader,
  encodeHeader,
  type Header,
  type HeaderFields,
  headerFieldNames,
} from '../../protocols/chain/header.ts'
import { readTxEnvelope } from '../../protocols/chain/transaction.ts'
import { readTransaction } from '../../protocols/chain/transaction-fields.ts'
import { listRootSteps } from '../../protocols/chain/trie-root.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import { keccak256, keccak256Steps } from '../../protocols/lib/keccak.ts'
import { encodeRlp, RlpError } from '../../protocols/lib/rlp.ts'
import type { NewBlock } from '../chain/chain-reader.ts'
import { requestsHash } from '../chain/requests-hash.ts'
import { data } from '../rpc/json/hex.ts'
import { address, bigQuantity, bytes, hash, optional, type Param, quantity } from '../rpc/params.ts'
import { completeStruct, listOf, struct } from '../rpc/struct-params.ts'
import { accessListFault } from './engine-access-list.ts'

// A block as a consensus client sends it (execution-apis, ExecutionPayloadV1 to V4; geth beacon/engine/types.go).

const withdrawal = struct('types.Withdrawal', {
  index: optional(quantity),
  validatorIndex: optional(quantity),
  address: optional(address),
  amount: optional(quantity),
})

/** What is left out of a withdrawal is 0. */
export const withdrawals: Param<readonly Partial<Withdrawal>[] | undefined> = optional(
  listOf(withdrawal, '[]*types.Withdrawal') as Param<readonly Partial<Withdrawal>[] | undefined>,
)

/** `engine.ExecutableData`. */
export const payloadParam = completeStruct(
  'engine.ExecutableData',
  {
    parentHash: optional(hash),
    feeRecipient: optional(address),
    stateRoot: optional(hash),
    receiptsRoot: optional(hash),
    logsBloom: optional(bytes),
    prevRandao: optional(hash),
    blockNumber: optional(quantity),
    gasLimit: optional(quantity),
    gasUsed: optional(quantity),
    timestamp: optional(quantity),
    extraData: optional(bytes),
    baseFeePerGas: optional(bigQuantity),
    blockHash: optional(hash),
    transactions: listOf(bytes, '[]hexutil.Bytes'),
    withdrawals,
    blobGasUsed: optional(quantity),
    excessBlobGas: optional(quantity),
    blockAccessList: optional(bytes),
    slotNumber: optional(quantity),
  },
  [
    ...(['parentHash', 'feeRecipient', 'stateRoot', 'receiptsRoot', 'logsBloom', 'prevRandao', 'blockNumber'] as const),
    ...(['gasLimit', 'gasUsed', 'timestamp', 'extraData', 'baseFeePerGas', 'blockHash', 'transactions'] as const),
  ],
)
export type Payload = ReturnType<typeof payloadParam.read>

/** What stands beside a payload. Hashes are of 32 bytes; a request is its type and its data (EIP-7685). */
export type PayloadContext = {
  readonly versionedHashes?: readonly Uint8Array[] | undefined
  readonly parentBeaconRoot?: Uint8Array | undefined
  readonly requests?: readonly Uint8Array[] | undefined
}

/**
 * @returns the block that has the hash which the payload claims; it may break any rule of the chain
 * @throws {PayloadError} there is none; step by step
 */
export function* toBlock(
  payload: Payload,
  { versionedHashes = [], parentBeaconRoot, requests }: PayloadContext,
): Generator<void, NewBlock> {
  const { transactions, blobHashes } = yield* readEnvelopes(payload.transactions)
  const extraData = checkLength('extradata', payload.extraData, payload.extraData.length <= 32)
  const bloom = checkLength('logsBloom', payload.logsBloom, payload.logsBloom.length === 256)
  checkVersionedHashes(blobHashes, versionedHashes)
  const withdrawals =
    payload.withdrawals && (yield* inSteps(payload.withdrawals, (one) => encodeWithdrawal({ ...noWithdrawal, ...one })))
  const { blockAccessList } = payload
  // Before the hash, as geth: what is no list is not to be called a wrong hash. Its rules are the chain's.
  const fault = blockAccessList && (yield* accessListFault(blockAccessList))
  if (fault !== undefined) throw new PayloadError(`failed to decode BAL: ${fault}`)
  const fields: HeaderFields = {
    parentHash: payload.parentHash,
    unclesHash: emptyUnclesHash,
    coinbase: payload.feeRecipient,
    stateRoot: payload.stateRoot,
    txRoot: yield* listRootSteps(payload.transactions),
    receiptsRoot: payload.receiptsRoot,
    bloom,
    difficulty: 0n,
    number: payload.blockNumber,
    gasLimit: payload.gasLimit,
    gasUsed: payload.gasUsed,
    time: payload.timestamp,
    extraData,
    mixHash: payload.prevRandao,
    nonce: new Uint8Array(8),
    baseFee: payload.baseFeePerGas,
    withdrawalsRoot: withdrawals && (yield* listRootSteps(withdrawals)),
    blobGasUsed: payload.blobGasUsed,
    excessBlobGas: payload.excessBlobGas,
    parentBeaconRoot,
    requestsHash: requests && requestsHash(requests),
    balHash: blockAccessList && (yield* keccak256Steps(blockAccessList)),
    slotNumber: payload.slotNumber,
  }
  const header = toHeader(fields)
  const [want, got] = [payload.blockHash, header?.hash ?? hashWithGaps(fields)].map(bytesToHex)
  if (!header || want !== got) throw new PayloadError(`blockhash mismatch, want ${want}, got ${got}`)
  yield
  return {
    header,
    body: yield* encodeBodySteps({ transactions, uncles: [], withdrawals }),
    accessList: blockAccessList,
  }
}

function* inSteps<T, U>(items: readonly T[], map: (item: T, index: number) => U): Generator<void, U[]> {
  const mapped: U[] = []
  for (const item of items) if (mapped.push(map(item, mapped.length)) % fewItems === 0) yield
  return mapped
}

/** That one step takes: about a millisecond. */
const fewItems = 128

const noWithdrawal: Withdrawal = { index: 0n, validatorIndex: 0n, address: new Uint8Array(20), amount: 0n }

/** @returns the transactions as a body has them, and the versioned hashes of all their blobs, in order */
function* readEnvelopes(
  envelopes: readonly Uint8Array[],
): Generator<void, { readonly transactions: readonly Uint8Array[]; readonly blobHashes: readonly Uint8Array[] }> {
  const blobHashes: Uint8Array[] = []
  const transactions = yield* inSteps(envelopes, (envelope, index) => {
    try {
      const item = readTxEnvelope(envelope)
      for (const hash of readTransaction(item).blobVersionedHashes ?? []) blobHashes.push(hash)
      return item.raw
    } catch (cause) {
      if (cause instanceof RlpError) throw new PayloadError(`invalid transaction ${index}: ${cause.message}`, { cause })
      throw cause
    }
  })
  return { transactions, blobHashes }
}

/** EIP-4844: a consensus client knows the blobs, and says which it means. */
function checkVersionedHashes(blobs: readonly Uint8Array[], wanted: readonly Uint8Array[]): void {
  const list = (hashes: readonly Uint8Array[]) => `[${hashes.map(data).join(' ')}]`
  if (blobs.length !== wanted.length)
    throw new PayloadError(`invalid number of versionedHashes: ${list(wanted)} blobHashes: ${list(blobs)}`)
  const at = blobs.findIndex((hash, i) => !equalBytes(hash, wanted[i]!))
  if (at >= 0)
    throw new PayloadError(`invalid versionedHash at ${at}: ${data(wanted[at]!)} blobHash: ${data(blobs[at]!)}`)
}

function checkLength(name: string, value: Uint8Array, fits: boolean): Uint8Array {
  if (!fits) throw new PayloadError(`invalid ${name} length: ${value.length}`)
  return value
}

/** @returns undefined for a field of a later fork without those before it: no fork has such a header */
function toHeader(fields: HeaderFields): Header | undefined {
  return hasGaps(fields) ? undefined : decodeHeader(encodeHeader(fields))
}

function hasGaps(fields: HeaderFields): boolean {
  const first = headerFieldNames.findIndex((name) => fields[name] === undefined)
  return first >= 0 && headerFieldNames.slice(first).some((name) => fields[name] !== undefined)
}

/** What geth takes for the hash of such a header: a field that is missing is an empty string. */
function hashWithGaps(fields: HeaderFields): Uint8Array {
  const present = headerFieldNames.findLastIndex((name) => fields[name] !== undefined) + 1
  return keccak256(encodeRlp(headerFieldNames.slice(0, present).map((name) => fields[name] ?? new Uint8Array(0))))
}

/** The payload makes no block: its sender gets INVALID. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError'
}
