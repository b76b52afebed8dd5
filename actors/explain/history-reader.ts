import type { Kept } from '../trace/feed-lines.ts'
import type { Heading } from '../trace/lines.ts'
import type { Departures } from './departures.ts'
import type { Moment } from './facts.ts'
import type { LiveState } from './live-state.ts'
import type { Segment } from './segment.ts'

/** Whether an entry is wanted: asked before an object is made of it. */
export type Test = (segment: Segment, index: number) => boolean

/** What an explanation is made from: the lines that are still there, and what outlives them. */
export type HistoryReader = {
  /** As it is now. */
  readonly liveState: LiveState
  /** They outlive the lines. */
  readonly departures: Departures
  readonly forks: Heading['forks']
  readonly newest: Moment
  /** @returns undefined for a line that is not there any more, or not yet */
  at(seq: number): Kept | undefined
  /** Lines from the newest, or the one before `before`, back to the oldest, or the one after `after`. */
  backwards(before?: number, after?: number, isWanted?: Test): Iterable<Kept>
  /** @returns the actors and peers as they were after the line `seq`, or now; undefined for a line that is not there any more */
  liveStateAt(seq?: number): LiveState | undefined
}
