import { expect } from 'chai'
import { MemoryStore } from '../../../actors/chain/memory-store.ts'
import { TrieHeal } from '../../../actors/execution/trie-heal.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeRlp, lengthPrefix, RlpError } from '../../../protocols/lib/rlp.ts'

describe('the heal of a trie', () => {
  const heal = (node: Uint8Array) => {
    const hash = keccak256(node)
    new TrieHeal(new MemoryStore(), hash).take({ path: Uint8Array.of(0), hash }, node)
  }

  it('goes no deeper than a key is long, however nodes stand in each other', () => {
    for (const path of [[0x00], [0x11]]) {
      const reversed: number[] = [0x01]
      for (let i = 0; i < 100_000; i++) {
        for (const byte of path) reversed.push(byte)
        for (const byte of [...lengthPrefix(reversed.length, 0xc0)].reverse()) reversed.push(byte)
      }
      expect(() => heal(Uint8Array.from(reversed.reverse()))).to.throw(RlpError)
    }
  })

  it('takes no list of another length for a node', () => {
    expect(() => heal(encodeRlp(['', '', '']))).to.throw(RlpError, 'a node of 3 items')
  })
})
