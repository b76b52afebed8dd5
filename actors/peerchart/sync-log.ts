import type { Observable, Subscription } from 'rxjs'
import type { SyncProgress } from '../eth/sync-meter.ts'
import type { Logger } from '../log/log.ts'
import type { Clock } from '../runtime/runtime.ts'

/** Logs how a sync goes, once a second, and how it ended. Ends with `progress$`. */
export function logSync(log: Logger, progress$: Observable<SyncProgress>, clock: Pick<Clock, 'now'>): Subscription {
  let loggedAt = Number.NEGATIVE_INFINITY
  let wasSyncing = false
  let hadState = false
  return progress$.subscribe(({ isSyncing, isDone, current, highest, blocksPerSecond, state }) => {
    const now = clock.now()
    if (hadState && !state) log.info('Snap sync complete, auto disabling', { pivot: current })
    hadState = state !== undefined && state.accounts > 0
    const fields = { current, highest, 'blocks/s': Math.round(blocksPerSecond) }
    if (isSyncing && now - loggedAt >= logInterval) {
      loggedAt = now
      if (state && state.accounts > 0) {
        const { part, accounts, slots, codes, accountBytes, slotBytes, codeBytes } = state
        const bytes = accountBytes + slotBytes + codeBytes
        const fields = { synced: `${(part * 100).toFixed(2)}%`, bytes, accounts, slots, codes }
        log.info('Syncing: state download in progress', fields)
        return
      }
      log.info('Syncing blocks', { ...fields, done: percent(current, highest) })
    } else if (!isSyncing && wasSyncing) log.info(isDone ? 'Synced blocks' : 'Sync stopped before its end', fields)
    wasSyncing = isSyncing
  })
}

const logInterval = 1_000
const percent = (part: bigint, whole: bigint) => `${whole === 0n ? 100n : (part * 100n) / whole}%`
