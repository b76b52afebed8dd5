import type { AnyActor, AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import type { FeedEntry } from '../trace/entries.ts'
import type { Feed } from '../trace/feed.ts'
import { fullName } from '../trace/feed-lines.ts'
import type { Live } from '../trace/live.ts'
import { fieldsOf } from '../trace/message-fields.ts'
import type { Plain } from '../trace/values.ts'

// The feed as the wire events of @statelyai/inspect 0.7, for every tool that reads those: births with definitions, events,
// states. No context is ever sent.

type Base = {
  /** The actor's name, unique in the process. */
  readonly sessionId: string
  readonly rootId: string
  /** Milliseconds since 1970. */
  readonly createdAt: string
  readonly id: string
  readonly _version: string
}
type PlainEvent = { readonly type: string; readonly [field: string]: Plain }
type Status = 'active' | 'done' | 'stopped'
export type StatelySnapshot = {
  readonly status: Status
  readonly value: Plain
  readonly context: Readonly<Record<string, never>>
  readonly tags: readonly string[]
  readonly children: Readonly<Record<string, never>>
  readonly output: undefined
  readonly error: undefined
}
export type StatelyEvent =
  | (Base & {
      readonly type: '@xstate.actor'
      readonly name: string
      readonly parentId: string | undefined
      /** The chart as JSON. */
      readonly definition: string
      readonly snapshot: StatelySnapshot
    })
  | (Base & { readonly type: '@xstate.event'; readonly event: PlainEvent; readonly sourceId: string | undefined })
  | (Base & { readonly type: '@xstate.snapshot'; readonly event: PlainEvent; readonly snapshot: StatelySnapshot })

/** One tool that is attached: it gets the living actors, then what happens, until {@link close}. */
export class StatelyClient {
  readonly #socket: ClientSocket
  readonly #feeds: readonly NamedFeed[]
  readonly #unsubscribe: readonly (() => void)[]
  /** The outermost ancestor by actor. BOUNDED: by the actors alive. */
  readonly #roots = new Map<string, string>()
  #id = 0
  #isBehind = false

  constructor(feeds: readonly NamedFeed[], socket: ClientSocket) {
    this.#socket = socket
    this.#feeds = feeds
    this.#sendAll()
    this.#unsubscribe = feeds.map(({ feed, node }) =>
      feed.subscribe((entry, live) => this.#take(entry, live, node), 'inspector/stately'),
    )
  }

  close(): void {
    for (const end of this.#unsubscribe) end()
  }

  /** What a tool does not read is left out; once it reads again it gets the living actors anew. */
  #take(entry: FeedEntry, live: Live, node: string | undefined): void {
    if (this.#socket.bufferedAmount > mostUnread) this.#isBehind = true
    else if (this.#isBehind) {
      this.#isBehind = false
      this.#sendAll()
    } else this.#sendEntry(entry, live, node)
  }

  #sendEntry(entry: FeedEntry, { actor, event }: Live, node: string | undefined): void {
    const sessionId = fullName(node, entry.actor)
    if (entry.type === 'actor.started' && actor)
      this.#birth(sessionId, actor, entry.parent === undefined ? undefined : fullName(node, entry.parent))
    else if (entry.type === 'transition' && actor && event) {
      const plain = fieldsOf(event) as PlainEvent
      this.#send({ ...this.#base(sessionId), type: '@xstate.event', event: plain, sourceId: undefined })
      this.#send({ ...this.#base(sessionId), type: '@xstate.snapshot', event: plain, snapshot: snapshotOf(actor) })
    } else if (entry.type === 'actor.stopped') {
      const snapshot = { ...empty, status: 'stopped', value: '' } as const
      this.#send({ ...this.#base(sessionId), type: '@xstate.snapshot', event: { type: 'xstate.stop' }, snapshot })
      this.#roots.delete(sessionId)
    }
  }

  #sendAll(): void {
    for (const { feed, node } of this.#feeds)
      for (const { id, parent, actor } of feed.liveActors)
        this.#birth(fullName(node, id), actor, parent === undefined ? undefined : fullName(node, parent))
  }

  #birth(sessionId: string, actor: AnyActor, parentId: string | undefined): void {
    this.#roots.set(sessionId, (parentId !== undefined && this.#roots.get(parentId)) || sessionId)
    const machine = actor.logic as AnyStateMachine
    const facts = { name: sessionId, parentId, definition: definitionOf(machine), snapshot: snapshotOf(actor) }
    this.#send({ ...this.#base(sessionId), type: '@xstate.actor', ...facts })
  }

  #base(sessionId: string): Base {
    const rootId = this.#roots.get(sessionId) ?? sessionId
    return { sessionId, rootId, createdAt: `${Date.now()}`, id: `${++this.#id}`, _version: version }
  }

  #send(event: StatelyEvent): void {
    this.#socket.send(JSON.stringify(event))
  }
}

export type NamedFeed = { readonly node: string | undefined; readonly feed: Feed }

/** A tool's end of a WebSocket. */
export type ClientSocket = {
  send(text: string): void
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number
}

function snapshotOf(actor: AnyActor): StatelySnapshot {
  const { status, value, tags } = actor.getSnapshot() as AnyMachineSnapshot
  return { ...empty, status: status as Status, value: value as Plain, tags: [...tags] }
}

const empty = { context: {}, tags: [], children: {}, output: undefined, error: undefined } as const

const definitions = new WeakMap<AnyStateMachine, string>()

/** Functions without a name are shown as such. */
function definitionOf(machine: AnyStateMachine): string {
  let text = definitions.get(machine)
  if (text === undefined) {
    text = JSON.stringify(machine.config, (_, value: unknown) => {
      if (typeof value === 'function') return { type: value.name || 'inline' }
      return typeof value === 'bigint' ? `${value}` : value
    })
    definitions.set(machine, text)
  }
  return text
}

/** Of the package whose events these are. */
const version = '0.7.2'
/** Bytes that a tool has not read. */
const mostUnread = 4 << 20
