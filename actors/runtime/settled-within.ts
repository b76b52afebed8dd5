import type { Clock } from './runtime.ts'

/** Resolves once `work` has settled, however it did, or so many milliseconds are over. */
export function settledWithin(clock: Clock, time: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, time)
    const settled = () => {
      clock.clearTimeout(timer)
      resolve()
    }
    work.then(settled, settled)
  })
}
