import type { Worker } from 'node:worker_threads'
import { startModuleWorker } from '../runtime/module-worker.ts'
import type { Clock } from '../runtime/runtime.ts'
import type { CellBatch, KzgAnswer, KzgRequest } from './thread-messages.ts'

type Job = {
  readonly request: KzgRequest
  /** Cells that are verified or made. */
  readonly cost: number
  readonly giver: string
  readonly resolve: (answer: KzgAnswer) => void
  readonly reject: (error: Error) => void
}
/** What a giver may still have verified now, in cells: it is negative after a job that was larger. */
type Budget = { left: number; at: number }

/**
 * Checks the blobs of transactions and their cells against commitments, in a thread of its own (EIP-4844, EIP-7594): some
 * 6 ms of it for a cell. What one peer gives has a budget of that thread's time, so that no peer has all of it.
 */
export class Kzg {
  readonly #clock: Clock
  #worker: Worker | undefined
  /** BOUNDED: by the callers, who wait; a peer's messages are not read meanwhile. */
  readonly #queue: Job[] = []
  #current: Job | undefined
  /** BOUNDED: maxGivers, the oldest goes. */
  readonly #budgets = new Map<string, Budget>()
  #timer: unknown
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * @param given `proofs` are made where they are left out: 7 s for each blob
   * @param giver whose budget it is on; one's own has none
   * @returns the cells, 128 for each blob, and the proofs that were made @throws (rejects) {KzgError} they do not belong together
   */
  blobs(
    given: { blobs: readonly Uint8Array[]; commitments: readonly Uint8Array[]; proofs?: readonly Uint8Array[] },
    giver = own,
  ): Promise<{ readonly cells: readonly Uint8Array[]; readonly proofs: readonly Uint8Array[] }> {
    return this.#ask({ kind: 'blobs', ...given }, given.blobs.length * cellsPerBlob, giver)
  }

  /** @throws (rejects) {KzgError} a cell is not the one that its commitment and proof are of */
  async cells(batch: CellBatch, giver = own): Promise<void> {
    await this.#ask({ kind: 'cells', ...batch }, batch.cells.length, giver)
  }

  /** What waits is rejected. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#clock.clearTimeout(this.#timer)
    this.#end(new KzgError('the node is stopping'))
    await this.#worker?.terminate()
  }

  #ask(request: KzgRequest, cost: number, giver: string): Promise<KzgAnswer & { kind: 'right' }> {
    if (this.#isClosed) return Promise.reject(new KzgError('the node is stopping'))
    return new Promise((resolve, reject) => {
      const settle = (answer: KzgAnswer) =>
        answer.kind === 'right' ? resolve(answer) : reject(new KzgError(answer.reason))
      this.#queue.push({ request, cost, giver, resolve: settle, reject })
      this.#next()
    })
  }

  /** The first whose giver has something left. */
  #next(): void {
    this.#clock.clearTimeout(this.#timer)
    if (this.#current || this.#queue.length === 0) return
    const waits = this.#queue.map(({ giver }) => this.#waitOf(giver))
    const soonest = waits.reduce((least, wait) => Math.min(least, wait))
    if (soonest > 0) {
      this.#timer = this.#clock.setTimeout(() => this.#next(), soonest)
      return
    }
    const job = this.#queue.splice(waits.indexOf(0), 1)[0]!
    this.#current = job
    if (job.giver !== own) this.#budget(job.giver).left -= job.cost
    this.#worker ??= this.#start()
    this.#worker.ref()
    this.#worker.postMessage(job.request)
  }

  /** @returns ms until what this one gives may be verified */
  #waitOf(giver: string): number {
    if (giver === own) return 0
    const { left } = this.#budget(giver)
    return left > 0 ? 0 : Math.ceil(((1 - left) * 1_000) / cellsASecond)
  }

  #budget(giver: string): Budget {
    const now = this.#clock.now()
    const budget = this.#budgets.get(giver) ?? { left: burst, at: now }
    const more = ((now - budget.at) * cellsASecond) / 1_000
    Object.assign(budget, { left: Math.min(burst, budget.left + more), at: now })
    this.#budgets.set(giver, budget)
    if (this.#budgets.size > maxGivers) this.#budgets.delete(this.#budgets.keys().next().value!)
    return budget
  }

  #start(): Worker {
    const worker = startModuleWorker(new URL('./worker', import.meta.url), { name: 'kzg', maxOldGenerationSizeMb })
    worker.on('message', (answer: KzgAnswer) => {
      const job = this.#current
      this.#current = undefined
      worker.unref()
      job?.resolve(answer)
      this.#next()
    })
    const ended = (error: Error) => {
      this.#worker = undefined
      this.#end(new KzgError(error.message, { cause: error }))
    }
    worker.on('error', ended)
    return worker
  }

  #end(error: KzgError): void {
    const waiting = this.#current ? [this.#current, ...this.#queue.splice(0)] : this.#queue.splice(0)
    this.#current = undefined
    for (const { reject } of waiting) reject(error)
  }
}

const own = ''
const cellsPerBlob = 128
/** Of one giver: two transactions of six blobs at once, and half of the thread's time from then on. */
const burst = 1_536
const cellsASecond = 80
/** Peers of eth are fewer. */
const maxGivers = 256
/** What the thread's heap may grow to: the trusted setup takes 60 of them. */
const maxOldGenerationSizeMb = 512

/** A proof does not hold, or what was given is no blob, cell, commitment or proof. */
export class KzgError extends Error {
  override readonly name = 'KzgError'
}
