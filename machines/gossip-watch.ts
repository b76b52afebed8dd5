import { setup } from 'xstate'
import { dialHistoryExpiry } from './dial-rules.ts'
import type { StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/gossip-watch/gossip-watch.ts implements it; a spec records it. */
export type GossipWatchPorts = {
  /** Dials, and shakes hands: `peer.running` or `peer.lost` comes back. */
  connect(): void
  running(): void
  /** Reads one message: `gossip.received`, `request.received` or `peer.lost` comes back. */
  read(): void
  /** Answers the request with nothing. */
  deny(): void
  /** Asks for the transactions that were announced: `fetch.done`, `fetch.overdue` or `peer.lost` comes back. */
  fetch(): void
  /** Reports what was received and fetched: `gossip.emitted` comes back once there is room for more. */
  emit(): void
  hangUp(): void
  /** It will be dialed again. */
  reportLost(how: { cause: string }): void
  /** It never ran, and will not be dialed again. */
  reportFailed(): void
}

/** `fetches`: asks for each new transaction that is only announced. */
export type GossipWatchInput = { readonly ports: GossipWatchPorts; readonly fetches: boolean }

export type GossipWatchEvent =
  | { type: 'peer.running' }
  | { type: 'peer.lost'; cause: string }
  /** `announced` counts the new transactions that it only announces; `isAnswer`: it is one, to a request for transactions. */
  | { type: 'gossip.received'; announced: number; isAnswer: boolean }
  | { type: 'request.received' }
  | { type: 'fetch.done' }
  /** An answer did not come in time. */
  | { type: 'fetch.overdue' }
  | { type: 'gossip.emitted' }
  | { type: 'watch.stop' }

/** Listens to what one node sends its peers. One that ran once is dialed again whenever it is lost, as geth does. */
export const gossipWatchMachine = setup({
  types: {} as { context: GossipWatchInput; input: GossipWatchInput; events: GossipWatchEvent; tags: StateTag },
  actions: {
    ...portActions<GossipWatchPorts>()('connect', 'running', 'read', 'deny', 'fetch', 'emit', 'hangUp'),
    ...portActions<GossipWatchPorts>()('reportLost', 'reportFailed'),
  },
  guards: {
    isFetched: ({ context }, { announced }: { announced: number }) => context.fetches && announced > 0,
    isAnswer: (_, { isAnswer }: { isAnswer: boolean }) => isAnswer,
  },
  delays: { redial: dialHistoryExpiry },
}).createMachine({
  id: 'gossip-watch',
  description: 'listens to what one node sends its peers, and dials it again when it is lost',
  context: ({ input }) => input,
  initial: 'connecting',
  on: { 'watch.stop': { target: '.stopped', actions: 'hangUp' } },
  states: {
    connecting: {
      description: 'first dial: a failure is reported to the caller, and not retried',
      tags: 'moving',
      entry: 'connect',
      on: { 'peer.running': 'watching', 'peer.lost': 'failed' },
    },
    watching: {
      description: 'one message at a time: what comes meanwhile waits in its connection',
      entry: 'running',
      on: { 'peer.lost': { target: 'resting', actions: ofEvent('reportLost') } },
      initial: 'asking',
      states: {
        asking: {
          initial: 'reading',
          states: {
            reading: {
              entry: 'read',
              on: {
                'request.received': { target: 'reading', reenter: true, actions: 'deny' },
                'gossip.received': [{ guard: ofEvent('isFetched'), target: 'fetching' }, { target: 'emitting' }],
              },
            },
            fetching: {
              entry: 'fetch',
              on: { 'fetch.done': 'emitting', 'fetch.overdue': '#gossip-watch.watching.sparing.emitting' },
            },
            emitting: { entry: 'emit', on: { 'gossip.emitted': 'reading' } },
          },
        },
        sparing: {
          description: "owes an answer: not asked (geth's fetcher)",
          initial: 'reading',
          states: {
            reading: {
              entry: 'read',
              on: {
                'request.received': { target: 'reading', reenter: true, actions: 'deny' },
                'gossip.received': [
                  { guard: ofEvent('isAnswer'), target: '#gossip-watch.watching.asking.emitting' },
                  { target: 'emitting' },
                ],
              },
            },
            emitting: { entry: 'emit', on: { 'gossip.emitted': 'reading' } },
          },
        },
      },
    },
    resting: { after: { redial: 'reconnecting' } },
    reconnecting: {
      tags: 'moving',
      entry: 'connect',
      on: { 'peer.running': 'watching', 'peer.lost': { target: 'resting', actions: ofEvent('reportLost') } },
    },
    failed: { type: 'final', entry: 'reportFailed' },
    stopped: { type: 'final' },
  },
})
