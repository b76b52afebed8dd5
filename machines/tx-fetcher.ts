import { assign, setup } from 'xstate'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'
import { txFetchLimits } from './tx-announcements.ts'

/** What the chart asks of the world. actors/eth/tx-fetcher.ts implements it; a spec records it. */
export type TxFetcherPorts = {
  /** What has been waited for long enough may be asked for, of all who announced it: `wait.elapsed` comes back. */
  release(): void
  /** Asks the peer for what may be asked for, and no other is asked for: `request.sent` or `request.none` comes back. */
  request(): void
  /** The answer takes too long: others are asked for what it was to have. */
  expire(): void
  /** All that the peer announced is forgotten; others are asked for what it was asked for. */
  forget(): void
}

export type TxFetcherInput = { readonly ports: TxFetcherPorts }

/** `wait`: ms until the first of what it announced has waited, undefined when nothing has to. */
export type TxFetcherEvent =
  | { type: 'txs.announced'; wait: number | undefined }
  | { type: 'wait.elapsed'; wait: number | undefined }
  /** Something that the peer has may be asked for. */
  | { type: 'queue.changed' }
  | { type: 'request.sent' }
  | { type: 'request.none' }
  /** What the peer answered is in the pool, or refused by it. */
  | { type: 'answer.taken' }
  /** The request could not be made, or its answer will not come. */
  | { type: 'request.failed' }
  | { type: 'peer.left' }

type TxFetcherContext = TxFetcherInput & {
  /** ms */
  readonly wait: number
}
type Wait = { wait: number | undefined }

const forgotten = { target: 'idle', actions: 'forget' } as const

/**
 * Fetches what one peer announces (geth eth/fetcher TxFetcher, as far as it is about one peer). A transaction is announced,
 * waited for, as it may come whole, asked for, and asked of another when it does not come: who has announced what, and who is
 * asked, is a value that all peers share (tx-announcements.ts).
 */
export const txFetcherMachine = setup({
  types: {} as {
    context: TxFetcherContext
    input: TxFetcherInput
    events: TxFetcherEvent
    meta: StateMeta
    tags: StateTag
  },
  actions: {
    ...portActions<TxFetcherPorts>()('release', 'request', 'expire', 'forget'),
    noteWait: assign((_, { wait }: Wait) => ({ wait: wait! })),
  },
  guards: {
    hasToWait: (_, { wait }: Wait) => wait !== undefined,
  },
  delays: { arrival: ({ context }) => context.wait, fetchTimeout: txFetchLimits.fetchTimeout },
}).createMachine({
  id: 'tx-fetcher',
  description: 'fetches the transactions that one peer announces (geth TxFetcher)',
  context: ({ input }) => ({ ...input, wait: 0 }),
  options: { maxIterations: 100 },
  initial: 'active',
  on: { 'peer.left': '.gone' },
  states: {
    active: {
      type: 'parallel',
      meta: { label: 'fetches what the peer announces' },
      states: {
        arrivals: {
          initial: 'none',
          states: {
            none: {
              description: 'nothing that it announced is waited for',
              on: { 'txs.announced': { guard: ofEvent('hasToWait'), target: 'waiting', actions: ofEvent('noteWait') } },
            },
            waiting: {
              description: 'what it announced may come whole, from it or another (geth waitlist)',
              after: { arrival: 'releasing' },
            },
            releasing: {
              tags: 'moving',
              entry: 'release',
              on: {
                'wait.elapsed': [
                  { guard: ofEvent('hasToWait'), target: 'waiting', actions: ofEvent('noteWait') },
                  { target: 'none' },
                ],
              },
            },
          },
        },
        retrieval: {
          initial: 'idle',
          states: {
            idle: {
              description: 'it is asked for nothing',
              on: { 'queue.changed': 'choosing' },
            },
            choosing: {
              description: 'looks for what it has and no other is asked for',
              tags: 'moving',
              entry: 'request',
              on: { 'request.sent': 'asked', 'request.none': 'idle' },
            },
            asked: {
              description: 'one request at a time; others have the rest asked of them',
              on: { 'answer.taken': 'choosing', 'request.failed': forgotten },
              after: { fetchTimeout: { target: 'slow', actions: 'expire' } },
            },
            slow: {
              description: 'has not answered in time, and is asked for nothing until it has; it is not disconnected',
              on: { 'answer.taken': 'choosing' },
            },
          },
        },
      },
    },
    gone: { type: 'final', entry: 'forget', meta: { label: 'the peer is gone' } },
  },
})
