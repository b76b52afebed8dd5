import { downloadLimits } from './download-limits.ts'
import type { Source } from './download-sources.ts'

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
  readonly isImporting: boolean
  readonly nextId: number
}

/** @param anchors the skeleton's numbers, ascending; @param nextId of no job before */
export function planSkeleton(after: bigint, anchors: readonly bigint[], nextId: number): Plan {
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
    isImporting: false,
    nextId: nextId + wanted.length,
  }
}

export type Assignment = { readonly peer: number; readonly job: Job }

/** Gives every idle peer the first job that it can do. */
export function assignJobs(plan: Plan, sources: ReadonlyMap<number, Source>): [Plan, Assignment[]] {
  const wanted = [...plan.wanted]
  const running = new Map(plan.running)
  const assigned: Assignment[] = []
  for (const [peer, source] of sources) {
    if (running.has(peer)) continue
    const at = wanted.findIndex((job) => isStartable(plan, job) && canDo(peer, source, job))
    if (at < 0) continue
    const [job] = wanted.splice(at, 1)
    running.set(peer, job!)
    assigned.push({ peer, job: job! })
  }
  return [{ ...plan, wanted, running }, assigned]
}

/** Nothing is under way, and nobody can do what is left. */
export function isStuck(plan: Plan, sources: ReadonlyMap<number, Source>): boolean {
  if (plan.running.size > 0 || plan.isImporting || plan.wanted.length === 0) return false
  return ![...sources].some(([peer, source]) => plan.wanted.some((job) => canDo(peer, source, job)))
}

/** The headers of a segment are verified: their bodies are wanted. */
export function headersDone(plan: Plan, peer: number): Plan {
  const { first, last } = plan.running.get(peer)!
  const { maxBodies } = downloadLimits
  const jobs: Job[] = []
  for (let from = first; from <= last; from += maxBodies)
    jobs.push({
      id: plan.nextId + jobs.length,
      kind: 'bodies',
      first: from,
      last: smaller(from + maxBodies - 1n, last),
      failedBy: [],
    })
  return { ...want(released(plan, peer), jobs), nextId: plan.nextId + jobs.length }
}

/** The first `count` bodies of a job are verified: the rest is wanted again. */
export function bodiesDone(plan: Plan, peer: number, { count, bytes }: { count: number; bytes: number }): Plan {
  const job = plan.running.get(peer)!
  const next = job.first + BigInt(count)
  const islands = [...plan.islands, { first: job.first, last: next - 1n }].sort((a, b) => Number(a.first - b.first))
  let { ready } = plan
  while (islands[0]?.first === ready + 1n) ready = islands.shift()!.last
  const done = { ...released(plan, peer), islands, ready, bytes: plan.bytes + bytes }
  if (next > job.last) return done
  return { ...want(done, [{ ...job, id: plan.nextId, first: next, failedBy: [] }]), nextId: plan.nextId + 1 }
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

/** EIP-7642: below `earliest` a peer has headers only. */
function canDo(peer: number, { range, isTired }: Source, { kind, first, last, failedBy }: Job): boolean {
  if (!range || isTired || failedBy.includes(peer)) return false
  return last <= range.latest && (kind === 'headers' || first >= range.earliest)
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
