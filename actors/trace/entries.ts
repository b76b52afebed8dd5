/** What happens in a process, in order: its actors' births and deaths, their transitions, messages of its peers, bugs. */
export type FeedEntry =
  | { readonly type: 'actor.started'; readonly actor: string; readonly chart: string; readonly parent?: string }
  | { readonly type: 'actor.stopped'; readonly actor: string; readonly chart: string }
  | TransitionEntry
  | MessageEntry
  | BugEntry

export type TransitionEntry = {
  readonly type: 'transition'
  readonly actor: string
  readonly chart: string
  /** The event by name, and the states before and after it: `greeting.exchanging`. */
  readonly event: string
  readonly from: string
  readonly to: string
  /** Effects by name, in order. */
  readonly effects: readonly string[]
}

export type MessageEntry = {
  readonly type: 'message.received' | 'message.sent'
  readonly actor: string
  /** `p2p` for the base protocol, `rlpx` for the two packets of the encryption handshake: see `handshake-packet.ts`. */
  readonly protocol: string
  /** Of the capability, or of EIP-8; the base protocol has none. */
  readonly version?: number
  readonly code: number
  /** Bytes of the payload, uncompressed; of a packet, of all of it. */
  readonly size: number
}

/** An unforeseen exception of ours. Of an actor's own chart it stands before its end. */
export type BugEntry = {
  readonly type: 'bug'
  /** Whose input was being processed: an actor, an endpoint, or a reader of the feed. */
  readonly actor: string
  /** The exception's name, and the first line of its message. */
  readonly error: string
  readonly message: string
  readonly ends: BugEnd
}

/** Only what a connection brought ends with it, and only a reader with its own; what belongs to neither ends the node, in order. */
export type BugEnd = 'connection' | 'reader' | 'node'

export type ActorFacts = { readonly id: string; readonly chart: string; readonly parent?: string }
