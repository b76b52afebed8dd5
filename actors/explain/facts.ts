// What is known of the actors and peers of a process, and why a peer left: plain values, as they are sent to a page.

export type Moment = { readonly seq: number; readonly at: number }

/** All actors at a moment, parents before their children. */
export type Snapshot = Moment & {
  readonly oldest: Moment
  readonly actors: readonly ActorFacts[]
  readonly peers: readonly PeerFacts[]
}

/** What has changed since the last look. */
export type HistoryChanges = {
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
  /** Lines at which a peer left. */
  readonly endings: readonly number[]
  /** Actors that a bug of ours came up in, and the bug in a line. */
  readonly bugs: readonly (readonly [actor: string, bug: string])[]
  readonly departures: readonly Departed[]
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
  /** Of an actor that discovery has for a node: that node's name, if it is one of those here. */
  readonly knows?: string
  /** The bug of ours that came up in it, in a line: it ended by that, or its connection or the node did. */
  readonly bug?: string
  /** How often each edge of its chart was taken, and when last: by the edge's name. Only where one actor was asked for. */
  readonly edges?: Readonly<Record<string, readonly [count: number, at: number]>>
}

/** An actor with the counts of its edges. A snapshot: it never changes. */
export type SeenActor = ActorFacts & { readonly edges: NonNullable<ActorFacts['edges']> }

/** Everything at one moment, in the order of birth. */
export type Checkpoint = { readonly actors: readonly SeenActor[]; readonly peers: readonly PeerFacts[] }

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
  /** `remote`: they sent Disconnect, or closed; `local`: we ended it; `none`: it stands; `unknown`: it is over, and nothing is left to say how. */
  readonly by: 'local' | 'remote' | 'network' | 'none' | 'unknown'
  /** The disconnect reason, as geth prints it. */
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
  /** The connection on which they sent their Status, where it was not this one. */
  readonly theirsFrom?: string
}
