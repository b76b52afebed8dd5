import type { Chain } from '../../chain/chain.ts'
import type { EthService } from '../../eth/service.ts'
import { type Logger, silent } from '../../log.ts'
import { type Api, method } from '../api.ts'
import { string } from '../params.ts'
import { listOf, struct } from '../struct-params.ts'
import { blobMethods } from './engine-blobs.ts'
import { bodyMethods } from './engine-bodies.ts'
import { forkchoiceMethods } from './engine-forkchoice.ts'
import { getPayloadMethods } from './engine-get-payload.ts'
import { newPayloadMethods } from './engine-new-payload.ts'
import { transitionMethods } from './engine-transition.ts'
import { PayloadMemory } from './payload-memory.ts'

export type EngineApiOptions = {
  readonly chain: Pick<
    Chain,
    | 'config'
    | 'genesis'
    | 'head'
    | 'finalized'
    | 'headerByHash'
    | 'canonicalHash'
    | 'bodyByHash'
    | 'accessListByHash'
    | 'isCanonical'
    | 'storeBlocks'
    | 'followConsensus'
    | 'setForkchoice'
  >
  /** Who fetches a head that the chain does not have, and the cells of blobs. */
  readonly eth: Pick<EthService, 'follow' | 'followed' | 'custody' | 'updateCustody'>
  /** Of this program: `0.1.0`. */
  readonly version: string
  readonly log?: Logger
}

export type EngineParts = EngineApiOptions & { readonly memory: PayloadMemory; readonly log: Logger }

/**
 * The `engine` namespace, through which a consensus client tells the head (execution-apis, engine/): as far as it goes for
 * a node that executes nothing, builds no blocks and pools no transactions. What it does not have is not there either:
 * witnesses, and executing on them. Words and codes of its errors are geth's (eth/catalyst/api.go).
 */
export function engineApi(options: EngineApiOptions): Api {
  const parts = { log: silent, ...options, memory: new PayloadMemory() }
  const methods = {
    ...forkchoiceMethods(parts),
    ...newPayloadMethods(parts),
    ...getPayloadMethods(),
    ...bodyMethods(parts),
    ...blobMethods(parts),
    ...transitionMethods(parts),
  }
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
