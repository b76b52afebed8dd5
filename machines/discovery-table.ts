import { assign, raise, setup } from 'xstate'
import { draw } from './dial-rules.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/discovery/v4/discv4.ts implements it; a spec records it. */
export type DiscoveryTablePorts = {
  /** Puts bootnodes, and nodes of the database, into the table. */
  loadSeeds(): void
  /** `lookup.ended` comes back. */
  lookUpSelf(): void
  lookUpRandom(): void
  /** The table has what we found ourselves: from now on it takes who contacts us, too. */
  openTable(): void
  /** PINGs one of the nodes that are due, if there is one. */
  checkOne(which: { list: 'fast' | 'slow' }): void
  /** A random lookup whose nodes are dialed: `walk.ended` comes back. */
  walk(): void
  /** Another may begin. */
  reportRested(): void
}

export type DiscoveryTableInput = {
  readonly ports: DiscoveryTablePorts
  /** A uint32: when nodes are checked is drawn from it. */
  readonly seed: number
}

export type DiscoveryTableEvent =
  | { type: 'lookup.ended' }
  | { type: 'walk.wanted' }
  /** How many nodes it saw. */
  | { type: 'walk.ended'; seen: number }
  | { type: 'refresh.wanted' }
  | { type: 'discovery.stop' }

type DiscoveryTableContext = DiscoveryTableInput & {
  /** Random lookups that are left of a refresh. */
  readonly left: number
  readonly fastDelay: number
  readonly slowDelay: number
  readonly refreshDelay: number
}

/** geth `PingInterval`; nodes that answered are checked a third as often. */
const fastInterval = 3_000
const slowInterval = 3 * fastInterval
/** geth `RefreshInterval`. */
const refreshInterval = 30 * 60_000
const randomLookups = 3
/** geth `lookupIterator.slowdown`. */
export const walkPause = 1_000
/** After a walk that saw no node: the table has to fill first. */
export const emptyPause = 10_000

/** From the half to the whole of `interval`: geth draws checks from 0 on, and may ping a node twice at once. */
function drawDelay(seed: number, interval: number): { delay: number; seed: number } {
  const { value, seed: next } = draw(seed, interval / 2)
  return { delay: interval / 2 + value, seed: next }
}

/** When the table of a discovery protocol is filled, refreshed and checked (geth discover.Table.loop). */
export const discoveryTableMachine = setup({
  types: {} as { context: DiscoveryTableContext; input: DiscoveryTableInput; events: DiscoveryTableEvent },
  actions: {
    ...portActions<DiscoveryTablePorts>()('loadSeeds', 'lookUpSelf', 'lookUpRandom', 'openTable', 'checkOne', 'walk'),
    ...portActions<DiscoveryTablePorts>()('reportRested'),
    wantRefresh: raise({ type: 'refresh.wanted' }),
    countLookups: assign({ left: randomLookups }),
    countDown: assign(({ context }) => ({ left: context.left - 1 })),
    drawRefresh: assign(({ context }) => {
      const { delay, seed } = drawDelay(context.seed, refreshInterval)
      return { seed, refreshDelay: delay }
    }),
    drawFast: assign(({ context }) => {
      const { delay, seed } = drawDelay(context.seed, fastInterval)
      return { seed, fastDelay: delay }
    }),
    drawSlow: assign(({ context }) => {
      const { delay, seed } = drawDelay(context.seed, slowInterval)
      return { seed, slowDelay: delay }
    }),
  },
  guards: {
    isLast: ({ context }) => context.left <= 1,
    isEmpty: (_, { seen }: { seen: number }) => seen === 0,
  },
  delays: {
    walkPause,
    emptyPause,
    fastDelay: ({ context }) => context.fastDelay,
    slowDelay: ({ context }) => context.slowDelay,
    refreshDelay: ({ context }) => context.refreshDelay,
  },
}).createMachine({
  id: 'discovery-table',
  description: 'when the table of a discovery protocol is filled, refreshed and checked (geth discover.Table)',
  context: ({ input }) => ({ ...input, left: 0, fastDelay: 0, slowDelay: 0, refreshDelay: 0 }),
  options: { maxIterations: 100 },
  initial: 'running',
  states: {
    running: {
      type: 'parallel',
      on: { 'discovery.stop': 'stopped' },
      states: {
        refresh: {
          initial: 'neighbors',
          states: {
            neighbors: {
              description: 'who is close to us?',
              entry: ['loadSeeds', 'lookUpSelf'],
              on: { 'lookup.ended': { target: 'anywhere', actions: 'countLookups' } },
            },
            anywhere: {
              description: 'who is elsewhere?',
              entry: 'lookUpRandom',
              on: {
                'lookup.ended': [
                  { guard: 'isLast', target: 'resting' },
                  { target: 'anywhere', reenter: true, actions: 'countDown' },
                ],
              },
            },
            resting: {
              entry: ['openTable', 'drawRefresh'],
              on: { 'refresh.wanted': 'neighbors' },
              after: { refreshDelay: 'neighbors' },
            },
          },
        },
        unverified: {
          description: 'nodes that have not answered yet',
          initial: 'waiting',
          states: {
            waiting: {
              entry: 'drawFast',
              after: {
                fastDelay: {
                  target: 'waiting',
                  reenter: true,
                  actions: { type: 'checkOne', params: { list: 'fast' } },
                },
              },
            },
          },
        },
        verified: {
          description: 'nodes that have answered',
          initial: 'waiting',
          states: {
            waiting: {
              entry: 'drawSlow',
              after: {
                slowDelay: {
                  target: 'waiting',
                  reenter: true,
                  actions: { type: 'checkOne', params: { list: 'slow' } },
                },
              },
            },
          },
        },
        walk: {
          description: 'lookups for the dialer, when it wants nodes',
          initial: 'idle',
          states: {
            idle: { on: { 'walk.wanted': 'looking' } },
            looking: {
              entry: 'walk',
              on: {
                'walk.ended': [
                  {
                    guard: ofEvent('isEmpty'),
                    target: 'empty',
                    actions: 'wantRefresh',
                  },
                  { target: 'resting' },
                ],
              },
            },
            resting: { after: { walkPause: { target: 'idle', actions: 'reportRested' } } },
            empty: { after: { emptyPause: { target: 'idle', actions: 'reportRested' } } },
          },
        },
      },
    },
    stopped: { type: 'final' },
  },
})
