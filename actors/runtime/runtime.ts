import type { BugEnd } from '../trace/entries.ts'
import type { Feed } from '../trace/feed.ts'

/** The world as every actor is handed it: nothing below reads a clock, a die or a socket on its own. */
export type Runtime = {
  readonly clock: Clock
  /** Unix time, ms: for what others compare with theirs. */
  readonly wallClock: () => number
  readonly entropy: Entropy
  readonly defer: Defer
  readonly feed: Feed
  /** Without one, a bug ends the process. */
  readonly supervisor?: Supervisor | undefined
}

export type Clock = {
  /** Milliseconds since any fixed point, never going back. */
  now(): number
  setTimeout(callback: () => void, delay: number): unknown
  clearTimeout(id: unknown): void
}

/** Has `run` called after the events that wait now, as setImmediate does. What it throws is the caller's to catch. */
export type Defer = (run: () => void) => void

/** @returns `length` fresh random bytes */
export type Entropy = (length: number) => Uint8Array

/** An unforeseen exception: a fault of ours, from whatever input. */
export type Bug = {
  /** Of the actor, or the endpoint, whose input was being processed. */
  readonly actor: string
  readonly error: unknown
  readonly ends: BugEnd
}

/** Logs and counts a bug, and ends the node when that is what it ends. The connection has ended by then. */
export type Supervisor = (bug: Bug) => void
