import { expect } from 'chai'
import { downloadLimits } from '../../machines/download-limits.ts'
import { BadPeerData } from '../../machines/download-sources.ts'
import type { DownloaderEvent } from '../../machines/downloader-setup.ts'
import { describeConsensus } from './downloader-consensus.ts'
import { describeLists } from './downloader-lists.ts'
import { describePivot } from './downloader-pivot.ts'
import {
  announces,
  bodiesFor,
  chart,
  compared,
  contiguous,
  cooledDown,
  type DownloaderStep,
  error,
  failed,
  failsFor,
  fetches,
  filling,
  from,
  hash,
  headersFor,
  imported,
  joins,
  learnt,
  leaves,
  lied,
  names,
  othersFor,
  poll,
  skeleton,
} from './downloader-walk.ts'

describe('downloader', () => {
  const slow = (peer: number): DownloaderEvent => ({ type: 'peer.slow', peer })
  const answers = (peer: number): DownloaderEvent => ({ type: 'peer.answered', peer })
  const stalls = (peer: number): DownloaderEvent => ({ type: 'peer.stalled', peer })
  const spent = (peer: number): DownloaderEvent => ({ type: 'peer.spent', peer })
  const ready = (peer: number): DownloaderEvent => ({ type: 'peer.ready', peer })

  describe('whom it follows', () => {
    it('begins at once with a peer that is ahead in its Status', () => {
      const step = from(10n, joins(1, 600n))
      expect(step.state).to.equal('syncing.searching')
      expect(step.effects).to.deep.equal([
        ['report', { isSyncing: true, isDone: false, starting: 10n, current: 10n, highest: 10n }],
        ['probe', { peer: 1, number: 10n }],
      ])
    })
    it('asks a peer that is not ahead for nothing', () =>
      expect(from(600n, joins(1, 600n))).to.deep.include({ state: 'idle', effects: [] }))
    it('follows the highest', () =>
      expect(from(600n, joins(1, 600n), joins(2, 600n), learnt(1, 601n), leaves(1)).context.target).to.deep.equal({
        peer: 1,
        number: 601n,
      }))
    it('begins when somebody has the body of our next block: a peer that is ahead may have headers only', () => {
      const pruned = from(10n, joins(1, 600n, 12n))
      expect(pruned.state).to.equal('idle')
      for (const other of [joins(2, 600n, 11n), joins(2, 5n), joins(2)])
        expect(chart.on(pruned, other).state).to.equal('syncing.searching')
      expect(from(10n, joins(1, 600n, 11n)).state).to.equal('syncing.searching')
    })
    it('asks an eth/68 peer for the header of its head', () => {
      const step = from(10n, joins(1))
      expect(step.effects).to.deep.equal([['askHead', { peer: 1, hash }]])
      expect(chart.on(step, learnt(1, 600n)).state).to.equal('syncing.searching')
      expect(chart.on(step, learnt(1)).state).to.equal('idle')
    })
    it('learns nothing of a peer that is gone', () =>
      expect(from(10n, learnt(1, 600n), announces(1, 600n)).context.sources.size).to.equal(0))
    it('believes an announced range when it has stood for a whole poll', () => {
      const announced = from(600n, joins(1, 600n), announces(1, 650n))
      expect(announced.state).to.equal('idle')
      expect(chart.on(announced, poll).state).to.equal('idle')
      expect(chart.on(announced, poll, announces(1, 651n), poll).state).to.equal('idle')
      expect(chart.on(announced, poll, poll).state).to.equal('syncing.searching')
    })
    it('forgets a peer that leaves', () =>
      expect(from(600n, joins(1, 600n), leaves(1)).context.sources.size).to.equal(0))
    it('forgets a peer that lied, and drops it', () => {
      const step = from(600n, joins(1, 600n), lied(1))
      expect(step.effects).to.deep.equal([['drop', { peer: 1, error }]])
      expect(step.context.sources.size).to.equal(0)
    })
  })

  describe('heads', () => {
    const settled = (...events: DownloaderEvent[]) => from(600n, joins(1, 600n), ...events)

    it('are not asked of a fresh peer', () => expect(settled(poll).effects).to.deep.equal([]))
    it('are asked of a peer that was there at the last poll', () =>
      expect(settled(poll, poll).effects).to.deep.equal([['pollHead', { peer: 1, after: 600n }]]))
    it('are asked once at a time', () => {
      expect(settled(poll, poll, poll).effects).to.deep.equal([])
      expect(settled(poll, poll, learnt(1), poll).effects).to.have.length(1)
    })
    it('are asked of the three highest', () => {
      const peers = [1, 2, 3, 4].map((peer) => joins(peer, 595n + BigInt(peer)))
      const polled = from(600n, ...peers, poll, poll).effects.map(([, params]) => (params as { peer: number }).peer)
      expect(polled).to.deep.equal([4, 3, 2])
    })
    it('start a sync when they are new', () =>
      expect(settled(poll, poll, learnt(1, 601n)).context.target).to.deep.equal({ peer: 1, number: 601n }))
    it('follow our own', () =>
      expect(settled({ type: 'chain.head', number: 601n }, poll, poll).effects).to.deep.equal([
        ['pollHead', { peer: 1, after: 601n }],
      ]))
  })

  describe('the search for the common ancestor', () => {
    const probes = (step: DownloaderStep) => step.effects.filter(([name]) => name === 'probe').map(([, p]) => p)

    it('takes one look when their chain goes on where ours ends', () => {
      const step = from(500n, joins(1, 600n), compared(500n, true))
      expect(step.state).to.equal('syncing.skeleton')
      expect(step.effects).to.deep.equal([['fetchSkeleton', { peer: 1, after: 500n, to: 600n }]])
    })
    it('halves what is left', () => {
      let step = from(500n, joins(1, 600n))
      for (let number = 500n; step.state === 'syncing.searching'; ) {
        ;({ number } = probes(step)[0] as { number: bigint })
        step = chart.on(step, compared(number, number <= 123n))
        expect(step.context.search.high - step.context.search.low > 0n).to.equal(true)
      }
      expect(step.context.plan.imported).to.equal(123n)
    })
    for (const [what, event] of [
      ['is slow', failed(1)],
      ['leaves', leaves(1)],
      ['lies', lied(1)],
    ] as const)
      it(`ends when the peer ${what}, and begins with the next`, () => {
        expect(from(500n, joins(1, 600n), event).state).to.equal('idle')
        const next = from(500n, joins(1, 600n), joins(2, 550n), event)
        expect(next.state).to.equal('syncing.searching')
        expect(next.context.target).to.deep.equal({ peer: 2, number: 550n })
      })
    it('is not disturbed by others', () => {
      const step = from(500n, joins(1, 600n), joins(2, 500n), joins(3, 500n), leaves(2), lied(3), failed(2))
      expect(step.state).to.equal('syncing.searching')
      expect(step.context.sources.size).to.equal(1)
    })
    it('prefers whom no sync got stuck behind', () => {
      const step = from(500n, joins(1, 600n), failed(1), poll, joins(2, 550n), failed(1), poll)
      expect(step.context.target.peer).to.equal(2)
    })
  })

  describe('a peer that gives no skeleton', () => {
    const refused = (...others: DownloaderEvent[]) =>
      from(0n, joins(1, 600n), ...others, compared(0n, true), { type: 'skeleton.empty' })
    const next = contiguous

    it('is asked for the headers right after our block', () => {
      const step = refused()
      expect(step.state).to.equal('syncing.contiguous')
      expect(step.effects).to.deep.equal([['fetchContiguous', { peer: 1, after: 0n, to: 600n }]])
    })
    it('has its headers believed as far as they are linked: their bodies are wanted', () => {
      const step = chart.on(refused(), next(150n))
      expect(step.state).to.equal('syncing.filling')
      expect(fetches(step)).to.deep.equal(['1: bodies 1–150'])
    })
    it('is asked for no skeleton again, in this sync or the next', () => {
      let step = chart.on(refused(), next(150n))
      step = chart.on(step, bodiesFor(step, 1))
      step = chart.on(step, imported(128n), imported(150n))
      expect(step.state).to.equal('syncing.contiguous')
      expect(step.effects.at(-1)).to.deep.equal(['fetchContiguous', { peer: 1, after: 150n, to: 600n }])
      const again = chart.on(step, failed(1), poll, compared(0n, true))
      expect(again.state).to.equal('syncing.contiguous')
    })
    it('rests when its peer was asked enough for a minute, whichever peer gives the bodies', () => {
      let step = chart.on(refused(joins(2, 600n)), spent(1), next(150n))
      expect(fetches(step)).to.deep.equal(['2: bodies 1–150'])
      step = chart.on(step, bodiesFor(step, 2), imported(128n), imported(150n))
      expect(step.state).to.equal('syncing.resting')
      expect(names(step)).not.to.include('fetchContiguous')
      expect(chart.on(step, ready(2)).state).to.equal('syncing.resting')
      expect(chart.on(step, leaves(1)).state).to.equal('syncing.searching')
      const next600 = chart.on(step, ready(1))
      expect(next600.state).to.equal('syncing.contiguous')
      expect(next600.effects).to.deep.equal([['fetchContiguous', { peer: 1, after: 150n, to: 600n }]])
    })
    it('is followed to its head', () => {
      let step = chart.on(refused(), next(600n))
      while (step.context.plan.running.size > 0) step = chart.on(step, bodiesFor(step, 1))
      step = chart.on(step, { type: 'chain.head', number: 600n }, imported(600n))
      expect(step.state).to.equal('idle')
      expect(step.context.sources.get(1)?.stuckSyncs).to.equal(0)
    })
    it('is no longer followed when it gives nothing at all', () => {
      const step = chart.on(refused(), failed(1))
      expect([step.state, step.context.sources.get(1)?.stuckSyncs]).to.deep.equal(['idle', 1])
      expect(chart.on(refused(), lied(1)).effects).to.deep.include(['drop', { peer: 1, error }])
    })
  })

  describe('a peer that contradicts itself', () => {
    const dropped = ({ effects }: DownloaderStep) => effects.find(([name]) => name === 'drop')?.[1]
    const lie = (message: string) => ({ peer: 1, error: new BadPeerData(message) })

    it('ends with a range that does not hold what it says', () => {
      const step = from(0n, joins(1, 600n), joins(2, 500n), { type: 'leader.empty', number: 0n })
      expect(dropped(step)).to.deep.equal(lie('no header 0, which its range holds'))
      expect([step.state, step.context.target.peer]).to.deep.equal(['syncing.searching', 2])
    })
    it('ends with headers that do not follow the block that both have', () => {
      const step = from(0n, joins(1, 600n), compared(0n, true), { type: 'skeleton.empty' }, contiguous(9n, [], false))
      expect(dropped(step)).to.deep.equal(lie('header 1 does not follow its own header 0'))
      expect(step.state).to.equal('idle')
    })
    it('ends with headers that do not meet its own skeleton, and the sync goes on', () => {
      const before = filling(joins(2, 600n))
      const step = chart.on(before, othersFor(before, 1))
      expect(dropped(step)).to.deep.equal(lie('headers 1 to 192 do not meet its own skeleton'))
      expect([step.state, [...step.context.sources.keys()]]).to.deep.equal(['syncing.filling', [2]])
    })
    it('ends by them when the sync is past them, too', () => {
      const late = othersFor(filling(), 1)
      const step = from(0n, joins(1, 600n), compared(0n, true), late)
      expect(dropped(step)).to.deep.equal(lie('headers 1 to 192 do not meet its own skeleton'))
      expect(step.state).to.equal('idle')
    })
    it('does not by fewer than it was asked for, nor by those of another fork than the one that is followed', () => {
      const before = filling(joins(2, 600n))
      for (const [peer, event] of [
        [1, othersFor(before, 1, 1)],
        [2, othersFor(before, 2)],
      ] as const) {
        const step = chart.on(before, event)
        expect(dropped(step)).to.equal(undefined)
        expect(step.context.sources.get(peer)!.work).to.equal('cooling')
      }
    })
  })

  describe('a peer that does not answer', () => {
    const searching = from(0n, joins(1, 600n), joins(2, 500n))
    const leads = [
      ['the search', searching],
      ['the skeleton', chart.on(searching, compared(0n, true))],
      ['the headers', chart.on(searching, compared(0n, true), { type: 'skeleton.empty' })],
    ] as const
    for (const [what, step] of leads) {
      it(`leads ${what} no more: another does`, () => {
        const next = chart.on(step, slow(1))
        expect(next.state).to.equal('syncing.searching')
        expect(next.context.target.peer).to.equal(2)
      })
      it(`does not disturb ${what} that another leads`, () => {
        const next = chart.on(step, slow(2))
        expect(next.state).to.equal(step.state)
        expect(next.effects).to.deep.equal([])
      })
    }
    it('is followed again once it answers', () => {
      const alone = from(0n, joins(1, 600n), slow(1))
      expect(alone.state).to.equal('idle')
      expect(chart.on(alone, poll, poll).effects).to.deep.equal([])
      expect(chart.on(alone, answers(1)).state).to.equal('syncing.searching')
    })
    it('keeps its place, and what it was to do goes to another', () => {
      const step = chart.on(filling(joins(2, 600n)), slow(2))
      expect(step.state).to.equal('syncing.filling')
      expect(fetches(step)).to.deep.equal([])
      expect(step.context.sources.has(2)).to.equal(true)
      expect(fetches(chart.on(step, joins(3, 600n)))).to.deep.equal(['3: headers 193–384'])
    })
    it('is asked nothing, cooled down or not, until it answers', () => {
      const step = chart.on(filling(joins(2, 600n)), slow(2))
      expect(fetches(chart.on(step, cooledDown))).to.deep.equal([])
      expect(fetches(chart.on(step, answers(2)))).to.deep.equal(['2: headers 385–576'])
    })
    it('is dropped after two minutes', () => {
      const step = chart.on(filling(joins(2, 600n)), slow(2), stalls(2))
      expect(step.effects.map(([name]) => name)).to.deep.equal(['drop'])
      expect(step.context.sources.has(2)).to.equal(false)
      expect(chart.on(step, stalls(2)).effects).to.deep.equal([])
    })
    it('is asked for its head again once it answers', () => {
      const step = from(600n, joins(1, 600n), poll, poll, slow(1))
      expect(chart.on(step, poll).effects).to.deep.equal([])
      expect(names(chart.on(step, answers(1), poll))).to.deep.equal(['pollHead'])
    })
  })

  describe('a peer that was asked as much as a peer is in a minute', () => {
    it('gets no more work, and others go on', () => {
      const step = chart.on(filling(joins(2, 600n)), spent(1))
      expect(fetches(chart.on(step, headersFor(step, 1)))).to.deep.equal([])
      expect(fetches(chart.on(step, headersFor(step, 2)))).to.deep.equal(['2: bodies 193–384'])
    })
    it('gets work again when that is over: nothing is given up meanwhile', () => {
      let step = chart.on(filling(), spent(1))
      step = chart.on(step, headersFor(step, 1))
      expect([step.state, fetches(step)]).to.deep.equal(['syncing.filling', []])
      expect(fetches(chart.on(step, ready(1)))).to.deep.equal(['1: bodies 1–192'])
    })
    it('leads no sync until then', () => {
      const step = from(700n, joins(1, 600n), spent(1), learnt(1, 800n))
      expect(step.state).to.equal('idle')
      expect(chart.on(step, ready(1)).state).to.equal('syncing.searching')
    })
  })

  describe('filling', () => {
    it('gives a segment to every peer that has it', () =>
      expect(fetches(filling(joins(2, 400n)))).to.deep.equal(['1: headers 1–192', '2: headers 193–384']))
    it('gives work to a peer that comes later', () =>
      expect(fetches(chart.on(filling(), joins(2, 700n)))).to.deep.equal(['2: headers 193–384']))
    it('waits for the range of an eth/68 peer', () =>
      expect(names(chart.on(filling(), joins(2)))).to.deep.equal(['askHead']))
    it('fetches the bodies of a segment once its headers are there', () => {
      const step = filling()
      const next = chart.on(step, headersFor(step, 1))
      expect(fetches(next)).to.deep.equal(['1: bodies 1–192'])
      expect(fetches(chart.on(next, bodiesFor(next, 1)))).to.deep.equal(['1: headers 193–384'])
    })
    it('asks for as many bodies as one answer holds, by the size of those that came', () => {
      let step = filling()
      step = chart.on(step, headersFor(step, 1))
      step = chart.on(step, bodiesFor(step, 1, 20, 20 * 100_000))
      expect(step.context.plan.average).to.equal(100_000)
      expect(fetches(step)).to.deep.equal(['1: bodies 21–51'])
      step = chart.on(step, bodiesFor(step, 1, 1, 10 * 2 ** 20))
      expect(step.context.plan.average).to.equal(0.9 * 100_000 + 0.1 * 10 * 2 ** 20)
      expect(fetches(step)).to.deep.equal(['1: bodies 22–23'])
    })
    it('asks for two bodies at least', () => {
      let step = filling()
      step = chart.on(step, headersFor(step, 1))
      expect(fetches(chart.on(step, bodiesFor(step, 1, 1, 9 * 2 ** 20)))).to.deep.equal(['1: bodies 2–3'])
    })
    it('asks for bodies of those only who keep them', () => {
      const others = joins(2, 10n)
      const step = from(0n, joins(1, 600n, 300n), others, compared(0n, true), skeleton(192n, 384n, 576n, 600n))
      expect(fetches(chart.on(step, headersFor(step, 1)))).to.deep.equal(['1: headers 193–384'])
    })
    it('asks a peer for what is up to 64 blocks above the range that it announced', () => {
      expect(fetches(filling(joins(2, 320n)))).to.include('2: headers 193–384')
      expect(fetches(filling(joins(2, 319n)))).to.not.include('2: headers 193–384')
      const bodies = (latest: bigint) => {
        const step = filling(joins(2, latest))
        return fetches(chart.on(step, spent(1), headersFor(step, 1)))
      }
      expect(bodies(128n)).to.deep.equal(['2: bodies 1–192'])
      expect(bodies(127n)).to.deep.equal([])
    })
    it('asks an eth/68 peer for any bodies: it announces no range', () => {
      const step = from(0n, joins(1, 600n), joins(2), learnt(2, 10n), compared(0n, true), skeleton(192n, 600n))
      expect(fetches(chart.on(step, spent(1), headersFor(step, 1)))).to.deep.equal(['2: bodies 1–192'])
    })
    it('imports in order, 128 at a time, one batch after the other', () => {
      let step = filling()
      step = chart.on(step, headersFor(step, 1))
      step = chart.on(step, bodiesFor(step, 1))
      expect(step.effects.at(-1)).to.deep.equal(['importBlocks', { after: 0n, last: 128n, isBelowPivot: false }])
      step = chart.on(step, headersFor(step, 1))
      expect(names(step)).to.deep.equal(['fetch'])
      step = chart.on(step, imported(128n))
      expect(step.effects).to.deep.equal([
        ['report', { isSyncing: true, isDone: false, starting: 0n, current: 128n, highest: 600n }],
        ['importBlocks', { after: 128n, last: 192n, isBelowPivot: false }],
      ])
    })
    it('keeps what comes before its turn', () => {
      let step = filling(joins(2, 600n))
      step = chart.on(step, headersFor(step, 2))
      step = chart.on(step, bodiesFor(step, 2))
      expect(names(step)).to.deep.equal(['fetch'])
      expect(step.context.plan.ready).to.equal(0n)
      step = chart.on(step, headersFor(step, 1))
      step = chart.on(step, bodiesFor(step, 1))
      expect(step.context.plan.ready).to.equal(384n)
      expect(step.context.plan.islands).to.deep.equal([])
    })
    it('asks another for what a peer has not', () => {
      let step = filling(joins(2, 600n))
      step = chart.on(step, failsFor(step, 2))
      expect(fetches(step)).to.deep.equal([])
      step = chart.on(step, joins(3, 600n))
      expect(fetches(step)).to.deep.equal(['3: headers 193–384'])
    })
    it('gives a peer that failed something else when it has cooled down', () => {
      let step = filling(joins(2, 600n))
      step = chart.on(step, failsFor(step, 2), cooledDown)
      expect(fetches(step)).to.deep.equal(['2: headers 385–576'])
    })
    it('asks again for the bodies that were missing', () => {
      let step = filling()
      step = chart.on(step, headersFor(step, 1))
      expect(fetches(chart.on(step, bodiesFor(step, 1, 100)))).to.deep.equal(['1: bodies 101–192'])
    })
    for (const [what, event] of [
      ['leaves', leaves(2)],
      ['lies', lied(2)],
    ] as const)
      it(`gives the work of a peer that ${what} to another`, () => {
        const step = chart.on(filling(joins(2, 600n)), event)
        expect(step.state).to.equal('syncing.filling')
        expect(fetches(chart.on(step, joins(3, 600n)))).to.deep.equal(['3: headers 193–384'])
      })
    it('reports how far the headers lead that came: what a peer claims beyond them is nothing', () => {
      const reported = { isSyncing: true, isDone: false, starting: 0n, current: 0n }
      const step = from(0n, joins(1, 1_000_000n), compared(0n, true))
      expect(chart.on(step, skeleton(192n, 384n)).effects).to.deep.include(['report', { ...reported, highest: 384n }])
      const inOrder = chart.on(step, { type: 'skeleton.empty' })
      const first = chart.on(inOrder, contiguous(9n))
      expect(first.effects).to.deep.include(['report', { ...reported, highest: 9n }])
    })
    it('drops a peer that lied', () =>
      expect(chart.on(filling(joins(2, 600n)), lied(2)).effects).to.deep.equal([['drop', { peer: 2, error }]]))
    it('hears no answer to work that was taken back', () => {
      const step = filling(joins(2, 600n))
      const late = [headersFor(step, 2), bodiesFor(step, 2), failsFor(step, 2)]
      expect(chart.on(step, leaves(2), ...late).effects).to.deep.equal([])
    })
    it('gives up when no peer can do what is left, and follows another first', () => {
      const stuck = filling()
      const step = chart.on(stuck, failsFor(stuck, 1))
      expect(step.state).to.equal('idle')
      expect(names(step)).to.include('discard')
      expect(step.context.sources.get(1)).to.deep.include({ work: 'cooling', stuckSyncs: 1 })
    })
    it('is over with its leader, with what is being imported, when no other peer says that it has that chain', () => {
      const importing = (...others: DownloaderEvent[]) => {
        let step = filling(...others)
        step = chart.on(step, headersFor(step, 1))
        step = chart.on(step, bodiesFor(step, 1))
        expect(step.context.plan.isImporting).to.equal(true)
        return chart.on(step, leaves(1))
      }
      for (const [state, others] of [
        ['idle', []],
        ['syncing.searching', [joins(2, 599n)]],
      ] as const) {
        const alone = importing(...others)
        expect(alone.state).to.equal(state)
        expect(names(alone)).to.include('discard')
        expect(alone.context.sources.has(1)).to.equal(false)
      }
      expect(importing(joins(2, 600n)).state).to.equal('syncing.filling')
    })
    it('drops a peer that gave a skeleton of blocks that cannot be', () => {
      const step = chart.on(filling(), { type: 'import.failed', error })
      expect(step.state).to.equal('idle')
      expect(step.effects).to.deep.include(['drop', { peer: 1, error }])
    })
    it('goes on behind a long skeleton with the next', () => {
      let step = from(0n, joins(1, 600n), compared(0n, true), skeleton(192n))
      step = chart.on(step, headersFor(step, 1))
      step = chart.on(step, bodiesFor(step, 1))
      step = chart.on(step, imported(128n), imported(192n))
      expect(step.state).to.equal('syncing.skeleton')
      expect(step.effects.at(-1)).to.deep.equal(['fetchSkeleton', { peer: 1, after: 192n, to: 600n }])
    })
    it('is done when everything is imported', () => {
      let step = from(500n, joins(1, 600n), compared(500n, true), skeleton(600n))
      step = chart.on(step, headersFor(step, 1))
      step = chart.on(step, bodiesFor(step, 1))
      step = chart.on(step, { type: 'chain.head', number: 600n }, imported(600n))
      expect(step.state).to.equal('idle')
      expect(step.effects).to.deep.include([
        'report',
        { isSyncing: false, isDone: true, starting: 500n, current: 600n, highest: 600n },
      ])
    })
    it('takes no claim of a peer for how far there is to go, and is not done when it is left on its way', () => {
      const far = 1_000_000_000n
      const given = { isSyncing: false, isDone: false, starting: 500n, current: 500n, highest: 500n }
      const claimed = from(500n, joins(1, far))
      const shown = chart.on(claimed, compared(0n, true), compared(500n, true), skeleton(600n))
      for (const [step, end] of [
        [claimed, { type: 'task.failed', peer: 1 }],
        [claimed, leaves(1)],
        [filling(), leaves(1)],
        [shown, leaves(1)],
      ] as const) {
        const ended = chart.on(step, end)
        expect(ended.state).to.equal('idle')
        const { starting } = ended.context
        expect(ended.effects[0]).to.deep.equal(['report', { ...given, starting, current: starting, highest: starting }])
      }
    })
    it('stops when asked to', () => {
      expect(chart.on(filling(), { type: 'downloader.stop' }).state).to.equal('stopped')
      expect(names(from(0n, { type: 'downloader.stop' }))).to.deep.equal(['discard'])
    })
  })

  describeConsensus()
  describeLists()
  describePivot()

  describe('what it keeps', () => {
    it('is at most 2,048 blocks ahead of the chain', () => {
      const anchors = Array.from({ length: 60 }, (_, i) => 192n * BigInt(i + 1))
      const peers = Array.from({ length: 40 }, (_, i) => joins(i + 2, 12_000n))
      const step = from(0n, joins(1, 12_000n), ...peers, compared(0n, true), skeleton(...anchors))
      expect(step.context.plan.running.size).to.equal(Number(downloadLimits.maxAhead / 192n))
    })
    it('is about 32 MiB, but for what is needed next', () => {
      let step = filling(joins(2, 600n), joins(3, 600n))
      step = chart.on(step, headersFor(step, 2))
      step = chart.on(step, bodiesFor(step, 2, undefined, downloadLimits.maxUndeliveredBytes))
      expect(fetches(step)).to.deep.equal([])
      step = chart.on(step, headersFor(step, 1))
      expect(fetches(step)).to.deep.equal(['1: bodies 1–18'])
    })
  })

  describe('as a whole', () => {
    it('has entered every state and taken every transition', () => expect(chart.untouched).to.deep.equal([]))
  })
})
