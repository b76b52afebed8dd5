import type { Clock } from '../runtime.ts'

/** One line of a log: what was heard or said, and when, in milliseconds since the peer began. */
export type Noted = { readonly at: number; readonly words: string }

/** A message from the other side, its payload inflated. */
export type Received = Noted & { readonly name: string; readonly code: number; readonly payload: Uint8Array }

export type Wait = {
  /** Milliseconds; the peer's own `timeout` when left out. */
  readonly timeout?: number
}

/** All that passes over one connection, for a script that waits for it and for the error that tells of it. */
export class Exchange {
  /** What the other side said. BOUNDED: the first maxNoted. */
  readonly heard: Noted[] = []
  /** What the script said, and which states it came to. BOUNDED: the first maxNoted of each. */
  readonly said: Noted[] = []
  readonly states: Noted[] = []
  /** BOUNDED: maxUnread, and maxUnreadBytes of payload; the oldest fall off. */
  readonly #unread: Received[] = []
  #unreadBytes = 0
  /** BOUNDED: by the script, which waits for one thing at a time, or a few. */
  readonly #waiters = new Set<() => void>()
  readonly #clock: Clock
  readonly #began: number
  readonly #timeout: number
  #isClosed = false

  constructor(clock: Clock, timeout: number) {
    this.#clock = clock
    this.#began = clock.now()
    this.#timeout = timeout
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Milliseconds since the peer began. */
  get now(): number {
    return this.#clock.now() - this.#began
  }

  receive(message: Omit<Received, 'at'>): void {
    const received = { at: this.now, ...message }
    note(this.heard, received.at, () => message.words)
    this.#unread.push(received)
    this.#unreadBytes += message.payload.length
    while (this.#unread.length > maxUnread || this.#unreadBytes > maxUnreadBytes) this.#take(0)
    this.#wake()
  }

  say(words: () => string): void {
    note(this.said, this.now, words)
  }

  enter(state: string): void {
    note(this.states, this.now, () => state)
    this.#wake()
  }

  /** @param fault what came last was no message */
  close(fault?: string): void {
    if (this.#isClosed) return
    if (fault !== undefined) note(this.heard, this.now, () => `broke the wire: ${fault}`)
    this.#isClosed = true
    note(this.heard, this.now, () => 'closed')
    this.#wake()
  }

  /**
   * @param what it is, for the error
   * @returns the first unread message that is `wanted`; those before it stay unread
   * @throws {ScriptError} the connection closed without it, or the time is up
   */
  async next(what: string, wanted: (message: Received) => boolean, wait: Wait = {}): Promise<Received> {
    const find = () => this.#unread.findIndex(wanted)
    await this.until(() => find() >= 0 || this.#isClosed, wait)
    const at = find()
    return (
      (at >= 0 ? this.#take(at) : undefined) ??
      this.fail(`no ${what} ${this.#isClosed ? 'before it closed' : this.within(wait)}`)
    )
  }

  /** Waits for as long as `isTrue` is not, and `wait` allows. */
  until(isTrue: () => boolean, { timeout = this.#timeout }: Wait = {}): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#clock.clearTimeout(timer)
        this.#waiters.delete(check)
        resolve()
      }
      const check = () => {
        if (isTrue()) end()
      }
      const timer = this.#clock.setTimeout(end, timeout)
      this.#waiters.add(check)
      check()
    })
  }

  within({ timeout = this.#timeout }: Wait): string {
    return `within ${timeout} ms`
  }

  /** @throws {ScriptError} */
  fail(what: string, options?: ErrorOptions): never {
    throw new ScriptError(what, this, options)
  }

  #take(at: number): Received | undefined {
    const [taken] = this.#unread.splice(at, 1)
    this.#unreadBytes -= taken?.payload.length ?? 0
    return taken
  }

  #wake(): void {
    for (const check of this.#waiters) check()
  }
}

const maxNoted = 10_000
const maxUnread = 10_000
const maxUnreadBytes = 64 * 1024 * 1024

function note(log: Noted[], at: number, words: () => string): void {
  if (log.length < maxNoted) log.push({ at, words: words() })
}

type Story = Pick<Exchange, 'heard' | 'said' | 'states'>

/** The other side did not do what the script waited for. The message tells the whole exchange, and the states on its way. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'

  constructor(what: string, { heard, said, states }: Story, options?: ErrorOptions) {
    const lines = [...said.map(toLine('>')), ...heard.map(toLine('<'))].sort((a, b) => a.at - b.at)
    const left = lines.length - maxLines
    const shown = [
      ...(left > 0 ? [`  … ${left} before`] : []),
      ...lines.slice(-maxLines).map(({ at, words }) => `  ${`${Math.round(at)}`.padStart(6)} ms ${words}`),
    ]
    const path = states.map(({ at, words }) => `${words} (${Math.round(at)} ms)`).join(' → ')
    super(
      [what, `  states: ${path}`, ...(shown.length > 0 ? shown : ['  nothing said, nothing heard'])].join('\n'),
      options,
    )
  }
}

/** BOUNDED: of the exchange that an error tells. */
const maxLines = 100
const toLine =
  (arrow: string) =>
  ({ at, words }: Noted) => ({ at, words: `${arrow} ${words}` })
