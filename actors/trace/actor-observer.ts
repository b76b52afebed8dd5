import type { AnyActor, AnyMachineSnapshot, AnyTransitionDefinition, InspectionEvent } from 'xstate'
import { describeState, stateValueOf } from '../../machines/names/state-name.ts'
import type { ActorFacts, TransitionEntry } from './entries.ts'
import type { Kind, Kinds, Taken } from './entry-shapes.ts'
import { observeActor } from './inspection.ts'
import type { FeedListener } from './live.ts'

export type Mailbox = { deepest: number }
type Told = { readonly entry: TransitionEntry; readonly kind: Kind }

/** Turns XState's inspection of one actor into transitions: one entry for each event that a chart took. */
export class Watch {
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
