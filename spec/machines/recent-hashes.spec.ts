import { expect } from 'chai'
import { RecentHashes } from '../../machines/recent-hashes.ts'

describe('hashes that were seen lately', () => {
  it('are there for as long as they are to be', () => {
    const recent = new RecentHashes(10, 100)
    recent.add('a', 0)
    recent.add('b', 50)
    expect([recent.has('a', 100), recent.has('a', 101), recent.has('b', 101), recent.has('c', 0)]).to.deep.equal([
      ...[true, false, true, false],
    ])
    recent.add('a', 120)
    expect(recent.has('a', 200)).to.equal(true)
    recent.clear()
    expect(recent.has('a', 200)).to.equal(false)
  })
  it('are the last: at least half as many as there may be', () => {
    const recent = new RecentHashes(10)
    for (let n = 0; n < 100; n++) {
      recent.add(`${n}`, 0)
      const here = Array.from({ length: n + 1 }, (_, i) => i).filter((i) => recent.has(`${i}`, 1e9))
      expect(here.length).to.be.within(Math.min(n + 1, 5), 10)
      expect(here.at(-1)).to.equal(n)
    }
  })
})
