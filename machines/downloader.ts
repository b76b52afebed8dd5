import { adopting, filling } from './download-filling.ts'
import { noLists } from './download-lists.ts'
import { beginSearch, planSkeleton } from './download-plan.ts'
import { ahead, contiguous, resting, searching, skeleton } from './download-searching.ts'
import { type DownloaderContext, downloaderSetup, progress } from './downloader-setup.ts'
import { PeerStalled } from './eth-faults.ts'

/** There is no sync, and there may be another block to come to. */
const stopped = {
  type: 'report',
  params: ({ context }: { context: DownloaderContext }) => progress(context, false),
} as const

/**
 * Fetches what a consensus client names as the head; as long as none has named any, the highest range that peers announce.
 * geth's downloader, in four phases: download-searching.ts and download-filling.ts.
 */
export const downloaderMachine = downloaderSetup.createMachine({
  id: 'downloader',
  description: "follows the highest range that peers announce (geth's downloader)",
  context: ({ input: { followsConsensus, ...input } }) => ({
    ...input,
    goal: { kind: followsConsensus ? 'reached' : 'longest' },
    sources: new Map(),
    target: { peer: -1, number: 0n },
    starting: input.head,
    search: beginSearch(0n, 0n),
    plan: planSkeleton(0n, [0n]),
    lists: noLists,
  }),
  options: { maxIterations: 100 },
  initial: 'idle',
  on: {
    'downloader.stop': '.stopped',
    'chain.head': { actions: { type: 'noteHead', params: ({ event }) => event } },
    'consensus.head': [
      {
        guard: { type: 'isOurs', params: ({ event }) => event },
        actions: [{ type: 'noteConsensus', params: ({ event }) => event }, stopped],
      },
      { actions: [{ type: 'noteConsensus', params: ({ event }) => event }, stopped, 'pollHeads'] },
    ],
    'peer.joined': [
      { guard: 'isHeadMissing', actions: [{ type: 'add', params: ({ event }) => event }, 'pollHeads'] },
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
    'peer.slow': { actions: { type: 'noteSlow', params: ({ event }) => event } },
    'peer.answered': { actions: { type: 'noteAnswered', params: ({ event }) => event } },
    'peer.stalled': {
      guard: { type: 'isSource', params: ({ event }) => event },
      actions: [
        { type: 'remove', params: ({ event }) => event },
        { type: 'drop', params: ({ event: { peer } }) => ({ peer, error: new PeerStalled() }) },
      ],
    },
    // A sync that ends leaves what it has asked for lists: of blocks that are imported they cannot be had later.
    'lists.fetched': {
      guard: { type: 'isListing', params: ({ event }) => event },
      actions: { type: 'listsDone', params: ({ event }) => event },
    },
    'lists.failed': { actions: { type: 'noteListsUnasked', params: ({ event }) => event } },
    'lists.slow': { actions: { type: 'noteListsSlow', params: ({ event }) => event } },
    'lists.answered': { actions: { type: 'noteListsAnswered', params: ({ event }) => event } },
    'peer.spent': { actions: { type: 'noteSpent', params: ({ event }) => event } },
    'peer.ready': { actions: { type: 'noteReady', params: ({ event }) => event } },
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
      description: 'nobody is known to have what we look for; heads are polled',
      always: { guard: 'hasTarget', target: 'syncing', actions: 'aim' },
      after: { headPollInterval: { target: 'idle', reenter: true, actions: ['age', 'restAll', 'pollHeads'] } },
    },
    syncing: {
      tags: ['syncing', 'moving'],
      initial: 'searching',
      entry: { type: 'report', params: ({ context }) => progress(context, true) },
      exit: stopped,
      on: {
        'consensus.head': [
          {
            guard: { type: 'isOurs', params: ({ event }) => event },
            target: '#downloader.idle',
            actions: [{ type: 'noteConsensus', params: ({ event }) => event }, stopped, 'discard'],
          },
          {
            target: '#downloader.idle',
            actions: [{ type: 'noteConsensus', params: ({ event }) => event }, stopped, 'discard', 'pollHeads'],
          },
        ],
        'lists.fetched': {
          guard: { type: 'isListing', params: ({ event }) => event },
          actions: [{ type: 'listsDone', params: ({ event }) => event }, 'askLists'],
        },
        'lists.slow': { actions: [{ type: 'noteListsSlow', params: ({ event }) => event }, 'askLists'] },
        'lists.failed': { actions: [{ type: 'noteListsUnasked', params: ({ event }) => event }, 'askLists'] },
        'lists.answered': { actions: [{ type: 'noteListsAnswered', params: ({ event }) => event }, 'askLists'] },
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
      states: { searching, ahead, resting, skeleton, contiguous, filling, adopting },
    },
    stopped: { type: 'final', entry: 'discard' },
  },
})
