import type { Clock } from './runtime.ts'

/** Work that arrives faster than one thread can do it. */
export type Task = {
  readonly account: Account
  /** Does about a millisecond of work. @returns whether more is waiting */
  step(): boolean
  /** A step threw an unforeseen exception: the task is not run again. */
  crashed(error: unknown): void
}

/** Who is served: one for each peer, and one for all connections that have not proved who they are. */
export class Account {
  /** Milliseconds of service, halved every second. */
  served: number
  era = -1

  /** @param served what it owes from the start: a newcomer waits behind those that have long asked for little */
  constructor(served = 0) {
    this.served = served
  }
}

/**
 * Shares the thread: of all tasks that wait, the one whose account was served least runs next. A peer that asks for
 * little is answered at once, however much the others throw at the node. Sockets are read between two slices.
 */
export class FairScheduler {
  readonly #clock: Pick<Clock, 'now'>
  readonly #defer: (run: () => void) => void
  /** BOUNDED: one task a connection. */
  readonly #ready = new Set<Task>()
  #isDue = false
  #worked = 0
  /** Of the slice that runs. */
  #end: number | undefined

  /** @param defer runs its argument after the events that wait now: `setImmediate` */
  constructor(clock: Pick<Clock, 'now'>, defer: (run: () => void) => void) {
    this.#clock = clock
    this.#defer = defer
  }

  now(): number {
    return this.#clock.now()
  }

  /** When a turn that begins now is over: after `most` milliseconds, and with the slice that it is in. */
  turnEnd(most: number): number {
    return Math.min(this.#clock.now() + most, this.#end ?? Number.POSITIVE_INFINITY)
  }

  /** What a step has set off comes once its slice is over, and takes about so many milliseconds: the slice is as much shorter. */
  follows(account: Account, ms: number): void {
    account.served += ms
    if (this.#end !== undefined) this.#end -= ms
  }

  /** Milliseconds of all that was done. */
  get worked(): number {
    return this.#worked
  }

  ready(task: Task): void {
    this.#ready.add(task)
    if (this.#isDue) return
    this.#isDue = true
    this.#defer(() => this.#slice())
  }

  /** For a task whose owner is gone. */
  forget(task: Task): void {
    this.#ready.delete(task)
  }

  #slice(): void {
    const start = this.#clock.now()
    this.#end = start + sliceBudget
    let now = start
    while (this.#ready.size > 0 && now < this.#end) {
      const task = this.#leastServed(Math.floor(now / halfLife))
      // Taken out first: a task may become ready again by what its own step sets off.
      this.#ready.delete(task)
      if (this.#step(task)) this.#ready.add(task)
      const then = this.#clock.now()
      task.account.served += then - now
      now = then
    }
    this.#end = undefined
    this.#worked += now - start
    this.#isDue = this.#ready.size > 0
    if (this.#isDue) this.#defer(() => this.#slice())
  }

  /** One task's bug must not stop the others: no other is served until this returns. */
  #step(task: Task): boolean {
    try {
      return task.step()
    } catch (error) {
      this.#ready.delete(task)
      task.crashed(error)
      return false
    }
  }

  #leastServed(era: number): Task {
    let least: Task | undefined
    for (const task of this.#ready) {
      decay(task.account, era)
      if (least === undefined || task.account.served < least.account.served) least = task
    }
    return least as Task
  }
}

/** Milliseconds between two looks at the sockets. */
const sliceBudget = 4
/** Milliseconds in which an account's past counts half. */
const halfLife = 1_000

function decay(account: Account, era: number): void {
  if (account.era >= 0 && account.era !== era) account.served /= 2 ** Math.min(era - account.era, 60)
  account.era = era
}
