import type { Clock } from '../runtime/runtime.ts'

/** When a caller is answered at the latest, from now on. Costs a timer only if something takes its time. */
export class Deadline {
  readonly #clock: Clock
  readonly #at: number
  #hasExpired = false
  #timer: unknown
  #expired: Promise<never> | undefined

  /** @param timeout in milliseconds */
  constructor(clock: Clock, timeout: number) {
    this.#clock = clock
    this.#at = clock.now() + timeout
  }

  get isOver(): boolean {
    return this.#hasExpired || this.#clock.now() >= this.#at
  }

  /** @throws (rejects) with what `refuse` makes, when the time is over before */
  within<T>(result: Promise<T>, refuse: () => Error): Promise<T> {
    this.#expired ??= new Promise((_, reject) => {
      const expire = () => {
        this.#hasExpired = true // timers may be early by the clock
        reject(refuse())
      }
      this.#timer = this.#clock.setTimeout(expire, Math.max(0, this.#at - this.#clock.now()))
    })
    return Promise.race([result, this.#expired])
  }

  /** The caller was answered. */
  end(): void {
    if (this.#expired) this.#clock.clearTimeout(this.#timer)
  }
}
