import { downloadLimits } from './download-limits.ts'
import { isFree, type Source } from './download-sources.ts'

// What a sync still has to fetch, and who may fetch it: pure functions on immutable plans. Block numbers are inclusive.

export type Job = {
  readonly id: number
  readonly kind: 'headers' | 'bodies'
  readonly first: bigint
  readonly last: bigint
  /** Peers that have failed it: they do not get it again. BOUNDED: by the peer set. */
  readonly failedBy: readonly number[]
}

export type Plan = {
  /** Everything up to here is in the chain. */
  readonly imported: bigint
  /** Everything up to here is fetched and verified. */
  readonly ready: bigint
  /** Where the skeleton ends. */
  readonly end: bigint
  /** In order of blocks. BOUNDED: maxSkeleton segments, each of a few jobs. */
  readonly wanted: readonly Job[]
  /** By peer. BOUNDED: one job a peer. */
  readonly running: ReadonlyMap<number, Job>
  /** Fetched behind a gap. BOUNDED: maxAhead blocks. */
  readonly islands: readonly { readonly first: bigint; readonly last: bigint }[]
  /** Bodies that are fetched and not imported. BOUNDED: maxUndeliveredBytes and what is under way. */
  readonly bytes: number
  /** Bytes of one body, by those that came (geth's resultSize); 0 before any. */
  readonly average: number
  readonly isImporting: boolean
  readonly nextId: number
}

type Earlier = Pick<Plan, 'nextId' | 'average'>
const noneEarlier: Earlier = { nextId: 0, average: 0 }

/** @param anchors the skeleton's numbers, ascending */
export function planSkeleton(after: bigint, anchors: readonly bigint[], { nextId, average } = noneEarlier): Plan {
  const wanted = anchors.map((last, i): Job => {
    return { id: nextId + i, kind: 'headers', first: (anchors[i - 1] ?? after) + 1n, last, failedBy: [] }
  })
  return {
    imported: after,
    ready: after,
    end: anchors.at(-1)!,
    wanted,
    running: new Map(),
    islands: [],
    bytes: 0,
    average,
    isImporting: false,
    nextId: nextId + wanted.length,
  }
}

/** The headers up to `last` are verified already. */
export function planBodies(after: bigint, last: bigint, earlier: Earlier): Plan {
  const plan = planSkeleton(after, [last], earlier)
  return wantBodies({ ...plan, wanted: [] }, after + 1n, last)
}

export type Assignment = { readonly peer: number; readonly job: Job }

/** Gives every idle peer the first job that it can do. */
export function assignJobs(plan: Plan, sources: ReadonlyMap<number, Source>): [Plan, Assignment[]] {
  const wanted = [...plan.wanted]
  const running = new Map(plan.running)
  const assigned: Assignment[] = []
  for (const [peer, source] of sources) {
    if (running.has(peer) || !isFree(source)) continue
    const at = wanted.findIndex((job) => isStartable(plan, job) && canDo(peer, source, job))
    if (at < 0) continue
    const [job] = wanted.splice(at, 1)
    running.set(peer, job!)
    assigned.push({ peer, job: job! })
  }
  return [{ ...plan, wanted, running }, assigned]
}

/** Nothing is under way, and no peer can do what is left, now or when a minute is over. */
export function isStuck(plan: Plan, sources: ReadonlyMap<number, Source>): boolean {
  if (plan.running.size > 0 || plan.isImporting || plan.wanted.length === 0) return false
  return ![...sources].some(([peer, source]) => plan.wanted.some((job) => canDo(peer, source, job)))
}

/** The headers of a segment are verified: their bodies are wanted. */
export function headersDone(plan: Plan, peer: number): Plan {
  const { first, last } = plan.running.get(peer)!
  return wantBodies(released(plan, peer), first, last)
}

/** The first `count` bodies of a job are verified: the rest is wanted again. */
export function bodiesDone(plan: Plan, peer: number, { count, bytes }: { count: number; bytes: number }): Plan {
  const job = plan.running.get(peer)!
  const next = job.first + BigInt(count)
  const islands = [...plan.islands, { first: job.first, last: next - 1n }].sort((a, b) => Number(a.first - b.first))
  let { ready } = plan
  while (islands[0]?.first === ready + 1n) ready = islands.shift()!.last
  const average = averageWith(plan.average, bytes / count)
  const done = { ...released(plan, peer), islands, ready, bytes: plan.bytes + bytes, average }
  return wantBodies(done, next, job.last)
}

/** The peer did not do its job: another may. */
export function jobFailed(plan: Plan, peer: number): Plan {
  const job = plan.running.get(peer)
  if (!job) return plan
  const again = { ...job, id: plan.nextId, failedBy: [...job.failedBy, peer] }
  return { ...want(released(plan, peer), [again]), nextId: plan.nextId + 1 }
}

/** @returns whether the job is the next that the chain needs, or not too far ahead of it */
function isStartable(plan: Plan, job: Job): boolean {
  const { maxAhead, maxUndeliveredBytes } = downloadLimits
  if (job.first === plan.ready + 1n) return true
  return job.last <= plan.imported + maxAhead && plan.bytes < maxUndeliveredBytes
}

/**
 * EIP-7642: below `earliest` a peer has headers only. Bodies are asked as geth asks for them: within the range that was
 * announced, and of anyone that announces none. geth asks anyone for headers, we only those that may have them: a sync
 * begins where the chain of a peer that is behind ends.
 */
function canDo(peer: number, { range, ...source }: Source, { kind, first, last, failedBy }: Job): boolean {
  if (!range || source.work === 'cooling' || source.answers === 'late' || failedBy.includes(peer)) return false
  if (kind === 'bodies' && !source.isAnnounced) return true
  return last <= range.latest + downloadLimits.rangeSlack && (kind === 'headers' || first >= range.earliest)
}

/** Bodies from `first` to `last`, in requests that one answer is likely to hold. */
function wantBodies(plan: Plan, first: bigint, last: bigint): Plan {
  const size = itemsOfRequest(plan.average, downloadLimits.maxBodies)
  const jobs: Job[] = []
  for (let from = first; from <= last; from += size)
    jobs.push({
      id: plan.nextId + jobs.length,
      kind: 'bodies',
      first: from,
      last: smaller(from + size - 1n, last),
      failedBy: [],
    })
  return { ...want(plan, jobs), nextId: plan.nextId + jobs.length }
}

/** @returns how many items of that size one answer is likely to hold: geth asks for two at least */
export function itemsOfRequest(average: number, most: bigint): bigint {
  const { maxAnswerBytes } = downloadLimits
  return average * Number(most) <= maxAnswerBytes ? most : BigInt(Math.max(2, Math.floor(maxAnswerBytes / average)))
}

export function averageWith(average: number, size: number): number {
  const { averageWeight } = downloadLimits
  return average === 0 ? size : (1 - averageWeight) * average + averageWeight * size
}

function released(plan: Plan, peer: number): Plan {
  const running = new Map(plan.running)
  running.delete(peer)
  return { ...plan, running }
}

function want(plan: Plan, jobs: readonly Job[]): Plan {
  return { ...plan, wanted: [...plan.wanted, ...jobs].sort((a, b) => Number(a.first - b.first)) }
}

/** Where two chains part: `low` is in both, `high` is not. */
export type Search = { readonly low: bigint; readonly high: bigint; readonly isFirst: boolean }

/** Both have the genesis. The first look is at the top: most chains only go on. */
export const beginSearch = (ours: bigint, theirs: bigint): Search => ({
  low: 0n,
  high: smaller(ours, theirs) + 1n,
  isFirst: true,
})

export const nextProbe = ({ low, high, isFirst }: Search): bigint => (isFirst ? high - 1n : (low + high) / 2n)

export const narrow = ({ low, high }: Search, probe: { number: bigint; isOurs: boolean }): Search =>
  probe.isOurs ? { low: probe.number, high, isFirst: false } : { low, high: probe.number, isFirst: false }

export const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)
