/** One line of a log: what was heard, and when, in milliseconds since the connection was opened. */
export type Heard = { readonly at: number; readonly words: string }

/** A message from the other side, its payload inflated. */
export type Received = Heard & { readonly name: string; readonly code: number; readonly payload: Uint8Array }

export type Wait = {
  /** Milliseconds; 5,000 when left out. */
  readonly timeout?: number
}

/** Everything that one connection brings, for a script that waits for it. */
export class Inbox {
  /** BOUNDED: the first maxHeard. */
  readonly log: Heard[] = []
  /** BOUNDED: maxUnread; the oldest fall off. */
  readonly #unread: Received[] = []
  /** BOUNDED: by the script, which waits for one thing at a time, or a few. */
  readonly #waiters = new Set<() => void>()
  readonly #opened = performance.now()
  #closedAt: number | undefined

  get isClosed(): boolean {
    return this.#closedAt !== undefined
  }

  get now(): number {
    return performance.now() - this.#opened
  }

  receive(message: Omit<Received, 'at'>): void {
    const received = { at: this.now, ...message }
    this.#note({ at: received.at, words: message.words })
    this.#unread.push(received)
    if (this.#unread.length > maxUnread) this.#unread.shift()
    this.#wake()
  }

  /** @param error what came last was no message */
  close(error?: Error): void {
    if (this.isClosed) return
    if (error) this.#note({ at: this.now, words: `broke the wire: ${error.message}` })
    this.#closedAt = this.now
    this.#note({ at: this.#closedAt, words: 'closed' })
    this.#wake()
  }

  /**
   * @returns the first unread message that is `wanted`; those before it stay unread
   * @throws {ScriptError} the connection closed without it, or the time is up
   */
  async next(
    wanted: string | ((message: Received) => boolean),
    { timeout = defaultTimeout }: Wait = {},
  ): Promise<Received> {
    const isWanted = typeof wanted === 'string' ? (message: Received) => message.name === wanted : wanted
    const find = () => this.#unread.findIndex(isWanted)
    await this.#until(() => find() >= 0 || this.isClosed, timeout)
    const [found] = find() >= 0 ? this.#unread.splice(find(), 1) : []
    if (found) return found
    throw new ScriptError(`no ${typeof wanted === 'string' ? wanted : 'such message'} within ${timeout} ms`, this.log)
  }

  /** @throws {ScriptError} it is still open when the time is up */
  async closed({ timeout = defaultTimeout }: Wait = {}): Promise<void> {
    await this.#until(() => this.isClosed, timeout)
    if (!this.isClosed) throw new ScriptError(`still open after ${timeout} ms`, this.log)
  }

  /** Listens on for `ms`, or until the connection closes. */
  async listen(ms: number): Promise<void> {
    await this.#until(() => this.isClosed, ms)
  }

  #note(heard: Heard): void {
    if (this.log.length < maxHeard) this.log.push(heard)
  }

  #wake(): void {
    for (const check of this.#waiters) check()
  }

  #until(isTrue: () => boolean, timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#waiters.delete(check)
        resolve()
      }
      const check = () => {
        if (isTrue()) end()
      }
      const timer = setTimeout(end, timeout)
      this.#waiters.add(check)
      check()
    })
  }
}

const defaultTimeout = 5_000
const maxHeard = 10_000
const maxUnread = 10_000

/** The other side did not do what the script waited for. The message tells what it did instead. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'

  constructor(what: string, log: readonly Heard[], options?: ErrorOptions) {
    const heard = log.slice(-20).map(({ at, words }) => `${words} (${Math.round(at)} ms)`)
    super(`${what}; heard ${heard.length > 0 ? heard.join(', ') : 'nothing'}`, options)
  }
}
