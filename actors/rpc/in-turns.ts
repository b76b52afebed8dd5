import { setImmediate } from 'node:timers/promises'

/** Maps in turns, so that long work lets everyone else on the thread have theirs. */
export async function inTurns<T, U>(items: Iterable<T>, map: (item: T, index: number) => U): Promise<U[]> {
  const mapped: U[] = []
  await takeInTurns(items, (item) => mapped.push(map(item, mapped.length)))
  return mapped
}

/** As {@link inTurns}, of work whose steps are `items`: nothing is kept of them. */
export async function takeInTurns<T>(items: Iterable<T>, take: (item: T) => unknown = () => {}): Promise<void> {
  let since = performance.now()
  for (const item of items) {
    take(item)
    if (performance.now() - since < turnMs) continue
    await setImmediate()
    since = performance.now()
  }
}

/** Milliseconds. */
const turnMs = 5
