import type { AnyActor, AnyMachineSnapshot, AnyTransitionDefinition, EventObject, InspectionEvent } from 'xstate'
import { describeState, stateValueOf } from '../../machines/names/state-name.ts'
import type { ActorFacts, TransitionEntry } from './entries.ts'
import type { EntryShape, ShapeTable, Taken } from './entry-shapes.ts'
import { defer, observeActor } from './inspection.ts'
import type { FeedListener } from './live.ts'

export type Mailbox = { deepest: number }
type Shaped = { readonly entry: TransitionEntry; readonly shape: EntryShape }

/**
 * Turns XState's inspection of one actor into transitions: one entry for each event that a chart took, published when the
 * step is computed and before its effects are run.
 */
export class Watch {
  readonly facts: ActorFacts
  #value: unknown
  #state = ''
  #close: (() => void) | undefined
  /** The step that is being computed. */
  #isBegun = false
  #event: EventObject | undefined
  #effects: string[] | undefined
  #taken: readonly AnyTransitionDefinition[] = nothing
  readonly #mailbox: Mailbox
  readonly #shapes: ShapeTable
  #last: Shaped | undefined
  /** Events sent and not yet taken, the one in hand included. */
  #waiting = 0

  constructor(facts: ActorFacts, mailbox: Mailbox, kinds: ShapeTable) {
    this.facts = facts
    this.#mailbox = mailbox
    this.#shapes = kinds
  }

  open(actor: AnyActor, publish: FeedListener): void {
    // What an earlier reader left in the middle of a step is over.
    this.#waiting = 0
    this.#reset()
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

  #observe(actor: AnyActor, event: InspectionEvent, publish: FeedListener): void {
    if (event.type === '@xstate.event') {
      if (++this.#waiting > this.#mailbox.deepest) this.#mailbox.deepest = this.#waiting
    } else if (event.type === '@xstate.action') {
      const { type } = event.action
      if (type.startsWith('xstate.')) return
      this.#begin(actor, publish)
      this.#effects = append(this.#effects, type)
    } else if (event.type === '@xstate.microstep') {
      this.#begin(actor, publish)
      this.#event ??= event.event
      this.#taken = this.#taken.length > 0 ? [...this.#taken, ...event._transitions] : event._transitions
    } else if (event.type === '@xstate.snapshot') {
      if (this.#waiting > 0) this.#waiting-- // one that was sent before anybody read is not counted
    }
  }

  /** Before the first effect of the step is deferred. */
  #begin(actor: AnyActor, publish: FeedListener): void {
    if (this.#isBegun) return
    this.#isBegun = true
    defer(actor, () => this.#report(actor, publish))
  }

  #report(actor: AnyActor, publish: FeedListener): void {
    const event = this.#event
    const taken = this.#taken
    const effects = this.#effects ?? nothing
    this.#reset()
    if (event === undefined) return // its first step, which its start stands for
    const from = this.#state
    const to = this.#settle((actor.getSnapshot() as AnyMachineSnapshot).value)
    if (taken.length === 0 && from === to) return
    const { entry, shape } = this.#shaped(event.type, from, to, effects, taken)
    publish(entry, { shape, event, taken, actor })
  }

  #reset(): void {
    this.#isBegun = false
    this.#event = undefined
    this.#effects = undefined
    this.#taken = nothing
  }

  /** The last entry again, where nothing is another: a chart takes the same step again and again. */
  #shaped(event: string, from: string, to: string, effects: readonly string[], taken: Taken): Shaped {
    const last = this.#last
    if (last !== undefined && last.entry.event === event && last.shape.isOfStep(from, to, effects, taken)) return last
    const { id, chart } = this.facts
    const entry: TransitionEntry = { type: 'transition', actor: id, chart, event, from, to, effects }
    this.#last = { entry, shape: this.#shapes.of(entry, taken) }
    return this.#last
  }

  /** @returns `value` as it is printed: the same string as long as it is the same value. */
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
