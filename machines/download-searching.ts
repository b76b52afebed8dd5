import { nextProbe } from './download-plan.ts'
import type { Target } from './download-sources.ts'
import { downloaderSetup } from './downloader-setup.ts'

// The first two phases of a sync: where the chains part, and what lies ahead. Only the peer that is followed is asked.

export const searching = downloaderSetup.createStateConfig({
  description: 'where do our chains part?',
  entry: {
    type: 'probe',
    params: ({ context: { target, search } }) => {
      const number = nextProbe(search)
      return { peer: target.peer, number, ...(number === target.number && named(target)) }
    },
  },
  on: {
    'header.compared': [
      { guard: { type: 'isTargetOurs', params: ({ event }) => event }, target: 'adopting' },
      {
        guard: { type: 'isAncestor', params: ({ event }) => event },
        target: 'skeleton',
        actions: [
          { type: 'narrow', params: ({ event }) => event },
          { type: 'beginPlan', params: ({ context }) => ({ after: context.search.low }) },
        ],
      },
      { target: 'searching', reenter: true, actions: { type: 'narrow', params: ({ event }) => event } },
    ],
  },
})

export const skeleton = downloaderSetup.createStateConfig({
  description: 'every 192nd header of the peer that is followed',
  entry: {
    type: 'fetchSkeleton',
    params: ({ context: { target, plan } }) => ({
      ...{ peer: target.peer, after: plan.imported, to: target.number },
      ...named(target),
    }),
  },
  on: {
    'skeleton.fetched': { target: 'filling', actions: { type: 'plan', params: ({ event }) => event } },
  },
})

const named = ({ hash }: Target) => hash && { hash }
