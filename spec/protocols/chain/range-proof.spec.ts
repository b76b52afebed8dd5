import { createMerkleProof, MerklePatriciaTrie } from '@ethereumjs/mpt'
import { expect } from 'chai'
import { BadRangeProof, type TrieRange, verifyRange } from '../../../protocols/chain/range-proof.ts'
import { emptyTrieRoot, type TrieEntry, trieRoot } from '../../../protocols/chain/trie-root.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeRlp, lengthPrefix } from '../../../protocols/lib/rlp.ts'

// The cases of geth's trie/proof_test.go; @ethereumjs/mpt makes the proofs.

describe('the proof of a range', () => {
  const key = (n: number) => keccak256(Uint8Array.of(n >> 8, n & 0xff))
  const byKey = (a: TrieEntry, b: TrieEntry) => Buffer.compare(a.key, b.key)
  // Short values: near the bottom some nodes stand in their parents.
  const all = Array.from({ length: 400 }, (_, n) => ({ key: key(n), value: Uint8Array.of((n % 127) + 1) })).sort(byKey)
  const root = trieRoot(all)
  const trie = new MerklePatriciaTrie()
  before(async () => {
    for (const { key, value } of all) await trie.put(key, value)
  })
  const before1 = (hash: Uint8Array) => shifted(hash, -1n)
  const after1 = (hash: Uint8Array) => shifted(hash, 1n)
  const rangeOf = async (entries: readonly TrieEntry[], origin = entries[0]!.key): Promise<TrieRange> => {
    const ends = [origin, ...(entries.length > 0 ? [entries.at(-1)!.key] : [])]
    const proof = (await Promise.all(ends.map((end) => createMerkleProof(trie, end)))).flat()
    return { root, origin, entries, proof }
  }
  const refused = (range: TrieRange) => expect(() => verifyRange(range)).to.throw(BadRangeProof)

  it('holds for every range, and says whether there is more', async () => {
    for (let start = 0; start < 400; start += 37)
      for (const end of [start + 1, start + 2, start + 90, 400]) {
        const entries = all.slice(start, end)
        expect(verifyRange(await rangeOf(entries))).to.equal(end < 400)
        expect(verifyRange(await rangeOf(entries, before1(entries[0]!.key)))).to.equal(end < 400)
      }
  })
  it('holds for the whole trie, with a proof and without', async () => {
    expect(verifyRange(await rangeOf(all, new Uint8Array(32)))).to.equal(false)
    expect(verifyRange({ root, origin: new Uint8Array(32), entries: all, proof: [] })).to.equal(false)
    expect(verifyRange({ root: emptyTrieRoot, origin: key(1), entries: [], proof: [] })).to.equal(false)
  })
  it('holds for nothing behind the last, and for no nothing before', async () => {
    const last = all.at(-1)!.key
    expect(verifyRange(await rangeOf([], after1(last)))).to.equal(false)
    refused(await rangeOf([], last))
    refused(await rangeOf([], all[200]!.key))
  })
  it('does not hold when an entry is changed, left out, added, doubled or out of order', async () => {
    const range = await rangeOf(all.slice(100, 200))
    const { entries } = range
    const of = (...changed: TrieEntry[]) => refused({ ...range, entries: changed })
    for (const at of [0, 1, 50, 98, 99]) {
      const one = entries[at]!
      of(...entries.toSpliced(at, 1, { ...one, value: Uint8Array.of(0x7f, 1) }))
      of(...entries.toSpliced(at, 1, { ...one, value: new Uint8Array(0) }))
      of(...entries.toSpliced(at + 1, 0, { ...one, key: after1(one.key) }))
      of(...entries.toSpliced(at, 0, one))
      if (at < 99) of(...entries.toSpliced(at, 2, entries[at + 1]!, one))
      if (at > 0) of(...entries.toSpliced(at, 1))
    }
    of(...entries.slice(0, -1), { ...entries.at(-1)!, key: before1(all[200]!.key) })
  })
  it('does not hold when the first was left out, which is at the origin or behind it', async () => {
    const range = await rangeOf(all.slice(100, 200))
    refused({ ...range, entries: range.entries.slice(1) })
    refused({ ...(await rangeOf(all.slice(100, 200), before1(all[100]!.key))), entries: range.entries.slice(1) })
    refused({ ...range, origin: after1(range.origin) })
  })
  it('does not hold with a node that is missing, or is another', async () => {
    const range = await rangeOf(all.slice(100, 200))
    for (const at of range.proof.keys()) {
      const node = range.proof[at]!
      const others = range.proof.filter((one) => Buffer.compare(one, node) !== 0)
      refused({ ...range, proof: others })
      refused({ ...range, proof: [...others, node.with(node.length - 1, node.at(-1)! ^ 1)] })
    }
    refused({ ...range, root: keccak256(root) })
  })
  it('takes nothing that is no node for one', () => {
    for (const node of [[], [0x80], [0xc0], [0xc1, 0x20], [0xc3, 1, 2, 3], [0xf8], [0xc2, 0x20, 0x01]]) {
      const proof = [Uint8Array.from(node)]
      refused({ root: keccak256(proof[0]!), origin: new Uint8Array(32), entries: [], proof })
    }
  })
  it('goes no deeper than a key is long', () => {
    const nested = nestedNode(100_000)
    const origin = new Uint8Array(32)
    refused({ root: keccak256(nested), origin, entries: [], proof: [nested] })
    const chain: Uint8Array[] = []
    for (let i = 0; i < 20_000; i++) chain.push(encodeRlp([Uint8Array.of(0), keccak256(chain.at(-1) ?? origin)]))
    refused({ root: keccak256(chain.at(-1)!), origin, entries: [], proof: chain })
  })
})

/** @returns extensions of nothing that stand in each other, `depth` of them */
function nestedNode(depth: number): Uint8Array {
  const reversed: number[] = [0x01]
  for (let i = 0; i < depth; i++) {
    reversed.push(0)
    for (const byte of [...lengthPrefix(reversed.length, 0xc0)].reverse()) reversed.push(byte)
  }
  return Uint8Array.from(reversed.reverse())
}

function shifted(hash: Uint8Array, by: bigint): Uint8Array {
  const number = BigInt(`0x${Buffer.from(hash).toString('hex')}`) + by
  return new Uint8Array(Buffer.from(number.toString(16).padStart(64, '0'), 'hex'))
}
