import type { Common } from '@ethereumjs/common'
import { MerklePatriciaTrie } from '@ethereumjs/mpt'
import { Caches, MerkleStateManager } from '@ethereumjs/statemanager'
import { type Account, type Address, bytesToUnprefixedHex, ValueEncoding } from '@ethereumjs/util'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import type { TrieDatabase } from './trie-database.ts'

/** @returns what reads and writes the state under `root` */
export function stateManagerOf(database: TrieDatabase, common: Common, root: Uint8Array): MerkleStateManager {
  const trie = new MerklePatriciaTrie({
    db: database,
    root,
    valueEncoding: ValueEncoding.Bytes,
    useKeyHashing: true,
    common,
  })
  return new StateManager({ common, trie, caches: new Caches() })
}

/**
 * Nodes of storage are kept under the whole hash of their account: the library's 7 bytes of it can be made the same for two
 * accounts, and then what one deletes the other lacks.
 */
class StateManager extends MerkleStateManager {
  protected override _getStorageTrie(
    of: Address | { bytes: Uint8Array } | Uint8Array,
    account?: Account,
  ): MerklePatriciaTrie {
    const hash = of instanceof Uint8Array ? of : keccak256(of.bytes)
    const name = bytesToUnprefixedHex(hash)
    const known = this._storageTries[name]
    if (known) return known
    const trie = this._trie.shallowCopy(false, { keyPrefix: hash })
    trie.root(account?.storageRoot ?? trie.EMPTY_TRIE_ROOT)
    trie.flushCheckpoints()
    this._storageTries[name] = trie
    return trie
  }
}
