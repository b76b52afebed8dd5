import { Address } from '@ethereumjs/util'
import { decodeBody } from '../../../protocols/chain/block.ts'
import { isTimeForkActive } from '../../../protocols/chain/chain-config.ts'
import { checksumAddress } from '../../../protocols/chain/checksum-address.ts'
import type { Header, HeaderFields } from '../../../protocols/chain/header.ts'
import { maxNonce } from '../../../protocols/chain/pool-rules.ts'
import { decodeTransaction } from '../../../protocols/chain/transaction-fields.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { blockJson, sorted } from '../../apis/json/block.ts'
import { logJson } from '../../apis/json/log.ts'
import { transactionJson } from '../../apis/json/transaction.ts'
import { data, quantity } from '../../rpc/json/hex.ts'
import { RpcCode, RpcError } from '../../rpc/rpc-error.ts'
import { assembleBlock, blankHeader, type ExecutedMessage, startBlock, withFees } from './assemble.ts'
import { type Backend, stateAfter } from './backend.ts'
import { type CallArgs, toMessage } from './call-args.ts'
import { encodeUnsigned } from './encode-transaction.ts'
import {
  ancestorsOf,
  contextOf,
  createEnvironment,
  type Environment,
  restorePrecompiles,
  withContext,
} from './environment.ts'
import { gasCap, maxAnswerLength, type TimeLimit } from './limits.ts'
import {
  applyMessage,
  type ExecutionResult,
  type GasPool,
  type Message,
  MessageError,
  type MessageFault,
  type MessageLog,
} from './message.ts'
import { applyOverrides, type BlockOverrides, type StateOverrides } from './overrides.ts'
import { revertError } from './revert.ts'
import { TransferTracer } from './transfer-tracer.ts'

// eth_simulateV1: blocks of calls on a state, one on the other (execution-apis; geth internal/ethapi/simulate.go).

export type SimulatedBlock = {
  readonly blockOverrides?: BlockOverrides | undefined
  readonly stateOverrides?: StateOverrides | undefined
  readonly calls?: readonly CallArgs[] | undefined
}

export type Simulation = {
  readonly blockStateCalls?: readonly SimulatedBlock[] | undefined
  /** A log for each transfer of ether. */
  readonly traceTransfers?: boolean | undefined
  /** Calls are checked as transactions are, but for their signature. */
  readonly validation?: boolean | undefined
  readonly returnFullTransactions?: boolean | undefined
}

/** BOUNDED: maxBlocks, maxCalls, maxAnswerLength. @throws {RpcError} with the codes of execution-apis */
export async function simulate(
  backend: Backend,
  base: Header,
  simulation: Simulation,
  limit: TimeLimit,
): Promise<unknown[]> {
  const blocks = simulation.blockStateCalls ?? []
  checkLimits(blocks)
  const state = await stateAfter(backend, base)
  return new Simulator(backend, simulation, base, state, limit).run(blocks)
}

/** Numbers and times filled in. */
type PlacedBlock = SimulatedBlock & { readonly blockOverrides: BlockOverrides & { number: bigint; time: bigint } }

class Simulator {
  readonly #backend: Backend
  readonly #simulation: Simulation
  readonly #base: Header
  readonly #state: Environment['state']
  readonly #limit: TimeLimit
  /** Of all calls together. */
  #gas = gasCap
  #answerLength = 0
  /** By number. */
  readonly #made = new Map<bigint, Header>()
  #parent: Header
  /** Of the fork that was in force last: to make one takes longer than most blocks. */
  #last: Room | undefined

  constructor(backend: Backend, simulation: Simulation, base: Header, state: Environment['state'], limit: TimeLimit) {
    this.#backend = backend
    this.#simulation = simulation
    this.#base = base
    this.#parent = base
    this.#state = state
    this.#limit = limit
  }

  async run(blocks: readonly SimulatedBlock[]): Promise<unknown[]> {
    const placed = placeBlocks(this.#base, blocks)
    const results: unknown[] = []
    for (const fields of this.#makeHeaders(placed)) {
      await this.#limit.pause()
      const { header, json } = await this.#process(placed[results.length]!, fields, this.#parent)
      this.#made.set(header.number, header)
      results.push(json)
      this.#parent = header
    }
    return results
  }

  /** All of them first: what is wrong with one is reported before any is executed. */
  #makeHeaders(blocks: readonly PlacedBlock[]): HeaderFields[] {
    const headers: HeaderFields[] = []
    for (const { blockOverrides: overrides } of blocks)
      headers.push(this.#makeHeader(overrides, headers.at(-1) ?? this.#base))
    return headers
  }

  #makeHeader(overrides: PlacedBlock['blockOverrides'], before: HeaderFields): HeaderFields {
    const { config } = this.#backend
    const at = { number: overrides.number, time: overrides.time }
    const difficulty = isMerged(config, at) ? 0n : before.difficulty
    if (overrides.difficulty !== undefined && difficulty === 0n)
      throw new RpcError(
        `block ${at.number}: difficulty override is not allowed after the merge`,
        RpcCode.invalidParams,
      )
    return {
      ...blankHeader,
      ...at,
      difficulty: overrides.difficulty ?? difficulty,
      coinbase: overrides.feeRecipient ?? before.coinbase,
      gasLimit: overrides.gasLimit ?? before.gasLimit,
      mixHash: overrides.prevRandao ?? zeroHash,
      baseFee: overrides.baseFeePerGas,
      ...(isTimeForkActive(config, 'cancun', at) && { parentBeaconRoot: overrides.beaconRoot ?? zeroHash }),
      ...(before.slotNumber !== undefined && { slotNumber: before.slotNumber + 1n }),
    }
  }

  async #process(
    { blockOverrides, stateOverrides, calls = [] }: PlacedBlock,
    fields: HeaderFields,
    parent: Header,
  ): Promise<{ readonly header: Header; readonly json: unknown }> {
    const { config } = this.#backend
    const before = withFees(config, fields, parent, this.#simulation.validation ? undefined : 0n)
    const { environment, tracer } = await this.#enter(before, blockOverrides)
    await applyOverrides(environment, stateOverrides)
    await startBlock(environment, before)
    const executed = await this.#execute(environment, tracer, before, calls)
    const { header, body } = await assembleBlock(environment, this.#backend.config, {
      ...{ header: before, executed, withdrawals: blockOverrides.withdrawals ?? [] },
      logs: executed.flatMap(({ shown, result }) => (result.error === undefined ? shown : [])),
    })
    return { header, json: this.#blockJson(header, body, executed) }
  }

  async #enter(fields: HeaderFields, { blobBaseFee }: BlockOverrides): Promise<Room> {
    const ofBlock = contextOf(this.#backend, fields)
    const context = { ...ofBlock, blobBaseFee: blobBaseFee ?? ofBlock.blobBaseFee }
    const common = this.#backend.commonAt(fields)
    if (this.#last?.environment.common.hardfork() === common.hardfork()) {
      this.#last = { ...this.#last, environment: withContext(this.#last.environment, context) }
      restorePrecompiles(this.#last.environment)
      return this.#last
    }
    const ofChain = ancestorsOf(this.#backend, this.#base)
    const environment = await createEnvironment(this.#backend, {
      ...{ state: this.#state, context, isMerged: fields.difficulty === 0n, limit: this.#limit },
      hashOf: (number) => this.#made.get(number)?.hash ?? ofChain(number),
    })
    // From Amsterdam on, transfers are logged by themselves (EIP-7708).
    const isTraced = this.#simulation.traceTransfers && !environment.common.isActivatedEIP(7708)
    this.#last = { environment, tracer: isTraced ? new TransferTracer(environment) : undefined }
    return this.#last
  }

  async #execute(
    environment: Environment,
    tracer: TransferTracer | undefined,
    header: HeaderFields,
    calls: readonly CallArgs[],
  ): Promise<ExecutedCall[]> {
    const pool: GasPool = { available: environment.context.gasLimit }
    const executed: ExecutedCall[] = []
    let [cumulativeGas, logCount] = [0n, 0]
    for (const call of calls) {
      await this.#limit.pause()
      const { args, message, isCapped } = await this.#prepare(environment, header, call, pool)
      const envelope = encodeUnsigned(args, message, this.#backend.config.chainId)
      const result = await this.#apply(environment, message, pool)
      if (result.usedGas > this.#gas)
        throw new RpcError(`RPC gas cap exhausted: need ${result.usedGas}, remaining ${this.#gas}`)
      this.#gas -= result.usedGas
      cumulativeGas += result.usedGas
      const root = environment.common.gteHardfork('byzantium') ? undefined : await environment.state.getStateRoot()
      const shown = tracer ? tracer.take() : result.logs
      executed.push({
        ...{ envelope, message, result, isCapped, shown, root, cumulativeGas },
        firstLog: logCount,
        hash: keccak256(envelope),
      })
      logCount += shown.length
      this.#count(result, shown)
    }
    return executed
  }

  /** Fills in what a call leaves out. @throws {RpcError} the block has no room for it */
  async #prepare(environment: Environment, header: HeaderFields, call: CallArgs, pool: GasPool) {
    const account = await environment.state.getAccount(new Address(call.from ?? noAddress))
    const nonce = call.nonce ?? account?.nonce ?? 0n
    const wanted = call.gas ?? pool.available
    if (pool.available < wanted)
      throw new RpcError(
        `block gas limit reached: remaining: ${pool.available}, required: ${wanted}`,
        codes.blockGasLimitReached,
      )
    const gas = smaller(wanted, this.#gas)
    const args = { ...call, nonce, gas }
    const { chainId } = this.#backend.config
    const message = toMessage(args, { gas, baseFee: header.baseFee, chainId })
    if (!this.#simulation.validation && (account?.nonce ?? 0n) === maxNonce)
      throw new RpcError(
        `nonce has max value: address ${checksumAddress(message.from)}, nonce: ${maxNonce}`,
        RpcCode.internal,
      )
    return { args, message, isCapped: gas < wanted }
  }

  async #apply(environment: Environment, message: Message, pool: GasPool): Promise<ExecutionResult> {
    const isStrict = this.#simulation.validation === true
    const rules = { checksNonce: isStrict, checksGasLimit: false, allowsNoFee: !isStrict }
    try {
      return await applyMessage(environment, message, rules, pool)
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      throw new RpcError(`err: ${error.message} (supplied gas ${message.gasLimit})`, codeOf(error.fault))
    }
  }

  #blockJson(header: Header, raw: Uint8Array, executed: readonly ExecutedCall[]): unknown {
    const { body, transactions } = this.#bodyOf(header, raw, executed)
    return sorted({
      ...blockJson({ header, body }, transactions),
      calls: executed.map((call, i) => callJson(call, header, i)),
    })
  }

  #bodyOf(header: Header, raw: Uint8Array, executed: readonly ExecutedCall[]) {
    const body = decodeBody(raw)
    const transactions = this.#simulation.returnFullTransactions
      ? Array.from(body.transactions.items(), (item, index) =>
          transactionJson(decodeTransaction(item), executed[index]!.message.from, { header, index }),
        )
      : executed.map(({ hash }) => data(hash))
    return { body, transactions }
  }

  #count({ returnData }: ExecutionResult, logs: readonly MessageLog[]): void {
    this.#answerLength += 2 * returnData.length + logs.reduce((sum, log) => sum + 2 * log.data.length + 700, 400)
    if (this.#answerLength > maxAnswerLength) throw new RpcError('response too large', RpcCode.responseTooLarge)
  }
}

/** Where the blocks of a fork are executed. */
type Room = { readonly environment: Environment; readonly tracer: TransferTracer | undefined }

type ExecutedCall = ExecutedMessage & {
  readonly hash: Uint8Array
  /** It got less gas than it asked for. */
  readonly isCapped: boolean
  /** Transfers among them, if they are asked for. */
  readonly shown: readonly MessageLog[]
  readonly firstLog: number
}

function checkLimits(blocks: readonly SimulatedBlock[]): void {
  if (blocks.length === 0) throw new RpcError('empty input', RpcCode.invalidParams)
  if (blocks.length > maxBlocks) throw new RpcError('too many blocks', codes.clientLimitExceeded)
  let total = 0
  for (const { calls = [] } of blocks) {
    if (calls.length > maxCallsPerBlock)
      throw new RpcError(`too many calls in block: ${calls.length} > ${maxCallsPerBlock}`, codes.clientLimitExceeded)
    total += calls.length
    if (total > maxCalls) throw new RpcError(`too many calls: ${total} > ${maxCalls}`, codes.clientLimitExceeded)
  }
}

/** Numbers and times rise; where numbers are left out, there are empty blocks. */
function placeBlocks(base: Header, blocks: readonly SimulatedBlock[]): PlacedBlock[] {
  const placed: PlacedBlock[] = []
  let { number, time } = base
  for (const block of blocks) {
    const { blockOverrides = {} } = block
    const target = blockOverrides.number ?? number + 1n
    if (target <= number)
      throw new RpcError(`block numbers must be in order: ${target} <= ${number}`, codes.blockNumberInvalid)
    if (target - base.number > BigInt(maxBlocks)) throw new RpcError('too many blocks', codes.clientLimitExceeded)
    while (number + 1n < target) {
      number += 1n
      time += timeBetweenBlocks
      placed.push({ blockOverrides: { number, time } })
    }
    const at = blockOverrides.time ?? time + timeBetweenBlocks
    if (at <= time) throw new RpcError(`block timestamps must be in order: ${at} <= ${time}`, codes.blockTimeInvalid)
    number = target
    time = at
    placed.push({ ...block, blockOverrides: { ...blockOverrides, number, time } })
  }
  return placed
}

const smaller = (a: bigint, b: bigint) => (a > b ? b : a)

/** geth `IsPostMerge`. */
function isMerged(
  { terminalTotalDifficulty, blockForks, timeForks }: Backend['config'],
  at: { number: bigint; time: bigint },
): boolean {
  const isSince = (from: bigint | undefined, value: bigint) => from !== undefined && value >= from
  return (
    terminalTotalDifficulty === 0n ||
    isSince(blockForks.mergeNetsplit, at.number) ||
    isSince(timeForks.shanghai, at.time)
  )
}

function callJson({ result, shown, hash, firstLog, isCapped }: ExecutedCall, header: Header, txIndex: number): unknown {
  const place = { header, txHash: hash, txIndex }
  return {
    returnData: result.error === undefined ? data(result.returnData) : '0x',
    logs: shown.map((log, i) => logJson(log, { ...place, index: firstLog + i })),
    gasUsed: quantity(result.usedGas),
    maxUsedGas: quantity(result.maxUsedGas),
    status: quantity(result.error === undefined ? 1 : 0),
    ...(result.error !== undefined && { error: errorJson(result, result.error, isCapped) }),
  }
}

function errorJson({ isReverted, returnData }: ExecutionResult, message: string, isCapped: boolean): unknown {
  if (isReverted) {
    const { message, code, data } = revertError(returnData)
    return { message, code, data }
  }
  const reason = isCapped ? " (gas limit was capped by the RPC server's global gas cap)" : ''
  return { message: `${message}${reason}`, code: codes.vmError }
}

function codeOf(fault: MessageFault): number {
  return (
    {
      nonceTooHigh: codes.nonceTooHigh,
      nonceTooLow: codes.nonceTooLow,
      baseFeeTooLow: codes.baseFeeTooLow,
      intrinsicGas: codes.intrinsicGas,
      insufficientFunds: codes.insufficientFunds,
      initCodeTooLong: codes.initCodeTooLong,
      invalidParams: RpcCode.invalidParams,
      floorGas: RpcCode.internal,
      gasLimitTooHigh: RpcCode.internal,
      other: RpcCode.internal,
    } satisfies Record<MessageFault, number>
  )[fault]
}

/** execution-apis, eth_simulateV1; geth internal/ethapi/errors.go. */
const codes = {
  nonceTooLow: -38010,
  nonceTooHigh: -38011,
  baseFeeTooLow: -38012,
  intrinsicGas: -38013,
  insufficientFunds: -38014,
  blockGasLimitReached: -38015,
  blockNumberInvalid: -38020,
  blockTimeInvalid: -38021,
  initCodeTooLong: -38025,
  clientLimitExceeded: -38026,
  vmError: -32015,
} as const

const maxBlocks = 256
const maxCallsPerBlock = 5_000
const maxCalls = 10_000
/** In seconds. */
const timeBetweenBlocks = 12n

const zeroHash = new Uint8Array(32)
const noAddress = new Uint8Array(20)
