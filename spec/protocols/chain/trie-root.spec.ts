import { createMPT } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import { expect } from 'chai'
import { emptyTrieRoot, listRoot, listRootSteps, trieRoot } from '../../../protocols/chain/trie-root.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'

describe('the root of a trie', () => {
  for (const count of [0, 1, 2, 3, 16, 17, 127, 128, 129, 256, 300])
    it(`is @ethereumjs/mpt's for a list of ${count}`, async () => {
      const items = Array.from({ length: count }, (_, i) => new Uint8Array(1 + ((i * 37) % 90)).fill((i % 255) + 1))
      const oracle = await createMPT()
      for (const [i, item] of items.entries()) await oracle.put(RLP.encode(i), item)
      expect(bytesToHex(listRoot(items))).to.equal(bytesToHex(oracle.root()))
    })

  it("is @ethereumjs/mpt's for hashed keys in any order", async () => {
    const entries = Array.from({ length: 200 }, (_, i) => ({
      key: keccak256(Uint8Array.of(i)),
      value: Uint8Array.of(i + 1),
    }))
    const oracle = await createMPT()
    for (const { key, value } of entries) await oracle.put(key, value)
    expect(bytesToHex(trieRoot(entries))).to.equal(bytesToHex(oracle.root()))
    expect(bytesToHex(trieRoot(entries.reverse()))).to.equal(bytesToHex(oracle.root()))
  })

  it("is @ethereumjs/mpt's where values are long, which are hashed 64 KiB at a time", async () => {
    for (const lengths of [
      [200_000],
      [200_000, 9],
      [9, 70_000, 70_000, 9],
      Array(300).fill(300),
      Array(20).fill(9_000),
    ]) {
      const items = lengths.map((length, i) => new Uint8Array(length).fill(i + 1))
      const oracle = await createMPT()
      for (const [i, item] of items.entries()) await oracle.put(RLP.encode(i), item)
      const steps = listRootSteps(items)
      let count = 0
      let step = steps.next()
      for (; !step.done; step = steps.next()) count++
      expect(bytesToHex(step.value)).to.equal(bytesToHex(oracle.root()))
      expect(count).to.be.at.least(Math.floor(lengths.reduce((sum, length) => sum + length, 0) / 65_536))
    }
  })

  it('is made of 70,000 items a few at a time', () => {
    const items = Array.from({ length: 70_000 }, (_, i) => Uint8Array.of(i >> 16, i >> 8, i))
    let reads = 0
    let most = 0
    const watched = new Proxy(items, {
      get: (items, name, receiver) => {
        if (/^\d+$/.test(String(name))) reads++
        return Reflect.get(items, name, receiver)
      },
    })
    const steps = listRootSteps(watched)
    let step = steps.next()
    let count = 0
    for (; !step.done; step = steps.next(), count++) {
      most = Math.max(most, reads)
      reads = 0
    }
    expect(most).to.equal(2 * 256) // for its length, and for itself
    expect(count).to.be.above(70_000 / 256)
    const all = items.map((value, index) => ({ key: RLP.encode(index), value }))
    expect(bytesToHex(step.value)).to.equal(bytesToHex(trieRoot(all)))
  })

  it('of nothing is the hash of the empty string', () => {
    expect(bytesToHex(emptyTrieRoot)).to.equal('56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421')
  })

  it('refuses a key that is the beginning of another', () => {
    const entries = [[1], [1, 2]].map((key) => ({ key: Uint8Array.from(key), value: Uint8Array.of(9) }))
    expect(() => trieRoot(entries)).to.throw(RangeError, 'a trie key is the beginning of another')
  })
})
