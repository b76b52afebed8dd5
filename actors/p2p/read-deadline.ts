import { frameReadTimeout } from '../../machines/peer.ts'
import type { Clock } from '../runtime/runtime.ts'

export type ReadDeadlineOptions = {
  readonly clock: Clock
  /** Whether a message is waited for: without it the deadline passes in silence. */
  isWaiting(): boolean
  /** Called from the clock: the wait has been too long. */
  expired(error: Error): void
}

/** geth's frameReadTimeout on a connection: one timer, moved only when it fires. */
export class ReadDeadline {
  readonly #options: ReadDeadlineOptions
  #began = 0
  #timer: unknown
  #isClosed = false

  constructor(options: ReadDeadlineOptions) {
    this.#options = options
  }

  /** From now on a message is waited for. */
  begin(now = this.#options.clock.now()): void {
    if (this.#isClosed) return
    this.#began = now
    this.#timer ??= this.#arm(frameReadTimeout)
  }

  /** The connection is over: nothing is waited for again. */
  close(): void {
    this.#isClosed = true
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer)
  }

  #arm(delay: number): unknown {
    return this.#options.clock.setTimeout(() => this.#check(), delay)
  }

  #check(): void {
    const { clock, isWaiting, expired } = this.#options
    this.#timer = undefined
    if (!isWaiting()) return
    const left = this.#began + frameReadTimeout - clock.now()
    if (left > 0) this.#timer = this.#arm(left)
    else expired(new ReadTimeout())
  }
}

/** The remote sent no whole message for 30 s. */
class ReadTimeout extends Error {
  override readonly name = 'ReadTimeout'
  constructor() {
    super('read: i/o timeout')
  }
}
