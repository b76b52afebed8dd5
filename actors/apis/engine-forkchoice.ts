import type { Header } from '../../protocols/chain/header.ts'
import { InvalidBlock } from '../../protocols/chain/verify.ts'
import type { CellMask } from '../../protocols/eth/transaction-messages.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { StateMissing } from '../chain/branch-execution.ts'
import { ForkchoiceError } from '../chain/forkchoice.ts'
import { type Method, method } from '../rpc/api.ts'
import { data } from '../rpc/json/hex.ts'
import { hash } from '../rpc/params.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import { struct } from '../rpc/struct-params.ts'
import { type Attributes, attributeChecks, attributesParam } from './engine-attributes.ts'
import { optionalCustodyBitmap } from './engine-custody.ts'
import { engineError } from './engine-errors.ts'
import { isKnownValid, linksToRejected } from './engine-new-payload.ts'
import type { EngineParts } from './engine-parts.ts'
import { invalid, type PayloadStatus, syncing, valid } from './engine-status.ts'
import type { PayloadVersion } from './payload-id.ts'

const stateParam = struct('engine.ForkchoiceStateV1', {
  headBlockHash: hash,
  safeBlockHash: hash,
  finalizedBlockHash: hash,
})
type ForkchoiceState = ReturnType<typeof stateParam.read>

/** What a block is to be built of. */
type Wanted = { readonly version: PayloadVersion; readonly attributes: Attributes }

type Answer = { readonly payloadStatus: PayloadStatus; readonly payloadId: string | null }

/** `engine_forkchoiceUpdated` in its versions, which differ in what they take beside the state. */
export function forkchoiceMethods(parts: EngineParts): Record<string, Method> {
  const run = (version: 1 | 2 | 3 | 4, state: ForkchoiceState, attributes?: Attributes, custody?: CellMask) => {
    if (attributes) attributeChecks[version](parts.chain.config, attributes)
    if (custody) updateCustody(parts, custody)
    return update(parts, state, attributes && { version, attributes })
  }
  const before = (version: 1 | 2 | 3) =>
    method([stateParam, attributesParam], (state, attributes) => run(version, state, attributes))
  return {
    forkchoiceUpdatedV1: before(1),
    forkchoiceUpdatedV2: before(2),
    forkchoiceUpdatedV3: before(3),
    forkchoiceUpdatedV4: method(
      [stateParam, attributesParam, optionalCustodyBitmap],
      (state, attributes, custodyColumns) => run(4, state, attributes, custodyColumns),
    ),
  }
}

/** A consensus client repeats itself every few seconds: it is news once. */
function updateCustody({ eth, log }: EngineParts, mask: CellMask): void {
  if (equalBytes(eth.custody, mask)) return
  eth.updateCustody(mask)
  log.info('Custody columns were updated', { columns: data(mask) })
}

/**
 * Sets the head when its block is there, and else has it fetched from peers. A head that was not executed is called SYNCING,
 * set or not: execution-apis wants that of "a payload that can't be validated because requisite data for the validation is
 * missing", and has no block built on such a head. All of a forkchoice holds or nothing does, as execution-apis has it; geth
 * moves its head before it refuses the blocks below.
 */
async function update(parts: EngineParts, state: ForkchoiceState, wanted: Wanted | undefined): Promise<Answer> {
  const { chain, eth, memory, log } = parts
  const [head, safe, finalized] = [state.headBlockHash, state.safeBlockHash, state.finalizedBlockHash].map(given)
  if (!head) return answer(invalid(null))
  const header = chain.headerByHash(head)
  if (!header) {
    const bad = memory.rejected(head)
    if (bad) return answer(linksToRejected(parts, bad))
    const isLed = chain.followConsensus()
    const number = memory.header(head)?.number
    if (!isFollowed(parts, head)) log.info('Forkchoice requested sync to new head', { number, hash: data(head) })
    eth.follow({ hash: head, isOurs: false, ...(number !== undefined && { number }) })
    await isLed
    return answer(syncing)
  }
  if (isUndoing(parts, header)) return answer(statusOf(parts, head))
  const before = eth.followed
  const old = chain.head.hash
  // First of all, lest a sync that ends meanwhile has the last word.
  eth.follow({ hash: head, number: header.number, isOurs: true })
  const refused = await chain.setForkchoice({ head, safe, finalized }).then(
    () => undefined,
    (error: unknown) => {
      if (before) eth.follow(before)
      if (error instanceof ForkchoiceError) throw engineError('invalidForkchoiceState', error.message)
      if (error instanceof StateMissing) return syncing
      if (!(error instanceof InvalidBlock)) throw error
      memory.reject(error.hash, error.latestValid ?? header.parentHash)
      return invalid(error.message, error.latestValid)
    },
  )
  if (refused) return answer(refused)
  if (!equalBytes(old, head)) log.info('Chain head was updated', { number: header.number, hash: data(head) })
  const status = statusOf(parts, head)
  return { payloadStatus: status, payloadId: wanted ? await begin(parts, header, wanted) : null }
}

const statusOf = (parts: EngineParts, head: Uint8Array) => (isKnownValid(parts, head) ? valid(head) : syncing)

const answer = (payloadStatus: PayloadStatus): Answer => ({ payloadStatus, payloadId: null })

/** Zeros, or nothing at all, stand for no block. */
const given = (hash: Uint8Array | undefined) => (hash?.some((byte) => byte !== 0) ? hash : undefined)

/** A consensus client repeats itself every few seconds: it is news once. */
const isFollowed = ({ eth: { followed } }: EngineParts, head: Uint8Array) =>
  followed !== undefined && equalBytes(followed.hash, head)

/** What is final is not undone: geth passes over a head below it, whatever else is said. */
function isUndoing({ chain }: EngineParts, header: Header): boolean {
  return chain.finalized !== undefined && header.number < chain.finalized.number && chain.isCanonical(header)
}

/** @returns the id of a block on the head; null where the head is not known to be VALID: none is built on it */
async function begin(parts: EngineParts, head: Header, { version, attributes }: Wanted): Promise<string | null> {
  const { timestamp } = attributes
  if (timestamp <= head.time)
    throw engineError('invalidPayloadAttributes', `invalid timestamp, parent ${head.time} given ${timestamp}`)
  if (!isKnownValid(parts, head.hash)) return null
  if (!parts.builder) throw engineError('invalidPayloadAttributes', 'this node builds no blocks')
  try {
    const id = data(await parts.builder.begin(version, head, attributes))
    parts.log.info('Starting work on payload', { id })
    return id
  } catch (error) {
    throw error instanceof RpcError ? engineError('invalidPayloadAttributes', error.message) : error
  }
}
