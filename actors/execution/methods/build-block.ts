import { decodeBody, type Withdrawal } from '../../../protocols/chain/block.ts'
import { isBlockForkActive, isTimeForkActive } from '../../../protocols/chain/chain-config.ts'
import { elasticityMultiplier } from '../../../protocols/chain/fees.ts'
import type { Header, HeaderFields } from '../../../protocols/chain/header.ts'
import { signerAt } from '../../../protocols/chain/signer.ts'
import { readTxEnvelope, txEnvelope } from '../../../protocols/chain/transaction.ts'
import { decodeTransaction, type Transaction } from '../../../protocols/chain/transaction-fields.ts'
import { checkSignature, recoverSender, SenderError } from '../../../protocols/chain/transaction-sender.ts'
import { RlpError } from '../../../protocols/lib/rlp.ts'
import { withdrawalJson } from '../../apis/json/block.ts'
import { data, optionalQuantity, quantity } from '../../rpc/json/hex.ts'
import { RpcCode, RpcError } from '../../rpc/rpc-error.ts'
import {
  type AssembledBlock,
  assembleBlock,
  blankHeader,
  type ExecutedMessage,
  startBlock,
  withFees,
} from './assemble.ts'
import { type Backend, stateAfter } from './backend.ts'
import { ancestorsOf, contextOf, createEnvironment } from './environment.ts'
import type { TimeLimit } from './limits.ts'
import { applyMessage, type GasPool, type Message, MessageError } from './message.ts'

/** What a block is built of (execution-apis, `PayloadAttributes`). */
export type BuildAttributes = {
  readonly timestamp: bigint
  readonly prevRandao: Uint8Array
  readonly suggestedFeeRecipient: Uint8Array
  readonly withdrawals?: readonly Partial<Withdrawal>[] | undefined
  readonly parentBeaconBlockRoot?: Uint8Array | undefined
  readonly slotNumber?: bigint | undefined
  readonly targetGasLimit?: bigint | undefined
}

export type BlockToBuild = {
  readonly attributes: BuildAttributes
  /** Envelopes (EIP-2718), in the order that they stand in the block. BOUNDED: by the gas of the block. */
  readonly transactions: readonly Uint8Array[]
  readonly extraData?: Uint8Array | undefined
}

/** @returns `engine.ExecutionPayloadEnvelope` of a block on `parent` @throws {RpcError} a transaction cannot be in it */
export async function buildBlock(
  backend: Backend,
  parent: Header,
  { attributes, transactions, extraData = new Uint8Array(0) }: BlockToBuild,
  limit: TimeLimit,
): Promise<Record<string, unknown>> {
  const header = headerOf(backend, parent, attributes, extraData)
  const environment = await createEnvironment(backend, {
    ...{ state: await stateAfter(backend, parent), context: contextOf(backend, header), limit },
    ...{ isMerged: header.difficulty === 0n, hashOf: ancestorsOf(backend, parent) },
  })
  await startBlock(environment, header)
  const pool: GasPool = { available: header.gasLimit }
  const executed: ExecutedMessage[] = []
  let [cumulativeGas, value] = [0n, 0n]
  for (const envelope of transactions) {
    await limit.pause()
    const message = messageOf(backend, header, envelope)
    const rules = { checksNonce: true, checksGasLimit: true, allowsNoFee: false }
    const result = await applyMessage(environment, message, rules, pool).catch((error: unknown) => {
      throw error instanceof MessageError ? new RpcError(error.message) : error
    })
    cumulativeGas += result.usedGas
    value += result.usedGas * (message.gasPrice - (header.baseFee ?? 0n))
    const root = environment.common.gteHardfork('byzantium') ? undefined : await environment.state.getStateRoot()
    executed.push({ envelope, message, result, root, cumulativeGas })
  }
  const block = await assembleBlock(environment, backend.config, {
    ...{ header, executed, withdrawals: (attributes.withdrawals ?? []).map((one) => ({ ...noWithdrawal, ...one })) },
    logs: executed.flatMap(({ result }) => result.logs),
  })
  return envelopeJson(block, value)
}

function headerOf(
  { config }: Backend,
  parent: Header,
  attributes: BuildAttributes,
  extraData: Uint8Array,
): HeaderFields {
  const number = parent.number + 1n
  const at = { number, time: attributes.timestamp }
  if (at.time <= parent.time)
    throw new RpcError(`invalid timestamp, parent ${parent.time} given ${at.time}`, RpcCode.server)
  const isLondonBlock =
    isBlockForkActive(config, 'london', number) && !isBlockForkActive(config, 'london', parent.number)
  const from = isLondonBlock ? parent.gasLimit * elasticityMultiplier : parent.gasLimit
  const fields = {
    ...blankHeader,
    ...at,
    extraData,
    coinbase: attributes.suggestedFeeRecipient,
    difficulty: 0n,
    gasLimit: nextGasLimit(from, attributes.targetGasLimit ?? gasCeiling),
    mixHash: attributes.prevRandao,
    ...(isTimeForkActive(config, 'cancun', at) && {
      parentBeaconRoot: attributes.parentBeaconBlockRoot ?? new Uint8Array(32),
    }),
    ...(isTimeForkActive(config, 'amsterdam', at) && { slotNumber: attributes.slotNumber ?? 0n }),
  }
  return withFees(config, fields, parent)
}

/** geth `CalcGasLimit`: as far towards what is wanted as one block may go. */
function nextGasLimit(from: bigint, target: bigint): bigint {
  const delta = from / 1_024n - 1n
  const wanted = target < minGasLimit ? minGasLimit : target
  if (from < wanted) return from + delta < wanted ? from + delta : wanted
  return from - delta > wanted ? from - delta : wanted
}

/** @throws {RpcError} the envelope is no transaction, or its signature is none */
function messageOf({ config }: Backend, header: HeaderFields, envelope: Uint8Array): Message {
  const tx = readEnvelope(envelope)
  const { gasPrice, maxFeePerGas = gasPrice ?? 0n, maxPriorityFeePerGas = gasPrice ?? 0n } = tx
  const offered = (header.baseFee ?? 0n) + maxPriorityFeePerGas
  return {
    from: senderOf(tx, config, header),
    to: tx.to,
    nonce: tx.nonce,
    value: tx.value,
    gasLimit: tx.gas,
    gasPrice: header.baseFee === undefined || offered > maxFeePerGas ? maxFeePerGas : offered,
    gasFeeCap: maxFeePerGas,
    gasTipCap: maxPriorityFeePerGas,
    data: tx.data,
    accessList: tx.accessList,
    blobFeeCap: tx.maxFeePerBlobGas,
    blobHashes: tx.blobVersionedHashes,
    authorizations: tx.authorizationList,
  }
}

function senderOf(tx: Transaction, config: Backend['config'], header: HeaderFields): Uint8Array {
  try {
    checkSignature(tx, signerAt(config, header))
    return recoverSender(tx)
  } catch (error) {
    throw error instanceof SenderError ? new RpcError(error.message) : error
  }
}

function readEnvelope(envelope: Uint8Array): Transaction {
  try {
    return decodeTransaction(readTxEnvelope(envelope))
  } catch (error) {
    throw error instanceof RlpError ? new RpcError(`invalid transaction 0: ${error.message}`) : error
  }
}

/** By the names, and in the order, of geth's `ExecutionPayloadEnvelope`. */
function envelopeJson({ header, body: raw, requests }: AssembledBlock, value: bigint): Record<string, unknown> {
  const body = decodeBody(raw)
  return {
    executionPayload: {
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
      blobGasUsed: optionalQuantity(header.blobGasUsed),
      excessBlobGas: optionalQuantity(header.excessBlobGas),
      slotNumber: optionalQuantity(header.slotNumber),
    },
    blockValue: quantity(value),
    blobsBundle: { commitments: [], proofs: [], blobs: [] },
    executionRequests: requests?.map(data) ?? null,
    shouldOverrideBuilder: false,
  }
}

const noWithdrawal: Withdrawal = { index: 0n, validatorIndex: 0n, address: new Uint8Array(20), amount: 0n }
/** geth `miner.DefaultConfig.GasCeil`. */
const gasCeiling = 60_000_000n
const minGasLimit = 5_000n
