import { expect } from 'chai'
import fc from 'fast-check'
import { type AnnouncedTx, type DeliveredTx, TxAnnouncements, txFetchLimits } from '../../machines/tx-announcements.ts'

describe('announcements of transactions', () => {
  const tx = (n: number, { type = 2, size = 100 } = {}): AnnouncedTx => ({ hash: `${n}`, type, size })
  const came = (n: number, claim: Partial<DeliveredTx> = {}): DeliveredTx => {
    const one = tx(n, claim)
    return { sizeWithoutBlobs: one.size, ...one, ...claim }
  }
  const hashes = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`)
  const many = (from: number, to: number, more = {}) => hashes(from, to).map((n) => tx(Number(n), more))
  let all: TxAnnouncements
  let now: number
  beforeEach(() => {
    all = new TxAnnouncements()
    now = 1_000
  })
  const announce = (peer: number, some: readonly AnnouncedTx[], version = 69) =>
    all.announce(peer, some, { version, now })
  const pass = (ms: number) => {
    now += ms
  }
  const release = (peer: number) => {
    const { wait, wake } = all.release(peer, now)
    return [wait, ...wake]
  }
  /** Announced by each of `peers`, and waited for. */
  const queue = (some: readonly AnnouncedTx[], ...peers: number[]) => {
    for (const peer of peers) announce(peer, some)
    pass(500)
    release(peers[0]!)
  }

  it('are waited for 500 ms, from the first one on', () => {
    expect(announce(1, [tx(1)])).to.deep.equal({ wait: 500, isQueued: false })
    pass(300)
    expect(announce(2, [tx(1), tx(2)])).to.deep.equal({ wait: 200, isQueued: false })
    expect(all.take(1)).to.deep.equal([])
    // What is due within 100 ms goes along.
    pass(100)
    expect(release(1)).to.deep.equal([100])
    pass(1)
    expect(release(1)).to.deep.equal([undefined, 1, 2])
    expect([all.phaseOf('1'), all.phaseOf('2')]).to.deep.equal(['queued', 'waiting'])
    expect(release(2)).to.deep.equal([399])
  })
  it('of blob transactions are not waited for: they do not come whole', () => {
    expect(announce(1, [tx(1, { type: 3 })])).to.deep.equal({ wait: undefined, isQueued: true })
    expect(all.take(1)).to.deep.equal(['1'])
  })
  it('of one who asks to be asked at once for what another has queued', () => {
    queue([tx(1)], 1)
    expect(announce(2, [tx(1)])).to.deep.equal({ wait: undefined, isQueued: true })
    all.take(1)
    expect(announce(3, [tx(1)])).to.deep.equal({ wait: undefined, isQueued: false })
  })
  it('count once for each peer, as they were said first', () => {
    announce(1, [tx(1), tx(1, { size: 999 })])
    announce(1, [tx(1, { type: 1 })])
    expect([all.size, all.announcedBy(1)]).to.deep.equal([1, 1])
    expect([...all.delivered([came(1)])]).to.deep.equal([])
  })
  it('past 4,096 of one peer are left out', () => {
    announce(1, many(1, 5_000))
    expect([all.size, all.announcedBy(1), all.phaseOf('4096'), all.phaseOf('4097')]).to.deep.equal([
      ...[4_096, 4_096, 'waiting', undefined],
    ])
    announce(1, [tx(6_000)])
    expect(all.size).to.equal(4_096)
    // Those of others are theirs.
    announce(2, [tx(6_000)])
    all.delivered([came(1)])
    announce(1, [tx(6_000)])
    expect([all.size, all.announcedBy(1), all.announcedBy(2)]).to.deep.equal([4_096, 4_096, 1])
  })
  it('are asked for 256 at a time, as they were announced, until 128 KiB are announced', () => {
    queue(many(1, 300), 1)
    expect(all.take(1)).to.deep.equal(hashes(1, 256))
    expect(all.take(1), 'one request at a time').to.deep.equal([])
    all.answered(1, new Set(hashes(1, 256)))
    all.delivered(hashes(1, 256).map((n) => came(Number(n))))
    expect(all.take(1)).to.deep.equal(hashes(257, 300))
    queue(many(1_001, 1_010, { size: 65_536 }), 2)
    expect(all.take(2)).to.deep.equal(hashes(1_001, 1_002))
  })
  it('are asked of one peer at a time', () => {
    queue(many(1, 300), 1, 2)
    expect([all.take(2).length, all.take(1)]).to.deep.equal([256, hashes(257, 300)])
  })
  it('are over when the transaction comes, from any peer', () => {
    queue([tx(1)], 1, 2)
    announce(3, [tx(2)])
    all.take(1)
    expect([...all.delivered([came(1), came(2), came(3)])]).to.deep.equal([])
    expect([all.size, all.announcedBy(1), all.announcedBy(3)]).to.deep.equal([0, 0, 0])
    expect([...all.answered(1, new Set())]).to.deep.equal([])
  })
  it('are false where type or size are others, by more than 8 bytes', () => {
    const claims = [{}, { type: 1 }, { size: 108 }, { size: 92 }, { size: 109 }, { size: 91 }]
    for (const [peer, claim] of claims.entries()) announce(peer, [tx(1, claim)])
    expect([...all.delivered([came(1)])]).to.deep.equal([1, 4, 5])
  })
  it('at eth/72 have the size of a blob transaction without its blobs', () => {
    for (const [peer, version] of [71, 72].entries())
      for (const [i, size] of [140_000, 500].entries()) announce(2 * peer + i, [tx(1, { type: 3, size })], version)
    expect([...all.delivered([came(1, { type: 3, size: 140_000, sizeWithoutBlobs: 500 })])]).to.deep.equal([1, 2])
  })
  it('that were not answered are asked of the others alone', () => {
    queue(many(1, 3), 1, 2)
    all.take(1)
    announce(3, [tx(2)])
    expect([...all.expired(1)]).to.deep.equal([2, 3])
    expect([all.announcedBy(1), all.take(1), all.take(3), all.take(2)]).to.deep.equal([0, [], ['2'], ['1', '3']])
    expect([...all.expired(3)], 'who has it is asked').to.deep.equal([2])
    expect([...all.expired(2)]).to.deep.equal([])
    // For 2 no peer was asked any more.
    expect([all.size, all.phaseOf('2')]).to.deep.equal([1, 'queued'])
  })
  it('that an answer left out are asked of others, and what comes after it of the same, too', () => {
    queue(many(1, 5), 1, 2)
    all.take(1)
    all.delivered([came(3)])
    expect([...all.answered(1, new Set(['3']))]).to.deep.equal([2, 1])
    expect([all.take(1), all.take(2)]).to.deep.equal([
      ['4', '5'],
      ['1', '2'],
    ])
  })
  it('that no peer has are forgotten', () => {
    queue(many(1, 5), 1)
    all.take(1)
    expect([...all.answered(1, new Set())]).to.deep.equal([])
    expect([all.size, all.announcedBy(1)]).to.deep.equal([0, 0])
  })
  it('that came from another, and are announced again, are not those of the request before', () => {
    queue([tx(1)], 1, 2)
    all.take(1)
    all.delivered([came(1)])
    announce(2, [tx(1)])
    pass(500)
    release(2)
    expect(all.take(2)).to.deep.equal(['1'])
    expect([...all.answered(1, new Set()), ...all.left(1)]).to.deep.equal([])
    expect(all.phaseOf('1')).to.equal('fetching')
  })
  it('of a peer that leaves are forgotten, and what it was asked for is asked of others', () => {
    queue(many(1, 2), 1, 2)
    announce(1, [tx(3), tx(4)])
    announce(3, [tx(4)])
    all.take(1)
    expect([...all.left(1)]).to.deep.equal([2])
    expect([all.announcedBy(1), all.phaseOf('3'), all.phaseOf('4'), all.take(2)]).to.deep.equal([
      ...[0, undefined, 'waiting', ['1', '2']],
    ])
    expect([...all.left(2), ...all.left(3), ...all.left(4), all.size]).to.deep.equal([0])
  })

  it('leave nothing behind, whatever happens', () => {
    const peer = fc.integer({ min: 1, max: 4 })
    const some = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 6 })
    const step = fc.oneof(
      fc.record({ do: fc.constant('announce' as const), peer, some }),
      fc.record({ do: fc.constantFrom('deliver' as const, 'answer' as const), peer, some }),
      fc.record({
        do: fc.constantFrom('release' as const, 'take' as const, 'expire' as const, 'leave' as const),
        peer,
      }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const all = new TxAnnouncements()
        let now = 0
        const asked = new Map<number, readonly string[]>()
        for (const one of steps) {
          now += 150
          if (one.do === 'announce')
            all.announce(
              one.peer,
              one.some.map((n) => tx(n)),
              { version: 69, now },
            )
          else if (one.do === 'release') all.release(one.peer, now)
          else if (one.do === 'take') {
            const hashes = all.take(one.peer)
            if (hashes.length > 0) asked.set(one.peer, hashes)
          } else if (one.do === 'deliver') all.delivered(one.some.map((n) => came(n)))
          else if (one.do === 'answer') {
            all.delivered(one.some.map((n) => came(n)))
            all.answered(one.peer, new Set(one.some.map(String)))
            asked.delete(one.peer)
          } else if (one.do === 'expire') {
            all.expired(one.peer)
            asked.delete(one.peer)
          } else {
            all.left(one.peer)
            asked.delete(one.peer)
          }
          // Nothing is being fetched that no request is for.
          const fetched = hashes(1, 12).filter((hash) => all.phaseOf(hash) === 'fetching')
          expect([...asked.values()].flat()).to.include.members(fetched)
          for (let n = 1; n <= 4; n++) expect(all.announcedBy(n)).to.be.at.most(txFetchLimits.announced)
        }
        for (let n = 1; n <= 4; n++) all.left(n)
        expect([all.size, ...[1, 2, 3, 4].map((n) => all.announcedBy(n))]).to.deep.equal([0, 0, 0, 0, 0])
      }),
    )
  })
})
