import { downloaderSetup, progress } from './downloader-setup.ts'

// The last two phases of a sync: everybody's work, and what a consensus client gets for it.

export const filling = downloaderSetup.createStateConfig({
  description: 'headers and bodies between them, from every peer that has them, and access lists beside',
  entry: 'proceed',
  always: [
    { guard: 'isGoalReached', target: 'adopting' },
    { guard: 'isGoalPassed', target: '#downloader.idle', actions: 'discard' },
    { guard: 'isComplete', target: '#downloader.idle', actions: ['thankLeader', 'discard'] },
    { guard: 'isSkeletonFilled', target: 'ahead' },
    { guard: 'isStuck', target: '#downloader.idle', actions: ['strikeLeader', 'discard'] },
  ],
  after: { restInterval: { target: 'filling', reenter: true, actions: 'restAll' } },
  on: {
    // What is under way leads to the next head, too: it is finished first.
    'consensus.head': {
      guard: { type: 'isNextHead', params: ({ event }) => event },
      actions: [{ type: 'noteConsensus', params: ({ event }) => event }, 'pollHeads'],
    },
    'peer.joined': {
      guard: { type: 'hasRange', params: ({ event }) => event },
      actions: [{ type: 'add', params: ({ event }) => event }, 'proceed'],
    },
    'headers.fetched': {
      guard: { type: 'isRunning', params: ({ event }) => event },
      actions: [
        { type: 'headersDone', params: ({ event }) => event },
        { type: 'wantLists', params: ({ event }) => event },
        'proceed',
      ],
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
    'peer.slow': {
      actions: [
        { type: 'jobFailed', params: ({ event }) => event },
        { type: 'noteSlow', params: ({ event }) => event },
        'proceed',
      ],
    },
    'peer.answered': { actions: [{ type: 'noteAnswered', params: ({ event }) => event }, 'proceed'] },
    'peer.ready': {
      actions: [{ type: 'noteReady', params: ({ event }) => event }, 'proceed'],
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
})

export const adopting = downloaderSetup.createStateConfig({
  description: 'every block is there: the one that a consensus client named becomes the head',
  entry: { type: 'adopt', params: ({ context: { target } }) => ({ hash: target.hash! }) },
  on: {
    'head.adopted': { target: '#downloader.idle', actions: ['noteAdopted', 'thankLeader', 'discard'] },
  },
})
