import type { BlockRange } from '../protocols/eth/block-range.ts'
import { downloadLimits } from './download-limits.ts'

// Whom a sync asks and whom it follows: pure functions on immutable tables.

/** A peer, as a sync sees it. */
export type Source = {
  readonly range: BlockRange | undefined
  /** Whether the range may start a sync: told in Status, proven by a header, or unchanged for a whole poll. */
  readonly counts: boolean
  /** Polls since the peer joined or last changed its range. */
  readonly polls: number
  /** An answer on its head is under way. */
  readonly isAsked: boolean
  /** It failed: it gets no work and is not followed until it has rested. */
  readonly isTired: boolean
  /** Syncs in a row that got stuck behind it. */
  readonly strikes: number
}

/** By peer. BOUNDED: the peer set. */
export type Sources = ReadonlyMap<number, Source>

/** A header that the peer has. */
export type ProvenHead = { readonly number: bigint; readonly hash: Uint8Array }

/** A peer is asked, and its range believed, when it was there and unchanged at two polls. */
const settledPolls = 2

export const newSource = (range: BlockRange | undefined): Source => ({
  range,
  counts: true,
  polls: 0,
  isAsked: false,
  isTired: false,
  strikes: 0,
})

/** A poll later: ranges that did not change count. */
export function aged(sources: Sources): Sources {
  return new Map(
    [...sources].map(([peer, source]) => {
      const polls = source.polls + 1
      return [peer, { ...source, polls, counts: source.counts || polls >= settledPolls }]
    }),
  )
}

/** @returns the peer to follow: of those ahead of us that count, one that others did not get stuck behind, the highest */
export function bestSource(sources: Sources, head: bigint): { peer: number; number: bigint } | undefined {
  const ahead = [...sources].filter(([, source]) => source.counts && !source.isTired && latestOf(source) > head)
  const [best] = ahead.sort(([, a], [, b]) => a.strikes - b.strikes || Number(latestOf(b) - latestOf(a)))
  return best && { peer: best[0], number: latestOf(best[1]) }
}

/** @returns the highest of those that were there before: a fresh peer is asked nothing, it may have come for one answer */
export function toPoll(sources: Sources): number[] {
  return [...sources]
    .filter(([, { polls, isAsked }]) => polls >= settledPolls && !isAsked)
    .sort(([, a], [, b]) => Number(latestOf(b) - latestOf(a)))
    .slice(0, downloadLimits.maxPolled)
    .map(([peer]) => peer)
}

/** Changes those of `peers` that are still there. */
export function changed(sources: Sources, peers: readonly number[], change: Partial<Source>): Sources {
  const next = new Map(sources)
  for (const peer of peers) {
    const source = sources.get(peer)
    if (source) next.set(peer, { ...source, ...change })
  }
  return next
}

/** A header of the peer proves its range up to there. */
export function learnt(sources: Sources, peer: number, head: ProvenHead | undefined): Sources {
  const range = sources.get(peer)?.range
  if (!head || (range && range.latest >= head.number)) return changed(sources, [peer], { isAsked: false })
  const { number: latest, hash: latestHash } = head
  return changed(sources, [peer], {
    isAsked: false,
    counts: true,
    range: { earliest: range?.earliest ?? 0n, latest, latestHash },
  })
}

const latestOf = ({ range }: Source): bigint => range?.latest ?? 0n
