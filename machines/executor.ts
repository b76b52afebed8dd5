import { assign, setup } from 'xstate'
import { withoutMember } from './immutable-collections.ts'
import type { StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/execution/executor.ts implements it; a spec records it. */
export type ExecutorPorts = {
  /** `executor.opened` or `executor.failed` comes back. */
  open(): void
  /** The block of a job, on its parent's state: `block.executed`, `block.refused` or `executor.failed` comes back. */
  execute(which: { job: number }): void
  /** The result of a block whose state is there: `block.executed` comes back. */
  recall(which: { job: number }): void
  /** Begins at the genesis again: `executor.opened` comes back. */
  rebuild(): void
  /** The answer to a `block.given`: each gets one. */
  conclude(answer: { job: number; verdict: Verdict }): void
  /** Nothing more can be executed. */
  fail(why: { error: Error }): void
  /** `executor.closed` comes back. */
  close(): void
}

/** What became of a block. Hashes are hex digits. */
export type Verdict =
  | { readonly kind: 'valid' }
  /** @see latestValid the last block of its branch that is not: what a consensus client is to go back to */
  | { readonly kind: 'invalid'; readonly reason: string; readonly detail: string; readonly latestValid: string }
  /** The state that it stands on is not there: nothing is known of it. */
  | { readonly kind: 'stateless' }
  | { readonly kind: 'stopped' }

/** A block to execute. `job` numbers a caller who waits for the verdict. */
export type Job = { readonly job: number; readonly hash: string; readonly parent: string }

export type ExecutorInput = { readonly ports: ExecutorPorts }

export type ExecutorEvent =
  /** Blocks whose states are there. */
  | { type: 'executor.opened'; states: readonly string[] }
  | { type: 'executor.failed'; error: Error }
  | ({ type: 'block.given' } & Job)
  /** Its state is there now, and those of other blocks are no more. */
  | { type: 'block.executed'; gone: readonly string[] }
  | { type: 'block.refused'; reason: string; detail: string }
  /** A state was fetched from peers: the only one that there is now. */
  | { type: 'state.synced'; states: readonly string[] }
  /** No block of the chain has its state here. */
  | { type: 'chain.lost' }
  | { type: 'executor.stop' }
  | { type: 'executor.closed' }

type Refusal = { readonly reason: string; readonly detail: string; readonly latestValid: string }

type ExecutorContext = ExecutorInput & {
  /** The first is the one that is executed. BOUNDED: by the callers, of whom the chain is one, and gives a block at a time. */
  readonly queue: readonly Job[]
  /** BOUNDED: by the states that are kept. */
  readonly states: ReadonlySet<string>
  /** Bad blocks, and what stands on them. BOUNDED: maxRefused, the oldest go. */
  readonly refused: ReadonlyMap<string, Refusal>
}

/** geth `invalidTipsetsCap`. */
export const maxRefused = 512

const first = ({ queue }: ExecutorContext) => queue[0]!

const { enqueueActions, extend } = setup({
  types: {} as { context: ExecutorContext; input: ExecutorInput; events: ExecutorEvent; tags: StateTag },
  actions: {
    ...portActions<ExecutorPorts>()('open', 'execute', 'recall', 'rebuild', 'conclude', 'fail', 'close'),
    noteStates: assign((_, { states }: { states: readonly string[] }) => ({ states: new Set(states) })),
    enqueue: assign(({ context }, { job, hash, parent }: Job) => ({
      queue: [...context.queue, { job, hash, parent }],
    })),
    dequeue: assign(({ context }) => ({ queue: context.queue.slice(1) })),
    noteExecuted: assign(({ context }, { gone }: { gone: readonly string[] }) => ({
      states: gone.reduce(withoutMember, new Set([...context.states, first(context).hash]) as ReadonlySet<string>),
    })),
    noteRefused: assign(({ context }, refusal: Refusal) => {
      const all = [...context.refused, [first(context).hash, refusal] as const]
      return { refused: new Map(all.slice(-maxRefused)) }
    }),
  },
  guards: {
    isIdle: ({ context }) => context.queue.length === 0,
    standsOnBad: ({ context }) => context.refused.has(first(context).parent),
    isThere: ({ context }) => context.states.has(first(context).hash),
    hasParentState: ({ context }) => context.states.has(first(context).parent),
  },
})

const ofFirst = ({ context }: { context: ExecutorContext }) => ({ job: first(context).job })

/**
 * What is executed when, and what a bad block means: its branch is bad from it on, and the last block before it is where
 * the branch is still valid. One block at a time, in the order that they come.
 */
export const executorMachine = extend({
  actions: {
    concludeAll: enqueueActions(({ context: { queue }, enqueue }) => {
      for (const { job } of queue) enqueue({ type: 'conclude', params: { job, verdict: { kind: 'stopped' } } })
      enqueue.assign({ queue: [] })
    }),
  },
}).createMachine({
  id: 'executor',
  description: 'execution: which block is executed when, and what a bad one means for its branch (geth BlockChain)',
  context: ({ input }) => ({ ...input, queue: [], states: new Set(), refused: new Map() }),
  initial: 'opening',
  on: {
    'block.given': { actions: ofEvent('enqueue') },
    'state.synced': { actions: ofEvent('noteStates') },
    'executor.failed': { target: '.failed', actions: ofEvent('fail') },
    'executor.stop': '.stopping',
  },
  states: {
    opening: {
      tags: 'moving',
      description: 'the states that the database has are looked for, and those of a genesis written',
      entry: 'open',
      on: { 'executor.opened': { target: 'deciding', actions: ofEvent('noteStates') } },
    },
    deciding: {
      tags: 'moving',
      always: [
        { guard: 'isIdle', target: 'idle' },
        { guard: 'isThere', target: 'recalling' },
        {
          guard: 'standsOnBad',
          target: 'deciding',
          reenter: true,
          actions: [
            {
              type: 'conclude',
              params: ({ context }) => ({
                job: first(context).job,
                verdict: { kind: 'invalid', ...context.refused.get(first(context).parent)! },
              }),
            },
            { type: 'noteRefused', params: ({ context }) => context.refused.get(first(context).parent)! },
            'dequeue',
          ],
        },
        { guard: 'hasParentState', target: 'executing' },
        {
          target: 'deciding',
          reenter: true,
          actions: [
            { type: 'conclude', params: (args) => ({ ...ofFirst(args), verdict: { kind: 'stateless' } }) },
            'dequeue',
          ],
        },
      ],
    },
    idle: {
      on: {
        'block.given': { target: 'deciding', actions: ofEvent('enqueue') },
        'chain.lost': 'rebuilding',
      },
    },
    executing: {
      entry: { type: 'execute', params: ofFirst },
      on: {
        'block.executed': {
          target: 'deciding',
          actions: [
            ofEvent('noteExecuted'),
            { type: 'conclude', params: (args) => ({ ...ofFirst(args), verdict: { kind: 'valid' } }) },
            'dequeue',
          ],
        },
        'block.refused': {
          target: 'deciding',
          actions: [
            {
              type: 'conclude',
              params: ({ context, event: { reason, detail } }) => ({
                job: first(context).job,
                verdict: { kind: 'invalid', reason, detail, latestValid: first(context).parent },
              }),
            },
            {
              type: 'noteRefused',
              params: ({ context, event: { reason, detail } }) => ({
                ...{ reason, detail },
                latestValid: first(context).parent,
              }),
            },
            'dequeue',
          ],
        },
      },
    },
    recalling: {
      description: 'it was executed before: what came of it is read',
      entry: { type: 'recall', params: ofFirst },
      on: {
        'block.executed': {
          target: 'deciding',
          actions: [
            { type: 'conclude', params: (args) => ({ ...ofFirst(args), verdict: { kind: 'valid' } }) },
            'dequeue',
          ],
        },
      },
    },
    rebuilding: {
      description: 'no block of the chain has its state here: begins at the genesis again',
      entry: 'rebuild',
      on: { 'executor.opened': { target: 'deciding', actions: ofEvent('noteStates') } },
    },
    failed: {
      tags: 'ended',
      description: 'nothing more is executed, and the node ends',
      entry: 'concludeAll',
      on: {
        'block.given': {
          actions: { type: 'conclude', params: ({ event: { job } }) => ({ job, verdict: { kind: 'stopped' } }) },
        },
        'executor.failed': {},
      },
    },
    stopping: {
      tags: 'moving',
      entry: ['concludeAll', 'close'],
      on: {
        'block.given': {
          actions: { type: 'conclude', params: ({ event: { job } }) => ({ job, verdict: { kind: 'stopped' } }) },
        },
        'executor.failed': {},
        'executor.stop': {},
        'executor.closed': 'closed',
      },
    },
    closed: { type: 'final' },
  },
})
