import { expect } from 'chai'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import type { KeyValueStore, Write } from '../../../actors/chain/key-value-store.ts'
import { BlockExecutor } from '../../../actors/execution/block-executor.ts'
import { writeGenesisState } from '../../../actors/execution/genesis-state.ts'
import { nodeKey, StateStore } from '../../../actors/execution/state-store.ts'
import { diffTries } from '../../../actors/execution/trie-diff.ts'
import { emptyTrieRoot } from '../../../protocols/chain/trie-root.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { RlpReader, readItem } from '../../../protocols/lib/rlp.ts'
import { forkedBlocks, forkedGenesis } from './forked-chain.ts'

describe('a store of states', function () {
  this.timeout(60_000)
  const genesis = forkedGenesis()
  let blocks: NewBlock[]
  let others: NewBlock[]
  before(async () => {
    blocks = await forkedBlocks(140)
    others = await forkedBlocks(10, 2)
  })
  const begin = async (store: KeyValueStore) => {
    await writeGenesisState(store, genesis.alloc!)
    const { hash, number, stateRoot } = genesis.header
    return StateStore.begin(store, { hash, number, stateRoot, ancestors: [], result: Uint8Array.of(0xc0) })
  }
  const executor = (states: StateStore) => {
    const blocks = new BlockExecutor(states, genesis.config)
    return (block: NewBlock, head?: Uint8Array) =>
      blocks.execute({ header: block.header.raw, body: block.body, ...(head && { head }) })
  }

  it('has on the disk the nodes of its whole state, those alone, and its layers', async () => {
    const store = new Disk()
    const states = await begin(store)
    const execute = executor(states)
    for (const block of [...others, ...blocks]) await execute(block)
    expect(states.base.number).to.equal(12n)
    expect([...states.states()]).to.have.length(129) // the other branch has gone
    expect(sorted(store.nodes)).to.deep.equal(sorted(nodesOf(states)))
    expect(store.layers).to.equal(128)
  })
  it('finds all that it had when it is opened again, whatever write was the last', async () => {
    const store = new Disk()
    const execute = executor(await begin(store))
    const kept = [store.copy()]
    for (const block of blocks) {
      await execute(block)
      kept.push(store.copy())
    }
    for (const at of [0, 1, 127, 128, 129, 135]) {
      const again = StateStore.open(kept[at]!)!
      expect(again.has(at === 0 ? genesis.header.hash : blocks[at - 1]!.header.hash), `${at}`).to.equal(true)
      const execute = executor(again)
      for (const block of blocks.slice(at, at + 3)) await execute(block)
    }
  })
  it('keeps the state of the head that it is given, far below', async () => {
    const states = await begin(new Disk())
    const execute = executor(states)
    for (const block of blocks) await execute(block, blocks[1]!.header.hash)
    expect(states.base.number).to.equal(2n)
    expect(states.has(blocks[1]!.header.hash)).to.equal(true)
  })
  it('knows the last 256 ancestors of a block', async () => {
    const states = await begin(new Disk())
    const execute = executor(states)
    for (const block of blocks) await execute(block)
    const top = blocks.at(-1)!.header
    for (const back of [0, 1, 127, 128, 129, 139])
      expect(states.ancestor(top.hash, back), `${back}`).to.deep.equal(blocks.at(-1 - back)!.header.hash)
    expect(states.ancestor(top.hash, 140)).to.deep.equal(genesis.header.hash)
    expect(states.ancestor(top.hash, 141)).to.equal(undefined)
  })
})

/** What a write leaves on a disk: all of it or nothing. */
class Disk implements KeyValueStore {
  readonly isNew = true
  readonly #values: Map<string, Uint8Array>
  constructor(values: Iterable<readonly [string, Uint8Array]> = []) {
    this.#values = new Map(values)
  }
  copy(): Disk {
    return new Disk(this.#values)
  }
  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(latin1(key))
  }
  async write(writes: readonly Write[]): Promise<void> {
    for (const { key, value } of writes)
      if (value) this.#values.set(latin1(key), value)
      else this.#values.delete(latin1(key))
  }
  async close(): Promise<void> {}
  /** Keys of nodes; code is kept for good. */
  get nodes(): string[] {
    return [...this.#values.keys()].flatMap((key) => (/^t(.{32}|.{64})$/s.test(key) ? [key.slice(1)] : []))
  }
  get layers(): number {
    return [...this.#values.keys()].filter((key) => /^L.{32}$/s.test(key)).length
  }
}

/** Keys of all nodes of the whole state. */
function nodesOf(states: StateStore): string[] {
  const read = (owner?: Uint8Array) => (hash: Uint8Array) => states.node(nodeKey(hash, owner))!
  const all = diffTries(read(), emptyTrieRoot, states.base.stateRoot)
  const keys = all.added.map((hash) => nodeKey(hash))
  for (const [path, { after }] of all.values) {
    const owner = hexToBytes(path)
    const fields = new RlpReader(readItem(after!).content)
    fields.item()
    fields.item()
    for (const hash of diffTries(read(owner), emptyTrieRoot, fields.bytes(32)).added) keys.push(nodeKey(hash, owner))
  }
  return keys
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const sorted = (keys: readonly string[]) => keys.map((key) => bytesToHex(Buffer.from(key, 'latin1'))).sort()
