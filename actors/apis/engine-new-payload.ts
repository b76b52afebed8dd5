import { type ChainConfig, isTimeForkActive } from '../../protocols/chain/chain-config.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { InvalidBlock } from '../../protocols/chain/verify.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { type Method, method } from '../rpc/api.ts'
import { bytes, hash, optional } from '../rpc/params.ts'
import { listOf } from '../rpc/struct-params.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import { engineError } from './engine-errors.ts'
import { amsterdamForks, checkForks, pragueForks } from './engine-forks.ts'
import type { EngineParts } from './engine-parts.ts'
import { type Payload, type PayloadContext, PayloadError, payloadParam, toBlock } from './engine-payload.ts'
import { accepted, invalid, type PayloadStatus, syncing, valid } from './engine-status.ts'

/** `engine_newPayload` in its versions: each takes the payloads of its forks, and no others. */
export function newPayloadMethods(parts: EngineParts): Record<string, Method> {
  const { config } = parts.chain
  /** One after the other, as in geth: a block may come before its parent is answered for. BOUNDED: by the calls that run. */
  let last: Promise<void> = Promise.resolve()
  function* take(payload: Payload, context: PayloadContext): Steps<PayloadStatus> {
    const before = last
    let end = () => {}
    last = new Promise((resolve) => {
      end = resolve
    })
    try {
      yield before
      return yield* newPayload(parts, payload, context)
    } finally {
      end()
    }
  }
  const hashes = listOf(hash, '[]common.Hash')
  const requests = listOf(bytes, '[]hexutil.Bytes')
  return {
    newPayloadV1: method([payloadParam], (payload) => {
      refuseIf(payload.withdrawals, 'withdrawals not supported in V1')
      return take(payload, {})
    }),
    newPayloadV2: method([payloadParam], (payload) => {
      checkV2(config, payload)
      return take(payload, {})
    }),
    newPayloadV3: method([payloadParam, hashes, optional(hash)], (payload, versionedHashes, parentBeaconRoot) => {
      const context = { versionedHashes, parentBeaconRoot }
      needCancunFields(payload, context)
      checkForks(config, payload.timestamp, ['cancun'], 'newPayloadV3 must only be called for cancun payloads')
      return take(payload, context)
    }),
    newPayloadV4: withRequests(({ timestamp, slotNumber, blockAccessList }) => {
      refuseIf(slotNumber !== undefined, 'slotNumber not supported pre-amsterdam')
      refuseIf(blockAccessList, 'block access list not supported pre-amsterdam')
      const reason = 'newPayloadV4 must only be called for prague/osaka payloads'
      checkForks(config, timestamp, pragueForks, reason)
    }),
    newPayloadV5: withRequests(({ timestamp, slotNumber, blockAccessList }) => {
      refuseIf(slotNumber === undefined, 'nil slotnumber post-amsterdam')
      refuseIf(!blockAccessList, 'missing block access list post-amsterdam')
      const reason = 'newPayloadV5 must only be called for amsterdam payloads'
      checkForks(config, timestamp, amsterdamForks, reason)
    }),
  }

  function withRequests(check: (payload: Payload) => void): Method {
    return method(
      [payloadParam, hashes, optional(hash), requests],
      (payload, versionedHashes, parentBeaconRoot, requests) => {
        const context = { versionedHashes, parentBeaconRoot, requests }
        needCancunFields(payload, context)
        check(payload)
        checkRequests(requests ?? [])
        return take(payload, context)
      },
    )
  }
}

/**
 * Takes a block, executes it if blocks are executed here, and stores it, head or not.
 * One that cannot be executed is ACCEPTED when it stands on what we have: that is what geth says of a block whose parent's
 * state it does not have, and to a consensus client the same as SYNCING, which execution-apis wants for a block on the
 * canonical chain: it follows such blocks optimistically. Where nothing is executed no block is called VALID but the
 * genesis, whose state is given, and the latest valid hash of an invalid block is null, where geth names the parent that it
 * has executed: "null if client software cannot determine the ancestor".
 */
function* newPayload(parts: EngineParts, payload: Payload, context: PayloadContext): Steps<PayloadStatus> {
  const { chain, memory } = parts
  let parent: Header | undefined
  try {
    const block = yield* toBlock(payload, context)
    const { hash, parentHash } = block.header
    if (isKnownValid(parts, hash)) return valid(hash)
    const bad = memory.rejected(hash) ?? memory.rejected(parentHash, hash)
    if (bad) return linksToRejected(parts, bad)
    parent = chain.headerByHash(parentHash)
    if (!parent) {
      memory.remember(block.header)
      return syncing
    }
    if (block.header.time <= parent.time) return invalid('invalid timestamp', latestValid(parts, parent))
    yield chain.storeBlocks([block])
    return isKnownValid(parts, hash) ? valid(hash) : accepted
  } catch (error) {
    if (error instanceof PayloadError) return invalid(error.message)
    if (!(error instanceof InvalidBlock)) throw error
    memory.reject(payload.blockHash, payload.parentHash)
    return invalid(error.message, parent && latestValid(parts, parent))
  }
}

/** Whether it was executed, or is the genesis. */
export const isKnownValid = ({ chain }: Pick<EngineParts, 'chain'>, hash: Uint8Array): boolean =>
  equalBytes(hash, chain.genesis.hash) || (chain.isExecuting && chain.isExecuted(hash))

/** @param bad the block that is to blame */
export function linksToRejected(parts: EngineParts, { parent }: { readonly parent: Uint8Array }): PayloadStatus {
  const header = parts.chain.headerByHash(parent)
  const last = header ? latestValid(parts, header) : parts.chain.isExecuting ? parent : undefined
  return invalid('links to previously rejected block', last)
}

/** A block of proof of work has no place in what a consensus client knows: zeros stand for it (execution-apis, paris.md). */
function latestValid({ chain }: EngineParts, { hash, difficulty }: Header): Uint8Array | undefined {
  if (!chain.isExecuting) return undefined
  return difficulty > 0n ? new Uint8Array(32) : hash
}

function checkV2(config: ChainConfig, { timestamp, withdrawals, excessBlobGas, blobGasUsed }: Payload): void {
  const at = { number: config.blockForks.london ?? 0n, time: timestamp }
  const shanghai = isTimeForkActive(config, 'shanghai', at)
  refuseIf(isTimeForkActive(config, 'cancun', at), "can't use newPayloadV2 post-cancun")
  refuseIf(shanghai && !withdrawals, 'nil withdrawals post-shanghai')
  refuseIf(!shanghai && withdrawals, 'non-nil withdrawals pre-shanghai')
  refuseIf(excessBlobGas !== undefined, 'non-nil excessBlobGas pre-cancun')
  refuseIf(blobGasUsed !== undefined, 'non-nil blobGasUsed pre-cancun')
}

function needCancunFields(payload: Payload, { parentBeaconRoot }: PayloadContext): void {
  refuseIf(!payload.withdrawals, 'nil withdrawals post-shanghai')
  refuseIf(payload.excessBlobGas === undefined, 'nil excessBlobGas post-cancun')
  refuseIf(payload.blobGasUsed === undefined, 'nil blobGasUsed post-cancun')
  refuseIf(!parentBeaconRoot, 'nil beaconRoot post-cancun')
}

/** @throws {RpcError} -32602 */
function refuseIf(isRefused: unknown, reason: string): void {
  if (isRefused) throw engineError('invalidParams', reason)
}

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
