import type { Drawing } from '../drawing/drawing.ts'
import type {
  ActorFacts,
  Departed,
  Explanation,
  HistoryChanges,
  Moment,
  PeerFacts,
  Snapshot,
} from '../explain/facts.ts'
import type { Heading, Line } from '../trace/lines.ts'
import type { Plain } from '../trace/values.ts'

export type { ActorFacts, Departed, Explanation, Moment, PeerFacts, Snapshot }

// What the inspector's page and the node send each other, over one WebSocket: one JSON object a message. The page only
// asks; nothing that it sends changes the node.
//
// The token is the first part of every path: the page is `http://127.0.0.1:<port>/<token>/`, so it addresses everything
// by what stands behind: its own files and `feed`, the WebSocket.
// An import map may stand in index.html, no other script or style may stand inline.

/** From the page. `id` numbers a question: its answer bears it. */
export type PageRequest =
  /** The lines of these actors from now on, as they come. An empty list ends it. */
  | { readonly ask: 'watch'; readonly actors: readonly string[] }
  /** Messages of all peers from now on, for the sequence view. */
  | { readonly ask: 'messages'; readonly isOn: boolean }
  /** The actors as they were after the line `seq`; as they are now without it. */
  | { readonly ask: 'picture'; readonly id: number; readonly seq?: number }
  /** Lines of the history, the newest last; those of `actor` and all beneath it if given. At most `limit`, 500 if left out. */
  | {
      readonly ask: 'lines'
      readonly id: number
      readonly before?: number
      readonly after?: number
      readonly actor?: string
      readonly messagesOnly?: boolean
      /** Of the life of `actor` itself: no messages, nothing of those beneath it. */
      readonly ownOnly?: boolean
      readonly limit?: number
    }
  /** One actor as it was after the line `seq`, or is now: with the counts of its edges. */
  | { readonly ask: 'actor'; readonly id: number; readonly actor: string; readonly seq?: number }
  /** One line with all that is known of it: a message is decoded. */
  | { readonly ask: 'line'; readonly id: number; readonly seq: number }
  /** The drawing of a chart, by its name. */
  | { readonly ask: 'chart'; readonly id: number; readonly chart: string }
  /** Connections that are over, as far back as their ends are remembered: longer than their lines. */
  | { readonly ask: 'departures'; readonly id: number }
  /** Why a peer left, or how it stands. */
  | { readonly ask: 'why'; readonly id: number; readonly actor: string; readonly seq?: number }

/** To the page: an answer, which bears the `id` of its question, or what is pushed without one. */
export type PageMessage =
  | Hello
  | Changes
  | { readonly push: 'picture'; readonly id: number; readonly picture: Snapshot }
  | { readonly push: 'lines'; readonly id: number; readonly lines: readonly ShownLine[] }
  | { readonly push: 'actor'; readonly id: number; readonly actor: ActorFacts }
  | { readonly push: 'line'; readonly id: number; readonly line: ShownLine; readonly message?: DecodedMessage }
  | { readonly push: 'chart'; readonly id: number; readonly chart: string; readonly drawing: Drawing }
  | { readonly push: 'departures'; readonly id: number; readonly departures: readonly Departed[] }
  | { readonly push: 'why'; readonly id: number; readonly why: Explanation }
  /** The question cannot be answered: in one line. */
  | { readonly push: 'error'; readonly id: number; readonly error: string }

/** The first push to every page that is opened. One that could not keep up gets it again, and begins anew. */
export type Hello = {
  readonly push: 'hello'
  readonly heading: Heading
  /** A recording is shown: nothing new will come. */
  readonly isRecording: boolean
  /** The nodes of the process by name; one has no name. */
  readonly nodes: readonly string[]
  /** Bytes of history that are kept at most. */
  readonly historyBytes: number
  readonly picture: Snapshot
  /** Lines at which a peer left, those that are remembered: the oldest first. */
  readonly endings: readonly number[]
  /** The last 1,000 connections that are over, the oldest first. */
  readonly departures: readonly Departed[]
  /** Of a recording of what is over: the line up to which its nodes ran. After it there is little to see. */
  readonly opening?: number
}

/** A line as it is shown. What is cheap is in it, the rest is in the answer to `line`. */
export type ShownLine = Line & {
  /** Of a message: `GetBlockHeaders`. */
  readonly name?: string
  /** Of a message, in short: `192 headers`; the reason of a Disconnect. */
  readonly text?: string
  /** Of an answer: the line of its request, and the time between them in ms. */
  readonly answers?: { readonly seq: number; readonly latency: number }
  /** Of a message that was received: the transition it caused. Of a transition: the message that caused it. */
  readonly related?: number
  /** Of a transition that stays: where the chart went by what it found when it did what the transition says. */
  readonly outcome?: { readonly event: string; readonly to: string }
}

/** Sent ten times a second at most: what has changed since the last. */
export type Changes = HistoryChanges & {
  readonly push: 'changes'
  /** Of actors that are watched, and messages if tapped; the newest that fit. */
  readonly lines: readonly ShownLine[]
  /** Lines that did not fit, since the page was opened. */
  readonly dropped: number
}

export type DecodedMessage = {
  /** `GetBlockHeaders`. */
  readonly name: string
  /** `eth/69`, `p2p`. */
  readonly protocol: string
  readonly fields: Plain
  /** Its payload in hex, at most 64 KiB of it; left out where it was not kept. */
  readonly raw?: string
  /** The request that this answers or the answer to this, by line, and the time between them in ms. */
  readonly other?: { readonly seq: number; readonly latency: number }
  /** Why it could not be decoded. */
  readonly error?: string
}
