import { expect } from 'chai'
import { downloadLimits } from '../../machines/download-limits.ts'
import type { ListAssignment } from '../../machines/download-lists.ts'
import type { DownloaderEvent } from '../../machines/downloader-setup.ts'
import {
  announces,
  bodiesFor,
  chart,
  compared,
  contiguous,
  cooledDown,
  type DownloaderStep,
  failed,
  fetches,
  from,
  headersFor,
  imported,
  joins,
  leaves,
  lied,
  names,
  poll,
  skeleton,
} from './downloader-walk.ts'

/** Describes what the chart does for access lists; of one suite with the rest, which counts the transitions taken. */
export function describeLists(): void {
  describe('access lists', () => {
    const serves = (peer: number, latest: bigint, earliest?: bigint) => joins(peer, latest, earliest, true)
    const blocks = (first: bigint, last: bigint) =>
      Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i))
    /** The first peer has 1,000 blocks and has given the headers up to 192, all of which name a list. */
    const listed = (...others: DownloaderEvent[]) => {
      const step = from(0n, ...others, compared(0n, true), skeleton(192n, 384n, 576n, 768n, 960n, 1_000n))
      return chart.on(step, headersFor(step, 1, blocks(1n, 192n)))
    }
    const asks = ({ effects }: DownloaderStep) =>
      effects
        .filter(([name]) => name === 'fetchLists')
        .map(([, params]) => params as ListAssignment)
        .map(({ peer, numbers }) => `${peer}: ${numbers[0]}–${numbers.at(-1)}`)
    /** What a peer says to the oldest request that it has. */
    const answers = (
      step: DownloaderStep,
      peer: number,
      {
        count,
        lacked = [],
        bytes = 0,
        kept = bytes,
      }: { count?: number; lacked?: bigint[]; bytes?: number; kept?: number } = {},
    ): DownloaderEvent => {
      const { id, lists } = [...step.context.lists.running.values()].find((request) => request.peer === peer)!
      return { type: 'lists.fetched', request: id, count: count ?? lists.length, lacked, bytes, kept }
    }
    const slow = (peer: number): DownloaderEvent => ({ type: 'lists.slow', peer })
    const answered = (peer: number): DownloaderEvent => ({ type: 'lists.answered', peer })
    const wanted = ({ context }: DownloaderStep) => context.lists.wanted.map(({ number }) => number)

    it('are asked for by 128, before the bodies of the same blocks, and beside them', () => {
      const step = listed(serves(1, 1_000n))
      expect(names(step)).to.deep.equal(['fetchLists', 'fetchLists', 'fetch'])
      expect(asks(step)).to.deep.equal(['1: 1–128', '1: 129–192'])
      expect(fetches(step)).to.deep.equal(['1: bodies 1–192'])
    })
    it('are asked for when the headers come without a skeleton', () => {
      const step = from(0n, serves(1, 1_000n), compared(0n, true), { type: 'skeleton.empty' })
      expect(asks(chart.on(step, contiguous(5n, [3n, 5n])))).to.deep.equal(['1: 3–5'])
    })
    it('are not asked of peers below eth/71', () => {
      const step = listed(joins(1, 1_000n))
      expect(asks(step)).to.deep.equal([])
      expect(asks(chart.on(step, serves(2, 1_000n)))).to.deep.equal(['2: 1–128', '2: 129–192'])
    })
    it('are asked for of the last 90,000 blocks', () => {
      const step = from(0n, serves(1, 90_100n), compared(0n, true), skeleton(192n, 90_100n))
      expect(asks(chart.on(step, headersFor(step, 1, blocks(1n, 192n))))).to.deep.equal(['1: 100–192'])
    })
    it('are asked within the range that a peer announces, and 64 blocks above it', () => {
      const step = listed(joins(1, 1_000n), serves(2, 50n, 20n))
      expect(asks(step)).to.deep.equal(['2: 20–114'])
      const more = chart.on(step, announces(2, 60n), answers(step, 2))
      expect(asks(more)).to.deep.equal(['2: 1–124'])
      expect(wanted(more)).to.deep.equal(blocks(125n, 192n))
    })
    it('are asked for in two requests to a peer at once, and four in all', () => {
      const step = listed(serves(1, 1_000n), serves(2, 1_000n), serves(3, 1_000n))
      expect(asks(step)).to.deep.equal(['1: 1–128', '1: 129–192'])
      const more = chart.on(step, headersFor(step, 2, blocks(193n, 384n)))
      expect(asks(more)).to.deep.equal(['2: 193–320', '2: 321–384'])
      const most = chart.on(more, headersFor(more, 3, blocks(385n, 576n)))
      expect(asks(most)).to.deep.equal([])
      expect(asks(chart.on(most, answers(most, 1)))).to.deep.equal(['1: 385–512'])
    })
    it('are asked for as far as one answer is likely to hold them', () => {
      const step = listed(serves(1, 1_000n))
      const next = chart.on(step, answers(step, 1, { count: 28, bytes: 28 * 100_000 }))
      expect(next.context.lists.average).to.equal(100_000)
      expect(asks(next)).to.deep.equal(['1: 29–59'])
    })
    it('that a peer lacks are asked of others', () => {
      const step = listed(serves(1, 1_000n))
      const lacked = chart.on(step, answers(step, 1, { lacked: [5n, 7n] }))
      expect(asks(lacked)).to.deep.equal([])
      expect(wanted(lacked)).to.deep.equal([5n, 7n])
      expect(asks(chart.on(lacked, serves(2, 1_000n)))).to.deep.equal(['2: 5–7'])
    })
    it('that a peer lacks, all of them, are asked of it once: it is asked for bodies still', () => {
      let step = listed(serves(1, 1_000n))
      step = chart.on(step, answers(step, 1, { lacked: blocks(1n, 128n) }))
      expect(asks(step)).to.deep.equal([])
      step = chart.on(step, answers(step, 1, { lacked: blocks(129n, 192n) }), bodiesFor(step, 1))
      expect(names(step)).to.deep.equal(['fetch', 'importBlocks'])
    })
    it('are none that a peer has when it answers with nothing', () => {
      const step = listed(serves(1, 1_000n))
      const nothing = chart.on(step, answers(step, 1, { count: 0 }))
      expect(asks(nothing)).to.deep.equal([])
      expect(nothing.context.lists.wanted).to.deep.include({ number: 1n, lackedBy: [1] })
    })
    it('that did not fit into an answer are asked for again', () => {
      const step = listed(serves(1, 1_000n))
      expect(asks(chart.on(step, answers(step, 1, { count: 100 })))).to.deep.equal(['1: 101–128'])
    })
    it('are asked of another when a peer is slow; of that one no more until it answers', () => {
      const step = listed(serves(1, 1_000n), serves(2, 1_000n))
      const late = chart.on(step, slow(1))
      expect(asks(late)).to.deep.equal(['2: 1–128', '2: 129–192'])
      expect(late.context.plan.running.get(1)).to.include({ kind: 'bodies' })
      const more = chart.on(late, headersFor(late, 2, blocks(193n, 384n)))
      expect(asks(more)).to.deep.equal([])
      expect(asks(chart.on(more, answered(1)))).to.deep.equal(['1: 193–320', '1: 321–384'])
    })
    it('may be asked of a peer again that answers after the sync', () => {
      const ended = chart.on(listed(serves(1, 1_000n)), slow(1), failed(1))
      const standing = ({ context }: DownloaderStep) => context.sources.get(1)!.lists
      expect([ended.state, standing(ended)]).to.deep.equal(['idle', 'late'])
      expect(standing(chart.on(ended, answered(1)))).to.equal('ready')
      expect(standing(chart.on(ended, answered(1), slow(1)))).to.equal('late')
    })
    for (const [how, event] of [
      ['leaves', leaves(2)],
      ['lies', lied(2)],
      ['stalls', { type: 'peer.stalled', peer: 2 }],
    ] as const)
      it(`are asked of another when a peer ${how}`, () => {
        const step = listed(joins(1, 1_000n), serves(2, 1_000n), joins(3, 1_000n))
        const gone = chart.on(step, event)
        expect(wanted(gone)).to.deep.equal(blocks(1n, 192n))
        expect(asks(chart.on(gone, serves(4, 1_000n)))).to.deep.equal(['4: 1–128', '4: 129–192'])
      })
    /** The newest request to a peer could not be made: it has no slot for it. */
    const unasked = ({ context }: DownloaderStep, peer: number): DownloaderEvent => {
      const [request] = [...context.lists.running.values()].filter((one) => one.peer === peer).slice(-1)
      return { type: 'lists.failed', peer, request: request!.id }
    }
    it('are asked of another when a peer cannot be asked; of that one again when it has cooled down, and those under way come', () => {
      const step = listed(joins(1, 1_000n), serves(2, 1_000n), joins(3, 1_000n))
      expect(asks(step)).to.deep.equal(['2: 1–128', '2: 129–192'])
      const refused = chart.on(step, unasked(step, 2))
      expect([asks(refused), wanted(refused)]).to.deep.equal([[], blocks(129n, 192n)])
      expect(refused.context.lists.running.size).to.equal(1)
      expect(asks(chart.on(refused, serves(4, 1_000n)))).to.deep.equal(['4: 129–192'])
      expect(asks(chart.on(refused, cooledDown))).to.deep.equal(['2: 129–192'])
      expect(wanted(chart.on(refused, answers(refused, 2)))).to.deep.equal(blocks(129n, 192n))
    })
    it('may be asked of a peer in the next sync that could not be asked in one that ended', () => {
      const step = listed(serves(1, 1_000n))
      const ended = chart.on(step, failed(1), unasked(step, 1))
      const standing = ({ context }: DownloaderStep) => context.sources.get(1)!.lists
      expect([ended.state, standing(ended), standing(chart.on(ended, poll))]).to.deep.equal([
        'idle',
        'cooling',
        'ready',
      ])
    })
    it('are never waited for: their blocks are imported, and what was not asked for by then is forgotten', () => {
      let step = listed(serves(1, 1_000n), joins(2, 1_000n))
      step = chart.on(step, answers(step, 1, { lacked: [3n] }))
      expect(wanted(step)).to.deep.equal([3n])
      step = chart.on(step, bodiesFor(step, 1))
      expect(step.effects.at(-1)).to.deep.equal(['importBlocks', { after: 0n, last: 128n, isBelowPivot: false }])
      expect(wanted(step)).to.deep.equal([])
      step = chart.on(step, imported(128n))
      expect(step.effects.at(-1)).to.deep.equal(['importBlocks', { after: 128n, last: 192n, isBelowPivot: false }])
      expect(step.context.lists.running.size).to.equal(1)
    })
    it('that come short when their blocks are imported already are not asked for again', () => {
      let step = listed(serves(1, 1_000n), joins(2, 1_000n))
      step = chart.on(step, bodiesFor(step, 1))
      step = chart.on(step, answers(step, 1, { count: 100, lacked: [3n] }))
      expect([wanted(step), asks(step)]).to.deep.equal([[], []])
      step = chart.on(step, answers(step, 1, { count: 63 }))
      expect(asks(step)).to.deep.equal(['1: 192–192'])
    })
    it('are not asked for while too many of them wait for their blocks', () => {
      const { maxUndeliveredListBytes } = downloadLimits
      let step = listed(serves(1, 1_000n))
      step = chart.on(step, answers(step, 1, { count: 1, bytes: maxUndeliveredListBytes }))
      expect(asks(step)).to.deep.equal([])
      step = chart.on(step, bodiesFor(step, 1))
      expect(asks(chart.on(step, imported(128n, 0, 1)))).to.deep.equal([])
    })
    it('count against that as long as their blocks are not imported, and late ones not at all', () => {
      let step = listed(serves(1, 1_000n))
      step = chart.on(step, answers(step, 1, { bytes: 1_000, kept: 600 }), bodiesFor(step, 1))
      expect(step.context.lists).to.include({ bytes: 600, average: 1_000 / 128 })
      expect(chart.on(step, imported(128n, 0, 600)).context.lists.bytes).to.equal(0)
    })
    it('under way when a sync ends are taken still, and count as requests under way; what they lack is not asked again', () => {
      const step = listed(serves(1, 1_000n))
      const ended = chart.on(step, failed(1))
      expect(ended.context.lists.running.size).to.equal(2)
      expect(chart.on(ended, answers(ended, 1)).context.lists.running.size).to.equal(1)
      const next = chart.on(ended, poll, poll, poll, serves(2, 1_000n), compared(0n, true))
      expect(next.context.lists).to.deep.include({ wanted: [], bytes: 0, nextId: 2 })
      expect([...next.context.lists.running.keys()]).to.deep.equal([0, 1])
      const late = chart.on(next, answers(next, 1, { count: 28, lacked: [3n], bytes: 2_700, kept: 0 }))
      expect(late.context.lists).to.deep.include({ wanted: [], bytes: 0, average: 100 })
      expect([...late.context.lists.running.keys()]).to.deep.equal([1])
    })
    it('under way when the peer that a sync follows is gone are asked of it no more', () => {
      expect(chart.on(listed(serves(1, 1_000n)), leaves(1)).context.lists.running.size).to.equal(0)
    })
  })
}
