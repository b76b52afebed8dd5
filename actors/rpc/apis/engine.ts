import type { Chain } from '../../chain/chain.ts'
import type { EthService } from '../../eth/service.ts'
import { type Logger, silent } from '../../log.ts'
import { type Api, method } from '../api.ts'
import { fixedBytes, ParamError, required, string, unfit } from '../params.ts'
import { listOf, struct } from '../struct-params.ts'
import { engineError } from './engine-errors.ts'
import { forkchoiceMethods } from './engine-forkchoice.ts'
import { newPayloadMethods } from './engine-new-payload.ts'
import { PayloadMemory } from './payload-memory.ts'

export type EngineApiOptions = {
  readonly chain: Pick<
    Chain,
    | 'config'
    | 'genesis'
    | 'head'
    | 'finalized'
    | 'headerByHash'
    | 'isCanonical'
    | 'storeBlocks'
    | 'followConsensus'
    | 'setForkchoice'
  >
  /** Who fetches a head that the chain does not have. */
  readonly eth: Pick<EthService, 'follow' | 'followed'>
  /** Of this program: `0.1.0`. */
  readonly version: string
  readonly log?: Logger
}

export type EngineParts = EngineApiOptions & { readonly memory: PayloadMemory; readonly log: Logger }

/**
 * The `engine` namespace, through which a consensus client tells the head (execution-apis, engine/): as far as it goes for
 * a node that executes nothing and builds no blocks. Words and codes of its errors are geth's (eth/catalyst/api.go).
 */
export function engineApi(options: EngineApiOptions): Api {
  const parts = { log: silent, ...options, memory: new PayloadMemory() }
  const methods = { ...forkchoiceMethods(parts), ...newPayloadMethods(parts), ...getPayloadMethods() }
  const capabilities = [...Object.keys(methods), 'getClientVersionV1'].map((name) => `engine_${name}`).sort()
  return {
    namespace: 'engine',
    authenticated: true,
    methods: {
      ...methods,
      exchangeCapabilities: method([listOf(string, '[]string')], () => capabilities),
      getClientVersionV1: method([clientVersion], () => [
        { code: 'PC', name: 'Peerchart', version: options.version, commit: '0x00000000' },
      ]),
    },
  }
}

const clientVersion = struct('engine.ClientVersionV1', { code: string, name: string, version: string, commit: string })

/** None was ever built: every id is unknown, and one whose first byte says another version of another fork. */
function getPayloadMethods(): Record<`getPayloadV${number}`, Api['methods'][string]> {
  const of = (...versions: number[]) =>
    method([payloadId], (id) => {
      throw engineError(versions.includes(id[0]!) ? 'unknownPayload' : 'unsupportedFork')
    })
  return { getPayloadV1: of(1), getPayloadV2: of(1, 2), getPayloadV3: of(3), getPayloadV4: of(3), getPayloadV5: of(3) }
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
