import { assign, setup } from 'xstate'
import type { Enode } from '../protocols/enode/enode.ts'
import { without } from './immutable-collections.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/discovery/candidate-mix.ts implements it; a spec records it. */
export type CandidateMixPorts = {
  /** One `candidate.offered` of this source comes back, or never. */
  ask(which: { source: string }): void
  /** To the dialer. */
  deliver(what: { node: Enode }): void
}

export type CandidateMixInput = {
  readonly ports: CandidateMixPorts
  /** By name, at least one: they have their turn in this order. */
  readonly sources: readonly string[]
}

export type CandidateMixEvent =
  | { type: 'candidate.wanted' }
  | { type: 'candidate.offered'; source: string; node: Enode }
  | { type: 'mix.stop' }

type CandidateMixContext = CandidateMixInput & {
  readonly wanted: number
  /** Whose turn it is. */
  readonly turn: number
  /** How long each is waited for in its turn, in ms, when that is not {@link turnTimeout}. BOUNDED: by sources. */
  readonly timeouts: ReadonlyMap<string, number>
  /** Who was asked, and has offered nothing yet. BOUNDED: by sources. */
  readonly asked: ReadonlyMap<string, true>
  /** BOUNDED: one of each source. */
  readonly offers: ReadonlyMap<string, Enode>
}

/** geth `discmixTimeout`. */
export const turnTimeout = 100

const sourceOf = ({ sources, turn }: CandidateMixContext): string => sources[turn]!

const firstOffer = ({ offers }: CandidateMixContext): string => [...offers.keys()][0]!

const { enqueueActions, extend } = setup({
  types: {} as { context: CandidateMixContext; input: CandidateMixInput; events: CandidateMixEvent },
  actions: {
    ...portActions<CandidateMixPorts>()('ask', 'deliver'),
    countWanted: assign({ wanted: ({ context }) => context.wanted + 1 }),
    nextTurn: assign({ turn: ({ context }) => (context.turn + 1) % context.sources.length }),
    /** geth: a source that is stuck delays the others less each time. */
    halveTimeout: assign(({ context }) => {
      const source = sourceOf(context)
      return { timeouts: new Map(context.timeouts).set(source, (context.timeouts.get(source) ?? turnTimeout) / 2) }
    }),
    resetTimeout: assign(({ context }) => ({ timeouts: without(context.timeouts, sourceOf(context)) })),
    takeOffer: assign(({ context }, { source }: { source: string }) => ({
      wanted: context.wanted - 1,
      offers: without(context.offers, source),
    })),
    keepOffer: assign(({ context }, { source, node }: { source: string; node: Enode }) => ({
      asked: without(context.asked, source),
      offers: new Map(context.offers).set(source, node),
    })),
  },
  guards: {
    isWanted: ({ context }) => context.wanted > 0,
    isAsked: ({ context }, { source }: { source: string }) => context.asked.has(source),
    hasOfferOfTurn: ({ context }) => context.offers.has(sourceOf(context)),
    hasOffer: ({ context }) => context.offers.size > 0,
  },
  delays: { turnTimeout: ({ context }) => context.timeouts.get(sourceOf(context)) ?? turnTimeout },
})

const { createMachine } = extend({
  actions: {
    askTurn: enqueueActions(({ context, enqueue }) => {
      const source = sourceOf(context)
      if (context.asked.has(source) || context.offers.has(source)) return
      enqueue.assign({ asked: new Map(context.asked).set(source, true) })
      enqueue({ type: 'ask', params: { source } })
    }),
    askAll: enqueueActions(({ context, enqueue }) => {
      const idle = context.sources.filter((source) => !context.asked.has(source) && !context.offers.has(source))
      enqueue.assign({ asked: new Map([...context.asked, ...idle.map((source) => [source, true] as const)]) })
      for (const source of idle) enqueue({ type: 'ask', params: { source } })
    }),
  },
})

/** Nodes to dial, from all that find some: none of them can keep the others from the dialer (geth enode.FairMix). */
export const candidateMixMachine = createMachine({
  id: 'candidate-mix',
  description: 'nodes to dial, from all sources in turn: none keeps the others from the dialer (geth enode.FairMix)',
  context: ({ input }) => ({
    ...input,
    ...{ wanted: 0, turn: input.sources.length - 1, timeouts: new Map(), asked: new Map(), offers: new Map() },
  }),
  options: { maxIterations: 100 },
  initial: 'idle',
  on: {
    'candidate.wanted': { actions: 'countWanted' },
    'candidate.offered': { guard: ofEvent('isAsked'), actions: ofEvent('keepOffer') },
    'mix.stop': '.stopped',
  },
  states: {
    idle: {
      description: 'the dialer wants none',
      always: { guard: 'isWanted', target: 'turn' },
    },
    turn: {
      description: 'the next source has its turn',
      entry: ['nextTurn', 'askTurn'],
      always: {
        guard: 'hasOfferOfTurn',
        target: 'idle',
        actions: [
          { type: 'deliver', params: ({ context }) => ({ node: context.offers.get(sourceOf(context))! }) },
          { type: 'takeOffer', params: ({ context }) => ({ source: sourceOf(context) }) },
          'resetTimeout',
        ],
      },
      after: { turnTimeout: { target: 'anyone', actions: 'halveTimeout' } },
    },
    anyone: {
      description: 'it has none: the first that any source has',
      entry: 'askAll',
      always: {
        guard: 'hasOffer',
        target: 'idle',
        actions: [
          { type: 'deliver', params: ({ context }) => ({ node: context.offers.get(firstOffer(context))! }) },
          { type: 'takeOffer', params: ({ context }) => ({ source: firstOffer(context) }) },
        ],
      },
    },
    stopped: { type: 'final' },
  },
})
