import { assertEvent, assign, setup } from 'xstate'
import { closestTo } from '../protocols/enode/distance.ts'
import type { Enode } from '../protocols/enode/enode.ts'
import { without } from './immutable-collections.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/discovery/lookups.ts implements it; a spec records it. */
export type LookupPorts = {
  /** Asks a node for those it knows closest to the target: `node.answered` comes back. */
  ask(which: { node: Enode }): void
  /** Nodes that this lookup had not seen. */
  report(what: { nodes: readonly Enode[] }): void
  /** It has ended, with the closest nodes that it saw. */
  conclude(what: { closest: readonly Enode[] }): void
}

export type LookupInput = {
  readonly ports: LookupPorts
  /** A node id. */
  readonly target: string
  /** Our own id. */
  readonly self: string
  /** The closest that are known. */
  readonly start: readonly Enode[]
}

export type LookupEvent =
  /** Without nodes: it did not answer, or knows none. */
  { type: 'node.answered'; id: string; nodes: readonly Enode[] } | { type: 'lookup.stop' }

type LookupContext = Omit<LookupInput, 'start'> & {
  /** The closest first. BOUNDED: bucketSize. */
  readonly closest: readonly Enode[]
  /** BOUNDED: maxAsked. */
  readonly asked: ReadonlySet<string>
  /** Who was asked and has not answered. BOUNDED: concurrency. */
  readonly waiting: ReadonlyMap<string, true>
  /** BOUNDED: by who is asked, and what an answer holds. */
  readonly seen: ReadonlySet<string>
}

/** geth `alpha`, `bucketSize`. */
const concurrency = 3
const bucketSize = 16
/** BOUNDED: remotes could name closer nodes for ever; geth has no bound. */
export const maxAsked = 64

/** Nodes to ask next: the closest that were not. */
function next({ closest, asked, waiting }: LookupContext): readonly Enode[] {
  const free = Math.min(concurrency - waiting.size, maxAsked - asked.size)
  return closest.filter(({ id }) => !asked.has(id)).slice(0, Math.max(0, free))
}

const { enqueueActions, extend } = setup({
  types: {} as { context: LookupContext; input: LookupInput; events: LookupEvent },
  actions: {
    ...portActions<LookupPorts>()('ask', 'report', 'conclude'),
    noteAnswer: assign(({ context }, { id }: { id: string }) => ({ waiting: without(context.waiting, id) })),
  },
  guards: {
    isWaitingFor: ({ context }, { id }: { id: string }) => context.waiting.has(id),
    isOver: ({ context }) => context.waiting.size === 0 && next(context).length === 0,
  },
})

/** A search for the nodes closest to a target, by nodes that are ever closer (geth discover.lookup; discv4.md, Recursive Lookup). */
export const lookupMachine = extend({
  actions: {
    askNext: enqueueActions(({ context, enqueue }) => {
      const nodes = next(context)
      const ids = nodes.map(({ id }) => id)
      enqueue.assign({
        asked: new Set([...context.asked, ...ids]),
        waiting: new Map([...context.waiting, ...ids.map((id) => [id, true] as const)]),
      })
      for (const node of nodes) enqueue({ type: 'ask', params: { node } })
    }),
    takeNodes: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'node.answered')
      const nodes = new Map(event.nodes.map((node) => [node.id, node]))
      const fresh = [...nodes.values()].filter(({ id }) => !context.seen.has(id))
      if (fresh.length === 0) return
      enqueue.assign({
        seen: new Set([...context.seen, ...fresh.map(({ id }) => id)]),
        closest: closestTo(context.target, [...context.closest, ...fresh], bucketSize),
      })
      enqueue({ type: 'report', params: { nodes: fresh } })
    }),
  },
}).createMachine({
  id: 'lookup',
  description: 'a search for the nodes closest to a target, by nodes that are ever closer (geth discover.lookup)',
  context: ({ input: { start, ...input } }) => ({
    ...input,
    closest: closestTo(input.target, start, bucketSize),
    asked: new Set([input.self]),
    waiting: new Map(),
    seen: new Set([input.self, ...start.map(({ id }) => id)]),
  }),
  options: { maxIterations: 100 },
  initial: 'asking',
  states: {
    asking: {
      entry: 'askNext',
      always: { guard: 'isOver', target: 'done' },
      on: {
        'node.answered': {
          guard: ofEvent('isWaitingFor'),
          target: 'asking',
          reenter: true,
          actions: [ofEvent('noteAnswer'), 'takeNodes'],
        },
        'lookup.stop': 'done',
      },
    },
    done: {
      type: 'final',
      entry: { type: 'conclude', params: ({ context: { closest } }) => ({ closest }) },
    },
  },
})
