import { assign, setup } from 'xstate'
import { downloadLimits } from './download-limits.ts'
import type { StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/eth/receipt-fetcher.ts implements it; a spec records it. */
export type ReceiptFetcherPorts = {
  /** Looks for the next blocks of the chain without receipts: `missing.found` comes back. */
  select(): void
  /**
   * Asks a peer for the receipts of those, from where the last answer ended: `receipts.stored`, `receipts.none` or a
   * `peer.` event comes back.
   */
  ask(which: { peer: number }): void
  /** The answer under way is not waited for. */
  withdraw(): void
  /** Disconnects a peer as useless. */
  drop(which: { peer: number; error: Error }): void
}

/** `head`: the number of the chain's. */
export type ReceiptFetcherInput = { readonly ports: ReceiptFetcherPorts; readonly head: bigint }

/** A peer is the number of its session. */
export type ReceiptFetcherEvent =
  | { type: 'chain.head'; number: bigint }
  /** So many blocks lack receipts that are to be asked for; it was looked for them up to block `to`. */
  | { type: 'missing.found'; count: number; to: bigint }
  /** Something came. `left` blocks are still to be asked for, the first perhaps in part. */
  | { type: 'receipts.stored'; left: number }
  /** The peer does not have what is wanted first, or is gone. */
  | { type: 'receipts.none'; peer: number }
  | { type: 'peer.joined'; peer: number }
  | { type: 'peer.left'; peer: number }
  /** It has not answered in time. */
  | { type: 'peer.slow'; peer: number }
  | { type: 'peer.lied'; peer: number; error: Error }
  | { type: 'fetcher.stop' }

type ReceiptFetcherContext = ReceiptFetcherInput & {
  /** Whether each rests; the next to be asked comes first. BOUNDED: the peers of eth. */
  readonly peers: ReadonlyMap<number, { readonly rests: boolean }>
  /** Who was asked last. */
  readonly asked: number
}
type OfPeer = { peer: number }

const next = ({ peers }: ReceiptFetcherContext) => [...peers].find(([, { rests }]) => !rests)?.[0]

const failed = [ofEvent('rest'), 'withdraw'] as const

/**
 * Fetches the receipts of the blocks that the chain has, where they are not executed: the oldest first, a request at a time,
 * of one peer after the other. What a peer does not have another may have; only what is not the block's is a lie.
 */
export const receiptFetcherMachine = setup({
  types: {} as {
    context: ReceiptFetcherContext
    input: ReceiptFetcherInput
    events: ReceiptFetcherEvent
    tags: StateTag
  },
  actions: {
    ...portActions<ReceiptFetcherPorts>()('select', 'ask', 'withdraw', 'drop'),
    noteHead: assign((_, { number }: { number: bigint }) => ({ head: number })),
    add: assign(({ context }, { peer }: OfPeer) => ({ peers: new Map([...context.peers, [peer, { rests: false }]]) })),
    remove: assign(({ context }, { peer }: OfPeer) => ({
      peers: new Map([...context.peers].filter(([one]) => one !== peer)),
    })),
    rest: assign(({ context }, { peer }: OfPeer) => ({
      peers: context.peers.has(peer) ? new Map([...context.peers, [peer, { rests: true }]]) : context.peers,
    })),
    endRests: assign(({ context }) => ({
      peers: new Map([...context.peers.keys()].map((peer) => [peer, { rests: false }])),
    })),
    /** Another is asked next time. */
    turn: assign(({ context }) => {
      const asked = next(context)!
      const others = [...context.peers].filter(([peer]) => peer !== asked)
      return { asked, peers: new Map([...others, [asked, { rests: false }]]) }
    }),
  },
  guards: {
    hasPeer: ({ context }) => next(context) !== undefined,
    isMore: (_, { count }: { count: number }) => count > 0,
    isBehind: ({ context }, { to }: { to: bigint }) => context.head > to,
    isAsked: ({ context }, { peer }: OfPeer) => context.asked === peer,
    isLeft: (_, { left }: { left: number }) => left > 0,
  },
  delays: { cooldown: downloadLimits.cooldown },
}).createMachine({
  id: 'receipt-fetcher',
  description: 'fetches the receipts of blocks that are not executed here',
  context: ({ input }) => ({ ...input, peers: new Map(), asked: -1 }),
  initial: 'selecting',
  on: {
    'chain.head': { actions: ofEvent('noteHead') },
    'peer.joined': { actions: ofEvent('add') },
    'peer.left': { actions: ofEvent('remove') },
    'peer.slow': { actions: ofEvent('rest') },
    'peer.lied': { actions: [ofEvent('remove'), ofEvent('drop')] },
    'fetcher.stop': { target: '.stopped', actions: 'withdraw' },
  },
  states: {
    idle: {
      description: 'every block has its receipts',
      on: { 'chain.head': { target: 'selecting', actions: ofEvent('noteHead') } },
    },
    selecting: {
      tags: 'moving',
      entry: 'select',
      on: {
        'missing.found': [
          { guard: ofEvent('isMore'), target: 'choosing' },
          { guard: ofEvent('isBehind'), target: 'selecting', reenter: true },
          { target: 'idle' },
        ],
      },
    },
    choosing: {
      tags: 'moving',
      always: [{ guard: 'hasPeer', target: 'asking', actions: 'turn' }, { target: 'waiting' }],
    },
    asking: {
      entry: { type: 'ask', params: ({ context }) => ({ peer: context.asked }) },
      on: {
        'receipts.stored': [{ guard: ofEvent('isLeft'), target: 'choosing' }, { target: 'selecting' }],
        'receipts.none': { guard: ofEvent('isAsked'), target: 'choosing', actions: ofEvent('rest') },
        'peer.slow': [{ guard: ofEvent('isAsked'), target: 'choosing', actions: failed }, { actions: ofEvent('rest') }],
        'peer.lied': {
          target: 'choosing',
          actions: [ofEvent('remove'), ofEvent('drop'), 'withdraw'],
        },
        'peer.left': [
          { guard: ofEvent('isAsked'), target: 'choosing', actions: [ofEvent('remove'), 'withdraw'] },
          { actions: ofEvent('remove') },
        ],
      },
    },
    waiting: {
      description: 'no peer is known to have what is wanted next',
      on: { 'peer.joined': { target: 'choosing', actions: ofEvent('add') } },
      after: { cooldown: { target: 'choosing', actions: 'endRests' } },
    },
    stopped: { type: 'final' },
  },
})
