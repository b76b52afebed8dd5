import { expect } from 'chai'
import fc from 'fast-check'
import { diffTries } from '../../../actors/execution/trie-diff.ts'
import { trieRoot } from '../../../protocols/chain/trie-root.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'

describe('the difference of two tries', () => {
  type Entries = ReadonlyMap<string, number>
  /** Few nibbles differ, so that tries have extensions, and branches come and go; the ends are of no two the same, as of hashes. */
  const keyOf = (n: number) => Uint8Array.of(n & 0x11, (n >> 2) & 0x13, 7, n, n ^ 0x55)
  const entries = fc
    .array(fc.tuple(fc.nat(255), fc.nat(3)), { maxLength: 24 })
    .map((pairs): Entries => new Map(pairs.map(([key, value]) => [bytesToHex(keyOf(key)), value])))

  const build = (map: Entries) => {
    const nodes = new Map<string, Uint8Array>()
    // Long ones are nodes of their own, a short one stands in its parent.
    const all = Array.from(map, ([key, value]) => {
      return {
        key: Uint8Array.from(Buffer.from(key, 'hex')),
        value: new Uint8Array(value === 0 ? 1 : 40).fill(value + 1),
      }
    })
    const root = trieRoot(all, (hash, node) => nodes.set(bytesToHex(hash), node))
    return { root, nodes, values: new Map(all.map(({ key, value }) => [bytesToHex(key), bytesToHex(value)])) }
  }
  const sorted = (all: Iterable<string>) => [...all].sort()

  it('is the nodes that only one of them has, and the values that are others', () => {
    fc.assert(
      fc.property(entries, entries, fc.boolean(), (first, second, isAlike) => {
        const [before, after] = [build(first), build(isAlike ? new Map([...first, ...second]) : second)]
        const all = new Map([...before.nodes, ...after.nodes])
        const diff = diffTries((hash) => all.get(bytesToHex(hash))!, before.root, after.root)
        const only = (one: typeof before, other: typeof before) =>
          sorted([...one.nodes.keys()].filter((hash) => !other.nodes.has(hash)))
        expect(sorted(diff.added.map(bytesToHex))).to.deep.equal(only(after, before))
        expect(sorted(diff.removed.map(bytesToHex))).to.deep.equal(only(before, after))
        const keys = new Set([...before.values.keys(), ...after.values.keys()])
        const changed = [...keys].filter((key) => before.values.get(key) !== after.values.get(key))
        const found = [...diff.values].filter(([, { before, after }]) => `${before}` !== `${after}`)
        expect(sorted(found.map(([key]) => key))).to.deep.equal(sorted(changed))
      }),
      { numRuns: 500 },
    )
  })
  it('reads no node that both have in one place', () => {
    const many = new Map(Array.from({ length: 200 }, (_, n) => [bytesToHex(Uint8Array.of(n, 1, n, 3)), 1] as const))
    const [before, after] = [build(many), build(new Map([...many, ['05010503', 2] as const]))]
    const all = new Map([...before.nodes, ...after.nodes])
    let reads = 0
    diffTries(
      (hash) => {
        reads++
        return all.get(bytesToHex(hash))!
      },
      before.root,
      after.root,
    )
    expect(reads).to.be.at.most(6)
  })
})
