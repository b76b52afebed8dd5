import { MapDB } from '@ethereumjs/util'

/**
 * The nodes of a trie of @ethereumjs/mpt. It puts a key's hex together from single digits, and V8 would remember every
 * step of that for as long as the key is in a map: 1.2 KB for 32 bytes.
 * BOUNDED: by the trie, which deletes what it replaces (`useNodePruning`).
 */
export class TrieNodes extends MapDB<string, Uint8Array | string> {
  override get(hex: string): Promise<Uint8Array | string | undefined> {
    return super.get(compact(hex))
  }

  override put(hex: string, node: Uint8Array | string): Promise<void> {
    return super.put(compact(hex), node)
  }

  override del(hex: string): Promise<void> {
    return super.del(compact(hex))
  }

  /** What the tries of storage are given: they share the nodes. */
  override shallowCopy(): this {
    return this
  }
}

const compact = (hex: string) => Buffer.from(hex, 'hex').toString('latin1')
