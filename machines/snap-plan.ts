// What a sync of a state still has to fetch, and whom it asks: pure functions on immutable plans. Hashes are 64 hex digits.

/** A part of the state, by the hashes of addresses: one of 16 that are fetched beside each other (geth accountTask). */
export type AccountTask = {
  /** Everything before is there; undefined when all is, up to `last`. */
  readonly next: string | undefined
  readonly last: string
  /** Of the accounts that came last, so many codes and storages are not there: then the task goes on at `next`. */
  readonly pending?: { readonly left: number; readonly next: string | undefined }
}

/** Storage of one account, from one slot to another; of large accounts in several. */
export type StorageItem = {
  readonly task: number
  readonly account: string
  readonly root: string
  readonly from: string
  readonly to: string
}
/** `task` is undefined of what a state lacks whose parts are all there. */
export type CodeItem = { readonly task: number | undefined; readonly hash: string }
/** A node that a state lacks, of the trie of accounts or of the storage of one; `path` in hex digits of its compact form. */
export type NodeItem = { readonly account?: string; readonly path: string; readonly hash: string }

export type SnapJob = { readonly id: number; readonly peer: number; readonly root: string } & SnapWork
export type SnapWork =
  | {
      readonly kind: 'accounts'
      readonly task: number
      readonly origin: string
      readonly limit: string
      readonly bytes: number
    }
  | { readonly kind: 'storage'; readonly items: readonly StorageItem[]; readonly bytes: number }
  | { readonly kind: 'codes'; readonly items: readonly CodeItem[] }
  /** In order of their accounts. */
  | { readonly kind: 'nodes'; readonly items: readonly NodeItem[] }

export type SnapPlan = {
  /** BOUNDED: accountChunks. */
  readonly tasks: readonly AccountTask[]
  /** BOUNDED: what one answer for each task names, and storageChunks for each of its large accounts. */
  readonly storages: readonly StorageItem[]
  readonly codes: readonly CodeItem[]
  /** Those that came to light last come first. BOUNDED: 16 for each that was asked for, at each level of a trie. */
  readonly nodes: readonly NodeItem[]
  /** By id. BOUNDED: one of each kind for each peer. */
  readonly running: ReadonlyMap<number, SnapJob>
  readonly nextId: number
}

/** geth: accountConcurrency, storageConcurrency, maxCodeRequestCount, maxRequestSize, minRequestSize. */
export const snapLimits = {
  accountChunks: 16,
  storageChunks: 16,
  maxCodes: 84,
  /** geth maxTrieRequestCount. */
  maxNodes: 1_024,
  /** Accounts whose storage is asked for in one request: geth has as many as 1 KiB each would make of its size. */
  maxStorages: 512,
  maxBytes: 512 * 1024,
  minBytes: 64 * 1024,
  /** Milliseconds until a request goes to another peer; geth's vary from 6 to 60 s (msgrate). */
  answerTimeout: 15_000,
  /** Milliseconds until a peer that had nothing is asked again. */
  cooldown: 30_000,
} as const

export const lowest = '0'.repeat(64)
export const highest = 'f'.repeat(64)

/** The state in parts of the same size, none of which is there. */
export function newPlan(nextId = 0): SnapPlan {
  const tasks = split(lowest, highest, snapLimits.accountChunks).map(([next, last]) => ({ next, last }))
  return planOf(tasks, nextId)
}

/** @param tasks what is there of each */
export function planOf(tasks: readonly AccountTask[], nextId = 0): SnapPlan {
  return { tasks, storages: [], codes: [], nodes: [], running: new Map(), nextId }
}

/** What was asked for another state is of no use: each task goes on where everything before is there. */
export function restarted({ tasks, nextId }: SnapPlan): SnapPlan {
  return planOf(
    tasks.map(({ next, last }) => ({ next, last })),
    nextId,
  )
}

export const isFetched = ({ tasks }: SnapPlan): boolean =>
  tasks.every(({ next, pending }) => next === undefined && !pending)

/** A peer, as a sync of a state sees it. */
export type SnapSource = {
  /** `stateless`: it does not have the state. `late`: it was asked and does not answer; it is asked nothing until it does. */
  readonly standing: 'ready' | 'stateless' | 'late'
  /** How much it is asked for in a request: it grows with each answer in time (geth msgrate, in powers of two). */
  readonly bytes: number
}
export const newSource: SnapSource = { standing: 'ready', bytes: snapLimits.minBytes }

/** Gives each peer a job of each kind, as long as there is something to ask for. */
export function assign(
  plan: SnapPlan,
  sources: ReadonlyMap<number, SnapSource>,
  root: string,
): [SnapPlan, readonly SnapJob[]] {
  const jobs: SnapJob[] = []
  let next = plan
  for (const [peer, { standing, bytes }] of sources) {
    if (standing !== 'ready') continue
    const busy = new Set([...plan.running.values()].filter((job) => job.peer === peer).map(({ kind }) => kind))
    for (const take of [takeAccounts, takeCodes, takeStorage, takeNodes]) {
      const taken = take(next, bytes)
      if (!taken || busy.has(taken[1].kind)) continue
      const job = { id: taken[0].nextId, peer, root, ...taken[1] }
      jobs.push(job)
      next = { ...taken[0], running: new Map(taken[0].running).set(job.id, job), nextId: job.id + 1 }
    }
  }
  return [next, jobs]
}

function takeAccounts(plan: SnapPlan, bytes: number): [SnapPlan, SnapWork] | undefined {
  const asked = new Set([...plan.running.values()].map((job) => (job.kind === 'accounts' ? job.task : -1)))
  const task = plan.tasks.findIndex(({ next, pending }, at) => next !== undefined && !pending && !asked.has(at))
  if (task < 0) return undefined
  const { next: origin, last: limit } = plan.tasks[task]!
  return [plan, { kind: 'accounts', task, origin: origin!, limit, bytes }]
}

function takeCodes(plan: SnapPlan): [SnapPlan, SnapWork] | undefined {
  if (plan.codes.length === 0) return undefined
  const items = plan.codes.slice(0, snapLimits.maxCodes)
  return [
    { ...plan, codes: plan.codes.slice(items.length) },
    { kind: 'codes', items },
  ]
}

/** Several accounts whole, or part of one. */
function takeStorage(plan: SnapPlan, bytes: number): [SnapPlan, SnapWork] | undefined {
  const [first] = plan.storages
  if (!first) return undefined
  const most = Math.min(snapLimits.maxStorages, bytes / 1024)
  const end = plan.storages.findIndex((item, at) => at === most || !isWhole(item))
  const count = isWhole(first) ? (end < 0 ? plan.storages.length : end) : 1
  const items = plan.storages.slice(0, count)
  return [
    { ...plan, storages: plan.storages.slice(count) },
    { kind: 'storage', items, bytes },
  ]
}

/** Depth first, so that few wait for each other. */
function takeNodes(plan: SnapPlan): [SnapPlan, SnapWork] | undefined {
  if (plan.nodes.length === 0) return undefined
  const items = plan.nodes.slice(0, snapLimits.maxNodes)
  const byAccount = items.toSorted((a, b) => order(a.account ?? '', b.account ?? ''))
  return [
    { ...plan, nodes: plan.nodes.slice(items.length) },
    { kind: 'nodes', items: byAccount },
  ]
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const isWhole = ({ from, to }: StorageItem) => from === lowest && to === highest

export type AccountsTaken = {
  readonly next: string | undefined
  readonly storages: readonly { readonly account: string; readonly root: string }[]
  readonly codes: readonly string[]
}

/** Accounts are there: their storages and codes are wanted. */
export function accountsDone(plan: SnapPlan, id: number, { next, storages, codes }: AccountsTaken): SnapPlan {
  const job = plan.running.get(id) as SnapJob & { kind: 'accounts' }
  const { task } = job
  const left = storages.length + codes.length
  const wanted = {
    ...released(plan, id),
    storages: [...plan.storages, ...storages.map((one) => ({ task, ...one, from: lowest, to: highest }))],
    codes: [...plan.codes, ...codes.map((hash) => ({ task, hash }))],
  }
  return changed(wanted, task, ({ last }) => ({ next: job.origin, last, pending: { left, next } }))
}

export type StorageTaken = {
  readonly accounts: number
  readonly cut: { readonly next: string; readonly slots: number } | undefined
}

/** Storage of the first of those that were asked for is there, the last perhaps in part: what is left of that is split. */
export function storageDone(plan: SnapPlan, id: number, { accounts, cut }: StorageTaken): SnapPlan {
  const { items } = plan.running.get(id) as SnapJob & { kind: 'storage' }
  const rest = items.slice(accounts)
  const last = items[accounts - 1]!
  const parts = cut ? partsOf(last, cut) : []
  let next: SnapPlan = { ...released(plan, id), storages: [...parts, ...rest, ...plan.storages] }
  for (const { task } of items.slice(0, accounts - (cut ? 1 : 0))) next = settled(next, task, 1)
  return cut ? settled(next, last.task, 1 - parts.length) : next
}

/** As many as as large answers would be needed for the rest, 16 at most (geth estimates so, too). */
function partsOf(item: StorageItem, { next, slots }: { next: string; slots: number }): StorageItem[] {
  const rest = toNumber(item.to) - toNumber(next) + 1n
  const came = toNumber(next) - toNumber(item.from)
  const answers = slots > 0 && came > 0n ? Number(rest / came) + 1 : 1
  const count = isWhole(item) ? Math.min(snapLimits.storageChunks, answers) : 1
  return split(next, item.to, count).map(([from, to]) => ({ ...item, from, to }))
}

/** Codes are there; of `missing` the peer has none. */
export function codesDone(plan: SnapPlan, id: number, missing: readonly string[]): SnapPlan {
  const { items } = plan.running.get(id) as SnapJob & { kind: 'codes' }
  const lacking = new Set(missing)
  let next: SnapPlan = {
    ...released(plan, id),
    codes: [...items.filter(({ hash }) => lacking.has(hash)), ...plan.codes],
  }
  for (const { task, hash } of items) if (!lacking.has(hash) && task !== undefined) next = settled(next, task, 1)
  return next
}

export type Missing = { readonly nodes: readonly NodeItem[]; readonly codes: readonly string[] }

/** What a state lacks came to light. */
export function wantMissing(plan: SnapPlan, { nodes, codes }: Missing): SnapPlan {
  const items = codes.map((hash): CodeItem => ({ task: undefined, hash }))
  return { ...plan, nodes: [...nodes, ...plan.nodes], codes: [...items, ...plan.codes] }
}

/** Nodes are there, but for `missing`; what is under them may not be. */
export function nodesDone(
  plan: SnapPlan,
  id: number,
  { missing, ...found }: Missing & { missing: readonly NodeItem[] },
): SnapPlan {
  const free = released(plan, id)
  return wantMissing({ ...free, nodes: [...missing, ...free.nodes] }, found)
}

/** Nothing came: another is asked. */
export function jobFailed(plan: SnapPlan, id: number): SnapPlan {
  const job = plan.running.get(id)
  if (!job) return plan
  const free = released(plan, id)
  if (job.kind === 'accounts') return free
  if (job.kind === 'codes') return { ...free, codes: [...job.items, ...free.codes] }
  if (job.kind === 'nodes') return { ...free, nodes: [...job.items, ...free.nodes] }
  return { ...free, storages: [...job.items, ...free.storages] }
}

/** What a peer was asked for is asked of others. */
export function peerFailed(plan: SnapPlan, peer: number): SnapPlan {
  return [...plan.running.values()]
    .filter((job) => job.peer === peer)
    .reduce((next, { id }) => jobFailed(next, id), plan)
}

/** Of the parts of the state, how much of all of it is there: 0 to 1 (geth's estimate of its size goes by this). */
export function fetchedPart({ tasks }: SnapPlan): number {
  const size = 2n ** 256n / BigInt(snapLimits.accountChunks)
  const there = tasks.map(({ next, last }) => (next === undefined ? size : size - (toNumber(last) - toNumber(next))))
  return Number((there.reduce((sum, one) => sum + one, 0n) * 10_000n) / 2n ** 256n) / 10_000
}

/** `count` of what a task waits for are there, or so many more are wanted: when it waits for nothing it goes on. */
function settled(plan: SnapPlan, task: number, count: number): SnapPlan {
  return changed(plan, task, (one) => ({ ...one, pending: { ...one.pending!, left: one.pending!.left - count } }))
}

function changed(plan: SnapPlan, task: number, change: (task: AccountTask) => AccountTask): SnapPlan {
  const tasks = plan.tasks.map((one, at) => {
    if (at !== task) return one
    const next = change(one)
    return next.pending?.left === 0 ? { next: next.pending.next, last: next.last } : next
  })
  return { ...plan, tasks }
}

function released(plan: SnapPlan, id: number): SnapPlan {
  const running = new Map(plan.running)
  running.delete(id)
  return { ...plan, running }
}

/** @returns `count` ranges that are all of the one from `from` to `to` */
function split(from: string, to: string, count: number): [string, string][] {
  const [start, end] = [toNumber(from), toNumber(to) + 1n]
  const at = (part: number) => start + ((end - start) * BigInt(part)) / BigInt(count)
  const parts = Array.from({ length: count }, (_, i): [bigint, bigint] => [at(i), at(i + 1) - 1n])
  return parts.filter(([a, b]) => a <= b).map(([a, b]) => [toHash(a), toHash(b)])
}

const toNumber = (hash: string) => BigInt(`0x${hash}`)
const toHash = (number: bigint) => number.toString(16).padStart(64, '0')
