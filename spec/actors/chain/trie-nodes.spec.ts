import { createMPT } from '@ethereumjs/mpt'
import { ValueEncoding } from '@ethereumjs/util'
import { expect } from 'chai'
import { encodeNumber } from '../../../actors/chain/schema.ts'
import { TrieNodes } from '../../../actors/chain/trie-nodes.ts'

describe('the nodes of a trie in memory', () => {
  const trieOf = (db: TrieNodes) =>
    createMPT({ db, valueEncoding: ValueEncoding.Bytes, useKeyHashing: true, useNodePruning: true })

  it('are those of the last state, however often it changed', async () => {
    const nodes = new TrieNodes()
    const trie = await trieOf(nodes)
    const sizes: number[] = []
    for (let round = 1n; round <= 20n; round++) {
      for (let key = 0n; key < 30n; key++) await trie.put(encodeNumber(key), encodeNumber(round * 1_000n + key))
      sizes.push(nodes._database.size)
    }
    expect(new Set(sizes).size).to.equal(1)
    for (let key = 0n; key < 30n; key++)
      expect(await trie.get(encodeNumber(key))).to.deep.equal(encodeNumber(20_000n + key))
  })
  it('are shared with the copies that storage is in', async () => {
    const nodes = new TrieNodes()
    const trie = await trieOf(nodes)
    await trie.put(encodeNumber(1n), encodeNumber(2n))
    const copy = trie.shallowCopy(false)
    await copy.put(encodeNumber(3n), encodeNumber(4n))
    trie.root(copy.root())
    expect(await trie.get(encodeNumber(3n))).to.deep.equal(encodeNumber(4n))
  })
})
