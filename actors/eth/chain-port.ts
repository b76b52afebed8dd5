import type { Chain, NewBlock } from '../chain/chain.ts'

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
  | 'hasBlock'
  | 'insertBlocks'
  | 'storeAccessLists'
  | 'followsConsensus'
  | 'setForkchoice'
>
export type { NewBlock }
