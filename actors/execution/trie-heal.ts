import { emptyCodeHash, emptyRoot, readSlimAccount } from '../../protocols/chain/account.ts'
import { nodePath, pathOf } from '../../protocols/chain/trie-reader.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { RlpError, type RlpItem, RlpReader, readItem } from '../../protocols/lib/rlp.ts'
import type { KeyValueStore, Write } from '../chain/key-value-store.ts'
import { codeKey, nodeKey, nodeWrite } from './state-store.ts'

/** A node that a state lacks: of the trie of accounts, or of the storage of `account`. `path` is compact (Yellow Paper, appendix C). */
export type MissingNode = { readonly account?: Uint8Array; readonly path: Uint8Array; readonly hash: Uint8Array }
/** What a state lacks that came to light. */
export type Missing = { readonly nodes: readonly MissingNode[]; readonly codes: readonly Uint8Array[] }

/**
 * Finds what a state lacks from its root down, and takes it (geth trie.Sync). A node is written once everything below it is there,
 * so nothing is looked for below one that is.
 * BOUNDED: by what is asked for at a time, with 16 children at each level above.
 */
export class TrieHeal {
  readonly #store: KeyValueStore
  /** By owner and hash. */
  readonly #wanted = new Map<string, Wanted>()
  #found: { nodes: MissingNode[]; codes: Uint8Array[] } = { nodes: [], codes: [] }
  #writes: Write[] = []

  constructor(store: KeyValueStore, root: Uint8Array) {
    this.#store = store
    if (!equalBytes(root, emptyRoot)) this.#want({ nibbles: [], hash: root }, undefined)
  }

  get isWhole(): boolean {
    return this.#wanted.size === 0
  }

  /** @returns what came to light since this was asked for last */
  found(): Missing {
    const found = this.#found
    this.#found = { nodes: [], codes: [] }
    return found
  }

  /** @param node with the hash that was asked for @throws {RlpError} it is no node: then no state has this hash */
  take({ account, hash }: MissingNode, node: Uint8Array): void {
    const wanted = this.#wanted.get(nodeKey(hash, account))
    if (!wanted || wanted.node) return
    wanted.node = node
    this.#open(readItem(node), wanted.nibbles, wanted)
    if (wanted.missing === 0) this.#complete(wanted)
  }

  takeCode(hash: Uint8Array, code: Uint8Array): void {
    const wanted = this.#wanted.get(codeKey(hash))
    if (!wanted || wanted.node) return
    wanted.node = code
    this.#complete(wanted)
  }

  /** All that is whole now. */
  async flush(): Promise<void> {
    const writes = this.#writes
    this.#writes = []
    if (writes.length > 0) await this.#store.write(writes)
  }

  #open(item: RlpItem, nibbles: readonly number[], parent: Wanted): void {
    // Nodes may stand in each other: without an end to their path they would be as deep as the answer is long.
    if (nibbles.length > keyNibbles) throw new RlpError('a path too long')
    const items = [...new RlpReader(item.content).rest()]
    if (items.length === 17) {
      for (const [nibble, child] of items.slice(0, 16).entries()) this.#follow(child, [...nibbles, nibble], parent)
      return
    }
    if (items.length !== 2) throw new RlpError(`a node of ${items.length} items`)
    const path = pathOf(items[0]!.content)
    if (path.length === 0) throw new RlpError('an extension of nothing')
    if (path.at(-1) !== keyEnd) this.#follow(items[1]!, [...nibbles, ...path], parent)
    else if (!parent.account) this.#openAccount(items[1]!.content, [...nibbles, ...path.slice(0, -1)], parent)
  }

  #follow(child: RlpItem, nibbles: readonly number[], parent: Wanted): void {
    if (child.isList) this.#open(child, nibbles, parent)
    else if (child.content.length > 0) this.#want({ account: parent.account, nibbles, hash: child.content }, parent)
  }

  #openAccount(value: Uint8Array, nibbles: readonly number[], parent: Wanted): void {
    const { storageRoot, codeHash } = readSlimAccount(readItem(value))
    const account = Uint8Array.from({ length: 32 }, (_, i) => (nibbles[2 * i]! << 4) | nibbles[2 * i + 1]!)
    if (!equalBytes(storageRoot, emptyRoot)) this.#want({ account, nibbles: [], hash: storageRoot }, parent)
    if (!equalBytes(codeHash, emptyCodeHash)) this.#want({ hash: codeHash, nibbles: [], isCode: true }, parent)
  }

  #want(place: Place, parent: Wanted | undefined): void {
    const { account, nibbles, hash, isCode = false } = place
    const key = isCode ? codeKey(hash) : nodeKey(hash, account)
    if (this.#store.get(nodeWrite(key, hash).key)) return
    let wanted = this.#wanted.get(key)
    if (!wanted) {
      wanted = { key, account, nibbles, node: undefined, missing: 0, parents: [] }
      this.#wanted.set(key, wanted)
      if (isCode) this.#found.codes.push(hash)
      else this.#found.nodes.push({ ...(account && { account }), path: nodePath(nibbles), hash: hash.slice() })
    }
    if (!parent) return
    parent.missing++
    wanted.parents.push(parent)
  }

  #complete(first: Wanted): void {
    // BOUNDED: by what waits for each other.
    for (const all = [first]; all.length > 0; ) {
      const { key, node, parents } = all.pop()!
      this.#wanted.delete(key)
      this.#writes.push(nodeWrite(key, node!))
      for (const parent of parents) if (--parent.missing === 0) all.push(parent)
    }
  }
}

type Place = {
  readonly account?: Uint8Array | undefined
  readonly nibbles: readonly number[]
  readonly hash: Uint8Array
  readonly isCode?: boolean
}

type Wanted = {
  readonly key: string
  readonly account: Uint8Array | undefined
  readonly nibbles: readonly number[]
  /** Once it came. */
  node: Uint8Array | undefined
  /** So many of those below are not there. */
  missing: number
  readonly parents: Wanted[]
}

const keyEnd = 16
const keyNibbles = 64
