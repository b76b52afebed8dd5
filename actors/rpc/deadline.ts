import type { Clock } from '../runtime.ts'

/** When a caller is answered at the latest, from now on. Costs a timer only if something takes its time. */
export class Deadline {
  readonly #clock: Clock
  readonly #at: number
  #timer: unknown
  #expired: Promise<never> | undefined

  /** @param timeout in milliseconds */
  constructor(clock: Clock, timeout: number) {
    this.#clock = clock
    this.#at = clock.now() + timeout
  }

  get isOver(): boolean {
    return this.#clock.now() >= this.#at
  }

  /** @throws (rejects) with what `refuse` makes, when the time is over before */
  within<T>(result: Promise<T>, refuse: () => Error): Promise<T> {
    this.#expired ??= new Promise((_, reject) => {
      this.#timer = this.#clock.setTimeout(() => reject(refuse()), Math.max(0, this.#at - this.#clock.now()))
    })
    return Promise.race([result, this.#expired])
  }

  /** The caller was answered. */
  end(): void {
    if (this.#expired) this.#clock.clearTimeout(this.#timer)
  }
}
