import { expect } from 'chai'
import type { DownloaderEvent } from '../../machines/downloader-setup.ts'
import { noPorts } from '../no-ports.ts'
import {
  announces,
  bodiesFor,
  chart,
  compared as comparedWith,
  contiguous,
  type DownloaderStep,
  failed,
  filling,
  from,
  headersFor,
  imported,
  joins,
  learnt,
  names,
  poll,
  skeletonOf,
} from './downloader-walk.ts'

/** Describes what the chart does for a consensus client; of one suite with the rest, which counts the transitions taken. */
export function describeConsensus(): void {
  describe('a consensus client', () => {
    const named = new Uint8Array(32).fill(1)
    const next = new Uint8Array(32).fill(2)
    const compared = (number: bigint, isOurs: boolean) => comparedWith(number, isOurs, named)
    const skeleton = (...anchors: bigint[]) => skeletonOf(named, ...anchors)
    const namesBlock = (hash: Uint8Array, number?: bigint): DownloaderEvent => {
      return { type: 'consensus.head', hash, isOurs: false, ...(number !== undefined && { number }) }
    }
    const names1 = namesBlock(named, 600n)
    const namesOurs: DownloaderEvent = { type: 'consensus.head', hash: named, isOurs: true }
    const has = (peer: number, hash = named, number = 600n): DownloaderEvent => {
      return { type: 'head.learnt', peer, head: { number, hash } }
    }
    const asked = ({ effects }: DownloaderStep) => effects.filter(([name]) => name === 'askHead').map(([, p]) => p)
    const askedPeers = (step: DownloaderStep) => asked(step).map((question) => (question as { peer: number }).peer)
    const led = (...events: DownloaderEvent[]) => from(500n, joins(1, 600n), names1, has(1), ...events)
    const ledFilling = (...events: DownloaderEvent[]) =>
      from(
        0n,
        joins(1, 600n),
        names1,
        has(1),
        compared(600n, false),
        ...halved,
        skeleton(192n, 384n, 576n, 600n),
        ...events,
      )
    /** Every look at a chain of which we have nothing. */
    const halved = [300n, 150n, 75n, 37n, 18n, 9n, 4n, 2n, 1n].map((number) => compared(number, false))
    const ledNearlyDone = () => {
      let step = from(500n, joins(1, 600n), names1, has(1), compared(600n, false), ...above500, skeleton(600n))
      step = chart.on(step, headersFor(step, 1))
      return chart.on(step, bodiesFor(step, 1))
    }
    const above500 = [300n, 450n, 525n, 487n, 506n, 496n, 501n, 498n, 499n, 500n].map((number) =>
      compared(number, number <= 500n),
    )

    it('names the head, and no peer does: the block that it names is looked for, not the highest', () => {
      const step = from(500n, joins(1, 600n), joins(2, 700n), namesBlock(named))
      expect(step.state).to.equal('idle')
      expect(names(from(500n, namesBlock(named)))).to.deep.equal(['report'])
    })
    it('names a block: three peers are asked for it, the highest first', () => {
      const step = from(600n, joins(1, 600n), joins(2, 590n), joins(3, 600n), joins(4, 595n), namesBlock(named))
      expect(asked(step)).to.deep.equal([1, 3, 4].map((peer) => ({ peer, hash: named })))
    })
    it('names a block: who comes later is asked for it, whatever its version', () => {
      expect(asked(from(600n, namesBlock(named), joins(1, 10n)))).to.deep.equal([{ peer: 1, hash: named }])
      expect(asked(from(600n, namesBlock(named), joins(1)))).to.deep.equal([{ peer: 1, hash: named }])
    })
    it('names a block: with each poll those are asked again that do not have it, who was asked least first', () => {
      const four = [1, 2, 3, 4].map((peer) => joins(peer, 600n))
      const step = from(600n, ...four, namesBlock(named), learnt(1), learnt(2), learnt(3))
      const again = chart.on(step, poll)
      expect(askedPeers(again)).to.deep.equal([4, 1, 2])
      expect(askedPeers(chart.on(again, poll))).to.deep.equal([3])
      expect(askedPeers(chart.on(again, poll, poll))).to.deep.equal([])
    })
    it('names a block: a peer that has it is followed, up to it and not beyond', () => {
      const step = from(500n, joins(1, 400n), joins(2, 700n), namesBlock(named), learnt(2), has(1))
      expect(step.state).to.equal('syncing.searching')
      expect(step.context.target).to.deep.equal({ peer: 1, number: 600n, hash: named })
      expect(step.context.sources.get(1)?.range?.latest).to.equal(600n)
      expect(step.effects).to.deep.equal([
        ['report', { isSyncing: true, isDone: false, starting: 500n, current: 500n, highest: 600n }],
        ['probe', { peer: 1, number: 600n }],
      ])
    })
    it('names a block below our head: it is fetched all the same', () => {
      const step = from(500n, joins(1, 600n), namesBlock(named), has(1, named, 450n))
      expect(step.effects.at(-1)).to.deep.equal(['probe', { peer: 1, number: 450n }])
    })
    it('is believed as to a number, but a peer must have the block', () => {
      expect(from(500n, joins(1, 600n), names1).state).to.equal('idle')
      expect(led().state).to.equal('syncing.searching')
    })
    it('names the same block again: nothing is forgotten', () => {
      const step = from(500n, joins(1, 600n), names1, namesBlock(named), has(1, named, 600n))
      expect(step.context.goal).to.deep.equal({ kind: 'missing', hash: named, number: 600n })
      expect(from(500n, names1, namesBlock(named)).context.goal).to.deep.equal(step.context.goal)
    })
    it('ends the rule of the longest chain for good', () => {
      const reached = from(
        500n,
        namesOurs,
        joins(1, 600n),
        joins(2),
        learnt(2, 900n),
        poll,
        announces(1, 700n),
        poll,
        poll,
      )
      expect([reached.state, reached.effects.length]).to.deep.equal(['idle', 0])
      const restarted = chart.from(
        { ports: noPorts, head: 500n, pollInterval: 3_000, followsConsensus: true },
        ...[joins(1, 600n), poll, poll],
      )
      expect([restarted.state, restarted.effects.length]).to.deep.equal(['idle', 0])
    })
    it('ends a sync that followed the longest chain', () => {
      const step = chart.on(filling(), names1)
      expect(step.state).to.equal('idle')
      expect(names(step)).to.deep.equal(['report', 'report', 'discard', 'askHead'])
    })
    it('names a block that we have: a sync under way ends', () => {
      for (const before of [led(), ledFilling(), filling()]) {
        const step = chart.on(before, namesOurs)
        expect([step.state, names(step).sort()]).to.deep.equal(['idle', ['discard', 'report', 'report']])
      }
    })
    it('names a block that no peer gives: we sync as long as it wants that, and not longer', () => {
      const idle = { isSyncing: false, isDone: false, starting: 500n, current: 500n }
      const left = chart.on(led(), { type: 'peer.left', peer: 1 })
      expect(left.effects[0]).to.deep.equal(['report', { ...idle, highest: 600n }])
      const ended = chart.on(left, namesOurs)
      expect(ended.effects).to.deep.equal([['report', { ...idle, highest: 500n }]])
    })
    it('names another block during the search: it begins anew with that', () => {
      const step = chart.on(led(), namesBlock(next, 601n))
      expect(step.state).to.equal('idle')
      expect(asked(step)).to.deep.equal([{ peer: 1, hash: next }])
      expect(chart.on(step, has(1, next, 601n)).context.target).to.deep.equal({ peer: 1, number: 601n, hash: next })
    })
    it('names another block while blocks are fetched: they are finished first, and it is asked for meanwhile', () => {
      const step = chart.on(ledFilling(), namesBlock(next, 601n))
      expect(step.state).to.equal('syncing.filling')
      expect(asked(step)).to.deep.equal([{ peer: 1, hash: next }])
      const there = chart.on(ledNearlyDone(), namesBlock(next, 601n), has(1, next, 601n), imported(600n))
      expect(there.state).to.equal('syncing.searching')
      expect(there.context.target).to.deep.equal({ peer: 1, number: 601n, hash: next })
      expect(names(there)).to.not.include('adopt')
    })
    it('gets its block for the head when everything is there', () => {
      const there = chart.on(ledNearlyDone(), imported(600n))
      expect(there.state).to.equal('syncing.adopting')
      expect(there.effects).to.deep.include(['adopt', { hash: named }])
      const done = chart.on(there, { type: 'chain.head', number: 600n }, { type: 'head.adopted' })
      expect(done.state).to.equal('idle')
      expect(done.context.goal).to.deep.equal({ kind: 'reached' })
      expect(names(done)).to.deep.equal(['report', 'discard'])
    })
    it('does not get its block for the head when that cannot be executed: the leader rests, and is asked again', () => {
      const step = chart.on(ledNearlyDone(), imported(600n), { type: 'head.refused' })
      expect(step.state).to.equal('idle')
      expect(step.context.goal).to.include({ kind: 'missing', hash: named })
      expect(step.context.sources.get(1)).to.include({ stuckSyncs: 1 })
      expect(names(step)).to.include('discard')
    })
    it('gets a block for the head that an earlier sync has fetched', () => {
      const step = led(compared(600n, true))
      expect(step.state).to.equal('syncing.adopting')
      expect(step.effects).to.deep.equal([['adopt', { hash: named }]])
    })
    it('changes its mind while its block becomes the head: the next is fetched', () => {
      const step = led(compared(600n, true), namesBlock(next, 601n))
      expect(step.state).to.equal('idle')
      expect(chart.on(step, { type: 'head.adopted' }).context.goal).to.include({ kind: 'missing', hash: next })
    })
    it('is given another peer when the one that is followed does not lead to the block', () => {
      const step = from(500n, joins(1, 600n), joins(2, 600n), names1, has(1), has(2), failed(1))
      expect(step.state).to.equal('syncing.searching')
      expect(step.context.target.peer).to.equal(2)
    })
    it('is given another peer when the one that is followed has another block there, which is no lie', () => {
      const two = [joins(1, 600n), joins(2, 600n), names1, has(1), has(2)]
      const above = [compared(600n, false), ...above500]
      for (const events of [
        [comparedWith(600n, false, next)],
        [...above, skeletonOf(next, 600n)],
        [...above, { type: 'skeleton.empty' } as const, contiguous(600n, [], true, next)],
      ]) {
        const step = from(500n, ...two, ...events)
        expect(step.state).to.equal('syncing.searching')
        expect(step.context.target.peer).to.equal(2)
        expect(names(step)).not.to.include('drop')
      }
    })
    it('is given another peer when the one that is followed has not the headers yet', () => {
      const step = from(500n, joins(1, 600n), joins(2, 600n), names1, has(1), has(2), {
        type: 'leader.empty',
        number: 600n,
      })
      expect(step.context.target.peer).to.equal(2)
      expect(names(step)).not.to.include('drop')
    })
    it('has its block asked for at the end of the skeleton', () => {
      const step = from(500n, joins(1, 600n), names1, has(1), compared(600n, false), ...above500)
      expect(step.effects).to.deep.equal([['fetchSkeleton', { peer: 1, after: 500n, to: 600n }]])
    })
  })
}
