import { stat } from 'node:fs/promises'
import type { Logger } from '../log/log.ts'
import type { Clock } from '../runtime/runtime.ts'
import type { Service } from './node.ts'

/**
 * Says so, once, when the directory that a node keeps its chain in is not there any more: the system lets a process
 * write on to files that were removed, and nothing of it is left when it ends. geth looks as often, at the space that is
 * left (`monitorFreeDiskSpace`).
 */
export class DatadirWatch implements Service {
  readonly name = 'datadir'
  readonly #directory: string
  readonly #clock: Clock
  readonly #log: Logger
  #timer: unknown
  #isStopped = false
  /** Which directory it was. */
  #first: string | undefined

  constructor(directory: string, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#directory = directory
    this.#clock = clock
    this.#log = log
  }

  start(): Promise<void> {
    return this.#look()
  }

  stop(): void {
    this.#isStopped = true
    this.#clock.clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const found = await stat(this.#directory).catch((error: Error) => error)
    if (this.#isStopped) return
    const identity = found instanceof Error ? undefined : `${found.dev}/${found.ino}`
    this.#first ??= identity
    if (identity !== undefined && identity === this.#first) {
      this.#timer = this.#clock.setTimeout(() => void this.#look(), lookInterval)
      return
    }
    const err = found instanceof Error ? found.message : 'another directory has its place'
    this.#log.error('The datadir was removed: nothing is kept of what is stored from now on', {
      path: this.#directory,
      err,
    })
  }
}

/** Milliseconds. */
const lookInterval = 30_000
