import type { BlockRange } from '../protocols/eth/block-range.ts'
import { equalBytes } from '../protocols/lib/bytes.ts'
import { downloadLimits } from './download-limits.ts'

// Whom a sync asks and whom it follows: pure functions on immutable tables.

/** A peer, as a sync sees it. */
export type Source = {
  readonly range: BlockRange | undefined
  /** Whether the peer itself announces its range: eth/68 does not. */
  readonly isAnnounced: boolean
  /** Whether the range may start a sync: given in Status, proven by a header, or unchanged for a whole poll. */
  readonly counts: boolean
  /** Polls since the peer joined or last changed its range. */
  readonly polls: number
  /**
   * `polled`: an answer on its head is under way. `late`: it was asked and does not answer; it is asked nothing else until
   * it does.
   */
  readonly answers: 'prompt' | 'polled' | 'late'
  /**
   * `cooling`: it failed; it gets no work and is not followed until it has cooled down. `spent`: it was asked as much as a peer is
   * in a minute; it is asked nothing until that is over.
   */
  readonly work: 'ready' | 'cooling' | 'spent'
  /**
   * Access lists. `none`: it speaks no eth/71. `cooling`: it could not be asked; it is asked for none until it has cooled down.
   * `late`: it was asked for some and does not answer; it is asked for no others until it does.
   */
  readonly lists: 'none' | 'ready' | 'cooling' | 'late'
  /** `in order`: it does not answer when it is asked for every 192nd header. */
  readonly headers: 'by skeleton' | 'in order'
  /** Syncs in a row that got stuck behind it. */
  readonly stuckSyncs: number
  /** How often it answered, or did not, what was asked of heads. */
  readonly asks: number
  /** The hash of the block of those that it had last. */
  readonly holds?: Uint8Array
}

/** By peer. BOUNDED: the peer set. */
export type Sources = ReadonlyMap<number, Source>

/** A header that the peer has. */
export type ProvenHead = { readonly number: bigint; readonly hash: Uint8Array }

export const hasSource = (sources: Sources, number: bigint): boolean =>
  [...sources.values()].some(({ range }) => range !== undefined && range.latest >= number)

/** What the chain is to become. */
export type Goal =
  /** The longest that a peer has: no consensus client has named a head. */
  | { readonly kind: 'longest' }
  /** A consensus client named a block that we have. */
  | { readonly kind: 'reached' }
  /** It named one that we do not have; `number` once we know it. */
  | { readonly kind: 'missing'; readonly hash: Uint8Array; readonly number: bigint | undefined }

/** Whom to follow, and how far; `hash` is of a block that a consensus client named. */
export type Target = {
  readonly peer: number
  readonly number: bigint
  readonly hash?: Uint8Array
  /** What a consensus client named, when the sync goes to a pivot below it. */
  readonly head?: ProvenHead
}

/** @param named what a consensus client named now */
export function nextGoal(goal: Goal, named: { hash: Uint8Array; number?: bigint; isOurs: boolean }): Goal {
  if (named.isOurs) return { kind: 'reached' }
  const known = isGoal(goal, named) ? goal.number : undefined
  return { kind: 'missing', hash: named.hash, number: named.number ?? known }
}

/** Whether a consensus client wants this very block still. */
export function isGoal(goal: Goal, { hash }: { hash?: Uint8Array }): goal is Goal & { kind: 'missing' } {
  return goal.kind === 'missing' && hash !== undefined && equalBytes(goal.hash, hash)
}

/** A peer is asked, and its range believed, when it was there and unchanged at two polls. */
const settledPolls = 2

export const newSource = (range: BlockRange | undefined, servesLists: boolean): Source => ({
  range,
  isAnnounced: range !== undefined,
  counts: true,
  polls: 0,
  answers: 'prompt',
  work: 'ready',
  lists: servesLists ? 'ready' : 'none',
  headers: 'by skeleton',
  stuckSyncs: 0,
  asks: 0,
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

type Sight = { readonly sources: Sources; readonly head: bigint; readonly goal: Goal }

/**
 * @returns the peer to follow, one that others did not get stuck behind: of those that have the block that a consensus
 * client named, or of those ahead of us that count the highest, if anyone has the body of our next block: below their
 * earliest block peers have headers only (EIP-7642)
 */
export function bestSource({ sources, head, goal }: Sight): Target | undefined {
  const byStuckSyncs = ([, a]: [number, Source], [, b]: [number, Source]) => a.stuckSyncs - b.stuckSyncs
  const able = [...sources].filter(([, source]) => isReady(source))
  if (goal.kind === 'missing') {
    const { hash, number } = goal
    const [best] = able.filter(([, { holds }]) => holds && equalBytes(holds, hash)).sort(byStuckSyncs)
    return best && number !== undefined ? { peer: best[0], number, hash } : undefined
  }
  if (goal.kind === 'reached') return undefined
  const hasNext = ({ range, isAnnounced }: Source) => !isAnnounced || (range?.earliest ?? 0n) <= head + 1n
  if (![...sources.values()].some(hasNext)) return undefined
  const ahead = able.filter(([, source]) => source.counts && latestOf(source) > head)
  const [best] = ahead.sort((a, b) => byStuckSyncs(a, b) || Number(latestOf(b[1]) - latestOf(a[1])))
  return best && { peer: best[0], number: latestOf(best[1]) }
}

/**
 * Where the next sync goes. With `snap` that is a pivot some way below the head that is followed: its state is one that peers
 * have. It moves when the head is far above it (geth downloader, processSnapSyncContent). A chain that is shorter is executed.
 */
export function aimOf({
  syncMode,
  ...sight
}: Sight & { syncMode: 'full' | 'snap' }): { target: Target; syncMode: 'full' | 'snap' } | undefined {
  const best = bestSource(sight)
  if (!best) return undefined
  const { pivotDistance, maxPivotDistance } = downloadLimits
  const { peer, number, hash } = best
  if (syncMode === 'full' || (sight.head === 0n && number <= pivotDistance)) return { target: best, syncMode: 'full' }
  if (sight.head > 0n && number <= sight.head + maxPivotDistance) return undefined
  return { target: { peer, number: number - pivotDistance, ...(hash && { head: { number, hash } }) }, syncMode }
}

/**
 * @returns the highest of those that were there before: a fresh peer is asked nothing, it may have come for one answer.
 * For a block that a consensus client named, anyone is asked who was asked least, and does not have it.
 */
export function toPoll({ sources, goal }: Omit<Sight, 'head'>): number[] {
  if (goal.kind === 'reached') return []
  const isAskable = ({ polls, holds }: Source) =>
    goal.kind === 'missing' ? !holds || !equalBytes(holds, goal.hash) : polls >= settledPolls
  const weight = ({ asks }: Source) => (goal.kind === 'missing' ? asks : 0)
  return [...sources]
    .filter(([, source]) => source.answers === 'prompt' && isFree(source) && isAskable(source))
    .sort(([, a], [, b]) => weight(a) - weight(b) || Number(latestOf(b) - latestOf(a)))
    .slice(0, downloadLimits.maxPolled)
    .map(([peer]) => peer)
}

type Change = Partial<Source> | ((source: Source) => Partial<Source>)

/** Changes those of `peers` that are still there. */
export function changed(sources: Sources, peers: readonly number[], change: Change): Sources {
  const next = new Map(sources)
  for (const peer of peers) {
    const source = sources.get(peer)
    if (source) next.set(peer, { ...source, ...(typeof change === 'function' ? change(source) : change) })
  }
  return next
}

/** It failed. A peer that is asked nothing stays as it is. */
export const coolDown = ({ work }: Source): Pick<Source, 'work'> => ({ work: work === 'spent' ? 'spent' : 'cooling' })

/** Its cooldown is over. */
export const cooledDown = ({ work, lists }: Source): Pick<Source, 'work' | 'lists'> => ({
  work: work === 'cooling' ? 'ready' : work,
  lists: lists === 'cooling' ? 'ready' : lists,
})

/** It has answered at last. */
export const prompt = ({ answers }: Source): Pick<Source, 'answers'> => ({
  answers: answers === 'late' ? 'prompt' : answers,
})

/** Of access lists, what `next` says of each standing. */
export const listsBecome =
  (next: Partial<Record<Source['lists'], Source['lists']>>) =>
  ({ lists }: Source): Pick<Source, 'lists'> => ({ lists: next[lists] ?? lists })

/** A header of the peer proves its range up to there, and gives the number of the block that was asked for. */
export function learnt(
  { sources, goal }: Omit<Sight, 'head'>,
  peer: number,
  head: ProvenHead | undefined,
): { sources: Sources; goal: Goal } {
  const { range, asks, answers } = sources.get(peer)!
  const isNamed = head !== undefined && isGoal(goal, head)
  const answered = {
    ...{ answers: answers === 'polled' ? ('prompt' as const) : answers, asks: asks + 1 },
    ...(isNamed && { holds: head.hash }),
  }
  const nextGoal: Goal = isNamed ? { kind: 'missing', hash: goal.hash, number: head.number } : goal
  if (!head || (range && range.latest >= head.number))
    return { sources: changed(sources, [peer], answered), goal: nextGoal }
  const { number: latest, hash: latestHash } = head
  const proven = { counts: true, range: { earliest: range?.earliest ?? 0n, latest, latestHash } }
  return { sources: changed(sources, [peer], { ...answered, ...proven }), goal: nextGoal }
}

/** @returns whether the peer may be asked at all now */
export const isFree = ({ answers, work }: Source): boolean => answers !== 'late' && work !== 'spent'

/** @returns whether it may be followed, and get work */
export const isReady = ({ answers, work }: Source): boolean => answers !== 'late' && work === 'ready'

const latestOf = ({ range }: Source): bigint => range?.latest ?? 0n

/** The peer sent what cannot be so, whatever chain it has. */
export class BadPeerData extends Error {
  override readonly name = 'Lie'
}
