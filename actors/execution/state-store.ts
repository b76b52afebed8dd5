import { equalBytes } from '../../protocols/lib/bytes.ts'
import { writeFields } from '../../protocols/lib/fields.ts'
import { encodeList, encodeRlp, RlpReader, readItem } from '../../protocols/lib/rlp.ts'
import type { KeyValueStore, Write } from '../chain/key-value-store.ts'

/** Blocks below the highest whose state is kept whole (geth `TriesInMemory`). */
export const keptStates = 128
/** Layers that a consensus client can have made of payloads without naming a head: then the oldest of them are written all the same. */
const mostLayers = 1_024
/** Ancestors that BLOCKHASH reaches. */
const knownAncestors = 256

/** What a block made of its parent's state. */
export type Layer = {
  readonly hash: Uint8Array
  readonly parent: Uint8Array
  readonly number: bigint
  readonly stateRoot: Uint8Array
  /** What the block is known by beside its state: a caller who asks again gets it without executing. */
  readonly result: Uint8Array
  /** Nodes by their keys: those that its state has and its parent's has not, and the other way round. */
  readonly added: ReadonlyMap<string, Uint8Array>
  readonly removed: ReadonlySet<string>
}

/** The state that is in the database whole. */
export type Base = {
  readonly hash: Uint8Array
  readonly number: bigint
  readonly stateRoot: Uint8Array
  /** Hashes of the blocks that it stands on, the youngest first. BOUNDED: knownAncestors. */
  readonly ancestors: readonly Uint8Array[]
  readonly result: Uint8Array
}

/**
 * States as geth's pathdb keeps them: one whole, and layers of what each block above it changed. The database has the whole
 * one's nodes by their hashes, and each layer as one entry; in memory are the layers. When the highest is more than
 * {@link keptStates} above the whole one, the lowest layer is written into it, and its siblings go. Everything that happens to
 * the database is one write: it has the state of every block that it had, whenever the process ends.
 * BOUNDED: keptStates generations of layers, in memory and in the database, or mostLayers above a head that stays behind.
 */
export class StateStore {
  readonly #store: KeyValueStore
  #base: Base
  /** By hash in hex digits, parents first. */
  readonly #layers = new Map<string, Placed>()
  /** Nodes of layers, and how many have added each. */
  readonly #nodes = new Map<string, { readonly node: Uint8Array; count: number }>()

  private constructor(store: KeyValueStore, base: Base) {
    this.#store = store
    this.#base = base
  }

  /** @returns undefined when nothing, or not all of a genesis, was written into `store` */
  static open(store: KeyValueStore): StateStore | undefined {
    const raw = store.get(baseKey)
    if (!raw) return undefined
    const states = new StateStore(store, decodeBase(raw))
    const listed = store.get(layersKey)
    for (const hash of listed ? chunks(listed) : []) states.#add(decodeLayer(hash, store.get(layerKey(hash))!))
    return states
  }

  /** Begins with a state, that of a genesis for one, whose nodes are in `store` by {@link nodeWrite}. What was there before goes. */
  static async begin(store: KeyValueStore, base: Base): Promise<StateStore> {
    const listed = store.get(layersKey)
    const gone = Array.from(listed ? chunks(listed) : [], (hash) => ({ key: layerKey(hash) }))
    await store.write([...gone, { key: layersKey }, { key: baseKey, value: encodeBase(base) }])
    return new StateStore(store, base)
  }

  get base(): Base {
    return this.#base
  }

  /** The blocks whose states there are. */
  *states(): Generator<Pick<Base, 'hash' | 'number' | 'stateRoot'>> {
    yield this.#base
    for (const { layer } of this.#layers.values()) yield layer
  }

  has(hash: Uint8Array): boolean {
    return equalBytes(hash, this.#base.hash) || this.#layers.has(hex(hash))
  }

  /** What a block whose state is there is known by. */
  result(hash: Uint8Array): Uint8Array | undefined {
    return equalBytes(hash, this.#base.hash) ? this.#base.result : this.#layers.get(hex(hash))?.layer.result
  }

  stateRoot(hash: Uint8Array): Uint8Array | undefined {
    return equalBytes(hash, this.#base.hash) ? this.#base.stateRoot : this.#layers.get(hex(hash))?.layer.stateRoot
  }

  /** @param key latin1, see {@link nodeKey} */
  node(key: string): Uint8Array | undefined {
    return this.#nodes.get(key)?.node ?? this.#store.get(diskKey(key))
  }

  /** @returns the hash of the block `back` before the one named, which may be that one; undefined beyond 256 */
  ancestor(hash: Uint8Array, back: number): Uint8Array | undefined {
    let at = hash
    for (let left = back; ; left--) {
      if (equalBytes(at, this.#base.hash)) return left === 0 ? at : this.#base.ancestors[left - 1]
      if (left === 0) return at
      const layer = this.#layers.get(hex(at))
      if (!layer) return undefined
      at = layer.layer.parent
    }
  }

  /**
   * Adds a block's state, and its code: on the disk when this resolves.
   * @param head the block whose state is to stay, though others are far above it; the layer's own when left out
   */
  async commit(layer: Layer, codes: ReadonlyMap<string, Uint8Array>, head = layer.hash): Promise<void> {
    const writes: Write[] = [{ key: layerKey(layer.hash), value: encodeLayer(layer) }]
    for (const [key, code] of codes) writes.push({ key: diskKey(key), value: code })
    this.#add(layer)
    const dropped = new Set<Layer>()
    let base = this.#base
    while (layer.number - base.number > BigInt(keptStates)) {
      const branch = this.#branch(layer, base)
      const isHeadsOwn = this.#keeps(branch, base, head)
      if (!isHeadsOwn && this.#layers.size - dropped.size <= mostLayers) break
      base = this.#flatten(branch, base, writes, dropped)
    }
    if (base !== this.#base) writes.push({ key: baseKey, value: encodeBase(base) })
    const left = [...this.#layers.values()].filter((one) => !dropped.has(one.layer))
    writes.push({ key: layersKey, value: concat(left.map((one) => one.layer.hash)) })
    await this.#store.write(writes)
    this.#base = base
    for (const one of dropped) this.#drop(one)
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  /** @returns the layers from the one right on `base` up to `top` */
  #branch(top: Layer, base: Base): Layer[] {
    const branch: Layer[] = []
    const end = hex(base.hash)
    for (let at = this.#layers.get(hex(top.hash))!; ; at = this.#layers.get(at.parent)!) {
      branch.push(at.layer)
      if (at.parent === end) return branch.reverse()
    }
  }

  /** Whether the state of `head` stays when the lowest layer of `branch` is written. One that is not there cannot be kept. */
  #keeps(branch: readonly Layer[], base: Base, head: Uint8Array): boolean {
    if (branch.some(({ hash }) => equalBytes(hash, head))) return true
    if (equalBytes(base.hash, head)) return false
    const its = this.#layers.get(hex(head))
    return !its || this.#branch(its.layer, base)[0] === branch[0]
  }

  /** Writes the lowest layer of `branch` into the whole state; those that do not stand on it go. */
  #flatten([layer]: readonly Layer[], base: Base, writes: Write[], dropped: Set<Layer>): Base {
    const { hash, number, stateRoot, result, added, removed } = layer!
    for (const [key, node] of added) writes.push({ key: diskKey(key), value: node })
    for (const key of removed) writes.push({ key: diskKey(key) })
    const kept = new Set([hex(hash)])
    for (const [key, { layer: one, parent }] of this.#layers) {
      if (dropped.has(one)) continue
      if (kept.has(parent)) kept.add(key)
      else if (!kept.has(key)) dropped.add(one)
    }
    dropped.add(layer!)
    for (const one of dropped) writes.push({ key: layerKey(one.hash) })
    return { hash, number, stateRoot, result, ancestors: [base.hash, ...base.ancestors].slice(0, knownAncestors) }
  }

  #add(layer: Layer): void {
    this.#layers.set(hex(layer.hash), { layer, parent: hex(layer.parent) })
    for (const [key, node] of layer.added) {
      const known = this.#nodes.get(key)
      if (known) known.count++
      else this.#nodes.set(key, { node, count: 1 })
    }
  }

  #drop(layer: Layer): void {
    this.#layers.delete(hex(layer.hash))
    for (const key of layer.added.keys()) {
      const known = this.#nodes.get(key)!
      if (--known.count === 0) this.#nodes.delete(key)
    }
  }
}

type Placed = { readonly layer: Layer; readonly parent: string }

/** @param owner keccak256 of the address whose storage the node is of: two may have a node in common, and lose it apart */
export const nodeKey = (hash: Uint8Array, owner?: Uint8Array): string => (owner ? latin1(owner) : '') + latin1(hash)
/** As @ethereumjs/statemanager has it. */
export const codeKey = (hash: Uint8Array): string => `c${latin1(hash)}`
export const nodeWrite = (key: string, value: Uint8Array): Write => ({ key: diskKey(key), value })

const diskKey = (key: string) => new Uint8Array(Buffer.from(`t${key}`, 'latin1'))
const layerKey = (hash: Uint8Array) => concat([Uint8Array.of(0x4c), hash])
const layersKey = new Uint8Array(Buffer.from('Layers'))
const baseKey = new Uint8Array(Buffer.from('Base'))

const hex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
const fromLatin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

function* chunks(hashes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < hashes.length; at += 32) yield hashes.slice(at, at + 32)
}

function encodeBase({ hash, number, stateRoot, ancestors, result }: Base): Uint8Array {
  return writeFields(hash, number, stateRoot, concat(ancestors), result)
}

function decodeBase(raw: Uint8Array): Base {
  const fields = new RlpReader(readItem(raw).content)
  const [hash, number, stateRoot] = [fields.bytes(32), fields.uint(), fields.bytes(32)]
  return { hash, number, stateRoot, ancestors: [...chunks(fields.bytes())], result: fields.bytes() }
}

function encodeLayer({ parent, number, stateRoot, result, added, removed }: Layer): Uint8Array {
  const nodes = Array.from(added, ([key, node]) => encodeList([encodeRlp(fromLatin1(key)), encodeRlp(node)]))
  const gone = Array.from(removed, (key) => encodeRlp(fromLatin1(key)))
  const head = [parent, number, stateRoot, result].map((field) => encodeRlp(field))
  return encodeList([...head, encodeList(nodes), encodeList(gone)])
}

function decodeLayer(hash: Uint8Array, raw: Uint8Array): Layer {
  const fields = new RlpReader(readItem(raw).content)
  const [parent, number, stateRoot, result] = [fields.bytes(32), fields.uint(), fields.bytes(32), fields.bytes()]
  const added = new Map<string, Uint8Array>()
  for (const item of fields.list().rest()) {
    const pair = new RlpReader(item.content)
    added.set(latin1(pair.bytes()), pair.bytes())
  }
  const removed = new Set(Array.from(fields.list().rest(), ({ content }) => latin1(content)))
  return { hash, parent, number, stateRoot, result, added, removed }
}
