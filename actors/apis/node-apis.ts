import type { Chain } from '../chain/chain.ts'
import type { TableEntry } from '../discovery/table.ts'
import type { EthService } from '../eth/service.ts'
import type { StatePort } from '../execution/queries.ts'
import type { Logger } from '../log/log.ts'
import type { LogLevels } from '../log/log-levels.ts'
import { version } from '../p2p/client-name.ts'
import type { TxPool } from '../pool/tx-pool.ts'
import type { Api } from '../rpc/api.ts'
import type { FairScheduler } from '../runtime/scheduler.ts'
import type { Feed } from '../trace/feed.ts'
import { type Administered, adminApi, type Endpoints } from './admin.ts'
import { debugChartApi } from './debug-chart.ts'
import { debugDiscoveryApi } from './debug-discovery.ts'
import { debugLogApi } from './debug-log.ts'
import { debugRawApi } from './debug-raw.ts'
import { engineApi } from './engine.ts'
import { ethApi } from './eth.ts'
import type { FilterRuntime } from './filters.ts'
import { netApi } from './net.ts'
import { PayloadBuilder } from './payload-builder.ts'
import { stateApis } from './state.ts'
import { stateCaller } from './state-caller.ts'
import { txpoolApi } from './txpool.ts'
import { web3Api } from './web3.ts'

export type ServedNode = Administered & {
  readonly chain: Chain
  readonly eth: Pick<EthService, 'progress' | 'progress$' | 'follow' | 'followed' | 'custody' | 'updateCustody'>
  /** Of blocks that were executed; undefined where none are. Receipts are the chain's: `receiptsByHash`. */
  readonly states?: StatePort | undefined
  /** Where blocks are executed. */
  readonly pool?: TxPool | undefined
  readonly feed: Feed
  /** The closest first; undefined when discovery v4 does not run. */
  discoveryV4Buckets?(): readonly (readonly TableEntry[])[] | undefined
  /** As peers see it. */
  readonly name: string
  /** Those of its log, if they can be changed. */
  readonly levels?: LogLevels | undefined
  readonly log?: Logger
  /** Shares the thread with peers and callers. */
  readonly scheduler?: FairScheduler
  readonly filterRuntime?: FilterRuntime
}

/** Every namespace that a node serves. */
export function nodeApis(node: ServedNode, endpoints: () => Endpoints): Api[] {
  const { chain, eth, states, pool, feed, name, levels, log, scheduler, filterRuntime } = node
  return [
    adminApi(node, endpoints),
    debugRawApi({ chain }),
    debugChartApi(feed),
    debugDiscoveryApi(() => node.discoveryV4Buckets?.()),
    ...(levels ? [debugLogApi(levels)] : []),
    engineApi({
      ...{ chain, eth, pool, version, builder: states && new PayloadBuilder(states, pool) },
      ...(log && { log }),
    }),
    ethApi({ chain, progress: () => eth.progress, progress$: eth.progress$, pool }),
    ...(states
      ? stateApis(chain, stateCaller(states), { pool, ...(scheduler && { scheduler }), ...(filterRuntime ?? {}) })
      : []),
    netApi({ networkId: chain.networkId, peerCount: () => node.peers().length }),
    txpoolApi(pool),
    web3Api({ clientVersion: name }),
  ]
}
