import type { Header } from '../../../protocols/eth/header.ts'
import { equalBytes } from '../../../protocols/lib/bytes.ts'
import { type ChainConfig, latestTimeFork, type TimeFork } from '../../chain/chain-config.ts'
import { ForkchoiceError } from '../../chain/forkchoice.ts'
import { type Method, method } from '../api.ts'
import { data } from '../json/hex.ts'
import { address, hash, optional, quantity } from '../params.ts'
import { completeStruct, struct } from '../struct-params.ts'
import type { EngineParts } from './engine.ts'
import { engineError } from './engine-errors.ts'
import { cancunForks, checkFork, linksToRejected, pragueForks } from './engine-new-payload.ts'
import { withdrawals } from './engine-payload.ts'
import { invalid, type PayloadStatus, syncing, valid } from './engine-status.ts'

const stateParam = struct('engine.ForkchoiceStateV1', {
  headBlockHash: hash,
  safeBlockHash: hash,
  finalizedBlockHash: hash,
})
type ForkchoiceState = ReturnType<typeof stateParam.read>

const attributesParam = optional(
  completeStruct(
    'engine.PayloadAttributes',
    {
      timestamp: optional(quantity),
      prevRandao: optional(hash),
      suggestedFeeRecipient: optional(address),
      withdrawals,
      parentBeaconBlockRoot: optional(hash),
      slotNumber: optional(quantity),
      targetGasLimit: optional(quantity),
    },
    ['timestamp', 'prevRandao', 'suggestedFeeRecipient'],
  ),
)
type Attributes = NonNullable<ReturnType<typeof attributesParam.read>>

type Answer = { readonly payloadStatus: PayloadStatus; readonly payloadId: null }

/** `engine_forkchoiceUpdated` in its versions, which differ in the attributes that they take. */
export function forkchoiceMethods(parts: EngineParts): Record<string, Method> {
  const { config } = parts.chain
  const version = (check: (config: ChainConfig, attributes: Attributes) => void) =>
    method([stateParam, attributesParam], (state, attributes) => {
      if (attributes) check(config, attributes)
      return update(parts, state, attributes)
    })
  return {
    forkchoiceUpdatedV1: version(checkV1),
    forkchoiceUpdatedV2: version(checkV2),
    forkchoiceUpdatedV3: version(checkV3),
  }
}

/**
 * Sets the head when its block is there, and else has it fetched from peers. A head is called SYNCING, set or not, for
 * nothing is executed here: execution-apis wants that of "a payload that can't be validated because requisite data for the
 * validation is missing", and has no block built on such a head. All of a forkchoice holds or nothing does, as
 * execution-apis has it; geth moves its head before it refuses the blocks below.
 */
async function update(parts: EngineParts, state: ForkchoiceState, attributes: Attributes | undefined): Promise<Answer> {
  const { chain, eth, memory, log } = parts
  const [head, safe, finalized] = [state.headBlockHash, state.safeBlockHash, state.finalizedBlockHash].map(given)
  if (!head) return answer(invalid(null))
  const header = chain.headerByHash(head)
  if (!header) {
    if (memory.isRejected(head)) return answer(linksToRejected)
    const isLed = chain.followConsensus()
    const number = memory.header(head)?.number
    if (!isFollowed(parts, head)) log.info('Forkchoice requested sync to new head', { number, hash: data(head) })
    eth.follow({ hash: head, isOurs: false, ...(number !== undefined && { number }) })
    await isLed
    return answer(syncing)
  }
  if (!isUndoing(parts, header)) {
    const before = eth.followed
    const old = chain.head.hash
    // First of all, lest a sync that ends meanwhile has the last word.
    eth.follow({ hash: head, number: header.number, isOurs: true })
    await chain.setForkchoice({ head, safe, finalized }).catch((error: unknown) => {
      if (!(error instanceof ForkchoiceError)) throw error
      if (before) eth.follow(before)
      throw engineError('invalidForkchoiceState', error.message)
    })
    if (!equalBytes(old, head)) log.info('Chain head was updated', { number: header.number, hash: data(head) })
  }
  if (attributes) refuseToBuild(parts, header, attributes)
  return answer(isGenesis(parts, header) ? valid(head) : syncing)
}

const answer = (payloadStatus: PayloadStatus): Answer => ({ payloadStatus, payloadId: null })

/** Zeros, or nothing at all, stand for no block. */
const given = (hash: Uint8Array | undefined) => (hash?.some((byte) => byte !== 0) ? hash : undefined)

/** A consensus client repeats itself every few seconds: it is news once. */
const isFollowed = ({ eth: { followed } }: EngineParts, head: Uint8Array) =>
  followed !== undefined && equalBytes(followed.hash, head)

/** What is final is not undone: geth passes over a head below it. */
function isUndoing({ chain }: EngineParts, header: Header): boolean {
  return chain.finalized !== undefined && header.number < chain.finalized.number && chain.isCanonical(header)
}

/** No block is built here: on a head that is VALID one would have to be. */
function refuseToBuild(parts: EngineParts, head: Header, { timestamp }: Attributes): void {
  if (timestamp <= head.time)
    throw engineError('invalidPayloadAttributes', `invalid timestamp, parent ${head.time} given ${timestamp}`)
  if (isGenesis(parts, head)) throw engineError('invalidPayloadAttributes', 'this node builds no blocks')
}

const isGenesis = ({ chain }: EngineParts, { hash }: Header) => equalBytes(hash, chain.genesis.hash)

function checkV1(config: ChainConfig, attributes: Attributes): void {
  if (attributes.withdrawals || attributes.parentBeaconBlockRoot)
    throw engineError('invalidParams', 'withdrawals and beacon root not supported in V1')
  if (!parisForks.includes(latestTimeFork(config, attributes.timestamp)))
    throw engineError('invalidParams', 'fcuV1 called post-shanghai')
}

function checkV2(config: ChainConfig, attributes: Attributes): void {
  const fork = latestTimeFork(config, attributes.timestamp)
  if (attributes.parentBeaconBlockRoot) throw engineError('invalidPayloadAttributes', 'unexpected beacon root')
  if (fork === undefined && attributes.withdrawals)
    throw engineError('invalidPayloadAttributes', 'withdrawals before shanghai')
  if (fork === 'shanghai' && !attributes.withdrawals)
    throw engineError('invalidPayloadAttributes', 'missing withdrawals')
  checkFork(config, attributes, parisForks, 'fcuV2 must only be called with paris or shanghai payloads')
}

function checkV3(config: ChainConfig, attributes: Attributes): void {
  if (!attributes.withdrawals) throw engineError('invalidPayloadAttributes', 'missing withdrawals')
  if (!attributes.parentBeaconBlockRoot) throw engineError('invalidPayloadAttributes', 'missing beacon root')
  const forks = [...cancunForks, ...pragueForks]
  checkFork(config, attributes, forks, 'fcuV3 must only be called for cancun/prague/osaka payloads')
}

const parisForks: readonly (TimeFork | undefined)[] = [undefined, 'shanghai']
