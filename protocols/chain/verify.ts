import { bytesToHex, equalBytes } from '../lib/bytes.ts'
import { keccak256Steps } from '../lib/keccak.ts'
import { RlpError, readItem } from '../lib/rlp.ts'
import { atOnce } from './at-once.ts'
import { type BlockBody, blockSize, decodeBody, decodeWithdrawal } from './block.ts'
import { AccessListError, checkAccessList } from './block-access-list.ts'
import { blobParams, type ChainConfig, isBlockForkActive, isTimeForkActive } from './chain-config.ts'
import { blobGasPerBlob, elasticityMultiplier, initialBaseFee, nextBaseFee, nextExcessBlobGas } from './fees.ts'
import { emptyUnclesHash } from './genesis.ts'
import type { Header } from './header.ts'
import { checkBlockTransaction } from './transaction-fields.ts'
import { isEmptyTrieRoot, listRootSteps, rawValues, transactionValues } from './trie-root.ts'

// What a block shows of itself without being executed: its place after its parent, what gas costs in it, and that its body
// is the header's. State, receipts, signatures and seals are not looked at.

/** @throws {InvalidBlock} `header` cannot stand on `parent` */
export function verifyHeader(config: ChainConfig, parent: Header, header: Header): void {
  const check: Check = (holds, reason, detail) => {
    if (!holds) throw new InvalidBlock(header, reason, detail)
  }
  check(equalBytes(header.parentHash, parent.hash), 'parent link')
  check(header.number === parent.number + 1n, 'number', `${header.number} after ${parent.number}`)
  check(header.time > parent.time, 'time', `${header.time} after ${parent.time}`)
  check(header.extraData.length <= maxExtraDataBytes, 'extra data', `${header.extraData.length} bytes`)
  check(header.gasUsed <= header.gasLimit, 'gas used', `${header.gasUsed} of ${header.gasLimit}`)
  check(isGasLimitInBounds(config, parent, header), 'gas limit', `${header.gasLimit} after ${parent.gasLimit}`)
  for (const [name, isDue] of laterFields(config, header))
    check(
      (header[name] !== undefined) === isDue,
      'fields of its fork',
      `${name} ${isDue ? 'is missing' : 'is too early'}`,
    )
  checkFees(config, parent, header, check)
  if (header.difficulty > 0n) check(parent.difficulty > 0n, 'difficulty', 'proof of work after the merge')
  else check(header.nonce.every((byte) => byte === 0) && isEmptyUnclesHash(header.unclesHash), 'seal')
}

type Check = (holds: boolean, reason: InvalidReason, detail?: string) => void

/** EIP-1559, EIP-4844 and, from Osaka on, EIP-7918; how many blobs fit is in the chain's blob schedule (EIP-7840). */
function checkFees(config: ChainConfig, parent: Header, header: Header, check: Check): void {
  if (header.baseFee !== undefined) {
    const baseFee =
      parent.baseFee === undefined ? initialBaseFee : nextBaseFee({ ...gasOf(parent), baseFee: parent.baseFee })
    check(header.baseFee === baseFee, 'base fee', `have ${header.baseFee}, want ${baseFee}`)
  }
  const blobs = blobParams(config, header)
  if (header.blobGasUsed === undefined || header.excessBlobGas === undefined || blobs === undefined) return
  const { blobGasUsed, excessBlobGas } = header
  const most = blobs.max * blobGasPerBlob
  check(blobGasUsed <= most, 'blob gas used', `${blobGasUsed} of ${most}`)
  check(blobGasUsed % blobGasPerBlob === 0n, 'blob gas used', `${blobGasUsed} is not of whole blobs`)
  const hasReservePrice = isTimeForkActive(config, 'osaka', header)
  const wanted = nextExcessBlobGas({ ...blobs, hasReservePrice }, parent)
  check(excessBlobGas === wanted, 'excess blob gas', `have ${excessBlobGas}, want ${wanted}`)
}

const gasOf = ({ gasLimit, gasUsed }: Header) => ({ gasLimit, gasUsed })

/**
 * A body that was found to be its header's is not looked at again: what a peer sends is verified when it comes, and by
 * the chain when it is stored.
 * @param raw RLP of a body; not to be written to any more
 * @throws {InvalidBlock} `raw` is no body, or not the one that `header` commits to
 */
export function verifyBody(header: Header, raw: Uint8Array): void {
  atOnce(verifyBodySteps(header, raw))
}

/** As {@link verifyBody}, step by step: a body may have 100,000 transactions. */
export function* verifyBodySteps(header: Header, raw: Uint8Array): Generator<void, void> {
  if (verified.get(raw) === header) return
  yield* checkBody(header, raw)
  verified.set(raw, header)
}

/** BOUNDED: by the bodies that others keep. */
const verified = new WeakMap<Uint8Array, Header>()

function* checkBody(header: Header, raw: Uint8Array): Generator<void, void> {
  const body = tryDecode(header, raw)
  const { transactions, uncles, withdrawals } = body
  const check: Check = (holds, reason, detail) => {
    if (!holds) throw new InvalidBlock(header, reason, detail)
  }
  yield
  check(
    transactions.count === 0
      ? isEmptyTrieRoot(header.txRoot)
      : equalBytes(yield* listRootSteps(yield* transactionValues(transactions)), header.txRoot),
    'transaction root',
  )
  check(
    uncles.count === 0
      ? isEmptyUnclesHash(header.unclesHash)
      : equalBytes(yield* keccak256Steps(uncles.raw), header.unclesHash),
    'uncles hash',
  )
  check((withdrawals === undefined) === (header.withdrawalsRoot === undefined), 'withdrawals')
  if (withdrawals && header.withdrawalsRoot)
    check(equalBytes(yield* listRootSteps(yield* rawValues(withdrawals)), header.withdrawalsRoot), 'withdrawals root')
  const blobGas = blobGasPerBlob * BigInt(yield* readItems(header, body))
  check(
    blobGas === (header.blobGasUsed ?? 0n),
    'blob gas used',
    `${header.blobGasUsed ?? 0n}, and blobs for ${blobGas}`,
  )
}

/**
 * @param body RLP of a body that is verified
 * @throws {InvalidBlock} the block is larger than its fork allows (EIP-7934)
 */
export function verifySize(config: ChainConfig, header: Header, body: Uint8Array): void {
  if (!isTimeForkActive(config, 'osaka', header)) return
  const size = blockSize(header.raw.length, readItem(body).content.length)
  if (size > maxBlockBytes) throw new InvalidBlock(header, 'size', `${size} of ${maxBlockBytes} bytes`)
}

/**
 * The list is its header's, and what EIP-7928 allows in this block: geth's ValidateBody.
 * @param body RLP of the block's body, which is verified
 * @throws {InvalidBlock} step by step, for a list can be long
 */
export function* verifyAccessList(header: Header, body: Uint8Array, raw: Uint8Array): Generator<void, void> {
  if (!(yield* isAccessListOf(header, raw))) throw new InvalidBlock(header, 'access list', 'not the one of its header')
  const { gasLimit } = header
  try {
    yield* checkAccessList(raw, { gasLimit, transactions: decodeBody(body).transactions.count })
  } catch (cause) {
    if (cause instanceof RlpError || cause instanceof AccessListError)
      throw new InvalidBlock(header, 'access list', cause.message, { cause })
    throw cause
  }
}

/** @returns whether these bytes are the list that `header` commits to, which is no promise of what is in it */
export function* isAccessListOf({ balHash }: Header, raw: Uint8Array): Generator<void, boolean> {
  return balHash !== undefined && equalBytes(yield* keccak256Steps(raw), balHash)
}

/**
 * Looks at every item of the body, so that no later reader meets a malformed one.
 * @returns how many blobs its transactions have
 */
function* readItems(header: Header, { transactions, withdrawals }: BlockBody): Generator<void, number> {
  let blobs = 0
  let place = ''
  try {
    let index = 0
    for (const item of transactions.items()) {
      place = `transaction ${index++}`
      if (index % fewItems === 0) yield
      blobs += yield* checkBlockTransaction(item)
    }
    index = 0
    for (const item of withdrawals?.items() ?? []) {
      place = `withdrawal ${index++}`
      if (index % fewItems === 0) yield
      decodeWithdrawal(item)
    }
  } catch (cause) {
    if (cause instanceof RlpError) throw new InvalidBlock(header, 'body', `${place}: ${cause.message}`, { cause })
    throw cause
  }
  return blobs
}

/** That are read in one step. */
const fewItems = 128
/** geth `params.MaximumExtraDataSize`. */
const maxExtraDataBytes = 32
/** geth `params.MaxBlockSize`: 10 MiB, and 2 less for what a consensus client puts around it. */
const maxBlockBytes = 8_388_608
/** Yellow Paper, 11.1. */
const maxUncles = 2
/** geth `params.MinGasLimit`, `MaxGasLimit` and `GasLimitBoundDivisor`. */
const minGasLimit = 5_000n
const maxGasLimit = 2n ** 63n - 1n
const gasLimitBoundDivisor = 1_024n

function isGasLimitInBounds(config: ChainConfig, parent: Header, { number, gasLimit }: Header): boolean {
  const isLondonBlock =
    isBlockForkActive(config, 'london', number) && !isBlockForkActive(config, 'london', parent.number)
  // The limit doubles at London itself, so that the target stays.
  const from = isLondonBlock ? parent.gasLimit * elasticityMultiplier : parent.gasLimit
  const change = gasLimit > from ? gasLimit - from : from - gasLimit
  return gasLimit >= minGasLimit && gasLimit <= maxGasLimit && change < from / gasLimitBoundDivisor
}

type LaterField =
  | 'baseFee'
  | 'withdrawalsRoot'
  | 'blobGasUsed'
  | 'excessBlobGas'
  | 'parentBeaconRoot'
  | 'requestsHash'
  | 'balHash'
  | 'slotNumber'

function laterFields(config: ChainConfig, header: Header): readonly (readonly [LaterField, boolean])[] {
  const at = { number: header.number, time: header.time }
  const cancun = isTimeForkActive(config, 'cancun', at)
  const amsterdam = isTimeForkActive(config, 'amsterdam', at)
  return [
    ['baseFee', isBlockForkActive(config, 'london', at.number)],
    ['withdrawalsRoot', isTimeForkActive(config, 'shanghai', at)],
    ['blobGasUsed', cancun],
    ['excessBlobGas', cancun],
    ['parentBeaconRoot', cancun],
    ['requestsHash', isTimeForkActive(config, 'prague', at)],
    ['balHash', amsterdam],
    ['slotNumber', amsterdam],
  ]
}

const isEmptyUnclesHash = (hash: Uint8Array) => equalBytes(hash, emptyUnclesHash)

function tryDecode(header: Header, raw: Uint8Array): BlockBody {
  try {
    const body = decodeBody(raw)
    if (body.uncles.count > maxUncles) throw new InvalidBlock(header, 'uncles')
    for (const _uncle of body.uncles);
    return body
  } catch (cause) {
    // An uncle that is none comes as a MalformedItem around the RlpError.
    if (cause instanceof RlpError || (cause as Error).cause instanceof RlpError)
      throw new InvalidBlock(header, 'body', (cause as Error).message, { cause })
    throw cause
  }
}

/** What is wrong with a block. `parent` is not its fault: we do not have the block it stands on. */
export type InvalidReason =
  | 'parent'
  | 'parent link'
  | 'number'
  | 'time'
  | 'extra data'
  | 'gas used'
  | 'gas limit'
  | 'fields of its fork'
  | 'base fee'
  | 'blob gas used'
  | 'excess blob gas'
  | 'difficulty'
  | 'seal'
  | 'size'
  | 'body'
  | 'transaction root'
  | 'uncles hash'
  | 'uncles'
  | 'withdrawals'
  | 'withdrawals root'
  | 'access list'
  // What only an execution finds out.
  | 'execution'
  | 'requests hash'
  | 'receipts root'
  | 'bloom'
  | 'state root'

/** A block that cannot be on our chain: the fault of its sender. */
export class InvalidBlock extends Error {
  override readonly name = 'InvalidBlock'
  readonly number: bigint
  readonly hash: Uint8Array
  readonly reason: InvalidReason
  /** The last block of its branch that was executed and is valid, where one is known. */
  readonly latestValid: Uint8Array | undefined

  constructor(
    { number, hash }: Header,
    reason: InvalidReason,
    detail?: string,
    options?: ErrorOptions & { readonly latestValid?: Uint8Array },
  ) {
    super(`block ${number} (${bytesToHex(hash).slice(0, 8)}…): wrong ${reason}${detail ? `: ${detail}` : ''}`, options)
    this.number = number
    this.hash = hash
    this.reason = reason
    this.latestValid = options?.latestValid
  }
}
