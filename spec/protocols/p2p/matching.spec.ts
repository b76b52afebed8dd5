import { expect } from 'chai'
import fc from 'fast-check'
import { countMatching, type LocalProtocol, matchProtocols, sortCaps } from '../../../protocols/p2p/matching.ts'
import type { Cap } from '../../../protocols/p2p/messages.ts'

const local = (name: string, version: number, length: number): LocalProtocol => ({ name, version, length })
const cap = (text: string): Cap => {
  const [name, version] = text.split('/')
  return { name: name!, version: Number(version) }
}
const ours = [
  local('eth', 69, 18),
  local('eth', 70, 18),
  local('eth', 71, 20),
  local('eth', 72, 22),
  local('snap', 1, 8),
  local('snap', 2, 10),
]
const matched = (locals: readonly LocalProtocol[], ...caps: string[]) =>
  matchProtocols(locals, caps.map(cap)).map(
    ({ name, version, offset, length }) => `${name}/${version} ${offset}–${offset + length - 1}`,
  )

describe('matching protocols', () => {
  for (const [what, caps, expected] of [
    ['eth/69 with snap/1', ['eth/69', 'snap/1'], ['eth/69 16–33', 'snap/1 34–41']],
    ['eth/72 with snap/2', ['eth/72', 'snap/2'], ['eth/72 16–37', 'snap/2 38–47']],
    ['eth/71 with snap/1', ['snap/1', 'eth/71'], ['eth/71 16–35', 'snap/1 36–43']],
    ['the highest of many', ['eth/70', 'eth/68', 'eth/69', 'eth/99', 'les/4'], ['eth/70 16–33']],
    ['a capability announced twice', ['eth/69', 'eth/69'], ['eth/69 16–33']],
    ['nothing in common', ['eth/68', 'les/4'], []],
    ['no capability', [], []],
  ] as const)
    it(`takes ${what}`, () => expect(matched(ours, ...caps)).to.deep.equal(expected))

  it('places names in byte order, whatever version of each', () => {
    const locals = [local('match', 1, 1), local('match', 2, 2), local('match', 3, 3), local('a', 1, 1)]
    expect(matched(locals, 'match/1', 'match/2', 'match/3', 'a/1')).to.deep.equal(['a/1 16–16', 'match/3 17–19'])
  })
  it('gives back the very protocol that matched', () => {
    const eth = { ...local('eth', 69, 18), run: () => 'running' }
    expect(matchProtocols([eth], [cap('eth/69')])[0]!.protocol).to.equal(eth)
  })
  it('leaves the capabilities of the remote as they were', () => {
    const caps = Object.freeze([cap('snap/1'), cap('eth/69')])
    matchProtocols(ours, caps)
    expect(caps).to.deep.equal([cap('snap/1'), cap('eth/69')])
  })
  it('counts every pair', () => {
    expect(countMatching(ours, [cap('eth/69'), cap('eth/70'), cap('les/4'), cap('eth/69')])).to.equal(3)
    expect(countMatching(ours, [])).to.equal(0)
  })
  it('sorts by name in byte order, then by version', () => {
    const names = ['\u{1F600}/1', '\uFF5E/1', 'eth/70', 'eth/9', 'Eth/1', 'ethx/1', '/1']
    const sorted = ['/1', 'Eth/1', 'eth/9', 'eth/70', 'ethx/1', '\uFF5E/1', '\u{1F600}/1']
    expect(sortCaps(names.map(cap))).to.deep.equal(sorted.map(cap))
  })
  it('leaves no gap and no overlap, with at most one version of a name', () => {
    const someCap = fc.record({ name: fc.constantFrom('a', 'b', 'c'), version: fc.nat(4) })
    const someLocal = fc.record({ name: fc.constantFrom('a', 'b', 'c'), version: fc.nat(4), length: fc.nat(30) })
    fc.assert(
      fc.property(fc.array(someLocal), fc.array(someCap), (locals, caps) => {
        const matches = matchProtocols(locals, caps)
        let next = 16
        for (const { offset, length } of matches) {
          expect(offset).to.equal(next)
          next += length
        }
        const names = matches.map(({ name }) => name)
        expect(names).to.deep.equal([...new Set(names)].sort())
        expect(matches.length === 0).to.equal(countMatching(locals, caps) === 0)
      }),
    )
  })
})
