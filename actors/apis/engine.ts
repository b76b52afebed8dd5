import { silent } from '../log/log.ts'
import { type Api, method } from '../rpc/api.ts'
import { string } from '../rpc/params.ts'
import { listOf, struct } from '../rpc/struct-params.ts'
import { blobMethods } from './engine-blobs.ts'
import { bodyMethods } from './engine-bodies.ts'
import { forkchoiceMethods } from './engine-forkchoice.ts'
import { getPayloadMethods } from './engine-get-payload.ts'
import { newPayloadMethods } from './engine-new-payload.ts'
import type { EngineApiOptions } from './engine-parts.ts'
import { transitionMethods } from './engine-transition.ts'
import { PayloadMemory } from './payload-memory.ts'

/**
 * The `engine` namespace, through which a consensus client sets the head and has blocks built (execution-apis, engine/):
 * with as much as the node has of it, states and a pool. Witnesses, and executing on them, are not there. Texts and codes of
 * its errors are geth's (eth/catalyst/api.go).
 */
export function engineApi(options: EngineApiOptions): Api {
  const parts = { log: silent, ...options, memory: new PayloadMemory() }
  const methods = {
    ...forkchoiceMethods(parts),
    ...newPayloadMethods(parts),
    ...getPayloadMethods(parts),
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
