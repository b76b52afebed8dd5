import { noLists } from './download-lists.ts'
import { beginSearch, nextProbe, planSkeleton } from './download-plan.ts'
import { BadPeerData } from './download-sources.ts'
import { type DownloaderContext, type DownloaderEvent, downloaderSetup, pivotOf, progress } from './downloader-setup.ts'
import { PeerStalled } from './eth-faults.ts'
import { ofEvent } from './port-actions.ts'

/** There is no sync, and there may be another block to come to. */
const stopped = {
  type: 'report',
  params: ({ context }: { context: DownloaderContext }) => progress(context, false),
} as const

/** Another peer is followed until it answers. */
const leaderSlow = [
  {
    guard: ofEvent('isLeader'),
    target: '#downloader.idle',
    actions: [ofEvent('noteSlow'), 'noteStuckWhileSlow', 'discard'],
  },
  { actions: ofEvent('noteSlow') },
] as const

/** Headers came: geth's eth_syncing goes as far as they do from here on (eth/downloader, syncStatsChainHeight). */
const started = {
  type: 'report',
  params: ({ context }: { context: DownloaderContext }) => progress(context, true),
} as const

/** It may be honest, and is of no use now: another peer is followed. */
const leaderFails = { target: '#downloader.idle', actions: ['noteStuck', 'discard'] } as const

/** geth's pivot: its state is fetched, and nothing is executed before it is there. */
const pivotFound = [
  { type: 'setPivot', params: ({ context }: { context: DownloaderContext }) => pivotOf(context) },
  'leaderDone',
  'discard',
] as const

/** The peer that is followed sent what cannot be so, whatever chain it has. */
const leaderLies = <Type extends DownloaderEvent['type']>(what: (event: EventOf<Type>) => string) =>
  ({
    target: '#downloader.idle',
    actions: [
      'removeLeader',
      {
        type: 'drop',
        params: ({ context, event }: { context: DownloaderContext; event: EventOf<Type> }) => {
          return { peer: context.target.peer, error: new BadPeerData(what(event)) }
        },
      },
      'discard',
    ],
  }) as const
type EventOf<Type> = Extract<DownloaderEvent, { type: Type }>

const unlike = ({ first, last }: EventOf<'headers.answered'>) =>
  `headers ${first} to ${last} do not meet its own skeleton`

/**
 * Fetches what a consensus client names as the head; as long as none has named any, the highest range that peers announce.
 * geth's downloader before its beacon sync, with every block stored and none executed. One peer leads, whose chain becomes
 * ours; all the others only help to fetch it. A sync goes through four phases.
 *
 * 1. `searching`: where do our chains part? The leader is asked for one header at a time: the last that both may have, then
 *    by halves (geth's findAncestor). Mostly the first answer is ours already.
 * 2. `ahead`: what lies ahead? `skeleton`: the leader gives every 192nd header above that block, 128 at most, so that what is
 *    between them can be asked of anyone and checked at once. A leader that gives no such headers gives the next 192 instead:
 *    `contiguous`. One that was asked enough for a minute `rests` first.
 * 3. `filling`: the gaps of the skeleton are jobs, headers first, then the bodies of those headers; each idle peer that may
 *    have one gets one, and a job that fails goes to another. Blocks are imported as far as they are whole. Access lists are
 *    fetched beside, and nothing waits for one. When all is imported the next skeleton is asked for (2), until the target is
 *    reached.
 * 4. `adopting`: where a consensus client named the target, it becomes the head. Elsewhere the import did that.
 *
 * With `syncMode` snap the target is a pivot 64 blocks below, and nothing is executed up to it. `proving`: what a consensus client
 * named must stand on it. Then its state is fetched (snap-sync.ts), and from it on a sync is as above.
 *
 * Who is at fault? A leader that does not have what it should is followed no more for now (`noteStuck`): it may be on
 * another branch. Only what contradicts itself is a lie, and ends the peer: a range without its header, headers that do not
 * follow one another, a segment that does not meet the sender's own skeleton, a block that is invalid. The same segment
 * of another peer is merely of another branch.
 */
export const downloaderMachine = downloaderSetup.createMachine({
  id: 'downloader',
  description: "follows the highest range that peers announce (geth's downloader)",
  context: ({ input: { followsConsensus, syncMode = 'full', ...input } }) => ({
    ...input,
    syncMode,
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
    'chain.head': { actions: ofEvent('noteHead') },
    'state.synced': { actions: 'noteState' },
    'consensus.head': [
      {
        guard: ofEvent('isOurs'),
        actions: [ofEvent('noteConsensus'), stopped],
      },
      { actions: [ofEvent('noteConsensus'), stopped, 'pollHeads'] },
    ],
    'peer.joined': [
      { guard: 'isHeadMissing', actions: [ofEvent('add'), 'pollHeads'] },
      {
        guard: ofEvent('hasRange'),
        actions: ofEvent('add'),
      },
      {
        actions: [
          ofEvent('add'),
          { type: 'askHead', params: ({ event: { peer, headHash } }) => ({ peer, hash: headHash }) },
        ],
      },
    ],
    'peer.left': { actions: ofEvent('remove') },
    'peer.lied': {
      actions: [ofEvent('remove'), { type: 'drop', params: ({ event: { peer, error } }) => ({ peer, error }) }],
    },
    'peer.slow': { actions: ofEvent('noteSlow') },
    'peer.answered': { actions: ofEvent('noteAnswered') },
    'peer.stalled': {
      guard: ofEvent('isSource'),
      actions: [
        ofEvent('remove'),
        { type: 'drop', params: ({ event: { peer } }) => ({ peer, error: new PeerStalled() }) },
      ],
    },
    // A sync that ends leaves what it has asked for lists: of blocks that are imported they cannot be had later.
    'lists.fetched': {
      guard: ofEvent('isListing'),
      actions: ofEvent('listsDone'),
    },
    'lists.failed': { actions: ofEvent('noteListsUnasked') },
    'lists.slow': { actions: ofEvent('noteListsSlow') },
    'lists.answered': { actions: ofEvent('noteListsAnswered') },
    'peer.spent': { actions: ofEvent('noteSpent') },
    'peer.ready': { actions: ofEvent('noteReady') },
    'peer.range': {
      guard: ofEvent('isSource'),
      actions: ofEvent('noteRange'),
    },
    'head.learnt': {
      guard: ofEvent('isSource'),
      actions: ofEvent('noteLearnt'),
    },
  },
  states: {
    idle: {
      description: 'no peer is known to have what we look for; heads are polled',
      always: { guard: 'hasTarget', target: 'syncing', actions: 'aim' },
      after: {
        headPollInterval: { target: 'idle', reenter: true, actions: ['countPoll', 'endCooldowns', 'pollHeads'] },
      },
    },
    syncing: {
      tags: ['syncing', 'moving'],
      initial: 'searching',
      entry: { type: 'report', params: ({ context }) => progress(context, true) },
      exit: stopped,
      on: {
        'state.synced': { target: '#downloader.idle', actions: ['noteState', 'discard'] },
        'consensus.head': [
          {
            guard: ofEvent('isOurs'),
            target: '#downloader.idle',
            actions: [ofEvent('noteConsensus'), stopped, 'discard'],
          },
          {
            target: '#downloader.idle',
            actions: [ofEvent('noteConsensus'), stopped, 'discard', 'pollHeads'],
          },
        ],
        'lists.fetched': {
          guard: ofEvent('isListing'),
          actions: [ofEvent('listsDone'), 'askLists'],
        },
        'lists.slow': { actions: [ofEvent('noteListsSlow'), 'askLists'] },
        'lists.failed': { actions: [ofEvent('noteListsUnasked'), 'askLists'] },
        'lists.answered': { actions: [ofEvent('noteListsAnswered'), 'askLists'] },
        'task.failed': { guard: ofEvent('isLeader'), ...leaderFails },
        'leader.empty': [
          { guard: 'mayLackTarget', ...leaderFails },
          leaderLies<'leader.empty'>(({ number }) => `no header ${number}, which its range holds`),
        ],
        'headers.answered': { guard: ofEvent('isUnlikeOwnSkeleton'), ...leaderLies<'headers.answered'>(unlike) },
        'peer.left': [
          {
            guard: ofEvent('isLeader'),
            target: '#downloader.idle',
            actions: ['removeLeader', 'discard'],
          },
          { actions: ofEvent('remove') },
        ],
        'peer.lied': [
          {
            guard: ofEvent('isLeader'),
            target: '#downloader.idle',
            actions: [
              'removeLeader',
              { type: 'drop', params: ({ event: { peer, error } }) => ({ peer, error }) },
              'discard',
            ],
          },
          {
            actions: [ofEvent('remove'), { type: 'drop', params: ({ event: { peer, error } }) => ({ peer, error }) }],
          },
        ],
      },
      states: {
        searching: {
          description: 'where do our chains part?',
          entry: {
            type: 'probe',
            params: ({ context: { target, search } }) => ({ peer: target.peer, number: nextProbe(search) }),
          },
          on: {
            'peer.slow': leaderSlow,
            'header.compared': [
              { guard: ofEvent('isOtherBlock'), ...leaderFails },
              {
                guard: ofEvent('isTargetOurs'),
                target: 'adopting',
                actions: { type: 'beginPlan', params: ({ context }) => ({ after: context.target.number }) },
              },
              {
                guard: ofEvent('isAncestor'),
                target: 'ahead',
                actions: [
                  ofEvent('narrow'),
                  { type: 'beginPlan', params: ({ context }) => ({ after: context.search.low }) },
                ],
              },
              { target: 'searching', reenter: true, actions: ofEvent('narrow') },
            ],
          },
        },
        ahead: {
          description: 'how does the peer that is followed show what lies ahead?',
          always: [
            { guard: 'isLeaderSpent', target: 'resting' },
            { guard: 'givesSkeletons', target: 'skeleton' },
            { target: 'contiguous' },
          ],
        },
        // Others may have given the bodies, as fast as they can: of a leader that gives few headers at a time a sync asks without end.
        resting: {
          description: 'the peer that is followed was asked as much as a peer is in a minute',
          on: {
            'peer.ready': {
              guard: ofEvent('isLeader'),
              target: 'ahead',
              actions: ofEvent('noteReady'),
            },
          },
        },
        skeleton: {
          description: 'every 192nd header of the peer that is followed',
          entry: {
            type: 'fetchSkeleton',
            params: ({ context: { target, plan } }) => ({ peer: target.peer, after: plan.imported, to: target.number }),
          },
          on: {
            'peer.slow': leaderSlow,
            'skeleton.fetched': [
              {
                guard: {
                  type: 'isOtherBlock',
                  params: ({ event: { anchors, hash } }) => ({ number: anchors.at(-1)!, hash }),
                },
                ...leaderFails,
              },
              { target: 'filling', actions: [ofEvent('plan'), started] },
            ],
            'skeleton.empty': { target: 'contiguous', actions: 'noteNoSkeleton' },
          },
        },
        contiguous: {
          description: 'the next headers of a peer that gives no skeleton',
          entry: {
            type: 'fetchContiguous',
            params: ({ context: { target, plan } }) => ({ peer: target.peer, after: plan.imported, to: target.number }),
          },
          on: {
            'peer.slow': leaderSlow,
            'contiguous.fetched': [
              {
                guard: { type: 'isOtherBlock', params: ({ event: { last: number, hash } }) => ({ number, hash }) },
                ...leaderFails,
              },
              {
                guard: ofEvent('isUnlinked'),
                ...leaderLies<'contiguous.fetched'>(
                  ({ first }) => `header ${first} does not follow its own header ${first - 1n}`,
                ),
              },
              { target: 'filling', actions: [ofEvent('planBodies'), started, ofEvent('wantLists')] },
            ],
          },
        },
        filling: {
          description: 'headers and bodies between them, from every peer that has them, and access lists beside',
          entry: 'proceed',
          always: [
            { guard: 'isPivotNamed', target: 'proving' },
            { guard: 'isPivot', target: '#downloader.idle', actions: pivotFound },
            { guard: 'isGoalReached', target: 'adopting' },
            { guard: 'isGoalPassed', target: '#downloader.idle', actions: 'discard' },
            { guard: 'isComplete', target: '#downloader.idle', actions: ['leaderDone', 'discard'] },
            { guard: 'isSkeletonFilled', target: 'ahead' },
            { guard: 'isStuck', target: '#downloader.idle', actions: ['noteStuck', 'discard'] },
          ],
          after: { cooldown: { target: 'filling', reenter: true, actions: 'endCooldowns' } },
          on: {
            // What is under way leads to the next head, too: it is finished first.
            'consensus.head': {
              guard: ofEvent('isNextHead'),
              actions: [ofEvent('noteConsensus'), 'pollHeads'],
            },
            'peer.joined': {
              guard: ofEvent('hasRange'),
              actions: [ofEvent('add'), 'proceed'],
            },
            'headers.answered': [
              { guard: ofEvent('isSegment'), actions: [ofEvent('headersDone'), ofEvent('wantLists'), 'proceed'] },
              {
                guard: ofEvent('isUnlikeOwnSkeleton'),
                actions: [
                  ofEvent('jobFailed'),
                  ofEvent('remove'),
                  {
                    type: 'drop',
                    params: ({ event }) => ({ peer: event.peer, error: new BadPeerData(unlike(event)) }),
                  },
                  'proceed',
                ],
              },
              { guard: ofEvent('isRunning'), actions: [ofEvent('jobFailed'), ofEvent('coolDown'), 'proceed'] },
            ],
            'bodies.fetched': {
              guard: ofEvent('isRunning'),
              actions: [ofEvent('bodiesDone'), 'proceed'],
            },
            'job.failed': {
              guard: ofEvent('isRunning'),
              actions: [ofEvent('jobFailed'), ofEvent('coolDown'), 'proceed'],
            },
            'peer.slow': {
              actions: [ofEvent('jobFailed'), ofEvent('noteSlow'), 'proceed'],
            },
            'peer.answered': { actions: [ofEvent('noteAnswered'), 'proceed'] },
            'peer.ready': {
              actions: [ofEvent('noteReady'), 'proceed'],
            },
            'peer.left': [
              { guard: ofEvent('isOnlySource'), target: '#downloader.idle', actions: ['removeLeader', 'discard'] },
              { actions: [ofEvent('jobFailed'), ofEvent('remove'), 'proceed'] },
            ],
            'peer.lied': {
              actions: [
                ofEvent('jobFailed'),
                ofEvent('remove'),
                { type: 'drop', params: ({ event: { peer, error } }) => ({ peer, error }) },
                'proceed',
              ],
            },
            'blocks.imported': {
              actions: [
                ofEvent('imported'),
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
        proving: {
          description: 'does the block that a consensus client named stand on the pivot?',
          entry: {
            type: 'prove',
            params: ({ context: { target } }) => ({ peer: target.peer, pivot: target.number, head: target.head! }),
          },
          on: {
            'peer.slow': leaderSlow,
            'pivot.proven': { target: '#downloader.idle', actions: pivotFound },
            'pivot.refuted': leaderFails,
          },
        },
        adopting: {
          description: 'every block is there: the one that a consensus client named becomes the head',
          entry: { type: 'adopt', params: ({ context: { target } }) => ({ hash: target.hash! }) },
          on: {
            'head.adopted': { target: '#downloader.idle', actions: ['noteAdopted', 'leaderDone', 'discard'] },
            'head.refused': { target: '#downloader.idle', actions: ['noteStuck', 'discard'] },
          },
        },
      },
    },
    stopped: { type: 'final', entry: 'discard' },
  },
})
