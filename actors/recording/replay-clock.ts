import type { AnyActor } from 'xstate'
import type { Clock } from '../runtime/runtime.ts'

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

  /** Whether a timer of that event is set. */
  has(event: string): boolean {
    return [...this.#timers.values()].some((timer) => timer.event === event)
  }

  /** Fires the timer of that event. @returns false, and fires nothing, when none of it runs out about now */
  fire(event: string): boolean {
    return this.#fireFirst((timer) => timer.event === event && timer.due - haste <= this.#now) !== undefined
  }

  /** Fires a timer that ran out so long ago that it must have fired. @returns it, if there was one */
  fireOverdue(): Timer | undefined {
    return this.#fireFirst(({ due }) => due + lateness < this.#now)
  }

  #fireFirst(isIt: (timer: Timer) => boolean): Timer | undefined {
    const [id, timer] = [...this.#timers].find(([, timer]) => isIt(timer)) ?? []
    if (id === undefined) return undefined
    this.#timers.delete(id)
    timer!.callback()
    return timer
  }
}

type Timer = { readonly event: string; readonly due: number; readonly callback: () => void }

/** A transition is published after its effects, so its timers run out somewhat sooner than counted from there: milliseconds. */
const haste = 250
/** How long a busy process may leave a timer waiting. */
const lateness = 5_000
