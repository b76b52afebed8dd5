import { assign, setup } from 'xstate'
import { type BlockRange, checkRange, shouldSend } from '../protocols/eth/block-range.ts'
import type { MessageName } from '../protocols/eth/versions.ts'
import { DiscError, DiscReason } from '../protocols/p2p/disconnect-reasons.ts'
import { DisallowedBlock } from './eth-faults.ts'
import { without, withoutMember } from './immutable-collections.ts'

/** What the chart asks of the world. actors/eth/protocol-manager.ts implements it; a spec records it. */
export type ProtocolManagerPorts = {
  /** Lets a session begin with its handshake. */
  admit(which: { session: number }): void
  /** Ends a session that asked for something. */
  refuse(verdict: { session: number; error: Error }): void
  confirm(which: { session: number }): void
  /** Sends Disconnect with `reason`. */
  disconnect(order: { session: number; reason: DiscReason }): void
  /** Ends a session whose message broke a rule. */
  accuse(verdict: { session: number; error: Error }): void
  /** Answers a request with what the chain has. */
  serve(request: ReceivedMessage): void
  /** Decodes and checks transactions or their announcement. */
  takeTransactions(message: ReceivedMessage): void
  /** Lets the session match an answer with its request. */
  admitAnswer(message: ReceivedMessage): void
  /** Decodes a range: `range.opened` comes back. */
  openRange(message: { session: number; payload: Uint8Array }): void
  /** Sends our range, to those whose eth has that message. */
  sendRange(update: { session: number; range: BlockRange }): void
  /** The downloader and whoever else follows the peer set. */
  tellJoined(peer: Registration): void
  tellLeft(which: { session: number }): void
  tellRange(change: { session: number; range: BlockRange }): void
}

export type ReceivedMessage = { readonly session: number; readonly name: MessageName; readonly payload: Uint8Array }

/** A session that has agreed on Status. eth/68 tells its head's hash in place of a range. */
export type Registration = {
  readonly session: number
  /** The node's id in hex: a node has one eth session. */
  readonly id: string
  readonly trusted: boolean
  readonly range: BlockRange | undefined
  readonly headHash: Uint8Array
  /** The latest block of ours by the Status that it got; eth/68 has none there. */
  readonly toldLatest: bigint | undefined
}

export type ProtocolManagerInput = { readonly ports: ProtocolManagerPorts; readonly maxPeers: number }

type MessageEvent = {
  [Name in Exclude<MessageName, 'Status'>]: { type: Name; session: number; payload: Uint8Array }
}[Exclude<MessageName, 'Status'>]
export type ProtocolManagerEvent =
  /** `range`: what we have now. */
  | { type: 'manager.start'; range: BlockRange }
  | { type: 'manager.stop' }
  | { type: 'chain.head'; range: BlockRange }
  /** geth's AcceptTxs: the first sync is done, or nobody is there to sync with. */
  | { type: 'chain.synced' }
  | { type: 'session.arrived'; session: number }
  | { type: 'session.ended'; session: number }
  | ({ type: 'peer.register' } & Registration)
  /** A sync or a fetcher has no use for the peer. */
  | { type: 'peer.remove'; session: number }
  | { type: 'range.opened'; session: number; range: BlockRange }
  | MessageEvent

type Peer = { readonly id: string; readonly range: BlockRange | undefined }
type ProtocolManagerContext = ProtocolManagerInput & {
  /** Sessions that have not ended. BOUNDED: one for each peer of the server. */
  readonly sessions: ReadonlySet<number>
  /** The peer set. BOUNDED: maxPeers and the trusted. */
  readonly peers: ReadonlyMap<number, Peer>
  /** What we have (geth's `next`). */
  readonly ours: BlockRange
  /** The range that peers were sent last (geth's `prev`). */
  readonly sent: BlockRange
  /** The latest block that any of them was told of: by its Status perhaps of more than `sent` has. */
  readonly highest: bigint
}

const { enqueueActions, extend } = setup({
  types: {} as { context: ProtocolManagerContext; input: ProtocolManagerInput; events: ProtocolManagerEvent },
  actions: {
    admit: ({ context }, which: { session: number }) => context.ports.admit(which),
    refuse: ({ context }, verdict: { session: number; error: Error }) => context.ports.refuse(verdict),
    confirm: ({ context }, which: { session: number }) => context.ports.confirm(which),
    disconnect: ({ context }, order: { session: number; reason: DiscReason }) => context.ports.disconnect(order),
    accuse: ({ context }, verdict: { session: number; error: Error }) => context.ports.accuse(verdict),
    serve: ({ context }, request: ReceivedMessage) => context.ports.serve(request),
    takeTransactions: ({ context }, message: ReceivedMessage) => context.ports.takeTransactions(message),
    admitAnswer: ({ context }, message: ReceivedMessage) => context.ports.admitAnswer(message),
    openRange: ({ context }, message: { session: number; payload: Uint8Array }) => context.ports.openRange(message),
    sendRange: ({ context }, update: { session: number; range: BlockRange }) => context.ports.sendRange(update),
    tellJoined: ({ context }, peer: Registration) => context.ports.tellJoined(peer),
    tellLeft: ({ context }, which: { session: number }) => context.ports.tellLeft(which),
    tellRange: ({ context }, change: { session: number; range: BlockRange }) => context.ports.tellRange(change),
    count: assign(({ context }, { session }: { session: number }) => ({
      sessions: new Set(context.sessions).add(session),
    })),
    uncount: assign(({ context }, { session }: { session: number }) => ({
      sessions: withoutMember(context.sessions, session),
      peers: without(context.peers, session),
    })),
    noteOurs: assign((_, ours: BlockRange) => ({ ours })),
    noteSent: assign((_, sent: BlockRange) => ({ sent, highest: sent.latest })),
    addPeer: assign(({ context }, { session, id, range, toldLatest = 0n }: Registration) => ({
      peers: new Map(context.peers).set(session, { id, range }),
      highest: toldLatest > context.highest ? toldLatest : context.highest,
    })),
    noteRange: assign(({ context }, { session, range }: { session: number; range: BlockRange }) => ({
      peers: new Map(context.peers).set(session, { ...context.peers.get(session)!, range }),
    })),
  },
  guards: {
    /** geth's limit, after the Status exchange: a refused peer knows our Status. */
    isFull: ({ context }, { trusted }: Registration) => !trusted && context.peers.size >= context.maxPeers,
    isKnown: ({ context }, { id }: Registration) => [...context.peers.values()].some((peer) => peer.id === id),
    isPeer: ({ context }, { session }: { session: number }) => context.peers.has(session),
    isImpossible: (_, { range }: { range: BlockRange }) => checkRange(range) !== undefined,
    /** Our head went back between its Status and now, when it was not in the peer set yet. */
    wasToldMore: ({ context }, { toldLatest }: Registration) =>
      toldLatest !== undefined && toldLatest > context.ours.latest,
    /**
     * Without a peer to tell, what was told last stays. geth forgets whom Status told of more, and since 1.17.7 asks for
     * bodies by what it was told: so a head that goes back below that is told at once, too.
     */
    isWorthTelling: ({ context }, { range }: { range: BlockRange }) =>
      context.peers.size > 0 && (shouldSend(context.sent, range) || range.latest < context.highest),
    isEmpty: ({ context }) => context.sessions.size === 0,
  },
})

type From<Type> = { event: Extract<ProtocolManagerEvent, { type: Type }> }
const received = ({ event: { type, session, payload } }: { event: MessageEvent }): ReceivedMessage => ({
  session,
  name: type,
  payload,
})
const served = { actions: { type: 'serve', params: received } } as const
/** eth/68 still has them; after the merge blocks do not come this way (geth eth/handler_eth.go). */
const disallowed = {
  actions: {
    type: 'accuse',
    params: ({ event: { type, session } }: { event: MessageEvent }) => ({ session, error: new DisallowedBlock(type) }),
  },
} as const
const left = {
  guard: { type: 'isPeer', params: ({ event }: From<'session.ended'>) => event },
  actions: [
    { type: 'uncount', params: ({ event }: From<'session.ended'>) => event },
    { type: 'tellLeft', params: ({ event }: From<'session.ended'>) => ({ session: event.session }) },
  ],
} as const
const welcome = [
  { type: 'addPeer', params: ({ event }: From<'peer.register'>) => event },
  { type: 'confirm', params: ({ event }: From<'peer.register'>) => ({ session: event.session }) },
  { type: 'tellJoined', params: ({ event: { type: _, ...peer } }: From<'peer.register'>) => peer },
] as const
const gone = { actions: { type: 'uncount', params: ({ event }: From<'session.ended'>) => event } } as const

/** The eth service of a node: geth's ProtocolManager, today eth/handler.go with its peer set. */
export const protocolManagerMachine = extend({
  actions: {
    admitAll: enqueueActions(({ context, enqueue }) => {
      for (const session of context.sessions) enqueue({ type: 'admit', params: { session } })
    }),
    broadcastRange: enqueueActions(({ context, enqueue }) => {
      for (const session of context.peers.keys())
        enqueue({ type: 'sendRange', params: { session, range: context.ours } })
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
  states: {
    created: {
      description: 'sessions wait, however long it takes (newPeerCh against quitSync)',
      on: {
        'session.arrived': { actions: { type: 'count', params: ({ event }) => event } },
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
      initial: 'syncing',
      on: {
        'session.arrived': {
          actions: [
            { type: 'count', params: ({ event }) => event },
            { type: 'admit', params: ({ event }) => ({ session: event.session }) },
          ],
        },
        'session.ended': [left, gone],
        'peer.register': [
          {
            guard: { type: 'isFull', params: ({ event }) => event },
            actions: {
              type: 'refuse',
              params: ({ event }) => ({ session: event.session, error: new DiscError(DiscReason.TooManyPeers) }),
            },
          },
          {
            guard: { type: 'isKnown', params: ({ event }) => event },
            actions: {
              type: 'refuse',
              params: ({ event }) => ({ session: event.session, error: new PeerSetError('peer already registered') }),
            },
          },
          {
            guard: { type: 'wasToldMore', params: ({ event }) => event },
            actions: [
              ...welcome,
              { type: 'sendRange', params: ({ context, event }) => ({ session: event.session, range: context.ours }) },
            ],
          },
          { actions: welcome },
        ],
        'peer.remove': {
          guard: { type: 'isPeer', params: ({ event }) => event },
          actions: {
            type: 'disconnect',
            params: ({ event }) => ({ session: event.session, reason: DiscReason.UselessPeer }),
          },
        },
        'chain.head': [
          {
            guard: { type: 'isWorthTelling', params: ({ event }) => event },
            actions: [
              { type: 'noteOurs', params: ({ event }) => event.range },
              { type: 'noteSent', params: ({ event }) => event.range },
              'broadcastRange',
            ],
          },
          { actions: { type: 'noteOurs', params: ({ event }) => event.range } },
        ],
        GetBlockHeaders: served,
        GetBlockBodies: served,
        GetReceipts: served,
        GetPooledTransactions: served,
        GetBlockAccessLists: served,
        GetCells: served,
        NewBlockHashes: disallowed,
        NewBlock: disallowed,
        BlockRangeUpdate: {
          actions: {
            type: 'openRange',
            params: ({ event: { session, payload } }) => ({ session, payload }),
          },
        },
        'range.opened': [
          {
            guard: { type: 'isImpossible', params: ({ event }) => event },
            actions: {
              type: 'accuse',
              params: ({ event }) => ({ session: event.session, error: checkRange(event.range)! }),
            },
          },
          {
            guard: { type: 'isPeer', params: ({ event }) => event },
            actions: [
              { type: 'noteRange', params: ({ event }) => event },
              { type: 'tellRange', params: ({ event: { session, range } }) => ({ session, range }) },
            ],
          },
        ],
        'manager.stop': { target: 'stopping', actions: 'disconnectAll' },
      },
      states: {
        syncing: {
          description: 'transactions and their announcements are dropped undecoded',
          on: { 'chain.synced': 'synced' },
        },
        synced: {
          description: 'for good (geth AcceptTxs)',
          on: {
            Transactions: { actions: { type: 'takeTransactions', params: received } },
            NewPooledTransactionHashes: { actions: { type: 'takeTransactions', params: received } },
            PooledTransactions: { actions: { type: 'admitAnswer', params: received } },
          },
        },
      },
    },
    stopping: {
      description: 'the peer set is closed; the sessions end',
      always: { guard: 'isEmpty', target: 'stopped' },
      on: {
        'session.arrived': {
          actions: { type: 'refuse', params: ({ event }) => ({ session: event.session, error: quitting() }) },
        },
        'session.ended': [left, gone],
        'peer.register': {
          actions: {
            type: 'refuse',
            params: ({ event }) => ({ session: event.session, error: new PeerSetError('peerset closed') }),
          },
        },
      },
    },
    stopped: { type: 'final' },
  },
})

const nothing: BlockRange = { earliest: 0n, latest: 0n, latestHash: new Uint8Array(32) }
const quitting = () => new DiscError(DiscReason.Quitting)

/** No place in the peer set: disconnected with SubprotocolError (0x10), as geth does. */
export class PeerSetError extends Error {
  override readonly name = 'PeerSetError'
}
