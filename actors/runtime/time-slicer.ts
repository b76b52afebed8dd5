import { Account, type FairScheduler, type Task } from './scheduler.ts'

/** On whose account work is done: all that one asks for is on one, however much it asks at once. */
export type Client = {
  readonly account: Account
  /** It has left: nothing more is done for it. */
  readonly isGone: boolean
}

/** A client that has just come waits behind those who were there and ask for little, as a peer does. */
export const newAccount = (): Account => new Account(newcomerDebt)

/** Long work, which may be left off at each yield. It goes on with what it yields, or what a promise of it resolves to. */
// biome-ignore lint/suspicious/noExplicitAny: what a yield gives depends on what was yielded
export type Steps<T> = Generator<unknown, T, any>

export type Outcome<T> = { readonly value: T } | { readonly error: unknown }

/**
 * Does long work two milliseconds at a time, so that everyone else on the thread has their turn: in the turns of a client, or in
 * its own.
 */
export class TimeSlicer {
  readonly #scheduler: FairScheduler
  readonly #crashed: (error: unknown) => void
  readonly #own: Client = { account: new Account(), isGone: false }

  /** @param crashed gets unforeseen exceptions of a callback */
  constructor(scheduler: FairScheduler, crashed: (error: unknown) => void = rethrow) {
    this.#scheduler = scheduler
    this.#crashed = crashed
  }

  /** Who pays for work that is no client's. */
  get account(): Account {
    return this.#own.account
  }

  /**
   * The first turn is the caller's.
   * @param done is not called when `client` leaves before the end
   */
  start<T>(steps: Steps<T>, done: (outcome: Outcome<T>) => void, client: Client = this.#own): void {
    const work = new Work(this.#scheduler, client, steps, { done, left() {}, crashed: this.#crashed })
    if (work.step()) this.#scheduler.ready(work)
  }

  /** As {@link start}. @returns what `steps` return @throws (rejects) what they throw */
  run<T>(steps: Steps<T>): Promise<T> {
    return new Promise((resolve, reject) => this.start(steps, settle(resolve, reject)))
  }

  /**
   * As {@link run}, and the first turn comes when it is the client's: hundreds may ask at once.
   * @returns undefined when `client` has left before the end
   */
  runFor<T>(client: Client, steps: Steps<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const done = settle(resolve, reject)
      const ends = { done, left: () => resolve(undefined), crashed: this.#crashed }
      this.#scheduler.ready(new Work(this.#scheduler, client, steps, ends))
    })
  }

  /**
   * As {@link runFor}, and the first turn is the caller's.
   * @returns without a promise what that comes to @throws what `steps` throw in it
   */
  runNow<T>(client: Client, steps: Steps<T>): T | undefined | Promise<T | undefined> {
    let outcome: Outcome<T | undefined> | undefined
    let done = (one: Outcome<T | undefined>) => {
      outcome = one
    }
    const ends = {
      done: (one: Outcome<T>) => done(one),
      left: () => done({ value: undefined }),
      crashed: this.#crashed,
    }
    const work = new Work(this.#scheduler, client, steps, ends)
    if (work.step()) this.#scheduler.ready(work)
    if (!outcome)
      return new Promise((resolve, reject) => {
        done = settle(resolve, reject)
      })
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }
}

/** `steps` as long as they are wanted. @throws the reason of `signal`, instead of the next step, once it is aborted */
export function* interruptible<T>(steps: Steps<T>, signal: AbortSignal | undefined): Steps<T> {
  let resume = () => steps.next()
  for (;;) {
    signal?.throwIfAborted()
    const step = resume()
    if (step.done) return step.value
    try {
      const input = yield step.value
      resume = () => steps.next(input)
    } catch (error) {
      resume = () => steps.throw(error)
    }
  }
}

type Ends<T> = { done(outcome: Outcome<T>): void; left(): void; crashed(error: unknown): void }

class Work<T> implements Task {
  readonly #scheduler: FairScheduler
  readonly #client: Client
  readonly #steps: Steps<T>
  readonly #ends: Ends<T>
  /** What the steps go on with: what was yielded last, or what became of it. */
  #input: Outcome<unknown> = { value: undefined }

  constructor(scheduler: FairScheduler, client: Client, steps: Steps<T>, ends: Ends<T>) {
    this.#scheduler = scheduler
    this.#client = client
    this.#steps = steps
    this.#ends = ends
  }

  get account(): Account {
    return this.#client.account
  }

  step(): boolean {
    const end = this.#scheduler.turnEnd(turnLength)
    do {
      if (this.#client.isGone) {
        this.#steps.return(undefined as never) // lets go of what it holds
        this.#ends.left()
        return false
      }
      const step = this.#next()
      if ('error' in step || step.done) {
        this.#ends.done(step)
        return false
      }
      if (step.value instanceof Promise) {
        this.#await(step.value)
        return false
      }
      this.#input = step
    } while (this.#scheduler.now() < end)
    return true
  }

  crashed(error: unknown): void {
    this.#ends.crashed(error)
  }

  #next(): IteratorResult<unknown, T> | { readonly error: unknown } {
    const input = this.#input
    try {
      return 'value' in input ? this.#steps.next(input.value) : this.#steps.throw(input.error)
    } catch (error) {
      return { error }
    }
  }

  #await(promise: Promise<unknown>): void {
    const goOn = (input: Outcome<unknown>) => {
      this.#input = input
      this.#scheduler.ready(this)
    }
    promise.then(
      (value) => goOn({ value }),
      (error) => goOn({ error }),
    )
  }
}

function settle<T>(resolve: (value: T) => void, reject: (error: unknown) => void): (outcome: Outcome<T>) => void {
  return (outcome) => ('value' in outcome ? resolve(outcome.value) : reject(outcome.error))
}

function rethrow(error: unknown): never {
  throw error
}

/** Milliseconds: an answer of 192 headers, which takes 1.3, is most often done in one. */
export const turnLength = 2
const newcomerDebt = 20
