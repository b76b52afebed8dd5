import type { ChainConfig } from '../../protocols/chain/chain-config.ts'
import { decodeHeader } from '../../protocols/chain/header.ts'
import { BlockVm } from './block-vm.ts'
import { commonOf, hardforkOf } from './evm-common.ts'
import type { Backend } from './methods/backend.ts'
import { stateManagerOf } from './state-manager.ts'
import type { StateStore } from './state-store.ts'
import { TrieDatabase } from './trie-database.ts'

/** What the methods of RPC read: the states that are kept, each call in a view of its own. */
export function methodBackend(states: StateStore, config: ChainConfig): Backend {
  const common = commonOf(config)
  const commonAt: Backend['commonAt'] = (at) => {
    const copy = common.copy()
    copy.setHardfork(hardforkOf(config, at))
    return copy
  }
  return {
    config,
    commonAt,
    stateOf: (block) => {
      const root = states.stateRoot(block)
      return root && stateManagerOf(new TrieDatabase(states), common, root)
    },
    ancestor: (hash, back) => states.ancestor(hash, back),
    outcomeOf: async (raw) => {
      const header = decodeHeader(raw.header)
      const { parentHash, number } = header
      const own = commonAt(header)
      const stateManager = stateManagerOf(new TrieDatabase(states), own, states.stateRoot(parentHash)!)
      const ancestor = (at: bigint) => states.ancestor(parentHash, Number(number - 1n - at))
      const vm = await BlockVm.create({ common: own, stateManager, ancestor })
      const { result, accessList } = await vm.run(vm.read(raw), { isSealed: false })
      const { stateRoot, receiptsRoot, logsBloom: bloom, gasUsed, requests } = result
      return {
        ...{ stateRoot, receiptsRoot, bloom, gasUsed, accessList },
        // Of a type alone, without data, there is none (EIP-7685).
        requests: requests?.map(({ bytes }) => bytes).filter(({ length }) => length > 1),
      }
    },
  }
}
