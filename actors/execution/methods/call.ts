import { Address } from '@ethereumjs/util'
import { contractAddress } from '../../../protocols/chain/account.ts'
import { recoverAuthority } from '../../../protocols/chain/authorization.ts'
import { isTimeForkActive } from '../../../protocols/chain/chain-config.ts'
import type { Header } from '../../../protocols/chain/header.ts'
import { maxTxGas } from '../../../protocols/chain/pool-rules.ts'
import type { AccessTuple } from '../../../protocols/chain/transaction-fields.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { data, quantity } from '../../rpc/json/hex.ts'
import { RpcError } from '../../rpc/rpc-error.ts'
import { type Backend, stateAfter } from './backend.ts'
import { type CallArgs, checkBlobFee, toMessage } from './call-args.ts'
import { ancestorsOf, contextOf, createEnvironment, type Environment, withContext } from './environment.ts'
import { gasCap, type TimeLimit } from './limits.ts'
import { applyMessage, type ExecutionResult, type Message, MessageError } from './message.ts'
import { applyOverrides, type BlockOverrides, overrideContext, type StateOverrides } from './overrides.ts'
import { revertError } from './revert.ts'

// Messages executed on the state of a block and forgotten (geth internal/ethapi/api.go, eth/gasestimator).

export type CallOptions = {
  /** On whose state. */
  readonly block: Header
  readonly state?: StateOverrides | undefined
  readonly blockOverrides?: BlockOverrides | undefined
  readonly limit: TimeLimit
}

/** @returns what it returned @throws {RpcError} it failed; with the data of a revert */
export async function call(backend: Backend, args: CallArgs, options: CallOptions): Promise<string> {
  checkBlobFee(args)
  const environment = await prepare(backend, options)
  const message = toMessage(args, {
    gas: gasCap,
    baseFee: environment.context.baseFee,
    chainId: backend.config.chainId,
  })
  const result = await apply(freed(environment, message), message).catch((error: unknown) => {
    if (error instanceof MessageError) throw new RpcError(`err: ${error.message} (supplied gas ${message.gasLimit})`)
    throw error
  })
  if (result.isReverted) throw revertError(result.returnData)
  if (result.error !== undefined) throw new RpcError(result.error)
  return data(result.returnData)
}

/** @returns a gas limit with which it succeeds, at most 1.5 % above the least @throws {RpcError} it fails with any */
export async function estimateGas(backend: Backend, args: CallArgs, options: CallOptions): Promise<string> {
  checkBlobFee(args)
  const environment = await prepare(backend, options)
  const { context } = environment
  const message = toMessage(
    { ...args, gas: args.gas ?? 0n },
    { gas: gasCap, baseFee: context.baseFee, chainId: backend.config.chainId },
  )
  const trial = async (gasLimit: bigint): Promise<ExecutionResult | undefined> => {
    try {
      return await apart(environment, () => apply(freed(environment, message), { ...message, gasLimit }))
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      if (error.fault === 'intrinsicGas' || error.fault === 'gasLimitTooHigh') return undefined
      throw new RpcError(`failed with ${gasLimit} gas: ${error.message}`)
    }
  }
  const isTransfer = message.data.length === 0 && message.to && (await codeSize(environment, message.to)) === 0
  let high = await highestGas(backend, environment, options.block, message)
  if (isTransfer) {
    const transfer = await trial(transferGas)
    if (transfer?.error === undefined && transfer) return quantity(transfer.usedGas)
  }
  const first = await trial(high)
  if (!first || first.error === 'out of gas') throw new RpcError(`gas required exceeds allowance (${high})`)
  if (first.isReverted) throw revertError(first.returnData)
  if (first.error !== undefined) throw new RpcError(first.error)
  let low = first.usedGas - 1n
  const optimistic = ((first.maxUsedGas + callStipend) * 64n) / 63n
  const narrow = async (gas: bigint) => {
    const tried = await trial(gas)
    if (!tried || tried.error !== undefined) low = gas
    else high = gas
  }
  if (optimistic < high) await narrow(optimistic)
  while (low + 1n < high && Number(high - low) / Number(high) >= errorRatio) {
    const middle = low + (high - low) / 2n
    await narrow(middle > 2n * low ? 2n * low : middle)
  }
  return quantity(high)
}

/** EIP-2930. @returns also what it costs with the list, and its error if it fails */
export async function createAccessList(
  backend: Backend,
  args: CallArgs,
  options: Omit<CallOptions, 'blockOverrides'>,
): Promise<Record<string, unknown>> {
  checkBlobFee(args)
  const environment = await prepare(backend, options)
  const { context } = environment
  const given = await withNonce(environment, args)
  const message = toMessage(given, { gas: gasCap, baseFee: context.baseFee, chainId: backend.config.chainId })
  const excluded = excludedOf(environment, message)
  let list = args.accessList ?? []
  for (;;) {
    const touched = touchedBy(environment, list, excluded)
    const result = await apart(environment, () =>
      apply(freed(environment, message), { ...message, accessList: list }),
    ).catch((error: unknown) => {
      if (error instanceof MessageError) throw new RpcError(`failed to apply transaction: ${error.message}`)
      throw error
    })
    const found = touched.end()
    if (isSame(found, list))
      return {
        accessList: list.map(({ address, storageKeys }) => ({
          address: data(address),
          storageKeys: storageKeys.map(data),
        })),
        ...(result.error !== undefined && { error: result.error }),
        gasUsed: quantity(result.usedGas),
      }
    list = found
  }
}

/** Executes as calls do: nothing is checked of who sends it, and a fee of zero is taken. */
const apply = (environment: Environment, message: Message): Promise<ExecutionResult> =>
  applyMessage(
    environment,
    message,
    { checksNonce: false, checksGasLimit: false, allowsNoFee: true },
    { available: message.gasLimit },
  )

async function prepare(
  backend: Backend,
  { block, state: overrides, blockOverrides, limit }: CallOptions,
): Promise<Environment> {
  const environment = await createEnvironment(backend, {
    state: await stateAfter(backend, block),
    limit,
    context: overrideContext(contextOf(backend, block), blockOverrides),
    isMerged: block.difficulty === 0n,
    hashOf: ancestorsOf(backend, block),
  })
  await applyOverrides(environment, overrides)
  return environment
}

/** Who pays nothing sees a base fee of nothing (geth `applyMessage`). */
function freed(environment: Environment, { gasPrice, blobFeeCap }: Message): Environment {
  const { context } = environment
  if (gasPrice !== 0n && blobFeeCap !== 0n) return environment
  return withContext(environment, {
    ...context,
    baseFee: gasPrice === 0n && context.baseFee !== undefined ? 0n : context.baseFee,
    blobBaseFee: blobFeeCap === 0n && context.blobBaseFee !== undefined ? 0n : context.blobBaseFee,
  })
}

/** Runs on the state and leaves it as it was. */
async function apart<T>({ state, evm }: Environment, run: () => Promise<T>): Promise<T> {
  await state.checkpoint()
  try {
    return await run()
  } finally {
    await state.revert()
    evm.journal.cleanJournal()
  }
}

/** What the sender can pay for, and no more than may be asked for. @throws {RpcError} it cannot pay anything */
async function highestGas(
  { config }: Backend,
  { state, context }: Environment,
  header: Header,
  message: Message,
): Promise<bigint> {
  let high = message.gasLimit >= transferGas ? message.gasLimit : context.gasLimit
  const hasCap = isTimeForkActive(config, 'osaka', header) && !isTimeForkActive(config, 'amsterdam', header)
  if (hasCap && high > maxTxGas) high = maxTxGas
  if (message.gasFeeCap > 0n) {
    const balance = (await state.getAccount(new Address(message.from)))?.balance ?? 0n
    if (message.value >= balance && message.value > 0n) throw new RpcError('insufficient funds for transfer')
    const allowance = (balance - message.value) / message.gasFeeCap
    if (high > allowance) high = allowance
  }
  return high > gasCap ? gasCap : high
}

async function codeSize({ state }: Environment, address: Uint8Array): Promise<number> {
  return (await state.getCode(new Address(address))).length
}

async function withNonce({ state }: Environment, args: CallArgs): Promise<CallArgs> {
  if (args.nonce !== undefined) return args
  const account = await state.getAccount(new Address(args.from ?? new Uint8Array(20)))
  return { ...args, nonce: account?.nonce ?? 0n }
}

/** Warm without a list: hex digits. */
function excludedOf({ precompiles }: Environment, { from, to, nonce, authorizations = [] }: Message): Set<string> {
  const authorities = authorizations.flatMap((one) => {
    const authority = recoverAuthority(one)
    return authority ? [bytesToHex(authority)] : []
  })
  const target = to ?? contractAddress(from, nonce)
  return new Set([...precompiles.keys(), bytesToHex(from), bytesToHex(target), ...authorities])
}

/** Watches which addresses and slots opcodes name (geth eth/tracers/logger/access_list_tracer.go). */
function touchedBy(
  { evm }: Environment,
  list: readonly AccessTuple[],
  excluded: ReadonlySet<string>,
): { end(): AccessTuple[] } {
  /** BOUNDED: by the gas of the call, 100 units each. */
  const touched = new Map<string, Set<string>>()
  const addAddress = (address: string) => {
    if (!excluded.has(address) && !touched.has(address)) touched.set(address, new Set())
  }
  const addSlot = (address: string, slot: string) => {
    const slots = touched.get(address) ?? new Set()
    touched.set(address, slots.add(slot))
  }
  for (const { address, storageKeys } of list) {
    addAddress(bytesToHex(address))
    for (const key of storageKeys) addSlot(bytesToHex(address), bytesToHex(key))
  }
  const onStep = ({
    opcode,
    stack,
    address,
  }: {
    opcode: { name: string }
    stack: bigint[]
    address: { bytes: Uint8Array }
  }) => {
    const top = stack.at(-1)
    if (top === undefined) return
    if (opcode.name === 'SLOAD' || opcode.name === 'SSTORE') addSlot(bytesToHex(address.bytes), word(top))
    if (ofTop.has(opcode.name)) addAddress(word(top).slice(24))
    if (ofSecond.has(opcode.name) && stack.length >= 5) addAddress(word(stack.at(-2)!).slice(24))
  }
  evm.events!.on('step', onStep as never)
  return {
    end: () => {
      evm.events!.off('step', onStep as never)
      return [...touched].map(([address, slots]) => ({
        address: hexToBytes(address),
        storageKeys: [...slots].sort().map((slot) => hexToBytes(slot)),
      }))
    },
  }
}

const ofTop = new Set(['EXTCODECOPY', 'EXTCODEHASH', 'EXTCODESIZE', 'BALANCE', 'SELFDESTRUCT'])
const ofSecond = new Set(['DELEGATECALL', 'CALL', 'STATICCALL', 'CALLCODE'])
const word = (value: bigint) => value.toString(16).padStart(64, '0')

function isSame(a: readonly AccessTuple[], b: readonly AccessTuple[]): boolean {
  const text = (list: readonly AccessTuple[]) =>
    list
      .map(({ address, storageKeys }) =>
        [bytesToHex(address), ...storageKeys.map((key) => bytesToHex(key)).sort()].join(),
      )
      .sort()
      .join(';')
  return text(a) === text(b)
}

const transferGas = 21_000n
const callStipend = 2_300n
/** geth `estimateGasErrorRatio`. */
const errorRatio = 0.015
