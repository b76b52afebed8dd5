import { encodeBody, encodeWithdrawal, type Withdrawal } from '../../../protocols/chain/block.ts'
import { blobParams, isBlockForkActive, isTimeForkActive } from '../../../protocols/chain/chain-config.ts'
import { blobGasPerBlob, elasticityMultiplier } from '../../../protocols/chain/fees.ts'
import { encodeHeader, type Header, type HeaderFields } from '../../../protocols/chain/header.ts'
import { signerAt } from '../../../protocols/chain/signer.ts'
import { readTxEnvelope } from '../../../protocols/chain/transaction.ts'
import { decodeTransaction, type Transaction } from '../../../protocols/chain/transaction-fields.ts'
import { checkSignature, recoverSender, SenderError } from '../../../protocols/chain/transaction-sender.ts'
import { listRoot } from '../../../protocols/chain/trie-root.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { RlpError } from '../../../protocols/lib/rlp.ts'
import { requestsHash } from '../../chain/requests-hash.ts'
import { RpcCode, RpcError } from '../../rpc/rpc-error.ts'
import { blankHeader, startBlock, withFees } from './assemble.ts'
import { type Backend, stateAfter } from './backend.ts'
import { ancestorsOf, contextOf, createEnvironment, type Environment } from './environment.ts'
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
  /** Envelopes (EIP-2718), in the order that they are to stand in the block. BOUNDED: by the gas of the block. */
  readonly transactions: readonly Uint8Array[]
  readonly extraData?: Uint8Array | undefined
}

export type BuiltBlock = {
  /** RLP, as its body. */
  readonly header: Uint8Array
  readonly body: Uint8Array
  /** A type and its data each (EIP-7685); undefined before Prague. */
  readonly requests: readonly Uint8Array[] | undefined
  /** RLP (EIP-7928); undefined before Amsterdam. */
  readonly accessList: Uint8Array | undefined
  /** In wei: what its transactions pay who it is built for. */
  readonly value: bigint
  /** Which of the transactions are in it, by their places among those given. */
  readonly included: readonly number[]
}

/** @returns a block on `parent` of all that is given @throws {RpcError} a transaction cannot be in it */
export function buildBlock(
  backend: Backend,
  parent: Header,
  wanted: BlockToBuild,
  limit: TimeLimit,
): Promise<BuiltBlock> {
  return build(backend, parent, wanted, async (header) => {
    const selection = await Selection.begin(backend, parent, header, limit)
    for (const [place, envelope] of wanted.transactions.entries()) {
      await limit.pause()
      await selection.add(place, envelope).catch((error: unknown) => {
        throw error instanceof MessageError ? new RpcError(error.message) : error
      })
    }
    return selection
  })
}

/**
 * @param wanted `transactions`: of which those are taken that can be there, in their order
 * @param limit how long they are looked through
 * @returns a block on `parent` @throws {RpcError} the attributes fit no block on it
 */
export function buildPayload(
  backend: Backend,
  parent: Header,
  wanted: BlockToBuild,
  limit: TimeLimit,
): Promise<BuiltBlock> {
  return build(backend, parent, wanted, async (header) => {
    const selection = await Selection.begin(backend, parent, header, limit)
    try {
      for (const [place, envelope] of wanted.transactions.entries()) {
        await limit.pause()
        await selection.tryToAdd(place, envelope)
      }
    } catch (error) {
      if (!(error instanceof RpcError)) throw error // the time is over
    }
    return selection
  })
}

async function build(
  backend: Backend,
  parent: Header,
  { attributes, transactions, extraData = new Uint8Array(0) }: BlockToBuild,
  select: (header: HeaderFields) => Promise<Selection>,
): Promise<BuiltBlock> {
  const { config } = backend
  const before = headerOf(backend, parent, attributes, extraData)
  await stateAfter(backend, parent) // or there is nothing to build on
  const { included, blobs, value } = transactions.length > 0 ? await select(before) : nothing
  const envelopes = included.map((place) => transactions[place]!)
  const hasWithdrawals = isTimeForkActive(config, 'shanghai', before)
  const withdrawals = (attributes.withdrawals ?? []).map((one) => encodeWithdrawal({ ...emptyWithdrawal, ...one }))
  const body = encodeBody({
    transactions: envelopes.map((envelope) => readTxEnvelope(envelope).raw),
    uncles: [],
    ...(hasWithdrawals && { withdrawals }),
  })
  const open: HeaderFields = {
    ...before,
    txRoot: listRoot(envelopes),
    ...(hasWithdrawals && { withdrawalsRoot: listRoot(withdrawals) }),
    ...(isTimeForkActive(config, 'cancun', before) && { blobGasUsed: BigInt(blobs) * blobGasPerBlob }),
    ...(isTimeForkActive(config, 'prague', before) && { requestsHash: zeroHash }),
    ...(isTimeForkActive(config, 'amsterdam', before) && { balHash: zeroHash }),
  }
  const outcome = await backend.outcomeOf({ header: encodeHeader(open), body })
  const { requests, accessList, stateRoot, receiptsRoot, bloom, gasUsed } = outcome
  const header = encodeHeader({
    ...{ ...open, stateRoot, receiptsRoot, bloom, gasUsed },
    ...(requests && { requestsHash: requestsHash(requests) }),
    ...(accessList && { balHash: keccak256(accessList) }),
  })
  return { header, body, requests, accessList, value, included }
}

const nothing = { included: [], blobs: 0, value: 0n }

/** Transactions for a block, each applied on those before it (geth miner `commitTransactions`). */
class Selection {
  readonly included: number[] = []
  blobs = 0
  value = 0n
  readonly #backend: Backend
  readonly #header: HeaderFields
  readonly #environment: Environment
  readonly #pool: GasPool
  readonly #maxBlobs: number
  #size: number
  /** Of whom one could not be there: those that come after it cannot either. BOUNDED: by the transactions given. */
  readonly #left = new Set<string>()

  private constructor(backend: Backend, header: HeaderFields, environment: Environment) {
    this.#backend = backend
    this.#header = header
    this.#environment = environment
    this.#pool = { available: header.gasLimit }
    this.#maxBlobs = Number(blobParams(backend.config, header)?.max ?? 0n)
    this.#size = roomForTheRest
  }

  static async begin(backend: Backend, parent: Header, header: HeaderFields, limit: TimeLimit): Promise<Selection> {
    const environment = await createEnvironment(backend, {
      ...{ state: await stateAfter(backend, parent), context: contextOf(backend, header), limit },
      ...{ isMerged: header.difficulty === 0n, hashOf: ancestorsOf(backend, parent) },
    })
    await startBlock(environment, header)
    return new Selection(backend, header, environment)
  }

  /** @throws (rejects) {MessageError} it cannot be next @throws (rejects) {RpcError} it is none */
  async add(place: number, envelope: Uint8Array): Promise<void> {
    await this.#apply(place, messageOf(this.#backend, this.#header, envelope))
  }

  /** Passes over what cannot be next. */
  async tryToAdd(place: number, envelope: Uint8Array): Promise<void> {
    const message = messageOf(this.#backend, this.#header, envelope)
    const sender = bytesToHex(message.from)
    if (this.#left.has(sender)) return
    const blobs = message.blobHashes?.length ?? 0
    const hasRoom = this.#size + envelope.length <= maxBlockSize && this.blobs + blobs <= this.#maxBlobs
    if (!hasRoom || message.gasLimit > this.#pool.available) return void this.#left.add(sender)
    try {
      await this.#apply(place, message)
      this.#size += envelope.length
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      if (error.fault !== 'nonceTooLow') this.#left.add(sender)
    }
  }

  async #apply(place: number, message: Message): Promise<void> {
    const rules = { checksNonce: true, checksGasLimit: true, allowsNoFee: false }
    const { usedGas } = await applyMessage(this.#environment, message, rules, this.#pool)
    this.included.push(place)
    this.blobs += message.blobHashes?.length ?? 0
    this.value += usedGas * (message.gasPrice - (this.#header.baseFee ?? 0n))
  }
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

/** What is left out of a withdrawal is 0. */
export const emptyWithdrawal: Withdrawal = { index: 0n, validatorIndex: 0n, address: new Uint8Array(20), amount: 0n }
/** geth `miner.DefaultConfig.GasCeil`. */
const gasCeiling = 60_000_000n
const minGasLimit = 5_000n
const zeroHash = new Uint8Array(32)
/** EIP-7934: in bytes, with the room that geth leaves (`maxBlockSizeBufferZone`). */
const maxBlockSize = 8_388_608
const roomForTheRest = 1_000_000
