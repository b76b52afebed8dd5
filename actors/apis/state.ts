import { Senders } from '../../protocols/chain/senders.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import type { StateMethodCall } from '../execution/methods/methods.ts'
import type { TxPool } from '../pool/tx-pool.ts'
import { type Api, method, subscription } from '../rpc/api.ts'
import { type BlockName, blockNumberOrHash, blockTag } from '../rpc/block-params.ts'
import { quantity } from '../rpc/json/hex.ts'
import { address, boolean, hash, hexOrDecimal, number, optional, string } from '../rpc/params.ts'
import { listOf } from '../rpc/struct-params.ts'
import { processRuntime, processScheduler } from '../runtime/process-runtime.ts'
import type { FairScheduler } from '../runtime/scheduler.ts'
import { TimeSlicer } from '../runtime/time-slicer.ts'
import { type BlockChain, Blocks } from './blocks.ts'
import { blockOverrides, callArgs, mapOf, simulation, stateOverrides } from './call-params.ts'
import { capabilitiesJson } from './capabilities.ts'
import { traceMethods } from './debug-trace.ts'
import { FeeMarket } from './fee-market.ts'
import { checkSubscription, type FilterRuntime, Filters } from './filters.ts'
import { logQuery } from './log-params.ts'
import { Logs } from './logs.ts'
import type { HeadsChain } from './new-heads.ts'
import { newLogs } from './new-logs.ts'
import { poolMethods, poolSubscriptions } from './pool-transactions.ts'
import { type ReceiptChain, Receipts } from './receipts.ts'
import type { RunStateMethod, StateCaller } from './state-caller.ts'
import { testingApi } from './testing.ts'

export type StateApiOptions = {
  /** Shares the thread with peers and callers. One of its own when left out. */
  readonly scheduler?: FairScheduler | undefined
  /** Of transactions that wait; nothing waits when left out. */
  readonly pool?: TxPool | undefined
} & Partial<FilterRuntime>

/**
 * Methods that need a state or receipts: of a node that executes. What is read from the chain is read here, in the turns of
 * who asked; what needs a state is asked of `state`.
 */
export function stateApis(
  chain: BlockChain & ReceiptChain & HeadsChain,
  state: StateCaller,
  { scheduler = processScheduler(), pool, ...given }: StateApiOptions = {},
): Api[] {
  const { clock, entropy } = processRuntime()
  const block = optional(blockNumberOrHash)
  const blocks = new Blocks(chain)
  const senders = new Senders(chain.config)
  const receipts = new Receipts(chain, blocks, senders)
  const logs = new Logs(chain, blocks, receipts)
  const filters = new Filters(chain, logs, { now: () => clock.now(), entropy, ...given }, pool)
  const slicer = new TimeSlicer(scheduler)
  const fees = new FeeMarket(chain, blocks, receipts, senders)
  const run: RunStateMethod = (header, name, ...args) =>
    state({ name, block: header.raw, args } as unknown as StateMethodCall)
  const at = (name: BlockName | undefined) => blocks.headerWithState(name)
  // What is pending is what the head has, and what waits on it.
  const isPending = (name: BlockName | undefined) => name !== undefined && 'tag' in name && name.tag === 'pending'
  const nonceOf = (address: Uint8Array, name: BlockName | undefined) => {
    const next = isPending(name) ? pool?.nextNonce(bytesToHex(address)) : undefined
    return next === undefined
      ? run(at(isPending(name) ? undefined : name), 'eth_getTransactionCount', address)
      : quantity(next)
  }
  return [
    {
      namespace: 'eth',
      methods: {
        getBalance: method([address, block], (address, block) => run(at(block), 'eth_getBalance', address)),
        getCode: method([address, block], (address, block) => run(at(block), 'eth_getCode', address)),
        getStorageAt: method([address, string, block], (address, key, block) =>
          run(at(block), 'eth_getStorageAt', address, key),
        ),
        getStorageValues: method([storageRequests, block], (requests, block) =>
          run(at(block), 'eth_getStorageValues', requests),
        ),
        getTransactionCount: method([address, block], (address, block) => nonceOf(address, block)),
        getProof: method([address, listOf(string, '[]string'), block], (address, keys = [], block) =>
          run(at(block), 'eth_getProof', address, keys),
        ),
        getTransactionReceipt: method([hash], (hash) => receipts.ofTransaction(hash)),
        getBlockReceipts: method([blockNumberOrHash], (block) => receipts.ofBlock(block)),
        getLogs: method([logQuery], (query) => logs.query(query)),
        newFilter: method([logQuery], (query) => filters.newLogFilter(query)),
        newBlockFilter: method([], () => filters.newBlockFilter()),
        newPendingTransactionFilter: method([optional(boolean)], (isFull) =>
          filters.newPendingTransactionFilter(isFull),
        ),
        getFilterChanges: method([string], (id) => filters.changes(id)),
        getFilterLogs: method([string], (id) => filters.all(id)),
        uninstallFilter: method([string], (id) => filters.uninstall(id)),
        call: method(
          [callArgs, block, optional(stateOverrides), optional(blockOverrides)],
          (args, block, state, overrides) => run(at(block), 'eth_call', args, state, overrides),
        ),
        estimateGas: method(
          [callArgs, block, optional(stateOverrides), optional(blockOverrides)],
          (args, block, state, overrides) => run(at(block), 'eth_estimateGas', args, state, overrides),
        ),
        createAccessList: method([callArgs, block, optional(stateOverrides)], (args, block, state) =>
          run(at(block), 'eth_createAccessList', args, state),
        ),
        gasPrice: method([], () => fees.gasPrice()),
        maxPriorityFeePerGas: method([], () => fees.maxPriorityFee()),
        feeHistory: method([hexOrDecimal, blockTag, percentiles], (count, last, percentiles = []) =>
          fees.history(count, last, percentiles),
        ),
        capabilities: method([], () => capabilitiesJson(chain.head)),
        ...(pool && poolMethods({ pool, chain, receipts, clock })),
        simulateV1: method([simulation, block], (simulation, block) => run(at(block), 'eth_simulateV1', simulation)),
      },
      subscriptions: {
        ...(pool && poolSubscriptions(pool)),
        logs: subscription([logQuery], (notify, query) => {
          checkSubscription(query)
          return newLogs({ chain, logs, slicer }, query, notify)
        }),
      },
    },
    {
      namespace: 'debug',
      methods: {
        getRawReceipts: method([blockNumberOrHash], (block) => receipts.raw(block)),
        ...traceMethods(chain, blocks, run),
      },
    },
    testingApi(chain, run),
  ]
}

const storageRequests = mapOf(20, 'common.Address', listOf(hash, '[]common.Hash'))
const percentiles = listOf(number, '[]float64')
