import { assign as assignContext, setup } from 'xstate'
import { without } from './immutable-collections.ts'
import type { StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'
import {
  type AccountsTaken,
  type AccountTask,
  accountsDone,
  assign,
  codesDone,
  fetchedPart,
  isFetched,
  jobFailed,
  type Missing,
  type NodeItem,
  newPlan,
  newSource,
  nodesDone,
  peerFailed,
  planOf,
  restarted,
  type SnapJob,
  type SnapPlan,
  type SnapSource,
  type StorageTaken,
  snapLimits,
  storageDone,
  wantMissing,
} from './snap-plan.ts'

/** What the chart asks of the world. actors/snap/snap-sync.ts implements it; a spec records it. */
export type SnapSyncPorts = {
  /** Looks for what an earlier sync has left: `progress.found` comes back. */
  open(): void
  /** Asks a peer, and has its answer verified and kept: `accounts.taken`, `storage.taken`, `codes.taken` or a `job.` event comes back. */
  ask(job: SnapJob): void
  /** No answer that is under way is waited for, and none is kept any more. */
  withdraw(): void
  /** Remembers how far the sync is, for a process that comes after this one. */
  save(progress: SnapProgress): void
  /** Makes the trie of everything that came: `trie.built` comes back. */
  build(): void
  /** Looks for what the state of that root lacks: `missing.found` comes back. */
  heal(which: { root: string }): void
  /** Makes the state that is there the pivot's: `state.committed` comes back. */
  commit(which: { pivot: Pivot }): void
  /** Ends a peer that lied. */
  drop(which: { peer: number; error: Error }): void
  report(how: SnapReport): void
}

/** A block whose state is fetched. Hashes are hex digits; `root`: of the state. */
export type Pivot = { readonly number: bigint; readonly hash: string; readonly root: string }

export type SnapProgress = { readonly pivot: Pivot; readonly tasks: readonly AccountTask[] }

/** Of the state: `part` of it is there, 0 to 1; the counts are of this process. */
export type SnapReport = {
  readonly isSyncing: boolean
  readonly part: number
  readonly accounts: number
  readonly accountBytes: number
  readonly slots: number
  readonly slotBytes: number
  readonly codes: number
  readonly codeBytes: number
  /** Of the trie, where what came is of several pivots. */
  readonly nodes: number
  readonly nodeBytes: number
}

export type SnapSyncInput = { readonly ports: SnapSyncPorts }

/** A peer is the number of its session. */
export type SnapSyncEvent =
  /** The block whose state is wanted: from the first on, and whenever another takes its place. */
  | { type: 'pivot.set'; pivot: Pivot }
  | { type: 'progress.found'; progress?: SnapProgress }
  | { type: 'peer.joined'; peer: number }
  | { type: 'peer.left'; peer: number }
  /** It has not answered in time; and at last. */
  | { type: 'peer.slow'; peer: number }
  | { type: 'peer.answered'; peer: number }
  | { type: 'peer.lied'; peer: number; error: Error }
  | ({ type: 'accounts.taken'; job: number; accounts: number; bytes: number } & AccountsTaken)
  | ({ type: 'storage.taken'; job: number; slots: number; bytes: number } & StorageTaken)
  | { type: 'codes.taken'; job: number; codes: number; bytes: number; missing: readonly string[]; isWhole: boolean }
  /** `isWhole`: it lacks nothing. */
  | ({ type: 'missing.found'; isWhole: boolean } & Missing)
  | ({
      type: 'nodes.taken'
      job: number
      count: number
      bytes: number
      missing: readonly NodeItem[]
      isWhole: boolean
    } & Missing)
  /** The peer does not have what it was asked for. */
  | { type: 'job.empty'; job: number; peer: number }
  /** `isWhole`: nothing that the trie refers to is missing. */
  | { type: 'trie.built'; root: string; isWhole: boolean }
  | { type: 'state.committed' }
  | { type: 'sync.stop' }

type SnapSyncContext = SnapSyncInput & {
  readonly pivot: Pivot | undefined
  readonly plan: SnapPlan
  /** BOUNDED: the peers that speak snap. */
  readonly sources: ReadonlyMap<number, SnapSource>
  readonly counts: Omit<SnapReport, 'isSyncing' | 'part'>
}
type OfPeer = { peer: number }
type OfJob = { job: number }

const report = ({ plan, counts }: SnapSyncContext, isSyncing: boolean): SnapReport => ({
  ...{ isSyncing, part: fetchedPart(plan) },
  ...counts,
})

const changedSource = (
  { sources }: SnapSyncContext,
  peer: number,
  change: (source: SnapSource) => Partial<SnapSource>,
): Pick<SnapSyncContext, 'sources'> => {
  const source = sources.get(peer)
  return { sources: source ? new Map(sources).set(peer, { ...source, ...change(source) }) : sources }
}

/** It has answered: next time it is asked for more. */
const faster = ({ bytes }: SnapSource) => ({ bytes: Math.min(snapLimits.maxBytes, bytes * 2) })
const ofJobsPeer = (context: SnapSyncContext, { job }: OfJob) =>
  changedSource(context, context.plan.running.get(job)!.peer, faster)

const base = setup({
  types: {} as { context: SnapSyncContext; input: SnapSyncInput; events: SnapSyncEvent; tags: StateTag },
  actions: {
    ...portActions<SnapSyncPorts>()('open', 'ask', 'withdraw', 'save', 'build', 'commit', 'drop', 'report'),
    ...portActions<SnapSyncPorts>()('heal'),
    notePivot: assignContext((_, { pivot }: { pivot: Pivot }) => ({ pivot })),
    takeUp: assignContext((_, { progress }: { progress?: SnapProgress }) => ({
      plan: progress ? planOf(progress.tasks) : newPlan(),
    })),
    /** What a peer is late with is not waited for either, so it is late no more. */
    restart: assignContext(({ context }) => ({
      plan: restarted(context.plan),
      sources: new Map([...context.sources].map(([peer, source]) => [peer, { ...source, standing: 'ready' }])),
    })),
    add: assignContext(({ context }, { peer }: OfPeer) => ({ sources: new Map(context.sources).set(peer, newSource) })),
    remove: assignContext(({ context }, { peer }: OfPeer) => ({
      sources: without(context.sources, peer),
      plan: peerFailed(context.plan, peer),
    })),
    noteSlow: assignContext(({ context }, { peer }: OfPeer) => ({
      plan: peerFailed(context.plan, peer),
      ...changedSource(context, peer, ({ bytes }) => ({
        standing: 'late',
        bytes: Math.max(snapLimits.minBytes, bytes / 2),
      })),
    })),
    noteAnswered: assignContext(({ context }, { peer }: OfPeer) =>
      changedSource(context, peer, ({ standing }) => ({ standing: standing === 'late' ? 'ready' : standing })),
    ),
    noteEmpty: assignContext(({ context }, { job, peer }: OfJob & OfPeer) => ({
      plan: jobFailed(context.plan, job),
      ...changedSource(context, peer, () => ({ standing: 'stateless' })),
    })),
    endRests: assignContext(({ context }) => ({
      sources: new Map([...context.sources].map(([peer, source]) => [peer, ready(source)])),
    })),
    accountsDone: assignContext(({ context }, taken: EventOf<'accounts.taken'>) => ({
      plan: accountsDone(context.plan, taken.job, taken),
      counts: counted(context, { accounts: taken.accounts, accountBytes: taken.bytes }),
      ...ofJobsPeer(context, taken),
    })),
    storageDone: assignContext(({ context }, taken: EventOf<'storage.taken'>) => ({
      plan: storageDone(context.plan, taken.job, taken),
      counts: counted(context, { slots: taken.slots, slotBytes: taken.bytes }),
      ...ofJobsPeer(context, taken),
    })),
    codesDone: assignContext(({ context }, taken: EventOf<'codes.taken'>) => ({
      plan: codesDone(context.plan, taken.job, taken.missing),
      counts: counted(context, { codes: taken.codes, codeBytes: taken.bytes }),
      ...ofJobsPeer(context, taken),
    })),
    wantMissing: assignContext(({ context }, found: Missing) => ({ plan: wantMissing(context.plan, found) })),
    nodesDone: assignContext(({ context }, taken: EventOf<'nodes.taken'>) => ({
      plan: nodesDone(context.plan, taken.job, taken),
      counts: counted(context, { nodes: taken.count, nodeBytes: taken.bytes }),
      ...ofJobsPeer(context, taken),
    })),
  },
  guards: {
    isWhole: (_, { isWhole }: { isWhole: boolean }) => isWhole,
    isLastNode: ({ context }, { job, isWhole }: OfJob & { isWhole: boolean }) =>
      isWhole && context.plan.running.get(job)?.kind === 'nodes',
    isLastCode: ({ context }, { job, isWhole }: OfJob & { isWhole: boolean }) =>
      isWhole && context.plan.running.get(job)?.kind === 'codes',
    isOfNodes: ({ context }, { job }: OfJob) => context.plan.running.get(job)?.kind === 'nodes',
    isRunning: ({ context }, { job }: OfJob) => context.plan.running.has(job),
    isOfAccounts: ({ context }, { job }: OfJob) => context.plan.running.get(job)?.kind === 'accounts',
    isOfStorage: ({ context }, { job }: OfJob) => context.plan.running.get(job)?.kind === 'storage',
    isOfCodes: ({ context }, { job }: OfJob) => context.plan.running.get(job)?.kind === 'codes',
    isFetched: ({ context }) => isFetched(context.plan),
    isPivots: ({ context }, { root, isWhole }: { root: string; isWhole: boolean }) =>
      isWhole && root === context.pivot!.root,
  },
  delays: { cooldown: snapLimits.cooldown },
})

type EventOf<Type> = Extract<SnapSyncEvent, { type: Type }>

const ready = (source: SnapSource): SnapSource =>
  source.standing === 'stateless' ? { ...source, standing: 'ready' } : source

const counted = ({ counts }: SnapSyncContext, more: Partial<SnapSyncContext['counts']>) => ({
  accounts: counts.accounts + (more.accounts ?? 0),
  accountBytes: counts.accountBytes + (more.accountBytes ?? 0),
  slots: counts.slots + (more.slots ?? 0),
  slotBytes: counts.slotBytes + (more.slotBytes ?? 0),
  codes: counts.codes + (more.codes ?? 0),
  codeBytes: counts.codeBytes + (more.codeBytes ?? 0),
  nodes: counts.nodes + (more.nodes ?? 0),
  nodeBytes: counts.nodeBytes + (more.nodeBytes ?? 0),
})

const { createMachine } = base.extend({
  actions: {
    /** Work for every peer that is free. */
    proceed: base.enqueueActions(({ context, enqueue }) => {
      const [plan, jobs] = assign(context.plan, context.sources, context.pivot!.root)
      enqueue.assign({ plan })
      for (const job of jobs) enqueue({ type: 'ask', params: job })
      enqueue({ type: 'report', params: report(context, true) })
    }),
  },
})

const saved = {
  type: 'save',
  params: ({ context }: { context: SnapSyncContext }) => ({
    pivot: context.pivot!,
    tasks: context.plan.tasks.map(({ next, last }) => ({ next, last })),
  }),
} as const

const dropped = {
  type: 'drop',
  params: ({ event: { peer, error } }: { event: EventOf<'peer.lied'> }) => ({ peer, error }),
} as const

/** While they are asked, others get what one does not give. */
const peersChange = {
  'peer.joined': { actions: [ofEvent('add'), 'proceed'] },
  'peer.left': { actions: [ofEvent('remove'), 'proceed'] },
  'peer.slow': { actions: [ofEvent('noteSlow'), 'proceed'] },
  'peer.answered': { actions: [ofEvent('noteAnswered'), 'proceed'] },
  'peer.lied': { actions: [ofEvent('remove'), dropped, 'proceed'] },
} as const

/**
 * Fetches the state of a block that others have, the pivot, where nothing is executed yet (geth's snap.Syncer): its accounts in 16
 * parts beside each other, then the storages and codes that these name, each from any peer that has them. Every answer is proven
 * against the root before it is kept. What is there when the pivot changes stays: the trie is made of it in the end, and of what
 * the last pivot has beside, nodes are fetched.
 */
export const snapSyncMachine = createMachine({
  id: 'snap-sync',
  description: "fetches the state of a pivot block from peers (geth's snap.Syncer)",
  context: ({ input }) => ({
    ...input,
    pivot: undefined,
    plan: newPlan(),
    sources: new Map(),
    counts: { accounts: 0, accountBytes: 0, slots: 0, slotBytes: 0, codes: 0, codeBytes: 0, nodes: 0, nodeBytes: 0 },
  }),
  options: { maxIterations: 100 },
  initial: 'waiting',
  on: {
    'pivot.set': { actions: ofEvent('notePivot') },
    'peer.joined': { actions: ofEvent('add') },
    'peer.left': { actions: ofEvent('remove') },
    'peer.slow': { actions: ofEvent('noteSlow') },
    'peer.answered': { actions: ofEvent('noteAnswered') },
    'peer.lied': { actions: [ofEvent('remove'), dropped] },
    'sync.stop': { target: '.stopped', actions: 'withdraw' },
  },
  states: {
    waiting: {
      description: 'no block is known yet whose state is wanted',
      on: { 'pivot.set': { target: 'opening', actions: ofEvent('notePivot') } },
    },
    opening: {
      tags: 'moving',
      description: 'what an earlier process has fetched is taken up',
      entry: 'open',
      on: { 'progress.found': { target: 'fetching', actions: ofEvent('takeUp') } },
    },
    fetching: {
      tags: ['moving', 'syncing'],
      entry: 'proceed',
      always: { guard: 'isFetched', target: 'building' },
      after: { cooldown: { target: 'fetching', reenter: true, actions: 'endRests' } },
      on: {
        'pivot.set': { actions: ['withdraw', ofEvent('notePivot'), 'restart', saved, 'proceed'] },
        ...peersChange,
        'accounts.taken': { guard: ofEvent('isOfAccounts'), actions: [ofEvent('accountsDone'), saved, 'proceed'] },
        'storage.taken': { guard: ofEvent('isOfStorage'), actions: [ofEvent('storageDone'), saved, 'proceed'] },
        'codes.taken': { guard: ofEvent('isOfCodes'), actions: [ofEvent('codesDone'), saved, 'proceed'] },
        'job.empty': { guard: ofEvent('isRunning'), actions: [ofEvent('noteEmpty'), 'proceed'] },
      },
    },
    building: {
      tags: 'moving',
      description: 'everything is there: the trie is made of it',
      entry: 'build',
      on: {
        'trie.built': [{ guard: ofEvent('isPivots'), target: 'committing' }, { target: 'healing' }],
      },
    },
    healing: {
      tags: ['moving', 'syncing'],
      description:
        'what came is of several pivots: nodes that the last one has and these have not are fetched (geth: state heal)',
      entry: { type: 'heal', params: ({ context }) => ({ root: context.pivot!.root }) },
      initial: 'asking',
      states: {
        asking: {
          after: { cooldown: { target: 'asking', reenter: true, actions: ['endRests', 'proceed'] } },
        },
      },
      on: {
        ...peersChange,
        'pivot.set': {
          target: 'healing',
          reenter: true,
          actions: ['withdraw', ofEvent('notePivot'), 'restart', saved],
        },
        'missing.found': [
          { guard: ofEvent('isWhole'), target: 'committing' },
          { actions: [ofEvent('wantMissing'), 'proceed'] },
        ],
        'nodes.taken': [
          { guard: ofEvent('isLastNode'), target: 'committing', actions: ofEvent('nodesDone') },
          { guard: ofEvent('isOfNodes'), actions: [ofEvent('nodesDone'), 'proceed'] },
        ],
        'codes.taken': [
          { guard: ofEvent('isLastCode'), target: 'committing', actions: ofEvent('codesDone') },
          { guard: ofEvent('isOfCodes'), actions: [ofEvent('codesDone'), 'proceed'] },
        ],
        'job.empty': { guard: ofEvent('isRunning'), actions: [ofEvent('noteEmpty'), 'proceed'] },
      },
    },
    committing: {
      tags: 'moving',
      description: 'the state is that of the pivot, and blocks are executed on it from now on',
      entry: { type: 'commit', params: ({ context }) => ({ pivot: context.pivot! }) },
      on: { 'pivot.set': {}, 'state.committed': 'synced' },
    },
    synced: { type: 'final', entry: { type: 'report', params: ({ context }) => report(context, false) } },
    stopped: { type: 'final' },
  },
})
