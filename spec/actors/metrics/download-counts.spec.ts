import { expect } from 'chai'
import type { Actor } from 'xstate'
import { DownloadCounts, type DownloadSummaries } from '../../../actors/metrics/download-counts.ts'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { downloaderMachine } from '../../../machines/downloader.ts'
import type { DownloaderEvent } from '../../../machines/downloader-setup.ts'
import { readHeader } from '../../../protocols/chain/header.ts'
import { asItem, LazyList } from '../../../protocols/lib/lazy-list.ts'
import { announces, compared, imported, joins, skeleton } from '../../machines/downloader-walk.ts'
import { noPorts } from '../../no-ports.ts'

describe('the counts of a sync', () => {
  let clock: VirtualClock
  let counts: DownloadCounts
  let observed: [name: string, value: number][]
  let downloader: Actor<typeof downloaderMachine>

  beforeEach(() => {
    clock = new VirtualClock()
    const feed = new Feed()
    observed = []
    const summary = (name: keyof DownloadSummaries) => (value: number) => observed.push([name, value])
    counts = new DownloadCounts(clock, {
      headersReq: summary('headersReq'),
      bodiesReq: summary('bodiesReq'),
      bodiesItems: summary('bodiesItems'),
      balsReq: summary('balsReq'),
      balsItems: summary('balsItems'),
      importWait: summary('importWait'),
      importBlocks: summary('importBlocks'),
      importBatch: summary('importBatch'),
    })
    feed.subscribe((entry, live) => {
      if (entry.type === 'transition') counts.take(entry, live)
    })
    downloader = startActor({ clock, feed }, downloaderMachine, {
      id: 'eth/downloader',
      input: { ports: noPorts, head: 0n, pollInterval: 3_000, followsConsensus: false },
    })
  })

  const report = (...events: DownloaderEvent[]) => events.forEach((event) => void downloader.send(event))
  const jobOf = (peer: number) => downloader.getSnapshot().context.plan.running.get(peer)!
  const headers = (peer: number, listed: bigint[] = []) => {
    const { id: job, first, last } = jobOf(peer)
    const count = Number(last - first) + 1
    report({ type: 'headers.answered', peer, job, first, last, count, meetsSkeleton: true, listed })
  }
  const bodies = (peer: number) => {
    const { id, first, last } = jobOf(peer)
    report({ type: 'bodies.fetched', peer, job: id, count: Number(last - first) + 1, bytes: 1_000 })
  }
  /** Peers have blocks to 384, we none; each has been given headers to fetch. */
  const begin = (...peers: number[]) =>
    report(...peers.map((peer) => joins(peer, 384n)), compared(0n, true), skeleton(192n, 384n))

  it('are of the answers that come', () => {
    const items = [Uint8Array.of(0xc0), Uint8Array.of(0xc0)]
    counts.answered({ kind: 'BlockHeaders', id: 1n, headers: LazyList.of(items, readHeader) }, 40_000)
    counts.answered({ kind: 'BlockBodies', id: 2n, bodies: LazyList.of(items, asItem) as never }, 50_000)
    counts.answered({ kind: 'BlockBodies', id: 3n, bodies: LazyList.of([], asItem) as never }, 60_000)
    expect(counts.headers).to.deep.equal({ received: 2, timeouts: 0 })
    expect(counts.bodies).to.deep.equal({ received: 2, bytes: 4, timeouts: 0 })
    expect(observed).to.deep.equal([
      ['headersReq', 40_000_000],
      ['bodiesReq', 50_000_000],
      ['bodiesItems', 2],
      ['bodiesReq', 60_000_000],
      ['bodiesItems', 0],
    ])
  })

  it('are of access lists, and of those that are of no use', () => {
    begin(1)
    report(joins(2, 384n, 0n, true))
    headers(1, [1n, 2n, 3n])
    const accessLists = LazyList.of([Uint8Array.of(0xc0), Uint8Array.of(0x80), Uint8Array.of(0xc0)], asItem)
    counts.answered({ kind: 'BlockAccessLists', id: 1n, accessLists }, 40_000)
    report({ type: 'lists.fetched', request: 0, count: 3, lacked: [2n], bytes: 2, kept: 2 })
    expect(observed).to.deep.equal([
      ['balsReq', 40_000_000],
      ['balsItems', 3],
    ])
    expect(counts.bals).to.deep.equal({ received: 3, accepted: 2, bytes: 4, timeouts: 0 })
    report({ type: 'lists.fetched', request: 0, count: 3, lacked: [], bytes: 2, kept: 2 })
    report({ type: 'lists.slow', peer: 2 })
    expect(counts.bals).to.include({ accepted: 2, timeouts: 1 })
  })

  it('know how long an import waits, how long it takes, and how far it comes', () => {
    begin(1)
    clock.advance(7)
    headers(1)
    clock.advance(5)
    bodies(1)
    expect(observed).to.deep.equal([['importWait', 12_000_000]])
    clock.advance(30)
    report(imported(128n))
    expect(counts.progress).to.equal(128 / 384)
    expect(observed.slice(1, 3)).to.deep.equal([
      ['importBlocks', 30_000_000],
      ['importBatch', 128],
    ])
  })

  it('know what the peers do for bodies', () => {
    begin(1, 2)
    expect(counts.bodyPeers).to.deep.equal({ idle: 0, busy: 0, stale: 0, outOfRange: 0 })
    report(joins(3, 64n, 64n))
    headers(1)
    headers(2)
    expect(counts.bodyPeers).to.deep.equal({ idle: 1, busy: 2, stale: 0, outOfRange: 0 })
    report({ type: 'peer.slow', peer: 2 })
    expect(counts.bodyPeers).to.deep.equal({ idle: 0, busy: 1, stale: 1, outOfRange: 1 })
    report(announces(3, 0n))
    expect(counts.bodyPeers).to.include({ outOfRange: 1 })
    bodies(1)
    bodies(1)
    report({ type: 'peer.answered', peer: 2 })
    expect(counts.bodyPeers).to.deep.equal({ idle: 3, busy: 0, stale: 0, outOfRange: 0 })
    report({ type: 'downloader.stop' })
    expect(counts.bodyPeers).to.deep.equal({ idle: 0, busy: 0, stale: 0, outOfRange: 0 })
  })

  it('know which requests were not answered in time', () => {
    begin(1, 2)
    report({ type: 'peer.slow', peer: 2 })
    expect([counts.headers.timeouts, counts.bodies.timeouts]).to.deep.equal([1, 0])
    headers(1)
    headers(1)
    report({ type: 'peer.slow', peer: 1 })
    expect([counts.headers.timeouts, counts.bodies.timeouts]).to.deep.equal([1, 1])
  })

  it('count a request for a head among those for headers', () => {
    report(joins(1, 384n), { type: 'peer.slow', peer: 1 })
    expect([counts.headers.timeouts, counts.bodies.timeouts]).to.deep.equal([1, 0])
  })
})
