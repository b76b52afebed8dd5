import { assign, setup } from 'xstate'
import type { BlockRange } from '../protocols/eth/block-range.ts'
import { downloadLimits } from './download-limits.ts'
import {
  type Assignment,
  assignJobs,
  beginSearch,
  bodiesDone,
  headersDone,
  isStuck,
  jobFailed,
  narrow,
  nextProbe,
  type Plan,
  planSkeleton,
  type Search,
  smaller,
} from './download-plan.ts'
import {
  aged,
  bestSource,
  changed,
  learnt,
  newSource,
  type ProvenHead,
  type Sources,
  toPoll,
} from './download-sources.ts'
import { without } from './lib.ts'

/** What the chart asks of the world. actors/eth/downloader.ts implements it; a spec records it. */
export type DownloaderPorts = {
  /** Asks for the header that an eth/68 Status named: `head.learnt` comes back. */
  askHead(question: { peer: number; hash: Uint8Array }): void
  /** Asks for the headers after our head: `head.learnt` comes back. */
  pollHead(question: { peer: number; after: bigint }): void
  /** Asks whether a block of theirs is ours: `header.compared`, or `task.failed`. */
  probe(question: { peer: number; number: bigint }): void
  /** Asks for every 192nd header: `skeleton.fetched`, or `task.failed`. */
  fetchSkeleton(task: { peer: number; after: bigint; to: bigint }): void
  /** Fetches and verifies: `headers.fetched` or `bodies.fetched`, or `job.failed`. */
  fetch(assignment: Assignment): void
  /** `blocks.imported` or `import.failed` comes back. */
  importBlocks(which: { after: bigint; last: bigint }): void
  /** Forgets everything that was fetched, and whatever is under way. */
  discard(): void
  /** The peer lied: it is disconnected as useless. */
  drop(verdict: { peer: number; error: Error }): void
  report(progress: Progress): void
}

export type Progress = { readonly isSyncing: boolean; readonly current: bigint; readonly highest: bigint }

/** `pollInterval`: milliseconds between two looks at the heads of the peers. */
export type DownloaderInput = {
  readonly ports: DownloaderPorts
  readonly head: bigint
  readonly pollInterval: number
}

export type DownloaderEvent =
  | { type: 'peer.joined'; peer: number; range: BlockRange | undefined; headHash: Uint8Array }
  | { type: 'peer.left'; peer: number }
  | { type: 'peer.range'; peer: number; range: BlockRange }
  | { type: 'peer.lied'; peer: number; error: Error }
  | { type: 'chain.head'; number: bigint }
  /** `head` is missing when the peer knows nothing new, or did not answer. */
  | { type: 'head.learnt'; peer: number; head?: ProvenHead }
  | { type: 'header.compared'; number: bigint; isOurs: boolean }
  | { type: 'skeleton.fetched'; anchors: readonly bigint[] }
  /** The peer that is followed was slow, or has not what we look for. */
  | { type: 'task.failed'; peer: number }
  | { type: 'headers.fetched'; peer: number; job: number }
  /** `count` is at least 1. */
  | { type: 'bodies.fetched'; peer: number; job: number; count: number; bytes: number }
  | { type: 'job.failed'; peer: number; job: number }
  | { type: 'blocks.imported'; last: bigint; bytes: number }
  /** A block was refused: whoever told the skeleton lied. */
  | { type: 'import.failed'; error: Error }
  | { type: 'downloader.stop' }

type DownloaderContext = DownloaderInput & {
  readonly sources: Sources
  /** Whom the sync follows, and how far. */
  readonly target: { readonly peer: number; readonly number: bigint }
  readonly search: Search
  readonly plan: Plan
}

const { enqueueActions, extend } = setup({
  types: {} as { context: DownloaderContext; input: DownloaderInput; events: DownloaderEvent },
  actions: {
    askHead: ({ context }, question: { peer: number; hash: Uint8Array }) => context.ports.askHead(question),
    pollHead: ({ context }, question: { peer: number; after: bigint }) => context.ports.pollHead(question),
    probe: ({ context }, question: { peer: number; number: bigint }) => context.ports.probe(question),
    fetchSkeleton: ({ context }, task: { peer: number; after: bigint; to: bigint }) =>
      context.ports.fetchSkeleton(task),
    fetch: ({ context }, assignment: Assignment) => context.ports.fetch(assignment),
    importBlocks: ({ context }, which: { after: bigint; last: bigint }) => context.ports.importBlocks(which),
    discard: ({ context }) => context.ports.discard(),
    drop: ({ context }, verdict: { peer: number; error: Error }) => context.ports.drop(verdict),
    report: ({ context }, progress: Progress) => context.ports.report(progress),
    noteHead: assign((_, { number }: { number: bigint }) => ({ head: number })),
    add: assign(({ context }, { peer, range }: { peer: number; range: BlockRange | undefined }) => ({
      sources: new Map(context.sources).set(peer, newSource(range)),
    })),
    remove: assign(({ context }, { peer }: { peer: number }) => ({ sources: without(context.sources, peer) })),
    removeLeader: assign(({ context }) => ({ sources: without(context.sources, context.target.peer) })),
    noteRange: assign(({ context }, { peer, range }: { peer: number; range: BlockRange }) => ({
      sources: changed(context.sources, [peer], { range, counts: false, polls: 0 }),
    })),
    noteLearnt: assign(({ context }, { peer, head }: { peer: number; head?: ProvenHead }) => ({
      sources: learnt(context.sources, peer, head),
    })),
    age: assign(({ context }) => ({ sources: aged(context.sources) })),
    restAll: assign(({ context: { sources } }) => ({
      sources: changed(sources, [...sources.keys()], { isTired: false }),
    })),
    tire: assign(({ context }, { peer }: { peer: number }) => ({
      sources: changed(context.sources, [peer], { isTired: true }),
    })),
    /** What it had is ours now; more of it comes with the next poll. */
    thankLeader: assign(({ context: { sources, target } }) => ({
      sources: changed(sources, [target.peer], { isTired: true, strikes: 0 }),
    })),
    strikeLeader: assign(({ context: { sources, target } }) => ({
      sources: changed(sources, [target.peer], {
        isTired: true,
        strikes: (sources.get(target.peer)?.strikes ?? 0) + 1,
      }),
    })),
    aim: assign(({ context }) => {
      const target = bestSource(context.sources, context.head)!
      return { target, search: beginSearch(context.head, target.number) }
    }),
    narrow: assign(({ context }, probe: { number: bigint; isOurs: boolean }) => ({
      search: narrow(context.search, probe),
    })),
    beginPlan: assign(({ context }, { after }: { after: bigint }) => ({
      plan: { ...context.plan, imported: after, end: after },
    })),
    plan: assign(({ context }, { anchors }: { anchors: readonly bigint[] }) => ({
      plan: planSkeleton(context.plan.imported, anchors, context.plan.nextId),
    })),
    headersDone: assign(({ context }, { peer }: { peer: number }) => ({ plan: headersDone(context.plan, peer) })),
    bodiesDone: assign(({ context }, done: { peer: number; count: number; bytes: number }) => ({
      plan: bodiesDone(context.plan, done.peer, done),
    })),
    jobFailed: assign(({ context }, { peer }: { peer: number }) => ({ plan: jobFailed(context.plan, peer) })),
    imported: assign(({ context: { plan } }, { last, bytes }: { last: bigint; bytes: number }) => ({
      plan: { ...plan, imported: last, bytes: plan.bytes - bytes, isImporting: false },
    })),
  },
  guards: {
    hasTarget: ({ context }) => bestSource(context.sources, context.head) !== undefined,
    hasRange: (_, { range }: { range: BlockRange | undefined }) => range !== undefined,
    isSource: ({ context }, { peer }: { peer: number }) => context.sources.has(peer),
    isLeader: ({ context }, { peer }: { peer: number }) => context.target.peer === peer,
    isAncestor: ({ context }, probe: { number: bigint; isOurs: boolean }) => {
      const { low, high } = narrow(context.search, probe)
      return high - low === 1n
    },
    isRunning: ({ context }, { peer, job }: { peer: number; job: number }) =>
      context.plan.running.get(peer)?.id === job,
    isComplete: ({ context: { plan, target } }) => plan.imported >= plan.end && plan.end >= target.number,
    isSkeletonFilled: ({ context: { plan } }) => plan.imported >= plan.end,
    isStuck: ({ context }) => isStuck(context.plan, context.sources),
  },
  delays: {
    headPollInterval: ({ context }) => context.pollInterval,
    restInterval: downloadLimits.restInterval,
  },
})

/** Follows the highest range that peers announce: geth's downloader, without a consensus client to tell the head. */
export const downloaderMachine = extend({
  actions: {
    pollHeads: enqueueActions(({ context, enqueue }) => {
      const polled = toPoll(context.sources)
      enqueue.assign({ sources: changed(context.sources, polled, { isAsked: true }) })
      for (const peer of polled) enqueue({ type: 'pollHead', params: { peer, after: context.head } })
    }),
    /** Work for every idle peer, and for the chain. */
    proceed: enqueueActions(({ context, enqueue }) => {
      const [plan, assigned] = assignJobs(context.plan, context.sources)
      const { imported: after, ready } = plan
      const isDue = !plan.isImporting && ready > after
      enqueue.assign({ plan: { ...plan, isImporting: plan.isImporting || isDue } })
      for (const assignment of assigned) enqueue({ type: 'fetch', params: assignment })
      const last = smaller(ready, after + downloadLimits.maxImported)
      if (isDue) enqueue({ type: 'importBlocks', params: { after, last } })
    }),
  },
}).createMachine({
  id: 'downloader',
  context: ({ input }) => ({
    ...input,
    sources: new Map(),
    target: { peer: -1, number: 0n },
    search: beginSearch(0n, 0n),
    plan: planSkeleton(0n, [0n], 0),
  }),
  options: { maxIterations: 100 },
  initial: 'idle',
  on: {
    'downloader.stop': '.stopped',
    'chain.head': { actions: { type: 'noteHead', params: ({ event }) => event } },
    'peer.joined': [
      {
        guard: { type: 'hasRange', params: ({ event }) => event },
        actions: { type: 'add', params: ({ event }) => event },
      },
      {
        actions: [
          { type: 'add', params: ({ event }) => event },
          { type: 'askHead', params: ({ event: { peer, headHash } }) => ({ peer, hash: headHash }) },
        ],
      },
    ],
    'peer.left': { actions: { type: 'remove', params: ({ event }) => event } },
    'peer.lied': {
      actions: [
        { type: 'remove', params: ({ event }) => event },
        { type: 'drop', params: ({ event: { peer, error } }) => ({ peer, error }) },
      ],
    },
    'peer.range': {
      guard: { type: 'isSource', params: ({ event }) => event },
      actions: { type: 'noteRange', params: ({ event }) => event },
    },
    'head.learnt': {
      guard: { type: 'isSource', params: ({ event }) => event },
      actions: { type: 'noteLearnt', params: ({ event }) => event },
    },
  },
  states: {
    idle: {
      description: 'nobody is known to be ahead; heads are polled',
      always: { guard: 'hasTarget', target: 'syncing', actions: 'aim' },
      after: { headPollInterval: { target: 'idle', reenter: true, actions: ['age', 'restAll', 'pollHeads'] } },
    },
    syncing: {
      initial: 'searching',
      entry: { type: 'report', params: ({ context }) => progress(context, true) },
      exit: { type: 'report', params: ({ context }) => progress(context, false) },
      on: {
        'task.failed': {
          guard: { type: 'isLeader', params: ({ event }) => event },
          target: '#downloader.idle',
          actions: ['strikeLeader', 'discard'],
        },
        'peer.left': [
          {
            guard: { type: 'isLeader', params: ({ event }) => event },
            target: '#downloader.idle',
            actions: ['removeLeader', 'discard'],
          },
          { actions: { type: 'remove', params: ({ event }) => event } },
        ],
        'peer.lied': [
          {
            guard: { type: 'isLeader', params: ({ event }) => event },
            target: '#downloader.idle',
            actions: [
              'removeLeader',
              { type: 'drop', params: ({ event: { peer, error } }) => ({ peer, error }) },
              'discard',
            ],
          },
          {
            actions: [
              { type: 'remove', params: ({ event }) => event },
              { type: 'drop', params: ({ event: { peer, error } }) => ({ peer, error }) },
            ],
          },
        ],
      },
      states: {
        searching: {
          description: 'where do our chains part?',
          entry: {
            type: 'probe',
            params: ({ context }) => ({ peer: context.target.peer, number: nextProbe(context.search) }),
          },
          on: {
            'header.compared': [
              {
                guard: { type: 'isAncestor', params: ({ event }) => event },
                target: 'skeleton',
                actions: [
                  { type: 'narrow', params: ({ event }) => event },
                  { type: 'beginPlan', params: ({ context }) => ({ after: context.search.low }) },
                ],
              },
              { target: 'searching', reenter: true, actions: { type: 'narrow', params: ({ event }) => event } },
            ],
          },
        },
        skeleton: {
          description: 'every 192nd header of the peer that is followed',
          entry: {
            type: 'fetchSkeleton',
            params: ({ context: { target, plan } }) => ({
              peer: target.peer,
              after: plan.imported,
              to: target.number,
            }),
          },
          on: {
            'skeleton.fetched': {
              target: 'filling',
              actions: { type: 'plan', params: ({ event }) => event },
            },
          },
        },
        filling: {
          description: 'headers and bodies between them, from every peer that has them',
          entry: 'proceed',
          always: [
            { guard: 'isComplete', target: '#downloader.idle', actions: ['thankLeader', 'discard'] },
            { guard: 'isSkeletonFilled', target: 'skeleton' },
            { guard: 'isStuck', target: '#downloader.idle', actions: ['strikeLeader', 'discard'] },
          ],
          after: { restInterval: { target: 'filling', reenter: true, actions: 'restAll' } },
          on: {
            'peer.joined': {
              guard: { type: 'hasRange', params: ({ event }) => event },
              actions: [{ type: 'add', params: ({ event }) => event }, 'proceed'],
            },
            'headers.fetched': {
              guard: { type: 'isRunning', params: ({ event }) => event },
              actions: [{ type: 'headersDone', params: ({ event }) => event }, 'proceed'],
            },
            'bodies.fetched': {
              guard: { type: 'isRunning', params: ({ event }) => event },
              actions: [{ type: 'bodiesDone', params: ({ event }) => event }, 'proceed'],
            },
            'job.failed': {
              guard: { type: 'isRunning', params: ({ event }) => event },
              actions: [
                { type: 'jobFailed', params: ({ event }) => event },
                { type: 'tire', params: ({ event }) => event },
                'proceed',
              ],
            },
            'peer.left': {
              actions: [
                { type: 'jobFailed', params: ({ event }) => event },
                { type: 'remove', params: ({ event }) => event },
                'proceed',
              ],
            },
            'peer.lied': {
              actions: [
                { type: 'jobFailed', params: ({ event }) => event },
                { type: 'remove', params: ({ event }) => event },
                { type: 'drop', params: ({ event: { peer, error } }) => ({ peer, error }) },
                'proceed',
              ],
            },
            'blocks.imported': {
              actions: [
                { type: 'imported', params: ({ event }) => event },
                { type: 'report', params: ({ context }) => progress(context, true) },
                'proceed',
              ],
            },
            'import.failed': {
              target: '#downloader.idle',
              actions: [
                'removeLeader',
                { type: 'drop', params: ({ context, event }) => ({ peer: context.target.peer, error: event.error }) },
                'discard',
              ],
            },
          },
        },
      },
    },
    stopped: { type: 'final', entry: 'discard' },
  },
})

const progress = ({ plan, head, target }: DownloaderContext, isSyncing: boolean): Progress => ({
  isSyncing,
  current: plan.imported > head ? plan.imported : head,
  highest: target.number,
})
