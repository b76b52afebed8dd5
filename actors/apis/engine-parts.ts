import type { Chain } from '../chain/chain.ts'
import type { EthService } from '../eth/service.ts'
import type { Logger } from '../log/log.ts'
import type { TxPool } from '../pool/tx-pool.ts'
import type { PayloadBuilder } from './payload-builder.ts'
import type { PayloadMemory } from './payload-memory.ts'

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
    | 'isExecuting'
    | 'isExecuted'
    | 'storeBlocks'
    | 'followConsensus'
    | 'setForkchoice'
  >
  /** Who fetches a head that the chain does not have, and the cells of blobs. */
  readonly eth: Pick<EthService, 'follow' | 'followed' | 'custody' | 'updateCustody'>
  /** Of blocks for a consensus client; none are built when left out. */
  readonly builder?: PayloadBuilder | undefined
  /** Whose blobs a consensus client may have; it has none when left out. */
  readonly pool?: Pick<TxPool, 'content' | 'blobs'> | undefined
  /** Of this program: `0.1.0`. */
  readonly version: string
  readonly log?: Logger
}

export type EngineParts = EngineApiOptions & { readonly memory: PayloadMemory; readonly log: Logger }
