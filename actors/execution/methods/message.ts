import { Account, Address } from '@ethereumjs/util'
import { delegationTo, isDelegation, recoverAuthority } from '../../../protocols/chain/authorization.ts'
import { checksumAddress } from '../../../protocols/chain/checksum-address.ts'
import { blobGasPerBlob } from '../../../protocols/chain/fees.ts'
import { floorGas, intrinsicGas } from '../../../protocols/chain/intrinsic-gas.ts'
import { noFunds } from '../../../protocols/chain/pool-error.ts'
import { maxNonce, maxTxGas } from '../../../protocols/chain/pool-rules.ts'
import type { AccessTuple, Authorization } from '../../../protocols/chain/transaction-fields.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { data } from '../../rpc/json/hex.ts'
import type { Environment } from './environment.ts'
import { evmErrorMessage } from './evm-errors.ts'

// A message of a call is applied to a state as a transaction is (geth core/state_transition.go). The library's runTx cannot be
// asked for it: a sender has no key here, may be a contract, may owe its fee, and its nonce may be any.

export type Message = {
  readonly from: Uint8Array
  /** Undefined makes a contract. */
  readonly to: Uint8Array | undefined
  readonly nonce: bigint
  readonly value: bigint
  readonly gasLimit: bigint
  /** What is paid; with the two that the block's base fee makes it of (EIP-1559). */
  readonly gasPrice: bigint
  readonly gasFeeCap: bigint
  readonly gasTipCap: bigint
  readonly data: Uint8Array
  readonly accessList: readonly AccessTuple[] | undefined
  readonly blobFeeCap: bigint | undefined
  readonly blobHashes: readonly Uint8Array[] | undefined
  readonly authorizations: readonly Authorization[] | undefined
}

export type MessageRules = {
  readonly checksNonce: boolean
  /** EIP-7825. */
  readonly checksGasLimit: boolean
  /** Fees of zero are taken, whatever the block asks for (geth `NoBaseFee`). */
  readonly allowsNoFee: boolean
}

/** What is left of a block's gas. */
export type GasPool = { available: bigint }

export type ExecutionResult = {
  readonly usedGas: bigint
  /** Before refunds. */
  readonly maxUsedGas: bigint
  /** As geth says it; undefined on success. */
  readonly error: string | undefined
  readonly isReverted: boolean
  /** What was returned, or the data of a revert. */
  readonly returnData: Uint8Array
  readonly logs: readonly MessageLog[]
}

export type MessageLog = {
  readonly address: Uint8Array
  readonly topics: readonly Uint8Array[]
  readonly data: Uint8Array
}

/** @throws {MessageError} it could be in no block: the state is as it was */
export async function applyMessage(
  environment: Environment,
  message: Message,
  rules: MessageRules,
  pool: GasPool,
): Promise<ExecutionResult> {
  const { evm, state, common } = environment
  await evm.journal.cleanup()
  await preCheck(environment, message, rules, pool)
  const intrinsic = gasOf(environment, message)
  await evm.journal.checkpoint()
  warm(environment, message)
  const { from, gasLimit, gasPrice, value } = message
  await addBalance(environment, from, -upfrontFee(environment, message))
  await bumpNonce(environment, from)
  if (common.isActivatedEIP(8037)) resetStateGas(evm)
  const authRefund = message.authorizations ? await authorize(environment, message.authorizations) : 0n
  const { execResult } = await evm.runCall({
    block: environment.block,
    gasPrice,
    caller: new Address(from),
    origin: new Address(from),
    gasLimit: gasLimit - intrinsic.gas,
    ...(message.to && { to: new Address(message.to) }),
    value,
    data: message.data,
    blobVersionedHashes: message.blobHashes?.map((hash) => data(hash) as `0x${string}`) ?? [],
    skipNonceIncrement: true,
  })
  const maxUsed =
    intrinsic.gas + execResult.executionGasUsed - (common.isActivatedEIP(8037) ? evm.stateGasReservoir : 0n)
  const counter = (execResult.gasRefund ?? 0n) + authRefund
  const most = maxUsed / common.param('maxRefundQuotient')
  const refunded = maxUsed - (counter < most ? counter : most)
  const usedGas = refunded < intrinsic.floor ? intrinsic.floor : refunded
  await addBalance(environment, from, (gasLimit - usedGas) * gasPrice)
  await addBalance(environment, environment.context.coinbase, usedGas * tipOf(environment, message, rules))
  await destroy(environment, execResult)
  await evm.journal.cleanup()
  await evm.journal.commit()
  evm.journal.cleanJournal()
  state.originalStorageCache.clear()
  pool.available -= usedGas
  const failure = execResult.exceptionError
  const isReverted = failure?.error === 'revert'
  return {
    usedGas,
    maxUsedGas: maxUsed > intrinsic.floor ? maxUsed : intrinsic.floor,
    error: failure && evmErrorMessage(failure.error, execResult.runState),
    isReverted,
    returnData: failure && !isReverted ? new Uint8Array(0) : execResult.returnValue,
    logs: (execResult.logs ?? []).map(([address, topics, bytes]) => ({ address, topics, data: bytes })),
  }
}

/** @returns what the contract at `to` returned; undefined when it has no code or failed: a call by no one, as blocks make them */
export async function systemCall(
  environment: Environment,
  to: Uint8Array,
  input: Uint8Array,
): Promise<{ readonly returnData: Uint8Array; readonly hasFailed: boolean } | undefined> {
  const { evm, state, block } = environment
  const code = await state.getCode(new Address(to))
  if (code.length === 0) return undefined
  await evm.journal.cleanup()
  const { execResult } = await evm.runCall({
    ...{ block, caller: new Address(systemAddress), origin: new Address(systemAddress), to: new Address(to) },
    ...{ gasLimit: 30_000_000n, data: input, skipNonceIncrement: true },
  })
  await evm.journal.cleanup()
  state.originalStorageCache.clear()
  return { returnData: execResult.returnValue, hasFailed: execResult.exceptionError !== undefined }
}

async function preCheck(environment: Environment, message: Message, rules: MessageRules, pool: GasPool): Promise<void> {
  const { state, common, context } = environment
  const who = `address ${checksumAddress(message.from)}`
  const account = (await state.getAccount(new Address(message.from))) ?? new Account()
  if (rules.checksNonce) {
    const at = `${who}, tx: ${message.nonce} state: ${account.nonce}`
    if (account.nonce < message.nonce) throw new MessageError('nonceTooHigh', `nonce too high: ${at}`)
    if (account.nonce > message.nonce) throw new MessageError('nonceTooLow', `nonce too low: ${at}`)
    if (account.nonce === maxNonce)
      throw new MessageError('other', `nonce has max value: ${who}, nonce: ${account.nonce}`)
  }
  if (rules.checksGasLimit && common.isActivatedEIP(7825) && message.gasLimit > maxTxGas)
    throw new MessageError(
      'gasLimitTooHigh',
      `transaction gas limit too high (cap: ${maxTxGas}, tx: ${message.gasLimit})`,
    )
  if (common.isActivatedEIP(1559) && !(rules.allowsNoFee && message.gasFeeCap === 0n && message.gasTipCap === 0n)) {
    const { gasFeeCap: cap, gasTipCap: tip } = message
    if (cap < tip)
      throw new MessageError(
        'invalidParams',
        `max priority fee per gas higher than max fee per gas: ${who}, maxPriorityFeePerGas: ${tip}, maxFeePerGas: ${cap}`,
      )
    if (cap < (context.baseFee ?? 0n))
      throw new MessageError(
        'baseFeeTooLow',
        `max fee per gas less than block base fee: ${who}, maxFeePerGas: ${cap}, baseFee: ${context.baseFee}`,
      )
  }
  checkType(environment, message, rules)
  const maxCode = common.isActivatedEIP(3860) && !message.to ? Number(common.param('maxInitCodeSize')) : undefined
  if (maxCode !== undefined && message.data.length > maxCode)
    throw new MessageError(
      'initCodeTooLong',
      `max initcode size exceeded: code size ${message.data.length} limit ${maxCode}`,
    )
  if (pool.available < message.gasLimit) throw new MessageError('other', 'gas limit reached')
  const want = message.gasLimit * message.gasFeeCap + message.value + blobGas(message) * (message.blobFeeCap ?? 0n)
  if (want > maxUint256)
    throw new MessageError('insufficientFunds', `${noFunds}: ${who} required balance exceeds 256 bits`)
  if (account.balance < want)
    throw new MessageError('insufficientFunds', `${noFunds}: ${who} have ${account.balance} want ${want}`)
}

/** What a message of a newer type needs. */
function checkType({ common, context }: Environment, message: Message, rules: MessageRules): void {
  const { accessList, blobFeeCap, blobHashes, authorizations, to, from } = message
  const unsupported = (type: string) =>
    new MessageError('other', `transaction type not supported: ${type} tx (sender ${checksumAddress(from)})`)
  if (accessList && !common.isActivatedEIP(2930)) throw unsupported('access list')
  if ((blobFeeCap !== undefined || blobHashes) && !common.isActivatedEIP(4844)) throw unsupported('blob')
  if (blobHashes) {
    if (!to) throw new MessageError('other', blobCreate)
    if (blobHashes.length === 0) throw new MessageError('other', 'blob transaction missing blob hashes')
    if (common.isActivatedEIP(7594) && blobHashes.length > maxBlobs)
      throw new MessageError('other', 'blob transaction has too many blobs')
    const bad = blobHashes.findIndex(([version]) => version !== 1)
    if (bad >= 0) throw new MessageError('other', `blob ${bad} has invalid hash version`)
    const [cap, price] = [blobFeeCap ?? 0n, context.blobBaseFee ?? 0n]
    if (!(rules.allowsNoFee && cap === 0n) && cap < price)
      throw new MessageError(
        'other',
        `max fee per blob gas less than block blob gas fee: address ${checksumAddress(from)} blobGasFeeCap: ${cap}, blobBaseFee: ${price}`,
      )
  }
  if (authorizations) {
    if (!common.isActivatedEIP(7702)) throw unsupported('setcode')
    if (!to) throw new MessageError('other', `${setCodeCreate} (sender ${checksumAddress(from)})`)
    if (authorizations.length === 0)
      throw new MessageError('other', `EIP-7702 transaction with empty auth list (sender ${checksumAddress(from)})`)
  }
}

/** @returns what is paid before anything is executed, and at least */
function gasOf({ common }: Environment, message: Message): { readonly gas: bigint; readonly floor: bigint } {
  const rules = {
    isHomestead: common.gteHardfork('homestead'),
    isIstanbul: common.gteHardfork('istanbul'),
    isShanghai: common.isActivatedEIP(3860),
    isPrague: common.isActivatedEIP(7702),
    isAmsterdam: common.isActivatedEIP(2780),
  }
  const { gasLimit } = message
  const [gas, floor] = [BigInt(intrinsicGas(rules, message)), BigInt(floorGas(rules, message))]
  if (gasLimit < gas) throw new MessageError('intrinsicGas', `intrinsic gas too low: have ${gasLimit}, want ${gas}`)
  if (gasLimit < floor)
    throw new MessageError('floorGas', `insufficient gas for floor data gas cost: have ${gasLimit}, want ${floor}`)
  return { gas, floor }
}

function upfrontFee({ context }: Environment, message: Message): bigint {
  return message.gasLimit * message.gasPrice + blobGas(message) * (context.blobBaseFee ?? 0n)
}

/** What of the gas price the block's maker gets. */
function tipOf({ context, common }: Environment, message: Message, { allowsNoFee }: MessageRules): bigint {
  if (allowsNoFee && message.gasFeeCap === 0n && message.gasTipCap === 0n) return 0n
  return common.isActivatedEIP(1559) ? message.gasPrice - (context.baseFee ?? 0n) : message.gasPrice
}

/** EIP-2929, EIP-2930, EIP-3651. */
function warm({ evm, common, context, precompiles }: Environment, { from, to, accessList = [] }: Message): void {
  if (!common.isActivatedEIP(2929)) return
  const { journal } = evm
  for (const address of precompiles.keys()) journal.addAlwaysWarmAddress(address)
  journal.addAlwaysWarmAddress(bytesToHex(from))
  if (to) journal.addAlwaysWarmAddress(bytesToHex(to))
  if (common.isActivatedEIP(3651)) journal.addAlwaysWarmAddress(bytesToHex(context.coinbase))
  for (const { address, storageKeys } of accessList) {
    journal.addAlwaysWarmAddress(bytesToHex(address), true)
    for (const key of storageKeys) journal.addAlwaysWarmSlot(bytesToHex(address), bytesToHex(key), true)
  }
}

/** EIP-7702. @returns what is refunded for accounts that exist already */
async function authorize(environment: Environment, authorizations: readonly Authorization[]): Promise<bigint> {
  const { evm, state, common } = environment
  let refund = 0n
  for (const one of authorizations) {
    const authority = one.chainId === 0n || one.chainId === common.chainId() ? recoverAuthority(one) : undefined
    if (!authority || one.nonce >= maxNonce) continue
    const address = new Address(authority)
    evm.journal.addAlwaysWarmAddress(bytesToHex(authority))
    const code = await state.getCode(address)
    const account = await state.getAccount(address)
    if ((code.length > 0 && !isDelegation(code)) || (account?.nonce ?? 0n) !== one.nonce) continue
    if (account && !common.isActivatedEIP(8037)) refund += newAccountGas - tupleGas
    await bumpNonce(environment, authority)
    const isClear = one.address.every((byte) => byte === 0)
    await state.putCode(address, isClear ? new Uint8Array(0) : delegationTo(one.address))
  }
  return refund
}

/** EIP-6780: since Cancun, only what was made by the same message goes. */
async function destroy(
  { evm, common }: Environment,
  { selfdestruct, createdAddresses }: Awaited<ReturnType<Environment['evm']['runCall']>>['execResult'],
): Promise<void> {
  if (common.isActivatedEIP(8246)) return
  for (const address of selfdestruct?.keys() ?? [])
    if (!common.isActivatedEIP(6780) || createdAddresses?.has(address))
      await evm.journal.deleteAccount(new Address(hexToBytes(address.slice(2))))
}

async function addBalance({ evm, state }: Environment, address: Uint8Array, amount: bigint): Promise<void> {
  const account = (await state.getAccount(new Address(address))) ?? new Account()
  account.balance += amount
  await evm.journal.putAccount(new Address(address), account)
}

async function bumpNonce({ evm, state }: Environment, address: Uint8Array): Promise<void> {
  const account = (await state.getAccount(new Address(address))) ?? new Account()
  account.nonce += 1n
  await evm.journal.putAccount(new Address(address), account)
}

/** EIP-8037: all gas of a call can be spent on execution, none is set aside for state. */
function resetStateGas(evm: Environment['evm']): void {
  evm.stateGasReservoir = 0n
  evm.executionStateGasUsed = 0n
  evm.eip2780PrepOog = false
}

const blobGas = ({ blobHashes = [] }: Message) => BigInt(blobHashes.length) * blobGasPerBlob

export const blobCreate = 'blob transaction of type create'
export const setCodeCreate = 'EIP-7702 transaction cannot be used to create contract'
const maxUint256 = 2n ** 256n - 1n
/** EIP-7594: in one transaction. */
const maxBlobs = 6
/** EIP-7702, PER_EMPTY_ACCOUNT_COST and PER_AUTH_BASE_COST. */
const newAccountGas = 25_000n
const tupleGas = 12_500n
/** EIP-4788. */
const systemAddress = hexToBytes('fffffffffffffffffffffffffffffffffffffffe')

/** Why no block could have the message; named as geth's errors are. */
export type MessageFault =
  | 'nonceTooHigh'
  | 'nonceTooLow'
  | 'baseFeeTooLow'
  | 'intrinsicGas'
  | 'floorGas'
  | 'insufficientFunds'
  | 'gasLimitTooHigh'
  | 'initCodeTooLong'
  | 'invalidParams'
  | 'other'

/** The fault of who made the message. */
export class MessageError extends Error {
  override readonly name = 'MessageError'
  readonly fault: MessageFault

  constructor(fault: MessageFault, message: string) {
    super(message)
    this.fault = fault
  }
}
