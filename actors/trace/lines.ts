import type { BugEnd } from './entries.ts'
import type { Plain } from './values.ts'

// A recording: one JSON object a line. The first is its heading, the last its ending; every other is one entry of a feed,
// in order.

export const recordingFormat = 'peerchart-recording'
/** Raised when a change makes older recordings unreadable. */
export const recordingVersion = 1

export type Heading = {
  readonly format: typeof recordingFormat
  readonly version: typeof recordingVersion
  /** The name of the client that was recorded. */
  readonly client: string
  /** When `at` was 0: ISO 8601. */
  readonly startedAt: string
  /** Who was recorded: node ids, 64 hex digits, and names where there are several. */
  readonly nodes?: readonly { readonly name?: string; readonly id: string }[]
  /** The fork ids of their chain, in order, where all are on one. */
  readonly forks?: readonly { readonly name: string; readonly hash: string; readonly at: string }[]
}

/** The last line, of a recording that was not cut off. */
export type RecordingEnd = {
  /** Why nothing more was recorded: who made it was done, the file was full, or the disk too slow. */
  readonly ended: 'closed' | 'full' | 'slow'
}

export type Line = {
  /** Counted from 1, without a gap. */
  readonly seq: number
  /** Milliseconds since the beginning, monotonic. */
  readonly at: number
  /** Which node of several in one process; left out where there is but one. Names of actors begin with it: `node-1/peer/7`. */
  readonly node?: string
} & (StartLine | StopLine | TransitionLine | MessageLine | BugLine)

export type StartLine = {
  readonly type: 'actor.started'
  readonly actor: string
  readonly chart: string
  readonly parent?: string
  /** In which it begins. */
  readonly state: string
  /** What the chart was given, without its ports. */
  readonly input?: Plain
}

export type StopLine = { readonly type: 'actor.stopped'; readonly actor: string; readonly chart: string }

export type TransitionLine = {
  readonly type: 'transition'
  readonly actor: string
  readonly chart: string
  /** The event by name, and its data. */
  readonly event: string
  readonly data?: Plain
  /** The states as they are printed: `greeting.exchanging`. */
  readonly from: string
  readonly to: string
  /** Effects by name, in order. */
  readonly effects: readonly string[]
  /** The transitions of the definition that were taken, as the drawing of the chart names its edges. */
  readonly edges: readonly string[]
}

export type BugLine = {
  readonly type: 'bug'
  readonly actor: string
  /** The exception's name, and the first line of its message. */
  readonly error: string
  readonly message: string
  readonly ends: BugEnd
}

export type MessageLine = {
  readonly type: 'message.received' | 'message.sent'
  readonly actor: string
  readonly protocol: string
  readonly version?: number
  /** Relative to the protocol's offset. */
  readonly code: number
  /** Bytes of the payload, uncompressed. */
  readonly size: number
  /** The payload in base64; left out where lines are shown, not kept. */
  readonly payload?: string
}
