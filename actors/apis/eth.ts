import { NEVER, type Observable } from 'rxjs'
import { blobParams, isBlockForkActive } from '../../protocols/chain/chain-config.ts'
import { blobBaseFee, initialBaseFee, nextBaseFee } from '../../protocols/chain/fees.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { Senders } from '../../protocols/chain/senders.ts'
import type { Chain } from '../chain/chain.ts'
import { type Api, method, subscription } from '../rpc/api.ts'
import { optionalQuantity, quantity } from '../rpc/json/hex.ts'
import { type BlockChain, Blocks } from './blocks.ts'
import { blockMethods } from './eth-blocks.ts'
import { configJson } from './eth-config.ts'
import { type TransactionLookup, transactionMethods } from './eth-transactions.ts'
import { headJson } from './json/header.ts'
import { newHeads } from './new-heads.ts'
import { type SyncStatus, stateFields, syncStatus } from './sync-status.ts'
import type { ReadPool } from './txpool.ts'

export type EthChain = BlockChain & Pick<Chain, 'config' | 'forkSchedule' | 'heads$'> & TransactionLookup

export type EthApiOptions = {
  readonly chain: EthChain
  /** Nothing is being synced when left out. */
  readonly progress?: () => SyncStatus
  /** As it goes on. */
  readonly progress$?: Observable<SyncStatus & { readonly isSyncing: boolean }>
  /** Of transactions that wait; none do when left out. */
  readonly pool?: ReadPool | undefined
}

/**
 * geth's `eth` namespace, as far as it can be answered from blocks alone: without state, receipts and a pool of
 * transactions. Messages and shapes are geth's (internal/ethapi/api.go).
 */
export function ethApi({ chain, progress, progress$ = NEVER, pool }: EthApiOptions): Api {
  const blocks = new Blocks(chain)
  const senders = new Senders(chain.config)
  return {
    namespace: 'eth',
    methods: {
      chainId: method([], () => quantity(chain.config.chainId)),
      blockNumber: method([], () => quantity(chain.head.number)),
      accounts: method([], () => []), // we keep no account's key
      syncing: method([], () => syncingJson(progress?.())),
      config: method([], () => configJson(chain)),
      baseFee: method([], () => optionalQuantity(baseFee(chain)) ?? null),
      blobBaseFee: method([], () => optionalQuantity(blobFee(chain)) ?? null),
      ...blockMethods(blocks, senders),
      ...transactionMethods(blocks, senders, chain, pool),
    },
    subscriptions: {
      syncing: subscription([], (notify) => syncStatus(progress$, notify)),
      newHeads: subscription([], (notify) => newHeads(chain, (header: Header) => notify(headJson(header)))),
    },
  }
}

/** Of the block after the head. */
function baseFee({ config, head }: EthChain): bigint | undefined {
  if (head.baseFee !== undefined) return nextBaseFee({ ...pick(head), baseFee: head.baseFee })
  return isBlockForkActive(config, 'london', head.number + 1n) ? initialBaseFee : undefined
}

const pick = ({ gasLimit, gasUsed }: Header) => ({ gasLimit, gasUsed })

/** Of the head itself. */
function blobFee({ config, head }: EthChain): bigint | undefined {
  const params = blobParams(config, head)
  if (head.excessBlobGas === undefined || params === undefined) return undefined
  return blobBaseFee(head.excessBlobGas, params.baseFeeUpdateFraction)
}

/** Whatever it syncs beside blocks is done, for there is nothing of it. */
function syncingJson(status: SyncStatus | undefined): false | Record<string, string> {
  if (status === undefined || (!status.state && status.current >= status.highest)) return false
  const { current, highest, starting = current } = status
  const counts = stateFields(status.state)
  const rest = notSynced.map((name): [string, string] => [name, quantity(BigInt(counts[name] ?? 0))])
  return {
    currentBlock: quantity(current),
    ...Object.fromEntries(rest.slice(0, 6)),
    highestBlock: quantity(highest),
    startingBlock: quantity(starting),
    ...Object.fromEntries(rest.slice(6)),
  }
}

const notSynced = [
  'healedBytecodeBytes',
  'healedBytecodes',
  'healedTrienodeBytes',
  'healedTrienodes',
  'healingBytecode',
  'healingTrienodes',
  'stateIndexRemaining',
  'syncedAccessLists',
  'syncedAccountBytes',
  'syncedAccounts',
  'syncedBytecodeBytes',
  'syncedBytecodes',
  'syncedStorage',
  'syncedStorageBytes',
  'totalAccessLists',
  'trieGenProgress',
  'trienodeIndexRemaining',
  'txIndexFinishedBlocks',
  'txIndexRemainingBlocks',
] as const
