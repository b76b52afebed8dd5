import { downloaderMachine } from '../../machines/downloader.ts'
import type { DownloaderEvent } from '../../machines/downloader-setup.ts'
import type { BlockRange } from '../../protocols/eth/block-range.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

// Walks of the downloader, and what may happen on them.

export type DownloaderStep = Step<typeof downloaderMachine>

export const chart: ChartWalk<typeof downloaderMachine> = new ChartWalk(downloaderMachine)
export const from = (head: bigint, ...events: DownloaderEvent[]) =>
  chart.from({ ports: noPorts, head, pollInterval: 3_000, followsConsensus: false }, ...events)
export const hash = new Uint8Array(32).fill(9)
const rangeTo = (latest: bigint, earliest = 0n): BlockRange => ({ earliest, latest, latestHash: hash })
export const error = new Error('it lied')

export const joins = (peer: number, latest?: bigint, earliest = 0n, servesLists = false): DownloaderEvent => {
  return {
    type: 'peer.joined',
    peer,
    servesLists,
    range: latest === undefined ? undefined : rangeTo(latest, earliest),
    headHash: hash,
  }
}
export const leaves = (peer: number): DownloaderEvent => ({ type: 'peer.left', peer })
export const lied = (peer: number): DownloaderEvent => ({ type: 'peer.lied', peer, error })
export const announces = (peer: number, latest: bigint): DownloaderEvent => {
  return { type: 'peer.range', peer, range: rangeTo(latest) }
}
export const learnt = (peer: number, number?: bigint): DownloaderEvent => {
  return { type: 'head.learnt', peer, ...(number !== undefined && { head: { number, hash } }) }
}
export const poll = chart.elapsed('headPollInterval', 'idle')
export const cooledDown = chart.elapsed('cooldown', 'syncing.filling')
export const compared = (number: bigint, isOurs: boolean, of = hash): DownloaderEvent => ({
  type: 'header.compared',
  number,
  hash: of,
  isOurs,
})
export const skeletonOf = (of: Uint8Array, ...anchors: bigint[]): DownloaderEvent => {
  return { type: 'skeleton.fetched', anchors, hash: of }
}
export const skeleton = (...anchors: bigint[]): DownloaderEvent => skeletonOf(hash, ...anchors)
/** Headers in order, from the block after ours. */
export const contiguous = (
  last: bigint,
  listed: readonly bigint[] = [],
  meetsOurs = true,
  of = hash,
): DownloaderEvent => {
  return { type: 'contiguous.fetched', first: 1n, last, hash: of, meetsOurs, listed }
}
export const failed = (peer: number): DownloaderEvent => ({ type: 'task.failed', peer })
export const imported = (last: bigint, bytes = 0, listBytes = 0): DownloaderEvent => {
  return { type: 'blocks.imported', last, bytes, listBytes }
}
const jobOf = ({ context }: DownloaderStep, peer: number) => context.plan.running.get(peer)!
export const headersFor = (step: DownloaderStep, peer: number, listed: readonly bigint[] = []): DownloaderEvent => {
  const { id: job, first, last } = jobOf(step, peer)
  return {
    type: 'headers.answered',
    peer,
    job,
    first,
    last,
    count: Number(last - first) + 1,
    meetsSkeleton: true,
    listed,
  }
}
/** They link, and are of another fork than the skeleton; or not all came. */
export const othersFor = (step: DownloaderStep, peer: number, missing = 0): DownloaderEvent => {
  const { id: job, first, last } = jobOf(step, peer)
  const count = Number(last - first) + 1 - missing
  return { type: 'headers.answered', peer, job, first, last, count, meetsSkeleton: false, listed: [] }
}
export const bodiesFor = (step: DownloaderStep, peer: number, count?: number, bytes = 1_000): DownloaderEvent => {
  const { id, first, last } = jobOf(step, peer)
  return { type: 'bodies.fetched', peer, job: id, count: count ?? Number(last - first) + 1, bytes }
}
export const failsFor = (step: DownloaderStep, peer: number): DownloaderEvent => {
  return { type: 'job.failed', peer, job: jobOf(step, peer).id }
}
export const names = ({ effects }: DownloaderStep) => effects.map(([name]) => name)
export const fetches = ({ effects }: DownloaderStep) =>
  effects
    .filter(([name]) => name === 'fetch')
    .map(([, params]) => params as { peer: number; job: { kind: string; first: bigint; last: bigint } })
    .map(({ peer, job: { kind, first, last } }) => `${peer}: ${kind} ${first}–${last}`)

/** Peer 1 has blocks to 600, we none: its skeleton is known. */
export const filling = (...others: DownloaderEvent[]) =>
  from(0n, joins(1, 600n), ...others, compared(0n, true), skeleton(192n, 384n, 576n, 600n))
