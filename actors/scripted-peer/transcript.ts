import type { Clock } from '../runtime/runtime.ts'

/** One line of a log: what was heard or said, and when, in milliseconds since the peer began. */
export type TranscriptLine = { readonly at: number; readonly label: string }

/** One line of the exchange: whose it is, too. */
export type AttributedLine = TranscriptLine & { readonly by: 'us' | 'them' }

/** A message from the other side, its payload inflated. */
export type Received = ReceivedBytes & { readonly code: number }
type ReceivedBytes = TranscriptLine & { readonly name: string; readonly payload: Uint8Array }

export type Wait = {
  /** Milliseconds; the peer's own `timeout` when left out. */
  readonly timeout?: number
}

/** All that passes over one connection, for a script that waits for it and for the error that shows it. */
export class Transcript<Message extends ReceivedBytes = Received> {
  /** What the other side said. BOUNDED: the first maxNoted. */
  readonly heard: TranscriptLine[] = []
  /** What the script said, and which states it came to. BOUNDED: the first maxNoted of each. */
  readonly said: TranscriptLine[] = []
  readonly states: TranscriptLine[] = []
  /** auth and ack, which are no messages. BOUNDED: a handshake has two. */
  readonly packets: AttributedLine[] = []
  /** What passed last. BOUNDED: maxLines. */
  readonly latest: AttributedLine[] = []
  #count = 0
  #lastHeard: TranscriptLine | undefined
  /** BOUNDED: maxUnread, and maxUnreadBytes of payload; the oldest fall off. */
  readonly #unread: Message[] = []
  #unreadBytes = 0
  #fallen = 0
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

  /** How many lines the whole exchange has, also of what is not kept. */
  get count(): number {
    return this.#count
  }

  get lastHeard(): TranscriptLine | undefined {
    return this.#lastHeard
  }

  /** A packet of the handshake went or came. */
  shake(by: AttributedLine['by'], label: string): void {
    const line = { at: this.now, by, label }
    this.packets.push(line)
    this.#pass(line)
  }

  receive(message: Omit<Message, 'at'>): void {
    const received = { at: this.now, ...message } as Message
    this.#hear(message.label, received.at)
    this.#unread.push(received)
    this.#unreadBytes += message.payload.length
    for (; this.#unread.length > maxUnread || this.#unreadBytes > maxUnreadBytes; this.#fallen += 1) this.#take(0)
    this.#wake()
  }

  say(label: string): void {
    const line = { at: this.now, label }
    note(this.said, line)
    this.#pass({ ...line, by: 'us' })
  }

  enter(state: string): void {
    note(this.states, { at: this.now, label: state })
    this.#wake()
  }

  /** @param fault what came last was no message */
  close(fault?: string): void {
    if (this.#isClosed) return
    if (fault !== undefined) {
      this.#hear(`broke the wire: ${fault}`)
      this.#wake()
    }
    this.#isClosed = true
    this.#hear('closed')
    this.#wake()
  }

  /**
   * @param what it is, for the error
   * @returns the first unread message that is `wanted`; those before it stay unread
   * @throws {ScriptError} the connection closed without it, or the time is up
   */
  async next(what: string, wanted: (message: Message) => boolean, wait: Wait = {}): Promise<Message> {
    const find = () => this.#unread.findIndex(wanted)
    await this.until(() => find() >= 0 || this.#isClosed, wait)
    const at = find()
    return (
      (at >= 0 ? this.#take(at) : undefined) ??
      this.fail(`no ${what} ${this.#isClosed ? 'before it closed' : this.within(wait)}${this.#fallenLabel}`)
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

  get #fallenLabel(): string {
    return this.#fallen > 0 ? `; ${this.#fallen} had fallen off unread` : ''
  }

  #hear(label: string, at = this.now): void {
    this.#lastHeard = { at, label }
    note(this.heard, this.#lastHeard)
    this.#pass({ at, by: 'them', label })
  }

  #pass(line: AttributedLine): void {
    this.#count += 1
    this.latest.push(line)
    if (this.latest.length > maxLines) this.latest.shift()
  }

  #take(at: number): Message | undefined {
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

function note(log: TranscriptLine[], line: TranscriptLine): void {
  if (log.length < maxNoted) log.push(line)
}

type Story = Pick<Transcript<never>, 'latest' | 'count' | 'states'>

/** The other side did not do what the script waited for. The message has the end of the exchange, and its states. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'

  constructor(what: string, { latest, count, states }: Story, options?: ErrorOptions) {
    const left = count - latest.length
    const shown = [
      ...(left > 0 ? [`  … ${left} before`] : []),
      ...latest.map((line) => `  ${`${Math.round(line.at)}`.padStart(6)} ms ${lineOf(line)}`),
    ]
    const path = states.map(({ at, label }) => `${label} (${Math.round(at)} ms)`).join(' → ')
    super(
      [
        what,
        ...(path ? [`  states: ${path}`] : []),
        ...(shown.length > 0 ? shown : ['  nothing said, nothing heard']),
      ].join('\n'),
      options,
    )
  }
}

/** @returns `> Hello` of what we said, `< Hello` of what they did */
export const lineOf = ({ by, label }: Omit<AttributedLine, 'at'>): string => `${by === 'us' ? '>' : '<'} ${label}`

/** Lines of the exchange that an error shows. */
const maxLines = 100
