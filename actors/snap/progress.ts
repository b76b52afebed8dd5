import type { SnapProgress } from '../../machines/snap-sync.ts'

// How far a sync of a state is, as it is kept for the next process: JSON, as geth's SyncProgress.

export const writeProgress = ({ pivot, tasks }: SnapProgress): string =>
  JSON.stringify({
    pivot: { ...pivot, number: `${pivot.number}` },
    tasks: tasks.map(({ next, last }) => [next ?? null, last]),
  })

/** @returns nothing when it is damaged: the sync begins anew */
export function readProgress(bytes: Uint8Array): { readonly progress: SnapProgress } | undefined {
  try {
    const { pivot, tasks } = JSON.parse(new TextDecoder().decode(bytes))
    const [hash, root] = [toHash(pivot.hash), toHash(pivot.root)]
    const read = Array.from(tasks as Iterable<[unknown, unknown]>, ([next, last]) => ({
      next: next === null ? undefined : toHash(next),
      last: toHash(last),
    }))
    return { progress: { pivot: { number: BigInt(pivot.number), hash, root }, tasks: read } }
  } catch {
    return undefined
  }
}

function toHash(text: unknown): string {
  if (typeof text !== 'string' || !/^[0-9a-f]{64}$/.test(text)) throw new RangeError('no hash')
  return text
}
