import type { AnyActor, EventObject } from 'xstate'

type Delivery = { readonly actor: AnyActor; readonly take: () => void }

/**
 * One step at a time: what an effect sends to another actor waits until the sender's step is over, and is delivered in
 * order. What an actor sends itself is in XState's own mailbox, and goes first. There is one of it, as there is one call
 * stack: whichever node an actor belongs to, no chart takes a step inside another's.
 */
class Steps {
  /** Whose step it is. */
  #current: AnyActor | undefined
  /** BOUNDED: by what one event from outside sets off. */
  #waiting: Delivery[] = []
  #next = 0

  /** `take` is done now, if no step is under way or it is the actor's own, else in its turn. */
  deliver(actor: AnyActor, take: () => void): void {
    if (this.#current === undefined) this.#run(actor, take)
    else if (this.#current === actor) take()
    else this.#waiting.push({ actor, take })
  }

  /** An actor that an effect starts is there when the effect goes on: its first step is taken inside the other's. */
  start(actor: AnyActor): void {
    const starter = this.#current
    if (starter === undefined) this.#run(actor, () => actor.start())
    else {
      try {
        this.#step(actor, () => actor.start())
      } finally {
        this.#current = starter
      }
    }
  }

  #run(actor: AnyActor, take: () => void): void {
    try {
      this.#step(actor, take)
      while (this.#next < this.#waiting.length) {
        const next = this.#waiting[this.#next++]!
        this.#step(next.actor, next.take)
      }
    } finally {
      this.#current = undefined
      // XState keeps what charts and ports throw, so nothing is left here but after a fault of its own.
      this.#waiting = this.#waiting.slice(this.#next)
      this.#next = 0
    }
  }

  #step(actor: AnyActor, take: () => void): void {
    this.#current = actor
    take()
  }
}

const steps = new Steps()

/**
 * Puts an actor that has not started under the law of the step. Its chart computes a whole step before any effect of it is
 * run, as XState does with those of the first step; an effect that throws ends the actor as before. XState has these
 * functions to itself, so the version is pinned.
 */
export function obeySteps(actor: AnyActor): void {
  const inner = actor as unknown as Inner
  const send = inner._send.bind(actor)
  const stop = inner._stop.bind(actor)
  inner._send = (event) => steps.deliver(actor, () => send(event))
  inner._stop = () => {
    steps.deliver(actor, stop)
    return actor
  }
  const scope = inner._actorScope
  const execute = scope.actionExecutor
  scope.actionExecutor = (action) => {
    const { type, params, info, exec } = action
    if (type.startsWith('xstate.')) return execute(action)
    inner.system._sendInspectionEvent({ type: '@xstate.action', actorRef: actor, action: { type, params } })
    if (exec) scope.defer(() => exec(info, params))
  }
}

/** Starts an actor that {@link obeySteps}. */
export const takeFirstStep = (actor: AnyActor): void => steps.start(actor)

type Action = {
  readonly type: string
  readonly params: unknown
  readonly info: unknown
  readonly exec: ((info: unknown, params: unknown) => void) | undefined
}

type Inner = {
  _send(event: EventObject): void
  _stop(): AnyActor
  readonly system: { _sendInspectionEvent(event: object): void }
  readonly _actorScope: { actionExecutor(action: Action): void; defer(run: () => void): void }
}
