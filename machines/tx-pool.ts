import { setup } from 'xstate'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/pool/tx-pool.ts implements it; a spec records it. */
export type TxPoolPorts = {
  /** Takes what the journal has: `journal.read` comes back. */
  readJournal(): void
  /** Reads, on the chain's head, the accounts of all senders: `states.read` or `states.failed` comes back. */
  readStates(): void
  /** What is queued for too long leaves. */
  expire(): void
  /** The journal is written anew, of what is still here. */
  rotateJournal(): void
  /** Nothing is taken any more. */
  close(): void
}

export type TxPoolInput = { readonly ports: TxPoolPorts }

export type TxPoolEvent =
  | { type: 'journal.read' }
  | { type: 'head.changed' }
  /** The pool stands on the head that the chain had when they were asked for. */
  | { type: 'states.read' }
  /** They are there no more: the next head is another chance. */
  | { type: 'states.failed' }
  | { type: 'pool.stop' }

/** The pool of transactions: which head it stands on, and what is done with time. What it holds is a value: pool-content.ts. */
export const txPoolMachine = setup({
  types: {} as {
    context: TxPoolInput
    input: TxPoolInput
    events: TxPoolEvent
    meta: StateMeta
    tags: StateTag
  },
  actions: portActions<TxPoolPorts>()('readJournal', 'readStates', 'expire', 'rotateJournal', 'close'),
  delays: {
    /** geth legacypool evictionInterval. */
    expiryInterval: 60_000,
    /** geth legacypool.DefaultConfig.Rejournal. */
    rejournal: 3_600_000,
  },
}).createMachine({
  id: 'tx-pool',
  description:
    'the pool of transactions: which head it stands on, and what is done with time (geth txpool, legacypool)',
  context: ({ input }) => input,
  options: { maxIterations: 100 },
  initial: 'opening',
  on: { 'pool.stop': '.closed' },
  states: {
    opening: {
      description: 'takes back what the journal has',
      meta: { label: 'reads its journal' },
      tags: 'moving',
      entry: 'readJournal',
      on: { 'journal.read': 'open' },
    },
    open: {
      type: 'parallel',
      meta: { label: 'takes transactions' },
      states: {
        head: {
          // A head may have come while the journal was read.
          initial: 'resetting',
          states: {
            settled: { description: 'stands on the chain’s head', on: { 'head.changed': 'resetting' } },
            resetting: {
              description: 'reads the accounts of its senders; it stands on the head before until it has them',
              tags: 'moving',
              entry: 'readStates',
              on: { 'states.read': 'settled', 'states.failed': 'settled', 'head.changed': 'behind' },
            },
            behind: {
              description: 'as resetting, and there is another head already',
              tags: 'moving',
              on: { 'states.read': 'resetting', 'states.failed': 'resetting' },
            },
          },
        },
        queue: {
          initial: 'waiting',
          states: {
            waiting: { after: { expiryInterval: { target: 'waiting', reenter: true, actions: 'expire' } } },
          },
        },
        journal: {
          initial: 'growing',
          states: {
            growing: { after: { rejournal: { target: 'growing', reenter: true, actions: 'rotateJournal' } } },
          },
        },
      },
    },
    closed: { type: 'final', entry: 'close', meta: { label: 'nothing is taken any more' } },
  },
})
