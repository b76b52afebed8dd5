import { setImmediate } from 'node:timers/promises'

/** Maps in turns, so that long work lets everyone else on the thread have theirs. */
export async function inTurns<T, U>(items: readonly T[], map: (item: T, index: number) => U): Promise<U[]> {
  const mapped: U[] = []
  let since = performance.now()
  for (const [index, item] of items.entries()) {
    mapped.push(map(item, index))
    if (performance.now() - since < turnMs) continue
    await setImmediate()
    since = performance.now()
  }
  return mapped
}

/** Milliseconds. */
const turnMs = 5
