import { RpcError } from '../../rpc/rpc-error.ts'

/** In units: what all calls of one request may use (geth's `--rpc.gascap`). */
export const gasCap = 50_000_000n
/** In milliseconds (geth's `--rpc.evmtimeout`). */
export const evmTimeout = 5_000
/** In milliseconds: what transactions of a block that is built are looked through for. A consensus client waits 1 s for it. */
export const buildTimeout = 500
/** In characters of JSON: of one answer. As much as geth gives a batch. */
export const maxAnswerLength = 25_000_000

/** How long one request may run. The thread is shared: what takes long lets others run in between. */
export class TimeLimit {
  readonly #now: () => number
  readonly #end: number
  readonly #refuse: () => Error
  #lastPause: number
  #steps = 0

  /**
   * @param now in milliseconds
   * @param timeout in milliseconds, from now on
   * @param refuse what {@link check} throws: geth's for calls when left out
   */
  constructor(now: () => number, timeout: number = evmTimeout, refuse: () => Error = () => aborted(timeout)) {
    this.#now = now
    this.#lastPause = now()
    this.#end = this.#lastPause + timeout
    this.#refuse = refuse
  }

  /** @throws what was given, when the time is over */
  check(): void {
    if (this.#now() >= this.#end) throw this.#refuse()
  }

  /** As {@link check}, so cheap that it can be done before every opcode. @returns whether others are to run: then {@link pause} */
  step(): boolean {
    if (++this.#steps % stepsBetweenChecks !== 0) return false
    const now = this.#now()
    if (now >= this.#end) throw this.#refuse()
    return now - this.#lastPause >= turn
  }

  /** As {@link check}. @returns what to wait for, when others are to run: not often */
  pause(): Promise<void> | undefined {
    this.check()
    if (this.#now() - this.#lastPause < turn) return undefined
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#lastPause = this.#now()
        resolve()
      })
    })
  }
}

/** Go prints a duration in seconds without zeros behind the point. */
const aborted = (timeout: number) => new RpcError(`execution aborted (timeout = ${timeout / 1_000}s)`)

/** Some 50 microseconds of them. */
const stepsBetweenChecks = 256
/** In milliseconds. */
const turn = 10
