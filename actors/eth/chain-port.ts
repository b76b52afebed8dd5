import type { Chain } from '../chain/chain.ts'
import type { NewBlock } from '../chain/chain-reader.ts'

/** What the eth service needs of a chain. */
export type ChainPort = Pick<
  Chain,
  | 'genesis'
  | 'config'
  | 'networkId'
  | 'head'
  | 'heads$'
  | 'forkFilter'
  | 'forkId'
  | 'headerByNumber'
  | 'headerByHash'
  | 'canonicalHash'
  | 'bodyByHash'
  | 'accessListByHash'
  | 'receiptsByHash'
  | 'hasBlock'
  | 'insertBlocks'
  | 'insertUnexecuted'
  | 'snapHead'
  | 'pivot'
  | 'storeAccessLists'
  | 'storeReceipts'
  | 'followsConsensus'
  | 'setForkchoice'
>
export type { NewBlock }
