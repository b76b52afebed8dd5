import type { AnyActor, InspectionEvent } from 'xstate'

/**
 * Reports to `observe` all that XState's inspection reports of an actor and its system, as `actor.system.inspect` would, which
 * goes on working beside it. That copies every event, and halves the rate of a busy chart; here the function it all
 * passes through is exchanged, on this system alone. XState has it to itself, so the version is pinned and a spec
 * compares the two.
 * @returns a function that ends it
 */
export function observeActor(actor: AnyActor, observe: (event: InspectionEvent) => void): () => void {
  const system = actor.system as unknown as { _sendInspectionEvent: (event: InspectionEvent) => void }
  const original = system._sendInspectionEvent
  system._sendInspectionEvent = (event) => {
    observe(event)
    original(event) // returns at once unless somebody uses system.inspect
  }
  return () => {
    system._sendInspectionEvent = original
  }
}

/** Has `run` called when the step that `actor` computes is its state, after what was deferred before: its effects, too, are. */
export function defer(actor: AnyActor, run: () => void): void {
  ;(actor as unknown as { _actorScope: { defer(run: () => void): void } })._actorScope.defer(run)
}
