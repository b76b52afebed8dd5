import type {
  AnyActor,
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyTransitionDefinition,
  EventObject,
  InspectionEvent,
} from 'xstate'
import { observeActor } from './inspection.ts'
import { type Kind, Kinds, type Taken } from './kinds.ts'

/** What happens in a process, in order: its actors' births and deaths, their transitions, and the messages of its peers. */
export type FeedEntry =
  | { readonly type: 'actor.started'; readonly actor: string; readonly chart: string; readonly parent?: string }
  | { readonly type: 'actor.stopped'; readonly actor: string; readonly chart: string }
  | TransitionEntry
  | MessageEntry

export type TransitionEntry = {
  readonly type: 'transition'
  readonly actor: string
  readonly chart: string
  /** The event by name, and the states before and after it in words: `greeting.exchanging`. */
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

/** What an entry was made from: live objects, to be read during the call. Whoever keeps them copies them. */
export type Live = {
  /** Of a transition or a message, where the feed knows it: see {@link Kind}. */
  readonly kind?: Kind
  /** Of a transition: the event with its data, the transitions of the definition that it took, the actor after it. */
  readonly event?: EventObject
  readonly taken?: readonly AnyTransitionDefinition[]
  /** Of a transition or a start. */
  readonly actor?: AnyActor
  /** Of a message: its payload, uncompressed. */
  readonly payload?: Uint8Array
}

export type FeedListener = (entry: FeedEntry, live: Live) => void
export type Mailbox = { deepest: number }
export type ActorFacts = { readonly id: string; readonly chart: string; readonly parent?: string }

/**
 * The one inspection feed of a process: log, metrics, inspector and recorder are its readers. Charts are observed only
 * while somebody reads. Entries carry names and sizes; keys are in the ports of actors, which no event carries.
 */
export class Feed {
  readonly #listeners = new Set<FeedListener>()
  /** BOUNDED: by the actors alive. */
  readonly #watched = new Map<AnyActor, Watch>()
  /** Of each chart, the most events that waited in one mailbox: its reader sets it back. BOUNDED: by the charts. */
  readonly mailboxes = new Map<string, Mailbox>()
  readonly #publish: FeedListener = (entry, live) => this.publish(entry, live)
  readonly #kinds = new Kinds()

  /** Of every chart that an actor was started with, by its name. BOUNDED: by the charts of the program. */
  readonly definitions = new Map<string, AnyStateMachine>()

  get isRead(): boolean {
    return this.#listeners.size > 0
  }

  /** Actors alive now, oldest first: what a reader who comes late starts from. */
  get actors(): readonly (ActorFacts & { readonly state: string })[] {
    return [...this.#watched].map(([actor, { facts }]) => ({ ...facts, state: stateOf(actor) }))
  }

  /** The same, with the actors themselves: to be read during the call. */
  get liveActors(): readonly (ActorFacts & { readonly actor: AnyActor })[] {
    return [...this.#watched].map(([actor, { facts }]) => ({ ...facts, actor }))
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: FeedListener): () => void {
    if (!this.isRead) for (const [actor, watch] of this.#watched) watch.open(actor, this.#publish)
    this.#listeners.add(listener)
    return () => {
      if (this.#listeners.delete(listener) && !this.isRead) for (const watch of this.#watched.values()) watch.close()
    }
  }

  /**
   * Follows an actor that is about to start, until it ends.
   * @param failed takes what its chart throws, which ends the process where this is left out
   */
  watch(actor: AnyActor, facts: ActorFacts, failed?: (error: unknown) => void): void {
    const watch = new Watch(facts, this.#mailboxOf(facts.chart), this.#kinds)
    this.#watched.set(actor, watch)
    this.definitions.set(facts.chart, actor.logic as AnyStateMachine)
    if (this.isRead) {
      watch.open(actor, this.#publish)
      this.publish({ type: 'actor.started', actor: facts.id, chart: facts.chart, ...parentOf(facts) }, { actor })
    }
    actor.subscribe({
      ...(failed && { error: failed }),
      complete: () => {
        this.#watched.delete(actor)
        const { id, chart } = facts
        watch.end(actor, () => this.publish({ type: 'actor.stopped', actor: id, chart }))
      },
    })
  }

  /** @param of who talks, and in which protocol */
  conversation(of: Talker): Conversation {
    return new Conversation(this, this.#kinds, of)
  }

  publish(entry: FeedEntry, live: Live = {}): void {
    for (const listener of this.#listeners) {
      try {
        listener(entry, live)
      } catch (error) {
        // Thrown here it would wedge the actor whose step is being told: a reader's bug ends the process, not one peer.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  #mailboxOf(chart: string): Mailbox {
    const mailbox = this.mailboxes.get(chart) ?? { deepest: 0 }
    this.mailboxes.set(chart, mailbox)
    return mailbox
  }
}

type Told<Entry = TransitionEntry> = { readonly entry: Entry; readonly kind: Kind }
type Talker = Pick<MessageEntry, 'actor' | 'protocol' | 'version'>

/** Where a connection tells what is said in one protocol. It costs nothing while nobody reads. */
export class Conversation {
  readonly #feed: Feed
  readonly #kinds: Kinds
  readonly #of: Talker
  /** The last by code: many are alike. BOUNDED: by the codes of the protocol. */
  readonly #received: Told<MessageEntry>[] = []
  readonly #sent: Told<MessageEntry>[] = []

  constructor(feed: Feed, kinds: Kinds, of: Talker) {
    this.#feed = feed
    this.#kinds = kinds
    this.#of = of
  }

  /** @param code relative to the protocol's offset */
  received(code: number, payload: Uint8Array): void {
    if (this.#feed.isRead) this.#tell('message.received', this.#received, code, payload)
  }

  sent(code: number, payload: Uint8Array): void {
    if (this.#feed.isRead) this.#tell('message.sent', this.#sent, code, payload)
  }

  #tell(type: MessageEntry['type'], lasts: Told<MessageEntry>[], code: number, payload: Uint8Array): void {
    const last = lasts[code]
    const told = last?.entry.size === payload.length ? last : this.#make(type, code, payload.length, last?.kind)
    lasts[code] = told
    this.#feed.publish(told.entry, { kind: told.kind, payload })
  }

  #make(type: MessageEntry['type'], code: number, size: number, kind: Kind | undefined): Told<MessageEntry> {
    const { actor, protocol, version } = this.#of
    const entry =
      version === undefined ? { type, actor, protocol, code, size } : { type, actor, protocol, version, code, size }
    return { entry, kind: kind ?? this.#kinds.of(entry, nothing) }
  }
}

/** Turns XState's inspection of one actor into transitions: one entry for each event that a chart took. */
class Watch {
  readonly facts: ActorFacts
  #value: unknown
  #state = ''
  #effects: string[] | undefined
  #taken: readonly AnyTransitionDefinition[] = nothing
  #close: (() => void) | undefined
  #atEnd: (() => void) | undefined
  readonly #mailbox: Mailbox
  readonly #kinds: Kinds
  #last: Told | undefined
  /** Events sent and not yet taken, the one in hand included. */
  #waiting = 0

  constructor(facts: ActorFacts, mailbox: Mailbox, kinds: Kinds) {
    this.facts = facts
    this.#mailbox = mailbox
    this.#kinds = kinds
  }

  open(actor: AnyActor, publish: FeedListener): void {
    // What an earlier reader left in the middle of a step is over.
    this.#waiting = 0
    this.#effects = undefined
    this.#taken = nothing
    this.#value = stateValueOf(actor)
    this.#state = describeState(this.#value)
    this.#close = observeActor(actor, (event) => {
      if (event.actorRef === actor) this.#observe(actor, event, publish)
    })
  }

  close(): void {
    this.#close?.()
    this.#close = undefined
  }

  /** A chart that is done tells of its last transition after this: its end is told after both. */
  end(actor: AnyActor, tell: () => void): void {
    if (this.#close && actor.getSnapshot().status === 'done') this.#atEnd = tell
    else tell()
  }

  #observe(actor: AnyActor, event: InspectionEvent, publish: FeedListener): void {
    if (event.type === '@xstate.event') {
      if (++this.#waiting > this.#mailbox.deepest) this.#mailbox.deepest = this.#waiting
    } else if (event.type === '@xstate.action') {
      const { type } = event.action
      if (!type.startsWith('xstate.')) this.#effects = append(this.#effects, type)
    } else if (event.type === '@xstate.microstep') {
      this.#taken = this.#taken.length > 0 ? [...this.#taken, ...event._transitions] : event._transitions
    } else if (event.type === '@xstate.snapshot') {
      if (this.#waiting > 0) this.#waiting-- // one that was sent before anybody read is not counted
      const taken = this.#taken
      const effects = this.#effects ?? nothing
      this.#taken = nothing
      this.#effects = undefined
      const from = this.#state
      const to = this.#settle((event.snapshot as AnyMachineSnapshot).value)
      if (taken.length > 0 || from !== to) {
        const { entry, kind } = this.#told(event.event.type, from, to, effects, taken)
        publish(entry, { kind, event: event.event, taken, actor })
      }
      this.#atEnd?.()
    }
  }

  /** The last entry again, where nothing is another: a chart takes the same step again and again. */
  #told(event: string, from: string, to: string, effects: readonly string[], taken: Taken): Told {
    const last = this.#last
    if (last !== undefined && last.entry.event === event && last.kind.isOfStep(from, to, effects, taken)) return last
    const { id, chart } = this.facts
    const entry: TransitionEntry = { type: 'transition', actor: id, chart, event, from, to, effects }
    this.#last = { entry, kind: this.#kinds.of(entry, taken) }
    return this.#last
  }

  /** @returns `value` in words, of which there are new ones only when it is another. */
  #settle(value: unknown): string {
    if (value !== this.#value) {
      this.#value = value
      this.#state = describeState(value)
    }
    return this.#state
  }
}

const nothing: readonly never[] = []

/** The list is made with its first item: most steps have none or one. */
function append(list: string[] | undefined, item: string): string[] {
  if (list === undefined) return [item]
  list.push(item)
  return list
}

/** @returns a state value in words: `running.(keepalive.quiet writing.flowing)` */
export function describeState(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return ''
  const parts = Object.entries(value).map(([key, child]) => {
    const inner = describeState(child)
    return inner ? `${key}.${inner}` : key
  })
  return parts.length > 1 ? `(${parts.join(' ')})` : (parts[0] ?? '')
}

/** @returns the state of an actor now, in words */
export const stateOf = (actor: AnyActor): string => describeState(stateValueOf(actor))

const stateValueOf = (actor: AnyActor): unknown => (actor.getSnapshot() as AnyMachineSnapshot | undefined)?.value
const parentOf = ({ parent }: ActorFacts) => (parent === undefined ? {} : { parent })
