import type { AnyActor, AnyStateMachine } from 'xstate'
import { stateOf } from '../../machines/names/state-name.ts'
import { type Mailbox, Watch } from './actor-observer.ts'
import type { ActorFacts, FeedEntry } from './entries.ts'
import { ShapeTable } from './entry-shapes.ts'
import type { FeedListener, Live } from './live.ts'
import { type MessageSource, MessageTrace } from './message-trace.ts'

/**
 * The one inspection feed of a process: log, metrics, inspector and recorder are its readers. Charts are observed only
 * while somebody reads. Entries carry names and sizes; keys are in the ports of actors, which no event carries.
 */
export class Feed {
  /** By name. BOUNDED: by the readers. */
  readonly #listeners = new Map<FeedListener, string>()
  #crashed: ReaderCrashed = (error) => {
    throw error
  }
  /** BOUNDED: by the actors alive. */
  readonly #watched = new Map<AnyActor, Watch>()
  /** Of each chart, the most events that waited in one mailbox: its reader sets it back. BOUNDED: by the charts. */
  readonly mailboxes = new Map<string, Mailbox>()
  readonly #publish: FeedListener = (entry, live) => this.publish(entry, live)
  readonly #kinds = new ShapeTable()

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

  /**
   * What the listener throws, or its promise rejects with, ends its subscription and nothing else.
   * @param reader what a bug of it is logged under
   * @returns a function that ends the subscription
   */
  subscribe(listener: FeedListener, reader = 'reader'): () => void {
    if (!this.isRead) for (const [actor, watch] of this.#watched) watch.open(actor, this.#publish)
    this.#listeners.set(listener, reader)
    return () => this.#unsubscribe(listener)
  }

  /** @param crashed gets the bugs of readers. Without it the process ends, loudly. */
  supervise(crashed: ReaderCrashed): void {
    this.#crashed = crashed
  }

  /**
   * Follows an actor that is about to start, until it ends.
   * @param failed takes what its chart or a port throws, before its end is published: the cause comes first
   */
  watch(actor: AnyActor, facts: ActorFacts, failed: (error: unknown) => void): void {
    const watch = new Watch(facts, this.#mailboxOf(facts.chart), this.#kinds)
    this.#watched.set(actor, watch)
    this.definitions.set(facts.chart, actor.logic as AnyStateMachine)
    if (this.isRead) {
      watch.open(actor, this.#publish)
      this.publish({ type: 'actor.started', actor: facts.id, chart: facts.chart, ...parentOf(facts) }, { actor })
    }
    const ended = () => {
      this.#watched.delete(actor)
      const { id, chart } = facts
      this.publish({ type: 'actor.stopped', actor: id, chart })
    }
    actor.subscribe({
      complete: ended,
      error: (error) => {
        try {
          failed(error)
        } finally {
          ended()
        }
      },
    })
  }

  /** @param of the actor whose messages they are, and their protocol */
  messageTrace(of: MessageSource): MessageTrace {
    return new MessageTrace(this, this.#kinds, of)
  }

  publish(entry: FeedEntry, live: Live = {}): void {
    for (const [listener, reader] of this.#listeners) {
      try {
        const done: unknown = listener(entry, live)
        if (done instanceof Promise) done.catch((error) => this.#end(listener, reader, error))
      } catch (error) {
        this.#end(listener, reader, error)
      }
    }
  }

  /** Reported after this step: the other readers get its entry before that of the bug. */
  #end(listener: FeedListener, reader: string, error: unknown): void {
    this.#unsubscribe(listener)
    queueMicrotask(() => this.#crashed(error, reader))
  }

  #unsubscribe(listener: FeedListener): void {
    if (this.#listeners.delete(listener) && !this.isRead) for (const watch of this.#watched.values()) watch.close()
  }

  #mailboxOf(chart: string): Mailbox {
    const mailbox = this.mailboxes.get(chart) ?? { deepest: 0 }
    this.mailboxes.set(chart, mailbox)
    return mailbox
  }
}

type ReaderCrashed = (error: unknown, reader: string) => void

const parentOf = ({ parent }: ActorFacts) => (parent === undefined ? {} : { parent })
