import type { AnyActor } from 'xstate'
import type { Clock } from '../runtime.ts'

/** The time of one replayed actor. Its timers fire when the recording says that they did, if that is when they run out. */
export class ReplayClock implements Clock {
  #now: number
  #last = 0
  /** BOUNDED: by the delays of a chart. */
  readonly #timers = new Map<number, Timer>()
  /** Whose timers these are. */
  actor: AnyActor | undefined

  /** @param now milliseconds of the recording */
  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  goTo(now: number): void {
    this.#now = now
  }

  setTimeout(callback: () => void, delay: number): number {
    // XState has just noted what it schedules.
    const scheduled = Object.values(this.actor!.system.getSnapshot()._scheduledEvents)
    this.#timers.set(++this.#last, { event: scheduled.at(-1)!.event.type, due: this.#now + delay, callback })
    return this.#last
  }

  clearTimeout(id: unknown): void {
    this.#timers.delete(id as number)
  }

  /** @returns a timer that ran out so long ago that it must have fired */
  get overdue(): Timer | undefined {
    return [...this.#timers.values()].find(({ due }) => due + lateness < this.#now)
  }

  /** Fires the timer of that event. @returns undefined, and fires nothing, when none of it runs out about now */
  fire(event: string): Timer | undefined {
    for (const [id, timer] of this.#timers) {
      if (timer.event !== event || timer.due - haste > this.#now) continue
      this.#timers.delete(id)
      timer.callback()
      return timer
    }
    return undefined
  }
}

type Timer = { readonly event: string; readonly due: number; readonly callback: () => void }

/** A transition is told after its effects, so its timers run out somewhat sooner than counted from there: milliseconds. */
const haste = 250
/** How long a busy process may leave a timer waiting. */
const lateness = 5_000
