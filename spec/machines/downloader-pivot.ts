import { expect } from 'chai'
import type { DownloaderEvent } from '../../machines/downloader-setup.ts'
import { noPorts } from '../no-ports.ts'
import {
  bodiesFor,
  chart,
  compared,
  type DownloaderStep,
  headersFor,
  imported,
  joins,
  names,
  skeletonOf,
} from './downloader-walk.ts'

/** Describes a sync to a pivot; of one suite with the rest, which counts the transitions taken. */
export function describePivot(): void {
  describe('with sync mode snap', () => {
    const named = new Uint8Array(32).fill(1)
    const below = new Uint8Array(32).fill(2)
    const from = (head: bigint, ...events: DownloaderEvent[]) =>
      chart.from({ ports: noPorts, head, pollInterval: 3_000, followsConsensus: false, syncMode: 'snap' }, ...events)
    const names1: DownloaderEvent = { type: 'consensus.head', hash: named, number: 200n, isOurs: false }
    const has1: DownloaderEvent = { type: 'head.learnt', peer: 1, head: { number: 200n, hash: named } }
    /** Blocks to 136 came, of those to 200 that the peer has. */
    const filled = (start: DownloaderStep, ...events: DownloaderEvent[]) => {
      let step = chart.on(start, compared(0n, true), skeletonOf(below, 136n))
      step = chart.on(step, headersFor(step, 1))
      step = chart.on(step, bodiesFor(step, 1))
      const [, which] = step.effects.find(([name]) => name === 'importBlocks')!
      expect(which).to.deep.equal({ after: 0n, last: 128n, isBelowPivot: true })
      return chart.on(step, imported(128n), { type: 'chain.head', number: 136n }, imported(136n), ...events)
    }
    const proving = (...events: DownloaderEvent[]) => {
      const start = from(0n, joins(1, 200n), names1, has1)
      expect(start.context.target).to.deep.equal({ peer: 1, number: 136n, head: { number: 200n, hash: named } })
      return filled(start, ...events)
    }

    it('goes to 64 blocks below the head, executes none of them, and wants the state of the last', () => {
      const step = filled(from(0n, joins(1, 200n)))
      expect(step.state).to.equal('idle')
      expect(names(step)).to.include('setPivot')
      expect(step.effects.find(([name]) => name === 'setPivot')).to.deep.equal(['setPivot', { number: 136n }])
    })
    it('executes a chain that is no longer than that', () =>
      expect(from(0n, joins(1, 64n)).context).to.deep.include({ syncMode: 'full', target: { peer: 1, number: 64n } }))
    it('moves its pivot when the head is 120 blocks above it, and not before', () => {
      expect(from(136n, joins(1, 256n)).state).to.equal('idle')
      expect(from(136n, joins(1, 257n)).context.target).to.deep.equal({ peer: 1, number: 193n })
    })
    it('has what a consensus client named stand on the pivot', () => {
      const step = proving()
      expect(step.state).to.equal('syncing.proving')
      const question = { peer: 1, pivot: 136n, head: { number: 200n, hash: named } }
      expect(step.effects.find(([name]) => name === 'prove')).to.deep.equal(['prove', question])
      const proven = chart.on(step, { type: 'pivot.proven' })
      expect([proven.state, names(proven)]).to.deep.equal(['idle', ['report', 'setPivot', 'discard']])
    })
    it('follows another when it does not, or the peer is slow', () => {
      for (const event of [
        { type: 'pivot.refuted' },
        { type: 'peer.slow', peer: 1 },
        { type: 'task.failed', peer: 1 },
      ] as const) {
        const step = proving(event)
        expect([step.state, names(step).includes('setPivot')]).to.deep.equal(['idle', false])
      }
      expect(proving({ type: 'peer.slow', peer: 2 }).state).to.equal('syncing.proving')
    })
    it('goes on as in full once the state is there, also in the middle of a sync', () => {
      const synced: DownloaderEvent = { type: 'state.synced' }
      expect(from(136n, joins(1, 137n), synced).context).to.deep.include({
        syncMode: 'full',
        target: { peer: 1, number: 137n },
      })
      const step = chart.on(from(136n, joins(1, 300n)), synced)
      expect(step.context.target).to.deep.equal({ peer: 1, number: 300n })
      expect(names(step)).to.include('discard')
    })
  })
}
