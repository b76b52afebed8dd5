import { nextProbe } from './download-plan.ts'
import type { Target } from './download-sources.ts'
import { type DownloaderContext, type DownloaderEvent, downloaderSetup, progress } from './downloader-setup.ts'

// The first two phases of a sync: where the chains part, and what lies ahead. Only the peer that is followed is asked.

type SlowEvent = { event: Extract<DownloaderEvent, { type: 'peer.slow' }> }

/** Another peer is followed until it answers. */
const leaderSlow = [
  {
    guard: { type: 'isLeader', params: ({ event }: SlowEvent) => event },
    target: '#downloader.idle',
    actions: [{ type: 'noteSlow', params: ({ event }: SlowEvent) => event }, 'strikeSlowLeader', 'discard'],
  },
  { actions: { type: 'noteSlow', params: ({ event }: SlowEvent) => event } },
] as const

/** Headers came: geth's eth_syncing goes as far as they do from here on (eth/downloader, syncStatsChainHeight). */
const started = {
  type: 'report',
  params: ({ context }: { context: DownloaderContext }) => progress(context, true),
} as const

export const searching = downloaderSetup.createStateConfig({
  description: 'where do our chains part?',
  entry: {
    type: 'probe',
    params: ({ context: { target, search } }) => {
      const number = nextProbe(search)
      return { peer: target.peer, number, ...(number === target.number && named(target)) }
    },
  },
  on: {
    'peer.slow': leaderSlow,
    'header.compared': [
      {
        guard: { type: 'isTargetOurs', params: ({ event }) => event },
        target: 'adopting',
        actions: { type: 'beginPlan', params: ({ context }) => ({ after: context.target.number }) },
      },
      {
        guard: { type: 'isAncestor', params: ({ event }) => event },
        target: 'ahead',
        actions: [
          { type: 'narrow', params: ({ event }) => event },
          { type: 'beginPlan', params: ({ context }) => ({ after: context.search.low }) },
        ],
      },
      { target: 'searching', reenter: true, actions: { type: 'narrow', params: ({ event }) => event } },
    ],
  },
})

export const ahead = downloaderSetup.createStateConfig({
  description: 'how does the peer that is followed tell what lies ahead?',
  always: [
    { guard: 'isLeaderSpent', target: 'resting' },
    { guard: 'givesSkeletons', target: 'skeleton' },
    { target: 'contiguous' },
  ],
})

// Others may have given the bodies, as fast as they can: of a leader that gives few headers at a time a sync asks without end.
export const resting = downloaderSetup.createStateConfig({
  description: 'the peer that is followed was asked as much as a peer is in a minute',
  on: {
    'peer.ready': {
      guard: { type: 'isLeader', params: ({ event }) => event },
      target: 'ahead',
      actions: { type: 'noteReady', params: ({ event }) => event },
    },
  },
})

export const skeleton = downloaderSetup.createStateConfig({
  description: 'every 192nd header of the peer that is followed',
  entry: {
    type: 'fetchSkeleton',
    params: ({ context: { target, plan } }) => ({
      ...{ peer: target.peer, after: plan.imported, to: target.number },
      ...named(target),
    }),
  },
  on: {
    'peer.slow': leaderSlow,
    'skeleton.fetched': { target: 'filling', actions: [{ type: 'plan', params: ({ event }) => event }, started] },
    'skeleton.empty': { target: 'contiguous', actions: 'noteNoSkeleton' },
  },
})

export const contiguous = downloaderSetup.createStateConfig({
  description: 'the next headers of a peer that gives no skeleton',
  entry: {
    type: 'fetchContiguous',
    params: ({ context: { target, plan } }) => ({
      ...{ peer: target.peer, after: plan.imported, to: target.number },
      ...named(target),
    }),
  },
  on: {
    'peer.slow': leaderSlow,
    'contiguous.fetched': {
      target: 'filling',
      actions: [
        { type: 'planBodies', params: ({ event }) => event },
        started,
        { type: 'wantLists', params: ({ event }) => event },
      ],
    },
  },
})

const named = ({ hash }: Target) => hash && { hash }
