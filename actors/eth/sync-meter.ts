import type { Progress } from '../../machines/downloader-setup.ts'
import type { Clock } from '../runtime/runtime.ts'

/** `blocksPerSecond` over the sync so far. */
export type SyncProgress = Progress & {
  readonly blocksPerSecond: number
  /** Where that of a pivot is fetched, as long as it is. */
  readonly state?: StateProgress
}

/** `part` of a state is there, 0 to 1; what came of it in this process. */
export type StateProgress = {
  readonly part: number
  readonly accounts: number
  readonly accountBytes: number
  readonly slots: number
  readonly slotBytes: number
  readonly codes: number
  readonly codeBytes: number
  readonly nodes: number
  readonly nodeBytes: number
}

/** Reports how fast a sync goes. */
export class SyncMeter {
  readonly #clock: Pick<Clock, 'now'>
  #began: { readonly at: number; readonly current: bigint } | undefined

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  read(progress: Progress): SyncProgress {
    const now = this.#clock.now()
    this.#began ??= { at: now, current: progress.current }
    const blocks = Number(progress.current - this.#began.current)
    const seconds = (now - this.#began.at) / 1_000
    if (!progress.isSyncing) this.#began = undefined
    return { ...progress, blocksPerSecond: seconds > 0 ? blocks / seconds : 0 }
  }
}
