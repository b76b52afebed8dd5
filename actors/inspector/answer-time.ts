/** What the questions of all open pages may take of the node's time from one push to the next. */
export class AnswerTime {
  /** Milliseconds, monotonic. */
  readonly #now: () => number
  #left = perPush

  constructor(now: () => number) {
    this.#now = now
  }

  /** The one question that takes it past its end is answered still. */
  get isLeft(): boolean {
    return this.#left > 0
  }

  spend(work: () => void): void {
    const began = this.#now()
    try {
      work()
    } finally {
      this.#left -= this.#now() - began
    }
  }

  renew(): void {
    this.#left = perPush
  }
}

/** Milliseconds. */
const perPush = 25
