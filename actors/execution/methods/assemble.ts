import { Account, Address } from '@ethereumjs/util'
import { encodeBody, encodeWithdrawal, type Withdrawal } from '../../../protocols/chain/block.ts'
import {
  blobParams,
  type ChainConfig,
  isBlockForkActive,
  isTimeForkActive,
} from '../../../protocols/chain/chain-config.ts'
import { blobGasPerBlob, initialBaseFee, nextBaseFee, nextExcessBlobGas } from '../../../protocols/chain/fees.ts'
import { emptyUnclesHash } from '../../../protocols/chain/genesis.ts'
import { decodeHeader, encodeHeader, type Header, type HeaderFields } from '../../../protocols/chain/header.ts'
import { bloomOf, encodeReceipt, type Receipt, readLog } from '../../../protocols/chain/receipt.ts'
import { readTxEnvelope } from '../../../protocols/chain/transaction.ts'
import { listRoot } from '../../../protocols/chain/trie-root.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { LazyList } from '../../../protocols/lib/lazy-list.ts'
import { encodeList, encodeRlp } from '../../../protocols/lib/rlp.ts'
import { requestsHash } from '../../chain/requests-hash.ts'
import type { Environment } from './environment.ts'
import { type ExecutionResult, type Message, type MessageLog, systemCall } from './message.ts'
import { requestsOf } from './requests.ts'

// A block is made of messages: what comes before them and after them, and the header of it all (geth core/state_processor.go).

export type ExecutedMessage = {
  /** EIP-2718 */
  readonly envelope: Uint8Array
  readonly message: Message
  readonly result: ExecutionResult
  /** Of the state after it, before Byzantium. */
  readonly root: Uint8Array | undefined
  readonly cumulativeGas: bigint
}

export type BlockParts = {
  /** As far as it is known. */
  readonly header: HeaderFields
  readonly executed: readonly ExecutedMessage[]
  readonly withdrawals: readonly Withdrawal[]
  /** Those that deposits are looked for in. */
  readonly logs: readonly MessageLog[]
}

export type AssembledBlock = {
  readonly header: Header
  readonly body: Uint8Array
  /** A type and its data each (EIP-7685); undefined before Prague. */
  readonly requests: readonly Uint8Array[] | undefined
}

/** @param baseFee in place of what follows from the parent, where `fields` has none @returns `fields` on `parent`, with what gas costs in it */
export function withFees(config: ChainConfig, fields: HeaderFields, parent: Header, baseFee?: bigint): HeaderFields {
  const isLondon = isBlockForkActive(config, 'london', fields.number)
  const blobs = blobParams(config, fields)
  const hasReservePrice = isTimeForkActive(config, 'osaka', fields)
  const hadBlobs = isTimeForkActive(config, 'cancun', parent)
  return {
    ...fields,
    parentHash: parent.hash,
    baseFee: isLondon ? (fields.baseFee ?? baseFee ?? baseFeeOn(parent)) : undefined,
    ...(blobs && { excessBlobGas: hadBlobs ? nextExcessBlobGas({ ...blobs, hasReservePrice }, parent) : 0n }),
  }
}

/** EIP-4788 and EIP-2935. */
export async function startBlock(
  environment: Environment,
  { parentBeaconRoot, parentHash }: Pick<HeaderFields, 'parentBeaconRoot' | 'parentHash'>,
): Promise<void> {
  if (parentBeaconRoot && environment.common.isActivatedEIP(4788))
    await systemCall(environment, beaconRootsAddress, parentBeaconRoot)
  if (environment.common.isActivatedEIP(2935)) await systemCall(environment, historyAddress, parentHash)
}

/** Applies what comes after the messages, and makes the header of what came of it. @throws {RpcError} a contract fails that must not */
export async function assembleBlock(
  environment: Environment,
  config: ChainConfig,
  { header: before, executed, withdrawals, logs }: BlockParts,
): Promise<AssembledBlock> {
  const { common, evm, state } = environment
  const receipts = executed.map(receiptOf)
  const hasWithdrawals = isTimeForkActive(config, 'shanghai', before)
  if (hasWithdrawals) await pay(environment, withdrawals)
  const requests = common.isActivatedEIP(7685) ? await requestsOf(environment, config, logs) : undefined
  if (before.difficulty > 0n) await reward(environment)
  const envelopes = executed.map(({ envelope }) => envelope)
  const rawWithdrawals = withdrawals.map(encodeWithdrawal)
  const blobs = executed.reduce((sum, { message }) => sum + (message.blobHashes?.length ?? 0), 0)
  const header = encodeHeader({
    ...before,
    gasUsed: executed.at(-1)?.cumulativeGas ?? 0n,
    stateRoot: await state.getStateRoot(),
    txRoot: listRoot(envelopes),
    receiptsRoot: listRoot(receipts.map(encodeReceipt)),
    bloom: bloomOf(receipts.flatMap(({ logs }) => [...logs])),
    ...(hasWithdrawals && { withdrawalsRoot: listRoot(rawWithdrawals) }),
    ...(isTimeForkActive(config, 'cancun', before) && { blobGasUsed: BigInt(blobs) * blobGasPerBlob }),
    ...(requests && { requestsHash: requestsHash(requests) }),
    ...(evm.blockLevelAccessList && { balHash: evm.blockLevelAccessList.hash() }),
  })
  const body = encodeBody({
    transactions: envelopes.map((envelope) => readTxEnvelope(envelope).raw),
    uncles: [],
    ...(hasWithdrawals && { withdrawals: rawWithdrawals }),
  })
  return { header: decodeHeader(header), body, requests }
}

/** What a header has before anything is executed. */
export const blankHeader = {
  parentHash: new Uint8Array(32),
  unclesHash: emptyUnclesHash,
  stateRoot: new Uint8Array(32),
  txRoot: new Uint8Array(32),
  receiptsRoot: new Uint8Array(32),
  bloom: new Uint8Array(256),
  gasUsed: 0n,
  extraData: new Uint8Array(0),
  nonce: new Uint8Array(8),
}

/** EIP-4895: amounts are in Gwei. */
async function pay(environment: Environment, withdrawals: readonly Withdrawal[]): Promise<void> {
  for (const { address, amount } of withdrawals) await credit(environment, address, amount * 1_000_000_000n)
  await environment.evm.journal.cleanup()
}

/** Of proof of work. */
async function reward(environment: Environment): Promise<void> {
  await credit(environment, environment.context.coinbase, environment.common.param('minerReward'))
  await environment.evm.journal.cleanup()
}

async function credit({ state, evm }: Environment, bytes: Uint8Array, amount: bigint): Promise<void> {
  const address = new Address(bytes)
  const account = (await state.getAccount(address)) ?? new Account()
  account.balance += amount
  await evm.journal.putAccount(address, account)
}

function baseFeeOn({ baseFee, gasLimit, gasUsed }: Header): bigint {
  return baseFee === undefined ? initialBaseFee : nextBaseFee({ baseFee, gasLimit, gasUsed })
}

function receiptOf({ envelope, result, root, cumulativeGas }: ExecutedMessage): Receipt {
  const logs = result.logs.map(({ address, topics, data }) =>
    encodeList([encodeRlp(address), encodeList(topics.map((topic) => encodeRlp(topic))), encodeRlp(data)]),
  )
  return {
    type: envelope[0]! < 0x80 ? envelope[0]! : 0,
    ...(root ? { root } : { status: result.error === undefined ? 1 : 0 }),
    cumulativeGasUsed: cumulativeGas,
    logs: LazyList.of(logs, readLog),
  }
}

const beaconRootsAddress = hexToBytes('000f3df6d732807ef1319fb7b8bb8522d0beac02')
const historyAddress = hexToBytes('0000f90827f1c53a10cb7a02335b175320002935')
