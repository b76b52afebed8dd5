import { decodeHeader } from '../../protocols/chain/header.ts'
import { type Method, method } from '../rpc/api.ts'
import { fixedBytes, ParamError, required, unfit } from '../rpc/params.ts'
import { engineError } from './engine-errors.ts'
import { amsterdamForks, type EngineFork, isInForks } from './engine-forks.ts'
import type { EngineParts } from './engine-parts.ts'
import { envelopeJson, payloadJson } from './json/payload.ts'

/**
 * `engine_getPayload` in its versions: each gives the blocks of its forks. The first byte of an id says which version of
 * attributes it is for; where no blocks are built every id is unknown.
 */
export function getPayloadMethods({ chain, builder }: EngineParts): Record<`getPayloadV${number}`, Method> {
  const built = async (id: Uint8Array, versions: readonly number[]) => {
    if (!versions.includes(id[0]!)) throw engineError('unsupportedFork')
    const payload = await builder?.get(id)
    if (!payload) throw engineError('unknownPayload')
    return payload
  }
  const of = (versions: readonly number[], forks: readonly EngineFork[]) =>
    method([payloadId], async (id) => {
      const { block, blobs } = await built(id, versions)
      if (!isInForks(chain.config, decodeHeader(block.header).time, forks)) throw engineError('unsupportedFork')
      return envelopeJson(block, blobs)
    })
  return {
    getPayloadV1: method([payloadId], async (id) => payloadJson((await built(id, [1])).block)),
    getPayloadV2: of([1, 2], ['paris', 'shanghai']),
    getPayloadV3: of([3], ['cancun']),
    getPayloadV4: of([3], ['prague']),
    getPayloadV5: of([3], ['osaka', 'bpo1', 'bpo2']),
    getPayloadV6: of([4], amsterdamForks),
  }
}

const payloadId = required((json) => {
  if (typeof json !== 'string') throw unfit(json, '*engine.PayloadID')
  try {
    return fixedBytes(json, 8, 'PayloadID')
  } catch (error) {
    if (!(error instanceof ParamError)) throw error
    throw new ParamError(`invalid payload id ${JSON.stringify(json)}: ${bare(error.message)}`)
  }
})

/** Where text is read, and not JSON, Go says only what is wrong with it. */
const bare = (message: string) => message.replace(/^json: cannot unmarshal (.*) into Go value of type .*$/, '$1')
