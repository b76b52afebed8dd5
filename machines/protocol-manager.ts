import { assign, setup, stateIn } from 'xstate'
import { type BlockRange, shouldSend } from '../protocols/eth/block-range.ts'
import { DiscError, DiscReason } from '../protocols/p2p/disconnect-reasons.ts'
import { without, withoutMember } from './immutable-collections.ts'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/eth/protocol-manager.ts implements it; a spec records it. */
export type ProtocolManagerPorts = {
  /** Lets a session begin with its handshake. */
  admit(which: { session: number }): void
  /** Ends a session that asked for something. */
  refuse(verdict: { session: number; error: Error }): void
  /** A session is in the peer set. `isSynced`: whether it accepts transactions. */
  confirm(peer: { session: number; isSynced: boolean }): void
  /** A session of the peer set accepts transactions from now on. */
  accept(which: { session: number }): void
  /** Sends Disconnect with `reason`. */
  disconnect(order: { session: number; reason: DiscReason }): void
  /** Sends our range, to those whose eth has that message. */
  sendRange(update: { session: number; range: BlockRange }): void
  /** For the downloader, and what else follows the peer set. */
  reportJoined(peer: Registration): void
  reportLeft(which: { session: number }): void
  /** The last session has ended. */
  reportStopped(): void
}

/** A session that has agreed on Status. eth/68 gives its head's hash in place of a range. */
export type Registration = {
  readonly session: number
  /** The node's id in hex: a node has one eth session. */
  readonly id: string
  readonly trusted: boolean
  readonly range: BlockRange | undefined
  readonly headHash: Uint8Array
  /** The latest block of ours by the Status that it got; eth/68 has none there. */
  readonly announcedLatest: bigint | undefined
}

export type ProtocolManagerInput = { readonly ports: ProtocolManagerPorts; readonly maxPeers: number }

export type ProtocolManagerEvent =
  /** `range`: what we have now. */
  | { type: 'manager.start'; range: BlockRange }
  | { type: 'manager.stop' }
  /** Its node is closed: no session comes any more. */
  | { type: 'manager.release' }
  | { type: 'chain.head'; range: BlockRange }
  /** geth's AcceptTxs: the first sync is done, or there is no peer to sync with. */
  | { type: 'chain.synced' }
  | { type: 'session.arrived'; session: number }
  | { type: 'session.ended'; session: number }
  | ({ type: 'peer.register' } & Registration)
  /** A sync or a fetcher has no use for the peer. */
  | { type: 'peer.remove'; session: number }

type ProtocolManagerContext = ProtocolManagerInput & {
  /** Sessions that have not ended. BOUNDED: one for each peer of the server. */
  readonly sessions: ReadonlySet<number>
  /** The peer set: the node's id of each session. BOUNDED: maxPeers and the trusted. */
  readonly peers: ReadonlyMap<number, string>
  /** What we have (geth's `next`). */
  readonly ours: BlockRange
  /** The range that peers were sent last (geth's `prev`). */
  readonly sent: BlockRange
  /** The latest block that was announced to any of them: a Status may have announced a later one than `sent` has. */
  readonly highest: bigint
}

const { enqueueActions, extend } = setup({
  types: {} as {
    context: ProtocolManagerContext
    input: ProtocolManagerInput
    events: ProtocolManagerEvent
    meta: StateMeta
    tags: StateTag
  },
  actions: {
    ...portActions<ProtocolManagerPorts>()(
      'admit',
      'refuse',
      'confirm',
      'accept',
      'disconnect',
      'sendRange',
      'reportJoined',
      'reportLeft',
      'reportStopped',
    ),
    count: assign(({ context }, { session }: { session: number }) => ({
      sessions: new Set(context.sessions).add(session),
    })),
    uncount: assign(({ context }, { session }: { session: number }) => ({
      sessions: withoutMember(context.sessions, session),
      peers: without(context.peers, session),
    })),
    noteOurs: assign((_, ours: BlockRange) => ({ ours })),
    noteSent: assign((_, sent: BlockRange) => ({ sent, highest: sent.latest })),
    addPeer: assign(({ context }, { session, id, announcedLatest = 0n }: Registration) => ({
      peers: new Map(context.peers).set(session, id),
      highest: announcedLatest > context.highest ? announcedLatest : context.highest,
    })),
  },
  guards: {
    /** geth's limit, after the Status exchange: a refused peer knows our Status. */
    isFull: ({ context }, { trusted }: Registration) => !trusted && context.peers.size >= context.maxPeers,
    isKnown: ({ context }, { id }: Registration) => [...context.peers.values()].includes(id),
    isPeer: ({ context }, { session }: { session: number }) => context.peers.has(session),
    /** Our head went back between its Status and now, when it was not in the peer set yet. */
    expectsMore: ({ context }, { announcedLatest }: Registration) =>
      announcedLatest !== undefined && announcedLatest > context.ours.latest,
    /**
     * Without a peer, what was announced last stays. geth does not note that a Status announced more, and since 1.17.7
     * asks for bodies by what was announced to it: so a head that goes back below that is announced at once, too.
     */
    isWorthAnnouncing: ({ context }, { range }: { range: BlockRange }) =>
      context.peers.size > 0 && (shouldSend(context.sent, range) || range.latest < context.highest),
    isSynced: stateIn({ running: 'synced' }),
    isEmpty: ({ context }) => context.sessions.size === 0,
  },
})

type From<Type> = { event: Extract<ProtocolManagerEvent, { type: Type }> }
const left = {
  guard: ofEvent('isPeer'),
  actions: [
    ofEvent('uncount'),
    { type: 'reportLeft', params: ({ event }: From<'session.ended'>) => ({ session: event.session }) },
  ],
} as const
const welcome = [
  ofEvent('addPeer'),
  'welcome',
  { type: 'reportJoined', params: ({ event: { type: _, ...peer } }: From<'peer.register'>) => peer },
] as const
const refused = {
  actions: {
    type: 'refuse',
    params: ({ event }: From<'session.arrived'>) => ({ session: event.session, error: quitting() }),
  },
} as const
const gone = { actions: ofEvent('uncount') } as const

/** The eth service of a node: geth's ProtocolManager, today eth/handler.go with its peer set. Messages are those of its sessions. */
export const protocolManagerMachine = extend({
  actions: {
    admitAll: enqueueActions(({ context, enqueue }) => {
      for (const session of context.sessions) enqueue({ type: 'admit', params: { session } })
    }),
    broadcastRange: enqueueActions(({ context, enqueue }) => {
      for (const session of context.peers.keys())
        enqueue({ type: 'sendRange', params: { session, range: context.ours } })
    }),
    welcome: enqueueActions(({ event, enqueue, check }) => {
      if (event.type !== 'peer.register') return
      enqueue({ type: 'confirm', params: { session: event.session, isSynced: check('isSynced') } })
    }),
    acceptAll: enqueueActions(({ context, enqueue }) => {
      for (const session of context.peers.keys()) enqueue({ type: 'accept', params: { session } })
    }),
    refuseAll: enqueueActions(({ context, enqueue }) => {
      for (const session of context.sessions) enqueue({ type: 'refuse', params: { session, error: quitting() } })
    }),
    disconnectAll: enqueueActions(({ context, enqueue }) => {
      for (const session of context.peers.keys())
        enqueue({ type: 'disconnect', params: { session, reason: DiscReason.Quitting } })
    }),
  },
}).createMachine({
  id: 'protocol-manager',
  description: 'the eth service of a node and its peer set (geth ProtocolManager)',
  context: ({ input }) => ({
    ...input,
    sessions: new Set(),
    peers: new Map(),
    ours: nothing,
    sent: nothing,
    highest: 0n,
  }),
  options: { maxIterations: 100 },
  initial: 'created',
  on: { 'manager.release': '.released' },
  states: {
    created: {
      description: 'sessions wait, however long it takes (newPeerCh against quitSync)',
      on: {
        'session.arrived': { actions: ofEvent('count') },
        'session.ended': gone,
        'manager.start': {
          target: 'running',
          actions: [
            { type: 'noteOurs', params: ({ event }) => event.range },
            { type: 'noteSent', params: ({ event }) => event.range },
            'admitAll',
          ],
        },
        'manager.stop': { target: 'stopping', actions: 'refuseAll' },
      },
    },
    running: {
      meta: { label: 'takes peers that speak eth' },
      initial: 'syncing',
      on: {
        'session.arrived': {
          actions: [ofEvent('count'), { type: 'admit', params: ({ event }) => ({ session: event.session }) }],
        },
        'session.ended': [left, gone],
        'peer.register': [
          {
            guard: ofEvent('isFull'),
            actions: {
              type: 'refuse',
              params: ({ event }) => ({ session: event.session, error: new DiscError(DiscReason.TooManyPeers) }),
            },
          },
          {
            guard: ofEvent('isKnown'),
            actions: {
              type: 'refuse',
              params: ({ event }) => ({ session: event.session, error: new PeerSetError('peer already registered') }),
            },
          },
          {
            guard: ofEvent('expectsMore'),
            actions: [
              ...welcome,
              { type: 'sendRange', params: ({ context, event }) => ({ session: event.session, range: context.ours }) },
            ],
          },
          { actions: welcome },
        ],
        'peer.remove': {
          guard: ofEvent('isPeer'),
          actions: {
            type: 'disconnect',
            params: ({ event }) => ({ session: event.session, reason: DiscReason.UselessPeer }),
          },
        },
        'chain.head': [
          {
            guard: ofEvent('isWorthAnnouncing'),
            actions: [
              { type: 'noteOurs', params: ({ event }) => event.range },
              { type: 'noteSent', params: ({ event }) => event.range },
              'broadcastRange',
            ],
          },
          { actions: { type: 'noteOurs', params: ({ event }) => event.range } },
        ],
        'manager.stop': { target: 'stopping', actions: 'disconnectAll' },
      },
      states: {
        syncing: {
          description: 'no session accepts transactions',
          on: { 'chain.synced': { target: 'synced', actions: 'acceptAll' } },
        },
        synced: { description: 'every session does, for good (geth AcceptTxs)' },
      },
    },
    stopping: {
      description: 'the peer set is closed; the sessions end',
      meta: { label: 'ends its sessions' },
      tags: 'moving',
      always: { guard: 'isEmpty', target: 'stopped' },
      on: {
        'session.arrived': refused,
        'session.ended': [left, gone],
        'peer.register': {
          actions: {
            type: 'refuse',
            params: ({ event }) => ({ session: event.session, error: new PeerSetError('peerset closed') }),
          },
        },
      },
    },
    stopped: {
      description: 'a session that comes now is refused: geth closes quitSync for good',
      meta: { label: 'the last session is over' },
      tags: 'ended',
      entry: 'reportStopped',
      on: { 'session.arrived': refused },
    },
    released: { type: 'final', meta: { label: 'nothing of it is left' } },
  },
})

const nothing: BlockRange = { earliest: 0n, latest: 0n, latestHash: new Uint8Array(32) }
const quitting = () => new DiscError(DiscReason.Quitting)

/** No place in the peer set: disconnected with SubprotocolError (0x10), as geth does. */
export class PeerSetError extends Error {
  override readonly name = 'PeerSetError'
}
