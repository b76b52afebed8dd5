import type { Clock } from './runtime.ts'

/** Runs its argument after the events that wait now: `setImmediate` in a process. */
export type Later = (run: () => void) => void

/** Does long work in turns of at most 5 ms, so that everyone else on the thread has theirs. */
export class Turns {
  readonly #clock: Pick<Clock, 'now'>
  readonly #later: Later

  constructor(clock: Pick<Clock, 'now'>, later: Later) {
    this.#clock = clock
    this.#later = later
  }

  /** @param work yields between its steps, the first of which run at once; @param done gets what it returned or threw */
  run<T>(work: Generator<void, T>, done: (outcome: { value: T } | { error: unknown }) => void): void {
    const outcome = this.#turn(work)
    if (outcome) done(outcome)
    else this.#later(() => this.run(work, done))
  }

  #turn<T>(work: Generator<void, T>): { value: T } | { error: unknown } | undefined {
    const end = this.#clock.now() + turnLength
    try {
      do {
        const step = work.next()
        if (step.done) return { value: step.value }
      } while (this.#clock.now() < end)
      return undefined
    } catch (error) {
      return { error }
    }
  }
}

/** Milliseconds. */
const turnLength = 5
