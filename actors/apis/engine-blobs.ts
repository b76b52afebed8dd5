import { type Method, method } from '../rpc/api.ts'
import { hash } from '../rpc/params.ts'
import { listOf } from '../rpc/struct-params.ts'
import { custodyBitmap } from './engine-custody.ts'
import { engineError } from './engine-errors.ts'
import { checkForks, isOsakaOrLater } from './engine-forks.ts'
import type { EngineParts } from './engine-parts.ts'

/**
 * The blobs of pooled transactions (execution-apis, engine/cancun.md, osaka.md, amsterdam.md). No transaction is pooled
 * here, so every blob is missing: what geth answers out of an empty pool.
 */
export function blobMethods({ chain }: Pick<EngineParts, 'chain'>): Record<string, Method> {
  const { config } = chain
  const ofOsaka = <Answer>(hashes: Hashes, answer: (hashes: Hashes) => Answer): Answer | null => {
    if (!isOsakaOrLater(config, chain.head.time)) return null
    checkCount(hashes)
    return answer(hashes)
  }
  return {
    getBlobsV1: method([hashesParam], (hashes = []) => {
      const reason = 'engine_getBlobsV1 is only available at Cancun/Prague fork'
      checkForks(config, chain.head.time, ['cancun', 'prague'], reason)
      checkCount(hashes)
      return missing(hashes)
    }),
    // All or nothing.
    getBlobsV2: method([hashesParam], (hashes = []) => ofOsaka(hashes, ({ length }) => (length === 0 ? [] : null))),
    getBlobsV3: method([hashesParam], (hashes = []) => ofOsaka(hashes, missing)),
    getBlobsV4: method([hashesParam, custodyBitmap], (hashes = []) => ofOsaka(hashes, missing)),
    hasBlobs: method([hashesParam], (hashes = []) => hashes.map(() => false)),
  }
}

type Hashes = readonly Uint8Array[]
const hashesParam = listOf(hash, '[]common.Hash')
const missing = (hashes: Hashes) => hashes.map(() => null)

/** geth's limit, which is what execution-apis has every client support. */
const maxBlobs = 128

function checkCount({ length }: Hashes): void {
  if (length > maxBlobs) throw engineError('tooLargeRequest', `requested blob count too large: ${length}`)
}
