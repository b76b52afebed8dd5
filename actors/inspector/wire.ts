import type { Heading, Line } from '../recording/lines.ts'
import type { Plain } from '../recording/values.ts'
import type { Drawing } from './drawing/drawing.ts'

// What the inspector's page and the node say to each other, over one WebSocket: one JSON object a message. The page only
// asks; nothing that it says changes the node.
//
// The token is the first part of every path: the page is `http://127.0.0.1:<port>/<token>/`, so it addresses everything
// by what stands behind: its own files and `feed`, the WebSocket.
// An import map may stand in index.html, no other script or style may stand inline.

/** From the page. `id` numbers a question: its answer bears it. */
export type Ask =
  /** The lines of these actors from now on, as they come. An empty list ends it. */
  | { readonly ask: 'watch'; readonly actors: readonly string[] }
  /** Messages of all peers from now on, for the sequence view. */
  | { readonly ask: 'tap'; readonly isOn: boolean }
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

/** To the page. */
export type Tell =
  | Hello
  | Changes
  | { readonly tell: 'picture'; readonly id: number; readonly picture: Picture }
  | { readonly tell: 'lines'; readonly id: number; readonly lines: readonly ShownLine[] }
  | { readonly tell: 'actor'; readonly id: number; readonly actor: ActorFacts }
  | { readonly tell: 'line'; readonly id: number; readonly line: ShownLine; readonly message?: DecodedMessage }
  | { readonly tell: 'chart'; readonly id: number; readonly chart: string; readonly drawing: Drawing }
  | { readonly tell: 'departures'; readonly id: number; readonly departures: readonly Departed[] }
  | { readonly tell: 'why'; readonly id: number; readonly why: Explanation }
  /** The question cannot be answered: in one line. */
  | { readonly tell: 'error'; readonly id: number; readonly error: string }

/** The first word to every page that is opened. To one that could not keep up it is said again: the page begins anew. */
export type Hello = {
  readonly tell: 'hello'
  readonly heading: Heading
  /** A recording is shown: nothing new will come. */
  readonly isRecording: boolean
  /** The nodes of the process by name; one has no name. */
  readonly nodes: readonly string[]
  /** Bytes of history that are kept at most. */
  readonly historyBytes: number
  readonly picture: Picture
  /** Lines at which a peer left, those that are remembered: the oldest first. */
  readonly endings: readonly number[]
  /** The last 1,000 connections that are over, the oldest first. */
  readonly departures: readonly Departed[]
  /** Of a recording of what is over: the line up to which its nodes ran. After it there is little to see. */
  readonly opening?: number
}

/** A line as it is shown. What the node can tell of it cheaply is told, the rest is for who asks for that `line`. */
export type ShownLine = Line & {
  /** Of a message: `GetBlockHeaders`. */
  readonly name?: string
  /** Of a message, in a few words: `192 headers`; the reason of a Disconnect. */
  readonly text?: string
  /** Of an answer: the line of its request, and the time between them in ms. */
  readonly answers?: { readonly seq: number; readonly latency: number }
  /** Of a message that was received: the transition it caused. Of a transition: the message that caused it. */
  readonly related?: number
  /** Of a transition that stays: where the chart went by what it found when it did what the transition says. */
  readonly outcome?: { readonly event: string; readonly to: string }
}

/** Sent ten times a second at most: what has changed since the last. */
export type Changes = {
  readonly tell: 'changes'
  readonly now: Moment
  /** The oldest line that is still there. */
  readonly oldest: Moment
  readonly started: readonly ActorFacts[]
  /** Actors that have ended. They stay in the picture until they are forgotten. */
  readonly stopped: readonly string[]
  /** Actors that ended long ago, and are in no picture from here on. */
  readonly forgotten: readonly string[]
  /** The new state of each actor that changed, and how often it took a transition in all: `[actor, state, count]`. */
  readonly states: readonly (readonly [actor: string, state: string, count: number])[]
  /** Peers whose facts or traffic changed. */
  readonly peers: readonly PeerFacts[]
  /** Of actors that are watched, and messages if tapped; the newest that fit. */
  readonly lines: readonly ShownLine[]
  /** Lines at which a peer left. */
  readonly endings: readonly number[]
  /** Actors that a bug of ours came up in, and the bug in a line. */
  readonly bugs: readonly (readonly [actor: string, bug: string])[]
  readonly departures: readonly Departed[]
  /** Lines that did not fit, since the page was opened. */
  readonly dropped: number
}

export type Moment = { readonly seq: number; readonly at: number }

/** All actors at a moment, parents before their children. */
export type Picture = Moment & {
  readonly oldest: Moment
  readonly actors: readonly ActorFacts[]
  readonly peers: readonly PeerFacts[]
}

export type ActorFacts = {
  /** Unique in the process: `node-1/peer/7`; the node's name is left out where there is but one. */
  readonly actor: string
  readonly chart: string
  readonly parent?: string
  readonly node?: string
  readonly state: string
  /** Transitions taken, in all. */
  readonly count: number
  readonly startedAt: number
  /** Kept for a while after its end, so that one can ask why. */
  readonly stoppedAt?: number
  /** The bug of ours that came up in it, in a line: it ended by that, or its connection or the node did. */
  readonly bug?: string
  /** How often each edge of its chart was taken, and when last: by the edge's name. Only where one actor was asked for. */
  readonly edges?: Readonly<Record<string, readonly [count: number, at: number]>>
}

/** What is known of the peer that an actor of the chart `peer` is connected to. */
export type PeerFacts = {
  readonly actor: string
  /** 64 hex digits; left out before the handshake proved it. */
  readonly id?: string
  /** As it calls itself. */
  readonly client?: string
  readonly caps?: readonly string[]
  /** What of them is spoken, by the messages that went over it: `eth/72`. */
  readonly speaks?: readonly string[]
  readonly inbound?: boolean
  readonly address?: string
  /** Whom it is in this process, if it is one of the nodes here: its name. */
  readonly isNode?: string
  /** Bytes of payloads, and messages. */
  readonly received: readonly [bytes: number, messages: number]
  readonly sent: readonly [bytes: number, messages: number]
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

/** A connection that is over, in short. */
export type Departed = Pick<Explanation, 'actor' | 'summary' | 'by' | 'reason'> &
  Pick<PeerFacts, 'id' | 'client'> &
  Moment

/** Why a peer is not there any more, for people. */
export type Explanation = {
  readonly actor: string
  readonly peer?: PeerFacts
  /** In one sentence: who ended it, with what reason, and what that means. */
  readonly summary: string
  /** `remote`: they told us, or hung up; `local`: we ended it; `nobody`: it stands; `unknown`: it is over, and nothing is left to say how. */
  readonly by: 'local' | 'remote' | 'network' | 'nobody' | 'unknown'
  /** The disconnect reason, in geth's words. */
  readonly reason?: string
  /** The states it went through: state, when it was entered, by which event, the line. */
  readonly path: readonly {
    readonly state: string
    readonly at: number
    readonly event: string
    readonly seq: number
    readonly actor: string
  }[]
  /** The last messages, the newest last. */
  readonly messages: readonly {
    readonly seq: number
    readonly at: number
    readonly isSent: boolean
    readonly name: string
    readonly text: string
  }[]
  /** Both Statuses, field by field. */
  readonly status?: readonly {
    readonly field: string
    readonly ours: string
    readonly theirs: string
    readonly differs: boolean
    readonly note?: string
  }[]
  /** The connection on which they told their Status, where it was not this one. */
  readonly theirsFrom?: string
}
