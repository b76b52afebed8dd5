import { equalBytes } from '../../../protocols/lib/bytes.ts'
import { type ChainConfig, isTimeForkActive, latestTimeFork, type TimeFork } from '../../chain/chain-config.ts'
import { InvalidBlock } from '../../chain/verify.ts'
import { type Method, method } from '../api.ts'
import { bytes, hash, optional } from '../params.ts'
import { listOf } from '../struct-params.ts'
import type { EngineParts } from './engine.ts'
import { engineError } from './engine-errors.ts'
import { type Payload, type PayloadContext, PayloadError, payloadParam, toBlock } from './engine-payload.ts'
import { accepted, invalid, type PayloadStatus, syncing, valid } from './engine-status.ts'

/** `engine_newPayload` in its versions: each takes the payloads of its forks, and no others. */
export function newPayloadMethods(parts: EngineParts): Record<string, Method> {
  const { config } = parts.chain
  const hashes = listOf(hash, '[]common.Hash')
  const requests = listOf(bytes, '[]hexutil.Bytes')
  return {
    newPayloadV1: method([payloadParam], (payload) => {
      if (payload.withdrawals) throw engineError('invalidParams', 'withdrawals not supported in V1')
      return newPayload(parts, payload, {})
    }),
    newPayloadV2: method([payloadParam], (payload) => {
      checkV2(config, payload)
      return newPayload(parts, payload, {})
    }),
    newPayloadV3: method([payloadParam, hashes, optional(hash)], (payload, versionedHashes, parentBeaconRoot) => {
      const context = { versionedHashes, parentBeaconRoot }
      need(cancunFields(payload, context))
      checkFork(config, payload, cancunForks, 'newPayloadV3 must only be called for cancun payloads')
      return newPayload(parts, payload, context)
    }),
    newPayloadV4: withRequests(
      (payload, context) => need([...cancunFields(payload, context), ...pragueFields(context)]),
      (payload) =>
        checkFork(config, payload, pragueForks, 'newPayloadV4 must only be called for prague/osaka payloads'),
    ),
    newPayloadV5: withRequests(
      (payload, context) =>
        need([...cancunFields(payload, context), ...pragueFields(context), ...amsterdamFields(payload)]),
      (payload) =>
        checkFork(config, payload, amsterdamForks, 'newPayloadV5 must only be called for amsterdam payloads'),
    ),
  }

  function withRequests(...checks: readonly ((payload: Payload, context: PayloadContext) => void)[]): Method {
    return method(
      [payloadParam, hashes, optional(hash), requests],
      (payload, versionedHashes, parentBeaconRoot, requests) => {
        const context = { versionedHashes, parentBeaconRoot, requests }
        for (const check of checks) check(payload, context)
        checkRequests(requests!)
        return newPayload(parts, payload, context)
      },
    )
  }
}

/**
 * Takes a block and stores it, head or not. Nothing is executed here, so a block is never called VALID but the genesis,
 * whose state is given. One that stands on what we have is ACCEPTED: that is what geth says of a block whose parent's state
 * it does not have, and to a consensus client the same as SYNCING, which execution-apis wants for a block on the canonical
 * chain: it follows such blocks optimistically. For the same reason the latest valid hash of an invalid block is null,
 * where geth names the parent that it has executed: "null if client software cannot determine the ancestor".
 */
async function newPayload(
  { chain, memory }: EngineParts,
  payload: Payload,
  context: PayloadContext,
): Promise<PayloadStatus> {
  try {
    const block = toBlock(payload, context)
    const { hash, parentHash } = block.header
    if (equalBytes(hash, chain.genesis.hash)) return valid(hash)
    if (memory.isRejected(hash) || memory.isRejected(parentHash, hash)) return linksToRejected
    if (!chain.headerByHash(parentHash)) {
      memory.remember(block.header)
      return syncing
    }
    await chain.storeBlocks([block])
    return accepted
  } catch (error) {
    if (error instanceof PayloadError) return invalid(error.message)
    if (!(error instanceof InvalidBlock)) throw error
    memory.reject(payload.blockHash)
    return invalid(error.message)
  }
}

export const linksToRejected: PayloadStatus = invalid('links to previously rejected block')

export const cancunForks: readonly (TimeFork | undefined)[] = ['cancun']
/** As geth draws the line: blob forks that come after these two go with Amsterdam. */
export const pragueForks: readonly (TimeFork | undefined)[] = ['prague', 'osaka', 'bpo1', 'bpo2']
const amsterdamForks: readonly (TimeFork | undefined)[] = ['amsterdam', 'bpo3', 'bpo4', 'bpo5']

/** @throws {RpcError} the time is in none of `forks`; undefined stands for Paris */
export function checkFork(
  config: ChainConfig,
  { timestamp }: { readonly timestamp: bigint },
  forks: readonly (TimeFork | undefined)[],
  reason: string,
): void {
  if (!forks.includes(latestTimeFork(config, timestamp))) throw engineError('unsupportedFork', reason)
}

function checkV2(config: ChainConfig, { timestamp, withdrawals, excessBlobGas, blobGasUsed }: Payload): void {
  const at = { number: config.blockForks.london ?? 0n, time: timestamp }
  const shanghai = isTimeForkActive(config, 'shanghai', at)
  const faults = [
    [isTimeForkActive(config, 'cancun', at), "can't use newPayloadV2 post-cancun"],
    [shanghai && !withdrawals, 'nil withdrawals post-shanghai'],
    [!shanghai && withdrawals, 'non-nil withdrawals pre-shanghai'],
    [excessBlobGas !== undefined, 'non-nil excessBlobGas pre-cancun'],
    [blobGasUsed !== undefined, 'non-nil blobGasUsed pre-cancun'],
  ] as const
  for (const [isFault, reason] of faults) if (isFault) throw engineError('invalidParams', reason)
}

type Needed = readonly [value: unknown, reason: string]

/** @throws {RpcError} the first that is not there */
function need(fields: readonly Needed[]): void {
  for (const [value, reason] of fields) if (value === undefined) throw engineError('invalidParams', reason)
}

const cancunFields = (payload: Payload, { versionedHashes, parentBeaconRoot }: PayloadContext): readonly Needed[] => [
  [payload.withdrawals, 'nil withdrawals post-shanghai'],
  [payload.excessBlobGas, 'nil excessBlobGas post-cancun'],
  [payload.blobGasUsed, 'nil blobGasUsed post-cancun'],
  [versionedHashes, 'nil versionedHashes post-cancun'],
  [parentBeaconRoot, 'nil beaconRoot post-cancun'],
]
const pragueFields = ({ requests }: PayloadContext): readonly Needed[] => [
  [requests, 'nil executionRequests post-prague'],
]
const amsterdamFields = ({ slotNumber, blockAccessList }: Payload): readonly Needed[] => [
  [slotNumber, 'nil slotnumber post-amsterdam'],
  [blockAccessList, 'nil block access list post-amsterdam'],
]

/** EIP-7685: in order of their types, each once and none empty. */
function checkRequests(requests: readonly Uint8Array[]): void {
  let last = -1
  for (const request of requests) {
    const [type = 0] = request
    if (request.length < 2) throw engineError('invalidParams', `empty request: [${request.join(' ')}]`)
    if (type <= last) throw engineError('invalidParams', `invalid request order: [${request.join(' ')}]`)
    last = type
  }
}
