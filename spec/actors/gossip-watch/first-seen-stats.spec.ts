import { expect } from 'chai'
import { FirstSeenStats } from '../../../actors/gossip-watch/first-seen-stats.ts'

describe('the spread of transactions over nodes', () => {
  const reported = (spread: FirstSeenStats) => [spread.of(0), spread.of(1)]

  it('reports who was first, and how far behind the other was', () => {
    const spread = new FirstSeenStats(2)
    spread.note('a', 0, 10)
    spread.note('a', 1, 12.5)
    spread.note('b', 1, 20)
    spread.note('c', 0, 30)
    expect(reported(spread)).to.deep.equal([
      { first: 2, later: 0 },
      { first: 1, later: 1, behind: { p50: 2.5, p99: 2.5 } },
    ])
  })
  it('goes by when a message came, not by when it was read', () => {
    const spread = new FirstSeenStats(2)
    spread.note('a', 0, 10)
    spread.note('a', 1, 7)
    expect(reported(spread)).to.deep.equal([
      { first: 0, later: 1, behind: { p50: 3, p99: 3 } },
      { first: 1, later: 0 },
    ])
  })
  it('counts a node once, whatever it says again', () => {
    const spread = new FirstSeenStats(2)
    for (const [node, at] of [
      [0, 10],
      [1, 11],
      [0, 500],
      [1, 501],
    ] as const)
      spread.note('a', node, at)
    expect(reported(spread)).to.deep.equal([
      { first: 1, later: 0 },
      { first: 0, later: 1, behind: { p50: 1, p99: 1 } },
    ])
  })
  it('stays within its bound: the oldest transactions are forgotten', () => {
    const spread = new FirstSeenStats(2, 2)
    for (const hash of ['a', 'b', 'c']) spread.note(hash, 0, 1)
    spread.note('b', 1, 2)
    expect(reported(spread).map(({ later }) => later)).to.deep.equal([0, 1])
    spread.note('a', 1, 2)
    expect(reported(spread).map(({ first }) => first)).to.deep.equal([3, 1])
  })
})
