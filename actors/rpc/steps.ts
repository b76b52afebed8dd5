import { Account, type FairScheduler, type Task } from '../runtime/scheduler.ts'

/** Who has work done: all that one client asks for is on one account, however much it asks at once. */
export type Client = {
  readonly account: Account
  /** It has left: nothing more is done for it. */
  readonly isGone: boolean
}

/** A client that has just come waits behind those who were there and ask for little, as a peer does. */
export const newAccount = (): Account => new Account(newcomerDebt)

/** Long work, which may be left off at each yield. It goes on with what it yields, or what a promise of it resolves to. */
export type Steps<T> = Generator<unknown, T, unknown>

/**
 * Runs `steps` a millisecond at a time, in the turns of `client`.
 * @returns undefined when the client has left before the end @throws (rejects) what `steps` throws
 */
export function runSteps<T>(scheduler: FairScheduler, client: Client, steps: Steps<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    scheduler.ready(new StepsTask(scheduler, client, steps, { resolve, reject }))
  })
}

type Settle<T> = { resolve(value: T | undefined): void; reject(error: unknown): void }

class StepsTask<T> implements Task {
  readonly #scheduler: FairScheduler
  readonly #client: Client
  readonly #steps: Steps<T>
  readonly #settle: Settle<T>
  /** What was yielded last. */
  #got: unknown

  constructor(scheduler: FairScheduler, client: Client, steps: Steps<T>, settle: Settle<T>) {
    this.#scheduler = scheduler
    this.#client = client
    this.#steps = steps
    this.#settle = settle
  }

  get account(): Account {
    return this.#client.account
  }

  step(): boolean {
    const end = this.#scheduler.now() + stepBudget
    do {
      if (this.#client.isGone) return this.#end(undefined)
      const { done, value } = this.#steps.next(this.#got)
      if (done) return this.#end(value)
      if (value instanceof Promise) return this.#await(value)
      this.#got = value
    } while (this.#scheduler.now() < end)
    return true
  }

  crashed(error: unknown): void {
    this.#settle.reject(error)
  }

  #end(value: T | undefined): false {
    this.#settle.resolve(value)
    return false
  }

  #await(promise: Promise<unknown>): false {
    const goOn = (value: unknown) => {
      this.#got = value
      this.#scheduler.ready(this)
    }
    promise.then(goOn, (error) => this.#settle.reject(error))
    return false
  }
}

/** Milliseconds. */
const stepBudget = 1
const newcomerDebt = 20
