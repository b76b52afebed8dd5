import type { ChainConfig } from '../../protocols/chain/chain-config.ts'
import { commonOf, hardforkOf } from './evm-common.ts'
import type { Backend } from './methods/backend.ts'
import { stateManagerOf } from './state-manager.ts'
import type { StateStore } from './state-store.ts'
import { TrieDatabase } from './trie-database.ts'

/** What the methods of RPC read: the states that are kept, each call in a view of its own. */
export function methodBackend(states: StateStore, config: ChainConfig): Backend {
  const common = commonOf(config)
  return {
    config,
    commonAt: (at) => {
      const copy = common.copy()
      copy.setHardfork(hardforkOf(config, at))
      return copy
    },
    stateOf: (block) => {
      const root = states.stateRoot(block)
      return root && stateManagerOf(new TrieDatabase(states), common, root)
    },
    ancestor: (hash, back) => states.ancestor(hash, back),
  }
}
