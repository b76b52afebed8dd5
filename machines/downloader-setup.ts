import { assign, setup } from 'xstate'
import type { BlockRange } from '../protocols/eth/block-range.ts'
import { equalBytes } from '../protocols/lib/bytes.ts'
import { downloadLimits } from './download-limits.ts'
import {
  assignLists,
  forgetLists,
  type ListAssignment,
  type Lists,
  type ListsAnswer,
  listsDone,
  listsDue,
  listsFailed,
  listsUnasked,
  wantLists,
} from './download-lists.ts'
import {
  type Assignment,
  assignJobs,
  beginSearch,
  bodiesDone,
  headersDone,
  isStuck,
  jobFailed,
  narrow,
  type Plan,
  planBodies,
  planSkeleton,
  type Search,
  smaller,
} from './download-plan.ts'
import {
  aged,
  aimOf,
  changed,
  coolDown,
  cooledDown,
  type Goal,
  hasSource,
  isGoal,
  learnt,
  listsBecome,
  newSource,
  nextGoal,
  type ProvenHead,
  prompt,
  type Sources,
  type Target,
  toPoll,
} from './download-sources.ts'
import { without } from './immutable-collections.ts'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/eth/downloader.ts implements it; a spec records it. */
export type DownloaderPorts = {
  /** Asks for the header of that hash, which a Status of eth/68 or a consensus client named: `head.learnt` comes back. */
  askHead(question: { peer: number; hash: Uint8Array }): void
  /** Asks for the headers after our head: `head.learnt` comes back. */
  pollHead(question: { peer: number; after: bigint }): void
  /** Asks whether we have a block of theirs: `header.compared`, `leader.empty` or `task.failed`. */
  probe(question: { peer: number; number: bigint }): void
  /** Asks for every 192nd header: `skeleton.fetched`, `skeleton.empty`, `leader.empty` or `task.failed`. */
  fetchSkeleton(task: { peer: number; after: bigint; to: bigint }): void
  /** Asks for the headers right after `after`: `contiguous.fetched`, `leader.empty` or `task.failed`. */
  fetchContiguous(task: { peer: number; after: bigint; to: bigint }): void
  /** Fetches and verifies: `headers.answered` or `bodies.fetched`, or `job.failed`. */
  fetch(assignment: Assignment): void
  /** Asks for access lists: `lists.fetched`, `lists.slow` or `lists.failed`. */
  fetchLists(assignment: ListAssignment): void
  /** `blocks.imported` or `import.failed` comes back. None of them is executed up to a pivot. */
  importBlocks(which: { after: bigint; last: bigint; isBelowPivot: boolean }): void
  /** Asks whether the block that a consensus client named stands on that one: `pivot.proven`, `pivot.refuted` or `task.failed`. */
  prove(question: { peer: number; pivot: bigint; head: ProvenHead }): void
  /** All blocks up to that one are there: its state is wanted. */
  setPivot(which: { number: bigint }): void
  /** Makes the block that a consensus client named the head: `head.adopted` or `head.refused` comes back. */
  adopt(head: { hash: Uint8Array }): void
  /** Forgets everything that was fetched, and whatever is under way. */
  discard(): void
  /** The peer lied: it is disconnected as useless. */
  drop(verdict: { peer: number; error: Error }): void
  report(progress: Progress): void
}

/**
 * `starting`: where our chain ended when the sync began. `highest`: the last block that a consensus client wants still or,
 * as long as a sync is under way, whose header came. What a peer says of its head is a claim, and never in here.
 */
export type Progress = {
  readonly isSyncing: boolean
  /** The sync came to its end: it was not given up on the way, nor led to a pivot. */
  readonly isDone: boolean
  readonly starting: bigint
  readonly current: bigint
  readonly highest: bigint
}

/** `pollInterval`: milliseconds between two looks at the heads of the peers. */
export type DownloaderInput = {
  readonly ports: DownloaderPorts
  readonly head: bigint
  readonly pollInterval: number
  /** Whether a consensus client has set the head before: nothing above it is fetched until it names another. */
  readonly followsConsensus: boolean
  /** `snap`: nothing is executed up to a pivot, whose state is fetched from peers (geth ethconfig.SnapSync). @default 'full' */
  readonly syncMode?: SyncMode
}

export type SyncMode = 'full' | 'snap'

/** What a consensus client wants the head to be; `isOurs` when we have the block. */
export type ConsensusHead = { readonly hash: Uint8Array; readonly number?: bigint; readonly isOurs: boolean }

export type DownloaderEvent =
  | {
      type: 'peer.joined'
      peer: number
      range: BlockRange | undefined
      headHash: Uint8Array
      /** From eth/71 on. */
      servesLists: boolean
    }
  | { type: 'peer.left'; peer: number }
  | { type: 'peer.range'; peer: number; range: BlockRange }
  | { type: 'peer.lied'; peer: number; error: Error }
  | { type: 'chain.head'; number: bigint }
  /** From the first of these on no peer is followed for the length of its chain. */
  | ({ type: 'consensus.head' } & ConsensusHead)
  /** `head` is missing when the peer knows nothing new, or did not answer. */
  | { type: 'head.learnt'; peer: number; head?: ProvenHead }
  /** `hash` is of the header that came. */
  | { type: 'header.compared'; number: bigint; hash: Uint8Array; isOurs: boolean }
  /** `hash` is of the last. */
  | { type: 'skeleton.fetched'; anchors: readonly bigint[]; hash: Uint8Array }
  /** The peer has what it was asked for, and gave nothing: it does not give every 192nd header. */
  | { type: 'skeleton.empty' }
  /** Headers of the peer that is followed; `hash` is of the last, `meetsOurs`: the first follows our block. */
  | ({ type: 'contiguous.fetched'; first: bigint; last: bigint; hash: Uint8Array; meetsOurs: boolean } & Listed)
  /** The peer that is followed answered with no header, where its range holds this one. */
  | { type: 'leader.empty'; number: bigint }
  /** The peer that is followed cannot be asked, or is gone. */
  | { type: 'task.failed'; peer: number }
  | HeadersAnswered
  /** `count` is at least 1. */
  | { type: 'bodies.fetched'; peer: number; job: number; count: number; bytes: number }
  | { type: 'job.failed'; peer: number; job: number }
  | ({ type: 'lists.fetched'; request: number } & ListsAnswer)
  /** No answer for `answerTimeout`: asked of others, and of this one no lists until it answers. */
  | { type: 'lists.slow'; peer: number }
  | { type: 'lists.answered'; peer: number }
  /** It cannot be asked now, or is gone. */
  | { type: 'lists.failed'; peer: number; request: number }
  /** What it was asked is without an answer for `answerTimeout`: asked of others, while its answer is waited for. */
  | { type: 'peer.slow'; peer: number }
  | { type: 'peer.answered'; peer: number }
  /** No answer for `stallTimeout`. */
  | { type: 'peer.stalled'; peer: number }
  /** It was asked `maxRequests` in `paceWindow`; then it may be asked again. */
  | { type: 'peer.spent'; peer: number }
  | { type: 'peer.ready'; peer: number }
  | ({ type: 'blocks.imported' } & Imported)
  /** A block was refused: the peer that gave the skeleton lied. */
  | { type: 'import.failed'; error: Error }
  | { type: 'pivot.proven' }
  | { type: 'pivot.refuted' }
  /** That of the pivot is there: everything above it is executed from now on. */
  | { type: 'state.synced' }
  | { type: 'head.adopted' }
  /** It cannot be executed: it is bad, or the state that it stands on is not there. */
  | { type: 'head.refused' }
  | { type: 'downloader.stop' }

/** `count` headers of those from `first` to `last`. `meetsSkeleton`: all came, they link, and they meet the skeleton at both ends. */
type HeadersAnswered = {
  readonly type: 'headers.answered'
  readonly peer: number
  readonly job: number
  readonly first: bigint
  readonly last: bigint
  readonly count: number
  readonly meetsSkeleton: boolean
} & Listed

/** The blocks, of those whose headers came, that have an access list which is not empty. */
type Listed = { readonly listed: readonly bigint[] }

/** Up to which block; the bytes of the bodies and of the access lists that are not in the buffer any more. */
type Imported = { readonly last: bigint; readonly bytes: number; readonly listBytes: number }

export type DownloaderContext = Omit<DownloaderInput, 'followsConsensus' | 'syncMode'> & {
  readonly syncMode: SyncMode
  readonly goal: Goal
  readonly sources: Sources
  /** Whom the sync follows, and how far. */
  readonly target: Target
  readonly starting: bigint
  readonly search: Search
  readonly plan: Plan
  readonly lists: Lists
}

const base = setup({
  types: {} as {
    context: DownloaderContext
    input: DownloaderInput
    events: DownloaderEvent
    meta: StateMeta
    tags: StateTag
  },
  actions: {
    ...portActions<DownloaderPorts>()('askHead', 'pollHead', 'probe', 'fetchSkeleton', 'fetchContiguous', 'fetch'),
    ...portActions<DownloaderPorts>()('fetchLists', 'importBlocks', 'adopt', 'discard', 'drop', 'report'),
    ...portActions<DownloaderPorts>()('prove', 'setPivot'),
    noteState: assign({ syncMode: 'full' as const }),
    noteHead: assign((_, { number }: { number: bigint }) => ({ head: number })),
    noteConsensus: assign(({ context }, head: ConsensusHead) => ({ goal: nextGoal(context.goal, head) })),
    noteAdopted: assign(({ context: { goal, target } }) => ({ goal: isGoal(goal, target) ? reached : goal })),
    add: assign(({ context }, { peer, range, servesLists }: Extract<DownloaderEvent, { type: 'peer.joined' }>) => ({
      sources: new Map(context.sources).set(peer, newSource(range, servesLists)),
    })),
    remove: assign(({ context }, { peer }: { peer: number }) => ({
      sources: without(context.sources, peer),
      lists: listsFailed(context.lists, peer),
    })),
    removeLeader: assign(({ context: { sources, lists, target } }) => ({
      sources: without(sources, target.peer),
      lists: listsFailed(lists, target.peer),
    })),
    noteRange: assign(({ context }, { peer, range }: { peer: number; range: BlockRange }) => ({
      sources: changed(context.sources, [peer], { range, isAnnounced: true, counts: false, polls: 0 }),
    })),
    noteLearnt: assign(({ context }, { peer, head }: { peer: number; head?: ProvenHead }) => ({
      ...learnt(context, peer, head),
    })),
    countPoll: assign(({ context }) => ({ sources: aged(context.sources) })),
    endCooldowns: assign(({ context: { sources } }) => ({
      sources: changed(sources, [...sources.keys()], cooledDown),
    })),
    coolDown: assign(({ context }, { peer }: { peer: number }) => ({
      sources: changed(context.sources, [peer], coolDown),
    })),
    noteSlow: assign(({ context: { sources } }, { peer }: { peer: number }) => ({
      sources: changed(sources, [peer], { answers: 'late' }),
    })),
    noteAnswered: assign(({ context: { sources } }, { peer }: { peer: number }) => ({
      sources: changed(sources, [peer], prompt),
    })),
    noteListsSlow: assign(({ context: { sources, lists } }, { peer }: { peer: number }) => ({
      sources: changed(sources, [peer], listsBecome({ ready: 'late', cooling: 'late' })),
      lists: listsFailed(lists, peer),
    })),
    noteListsAnswered: assign(({ context: { sources } }, { peer }: { peer: number }) => ({
      sources: changed(sources, [peer], listsBecome({ late: 'ready' })),
    })),
    noteListsUnasked: assign(
      ({ context: { sources, lists } }, { peer, request }: { peer: number; request: number }) => ({
        sources: changed(sources, [peer], listsBecome({ ready: 'cooling' })),
        lists: listsUnasked(lists, request),
      }),
    ),
    noteSpent: assign(({ context: { sources } }, { peer }: { peer: number }) => ({
      sources: changed(sources, [peer], { work: 'spent' }),
    })),
    noteReady: assign(({ context: { sources } }, { peer }: { peer: number }) => ({
      sources: changed(sources, [peer], { work: 'ready' }),
    })),
    noteNoSkeleton: assign(({ context: { sources, target } }) => ({
      sources: changed(sources, [target.peer], { headers: 'in order' }),
    })),
    /** What it had is ours now; more of it comes with the next poll. */
    leaderDone: assign(({ context: { sources, target } }) => ({
      sources: changed(sources, [target.peer], (source) => ({ ...coolDown(source), stuckSyncs: 0 })),
    })),
    /** It may be followed as soon as it answers, after others: geth has no such order, its consensus client leads. */
    noteStuckWhileSlow: assign(({ context: { sources, target } }) => ({
      sources: changed(sources, [target.peer], ({ stuckSyncs }) => ({ stuckSyncs: stuckSyncs + 1 })),
    })),
    noteStuck: assign(({ context: { sources, target } }) => ({
      sources: changed(sources, [target.peer], (source) => ({
        ...coolDown(source),
        stuckSyncs: source.stuckSyncs + 1,
      })),
    })),
    aim: assign(({ context }) => {
      const { target, syncMode } = aimOf(context)!
      // A block that a consensus client names may be on any branch, and we may have some of it.
      const ours = target.hash ? target.number : context.head
      const plan = { ...context.plan, imported: 0n, end: 0n }
      const lists = forgetLists(context.lists)
      return { target, syncMode, plan, lists, starting: context.head, search: beginSearch(ours, target.number) }
    }),
    narrow: assign(({ context }, probe: { number: bigint; isOurs: boolean }) => ({
      search: narrow(context.search, probe),
    })),
    beginPlan: assign(({ context }, { after }: { after: bigint }) => ({
      plan: { ...context.plan, imported: after, end: after },
    })),
    plan: assign(({ context }, { anchors }: { anchors: readonly bigint[] }) => ({
      plan: planSkeleton(context.plan.imported, anchors, context.plan),
    })),
    planBodies: assign(({ context: { plan } }, { last }: { last: bigint }) => ({
      plan: planBodies(plan.imported, last, plan),
    })),
    headersDone: assign(({ context }, { peer }: { peer: number }) => ({ plan: headersDone(context.plan, peer) })),
    bodiesDone: assign(({ context }, done: { peer: number; count: number; bytes: number }) => ({
      plan: bodiesDone(context.plan, done.peer, done),
    })),
    wantLists: assign(({ context: { lists, target } }, { listed }: Listed) => ({
      lists: wantLists(lists, listed, target.number),
    })),
    listsDone: assign(({ context }, { request, ...answer }: { request: number } & ListsAnswer) => ({
      lists: listsDone(context.lists, request, answer),
    })),
    jobFailed: assign(({ context }, { peer }: { peer: number }) => ({ plan: jobFailed(context.plan, peer) })),
    imported: assign(({ context: { plan, lists } }, { last, bytes, listBytes }: Imported) => ({
      plan: { ...plan, imported: last, bytes: plan.bytes - bytes, isImporting: false },
      lists: { ...lists, bytes: lists.bytes - listBytes },
    })),
  },
  guards: {
    hasTarget: ({ context }) => aimOf(context) !== undefined,
    /** Every block up to the pivot is there, and a consensus client wants one above it. */
    isPivotNamed: ({ context }) => isComplete(context) && context.target.head !== undefined,
    isPivot: ({ context }) => isComplete(context) && context.syncMode === 'snap',
    hasRange: (_, { range }: { range: BlockRange | undefined }) => range !== undefined,
    isHeadMissing: ({ context }) => context.goal.kind === 'missing',
    isOurs: (_, { isOurs }: ConsensusHead) => isOurs,
    /** One that we do not have, after another that we did not have. */
    isNextHead: ({ context }, { isOurs }: ConsensusHead) => !isOurs && context.goal.kind === 'missing',
    isSource: ({ context }, { peer }: { peer: number }) => context.sources.has(peer),
    isLeader: ({ context }, { peer }: { peer: number }) => context.target.peer === peer,
    /** It leads, and no other says that it has what it leads to: geth ends every sync with its leader. */
    isOnlySource: ({ context: { plan, sources, target } }, { peer }: { peer: number }) =>
      target.peer === peer && !hasSource(without(sources, peer), plan.end),
    /** It has the block that a consensus client named, and a chain that does not lead to it yet. */
    mayLackTarget: ({ context }) => context.goal.kind !== 'longest',
    /** Its chain does not lead to the block that it has: both may be, but only one is wanted. */
    isOtherBlock: ({ context: { target } }, { number, hash }: { number: bigint; hash: Uint8Array }) =>
      target.hash !== undefined && number === target.number && !equalBytes(hash, target.hash),
    isUnlinked: (_, { meetsOurs }: { meetsOurs: boolean }) => !meetsOurs,
    isSegment: ({ context }, { peer, job, meetsSkeleton }: HeadersAnswered) =>
      meetsSkeleton && context.plan.running.get(peer)?.id === job,
    /** Of any peer but the one that gave the skeleton they may be of another fork. */
    isUnlikeOwnSkeleton: ({ context }, { peer, first, last, count, meetsSkeleton }: HeadersAnswered) =>
      !meetsSkeleton && peer === context.target.peer && BigInt(count) === last - first + 1n,
    isLeaderSpent: ({ context: { sources, target } }) => sources.get(target.peer)?.work === 'spent',
    givesSkeletons: ({ context: { sources, target } }) => sources.get(target.peer)?.headers !== 'in order',
    isAncestor: ({ context }, probe: { number: bigint; isOurs: boolean }) => {
      const { low, high } = narrow(context.search, probe)
      return high - low === 1n
    },
    isTargetOurs: ({ context }, probe: { number: bigint; isOurs: boolean }) =>
      probe.isOurs && probe.number === context.target.number,
    isRunning: ({ context }, { peer, job }: { peer: number; job: number }) =>
      context.plan.running.get(peer)?.id === job,
    isListing: ({ context }, { request }: { request: number }) => context.lists.running.has(request),
    /** All that a consensus client wants is there, and it wants it still. */
    isGoalReached: ({ context }) => isComplete(context) && isGoal(context.goal, context.target),
    /** All that it wanted is there, and it wants another block by now. */
    isGoalPassed: ({ context }) => isComplete(context) && context.goal.kind === 'missing',
    isComplete: ({ context }) => isComplete(context),
    isSkeletonFilled: ({ context: { plan } }) => plan.imported >= plan.end,
    isStuck: ({ context }) => isStuck(context.plan, context.sources),
  },
  delays: {
    headPollInterval: ({ context }) => context.pollInterval,
    cooldown: downloadLimits.cooldown,
  },
})

const withLists = base.extend({
  actions: {
    /** Access lists of every peer that may have some. */
    askLists: base.enqueueActions(({ context, enqueue }) => {
      const [lists, assigned] = assignLists(context.lists, context.sources)
      enqueue.assign({ lists })
      for (const assignment of assigned) enqueue({ type: 'fetchLists', params: assignment })
    }),
  },
})

/** The names that the phases of a sync are written in. */
export const downloaderSetup = withLists.extend({
  actions: {
    /** Looks for what is to be fetched next: the block that a consensus client named, or whatever follows our head. */
    pollHeads: withLists.enqueueActions(({ context, enqueue }) => {
      const { sources, goal, head } = context
      const polled = toPoll(context)
      enqueue.assign({ sources: changed(sources, polled, { answers: 'polled' }) })
      for (const peer of polled)
        if (goal.kind === 'missing') enqueue({ type: 'askHead', params: { peer, hash: goal.hash } })
        else enqueue({ type: 'pollHead', params: { peer, after: head } })
    }),
    /** Work for every idle peer, and for the chain. Lists go first: a peer answers in order, and no block waits for one. */
    proceed: withLists.enqueueActions(({ context, enqueue }) => {
      enqueue('askLists')
      const [plan, assigned] = assignJobs(context.plan, context.sources)
      const { imported: after, ready } = plan
      const isDue = !plan.isImporting && ready > after
      enqueue.assign({ plan: { ...plan, isImporting: plan.isImporting || isDue } })
      for (const assignment of assigned) enqueue({ type: 'fetch', params: assignment })
      const last = smaller(ready, after + downloadLimits.maxImported)
      if (!isDue) return
      enqueue.assign({ lists: ({ context }) => listsDue(context.lists, last) })
      enqueue({ type: 'importBlocks', params: { after, last, isBelowPivot: context.syncMode === 'snap' } })
    }),
  },
})

/** How far the sync is, for {@link DownloaderPorts.report}. */
export function progress(context: DownloaderContext, isSyncing: boolean): Progress {
  const { plan, head, target, starting, goal } = context
  const current = larger(plan.imported, head)
  const wanted = isGoal(goal, target) ? target.number : 0n
  const highest = larger(current, larger(wanted, isSyncing ? plan.end : 0n))
  return {
    isSyncing,
    isDone: !isSyncing && context.syncMode === 'full' && isComplete(context),
    starting,
    current,
    highest,
  }
}

export const pivotOf = ({ target }: DownloaderContext) => ({ number: target.number })

const larger = (a: bigint, b: bigint) => (a > b ? a : b)

const isComplete = ({ plan, target }: DownloaderContext) => plan.imported >= plan.end && plan.end >= target.number
const reached: Goal = { kind: 'reached' }
