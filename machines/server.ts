import { assertEvent, assign, setup } from 'xstate'
import type { Enode } from '../protocols/enode/enode.ts'
import type { Netlist } from '../protocols/enode/netlist.ts'
import { DiscReason, discReasonText } from '../protocols/p2p/disconnect-reasons.ts'
import {
  addEvent,
  type CheckpointEvent,
  connOf,
  dropEvent,
  endedBeforeRun,
  freeSlots,
  isFull,
  isInboundFull,
  isUseless,
  type PeerEnd,
  type PeerEvent,
  type PeerStart,
  peerRemoved,
  type ServerLimits,
  type ServerState,
  ServerStopped,
  type SetupEnd,
  setupOver,
  withInbound,
} from './admission.ts'
import type { DialerEvent } from './dialer.ts'
import { without, withoutMember } from './immutable-collections.ts'
import { acceptWaiting, maxBacklog } from './inbound.ts'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/p2p/server.ts implements it; a spec records it. */
export type ServerPorts = {
  /** `listener.opened` or `listener.failed` comes back. */
  listen(): void
  /** `listener.closed` comes back. */
  closeListener(): void
  reportStart(outcome: { error?: Error }): void
  startDialer(): void
  notifyDialer(event: DialerEvent): void
  /** `dialer.stopped` comes back when its last dial has ended. */
  stopDialer(): void
  /** Runs the handshakes of a connection: its checkpoints and one `setup.ended` come back. */
  setUp(which: { conn: number }): void
  /** Closes a stream that no byte was read from or written to. */
  closeStream(which: { conn: number; why: string }): void
  /** The answer to a checkpoint. */
  admit(answer: { conn: number }): void
  refuse(answer: { conn: number; reason: DiscReason }): void
  /** Ends a setup without a word, for the server has stopped. */
  stopSetup(which: { conn: number }): void
  /** Sends the reason to a running peer: `peer.ended` comes back. */
  disconnect(order: { conn: number; reason: DiscReason }): void
  emitPeerEvent(event: PeerEvent): void
}

export type ServerInput = ServerLimits & {
  readonly ports: ServerPorts
  readonly hasListener: boolean
  readonly trusted: ReadonlySet<string>
  readonly netRestrict?: Netlist | undefined
}

export type ServerEvent =
  | { type: 'server.start' }
  | { type: 'server.stop' }
  | { type: 'listener.opened' }
  | { type: 'listener.failed'; error: Error }
  | { type: 'listener.closed' }
  | { type: 'dialer.stopped' }
  | { type: 'conn.accepted'; conn: number; ip?: string; now: number }
  | { type: 'conn.dialed'; conn: number; id: string }
  | CheckpointEvent
  | SetupEnd
  | PeerStart
  | PeerEnd
  | { type: 'peer.add'; node: Enode }
  | { type: 'peer.remove'; id: string }
  | { type: 'trust.change'; id: string; trusted: boolean }

type ServerContext = ServerInput & ServerState

const { enqueueActions, extend } = setup({
  types: {} as { context: ServerContext; input: ServerInput; events: ServerEvent; meta: StateMeta; tags: StateTag },
  actions: {
    ...portActions<ServerPorts>()('listen', 'closeListener', 'reportStart', 'startDialer', 'notifyDialer'),
    ...portActions<ServerPorts>()('stopDialer', 'setUp', 'closeStream', 'admit', 'refuse', 'stopSetup'),
    ...portActions<ServerPorts>()('disconnect', 'emitPeerEvent'),
    noteListener: assign((_, { isListening }: { isListening: boolean }) => ({ isListening })),
    wait: assign(({ context }, { conn, ip }: { conn: number; ip?: string }) => ({
      backlog: [...context.backlog, { conn, ip }],
    })),
    noteDialed: assign(({ context }, { conn, id }: { conn: number; id: string }) => ({
      setups: new Map(context.setups).set(conn, { inbound: false, id, trusted: false }),
    })),
    /** geth reads the trusted set here and nowhere later. */
    noteIdentity: assign(({ context }, { conn, id, inbound }: CheckpointEvent) => ({
      setups: new Map(context.setups).set(conn, { inbound, id, trusted: context.trusted.has(id) }),
    })),
    addPeer: assign(({ context }, { conn, id, inbound }: CheckpointEvent) => ({
      peers: new Map(context.peers).set(id, { conn, inbound }),
    })),
    forgetPeer: assign(({ context }, { id = '' }: { id?: string }) => ({ peers: without(context.peers, id) })),
    changeTrust: assign(({ context }, { id, trusted }: { id: string; trusted: boolean }) => ({
      trusted: trusted ? new Set(context.trusted).add(id) : withoutMember(context.trusted, id),
    })),
  },
  guards: {
    hasListener: ({ context }) => context.hasListener,
    isBacklogFull: ({ context }) => context.backlog.length >= maxBacklog,
    isUseless: ({ context }, event: CheckpointEvent) => isUseless(context, event),
    isFull: ({ context }, event: CheckpointEvent) => isFull(context, event),
    isInboundFull: ({ context }, event: CheckpointEvent) => isInboundFull(context, event),
    isConnected: ({ context }, { id }: { id: string }) => context.peers.has(id),
    isSelf: ({ context }, { id }: { id: string }) => id === context.selfId,
    isInbound: (_, { inbound }: { inbound: boolean }) => inbound,
    isPeer: ({ context }, { conn, id }: { conn: number; id: string }) => context.peers.get(id)?.conn === conn,
    /** Admitted at addpeer, and gone before it ran. */
    endedBeforeRun: ({ context }, end: SetupEnd) => endedBeforeRun(context, end),
    isDrained: ({ context: { peers, setups, isListening } }) => peers.size + setups.size === 0 && !isListening,
  },
})

/** Admission, the peer set and an ordered end: geth's p2p.Server. */
export const serverMachine = extend({
  actions: {
    acceptWaiting: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, ['conn.accepted', 'setup.ended'])
      const { accepted, rejected, ...state } = acceptWaiting(context, freeSlots(context), event.now)
      enqueue.assign({ ...state, setups: withInbound(context.setups, accepted) })
      for (const which of rejected) enqueue({ type: 'closeStream', params: which })
      for (const conn of accepted) enqueue({ type: 'setUp', params: { conn } })
    }),
    endSetup: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'setup.ended')
      const news = setupOver(context, event)
      if (news) enqueue({ type: 'notifyDialer', params: news })
      enqueue.assign({ setups: without(context.setups, event.conn) })
    }),
    closeBacklog: enqueueActions(({ context, enqueue }) => {
      for (const { conn } of context.backlog) enqueue({ type: 'closeStream', params: { conn, why: 'server stopped' } })
      enqueue.assign({ backlog: [] })
    }),
    disconnectAll: enqueueActions(({ context, enqueue }) => {
      const peers = [...context.peers.values()]
      for (const { conn } of peers) enqueue({ type: 'disconnect', params: { conn, reason: DiscReason.Quitting } })
    }),
    stopSetups: enqueueActions(({ context, enqueue }) => {
      for (const conn of context.setups.keys()) enqueue({ type: 'stopSetup', params: { conn } })
    }),
  },
}).createMachine({
  id: 'server',
  description: 'admission, the peer set and an ordered end (geth p2p.Server)',
  context: ({ input }) => ({
    ...input,
    isListening: false,
    backlog: [],
    inboundHistory: new Map(),
    setups: new Map(),
    peers: new Map(),
  }),
  options: { maxIterations: 100 },
  initial: 'idle',
  on: {
    'setup.ended': [
      {
        guard: ofEvent('endedBeforeRun'),
        actions: [
          'endSetup',
          { type: 'notifyDialer', params: ({ context, event }) => peerRemoved(context, event) },
          ofEvent('forgetPeer'),
          'acceptWaiting',
        ],
      },
      { actions: ['endSetup', 'acceptWaiting'] },
    ],
    // What still comes when the server does not run.
    'conn.accepted': {
      actions: { type: 'closeStream', params: ({ event: { conn } }) => ({ conn, why: 'server stopped' }) },
    },
    'conn.dialed': {
      actions: [
        { type: 'closeStream', params: ({ event: { conn } }) => ({ conn, why: 'server stopped' }) },
        { type: 'notifyDialer', params: ({ event }) => ({ type: 'dial.ended', id: event.id }) },
      ],
    },
    'posthandshake.reached': { actions: { type: 'stopSetup', params: ({ event: { conn } }) => ({ conn }) } },
    'addpeer.reached': { actions: { type: 'stopSetup', params: ({ event: { conn } }) => ({ conn }) } },
    'peer.added': { actions: { type: 'emitPeerEvent', params: ({ event }) => addEvent(event) } },
    'peer.ended': {
      guard: ofEvent('isPeer'),
      actions: [ofEvent('forgetPeer'), { type: 'emitPeerEvent', params: ({ event }) => dropEvent(event) }],
    },
  },
  states: {
    idle: {
      on: {
        'server.start': [
          { guard: 'hasListener', target: 'starting' },
          { target: 'running', actions: { type: 'reportStart', params: {} } },
        ],
      },
    },
    starting: {
      meta: { label: 'opens its listener' },
      tags: 'moving',
      entry: 'listen',
      on: {
        'listener.opened': {
          target: 'running',
          actions: [
            { type: 'noteListener', params: { isListening: true } },
            { type: 'reportStart', params: {} },
          ],
        },
        'listener.failed': { target: 'stopped', actions: ofEvent('reportStart') },
        'server.stop': 'stoppingBeforeOpen',
      },
    },
    stoppingBeforeOpen: {
      description: 'stopped while the listener opens',
      meta: { label: 'was stopped before its listener was open' },
      tags: 'moving',
      entry: { type: 'reportStart', params: () => ({ error: new ServerStopped() }) },
      on: {
        'listener.opened': { actions: 'closeListener' },
        'listener.failed': 'stopped',
        'listener.closed': 'stopped',
      },
    },
    running: {
      meta: { label: 'takes peers, and dials nodes' },
      entry: 'startDialer',
      on: {
        'conn.accepted': [
          {
            guard: 'isBacklogFull',
            actions: { type: 'closeStream', params: ({ event: { conn } }) => ({ conn, why: 'backlog full' }) },
          },
          { actions: [ofEvent('wait'), 'acceptWaiting'] },
        ],
        'conn.dialed': {
          actions: [ofEvent('noteDialed'), { type: 'setUp', params: ({ event }) => ({ conn: event.conn }) }],
        },
        // Both lists are geth's checks in geth's order.
        'posthandshake.reached': [
          refused('isFull', DiscReason.TooManyPeers),
          refused('isInboundFull', DiscReason.TooManyPeers),
          refused('isConnected', DiscReason.AlreadyConnected),
          refused('isSelf', DiscReason.Self),
          {
            guard: ofEvent('isInbound'),
            actions: [
              ofEvent('noteIdentity'),
              { type: 'notifyDialer', params: ({ event }) => ({ type: 'inbound.pending', id: event.id }) },
              { type: 'admit', params: ({ event: { conn } }) => ({ conn }) },
            ],
          },
          {
            actions: [ofEvent('noteIdentity'), { type: 'admit', params: ({ event: { conn } }) => ({ conn }) }],
          },
        ],
        'addpeer.reached': [
          refused('isUseless', DiscReason.UselessPeer),
          refused('isFull', DiscReason.TooManyPeers),
          refused('isInboundFull', DiscReason.TooManyPeers),
          refused('isConnected', DiscReason.AlreadyConnected),
          refused('isSelf', DiscReason.Self),
          {
            actions: [
              ofEvent('addPeer'),
              {
                type: 'notifyDialer',
                params: ({ event }) => ({ type: 'peer.added', id: event.id, dialed: !event.inbound }),
              },
              { type: 'admit', params: ({ event: { conn } }) => ({ conn }) },
            ],
          },
        ],
        'peer.ended': {
          guard: ofEvent('isPeer'),
          actions: [
            { type: 'notifyDialer', params: ({ context, event }) => peerRemoved(context, event) },
            ofEvent('forgetPeer'),
            { type: 'emitPeerEvent', params: ({ event }) => dropEvent(event) },
          ],
        },
        'peer.add': {
          actions: { type: 'notifyDialer', params: ({ event }) => ({ type: 'static.add', node: event.node }) },
        },
        'peer.remove': [
          {
            guard: ofEvent('isConnected'),
            actions: [
              { type: 'notifyDialer', params: ({ event }) => ({ type: 'static.remove', id: event.id }) },
              {
                type: 'disconnect',
                params: ({ context, event: { id } }) => ({ conn: connOf(context, id), reason: DiscReason.Requested }),
              },
            ],
          },
          { actions: { type: 'notifyDialer', params: ({ event }) => ({ type: 'static.remove', id: event.id }) } },
        ],
        'trust.change': { actions: ofEvent('changeTrust') },
        'server.stop': 'stopping',
      },
    },
    stopping: {
      description: 'listener, then peers and setups, then the dialer',
      meta: { label: 'disconnects every peer (client quitting)' },
      tags: 'moving',
      entry: ['closeListener', 'closeBacklog', 'disconnectAll', 'stopSetups'],
      initial: 'draining',
      on: { 'listener.closed': { actions: { type: 'noteListener', params: { isListening: false } } } },
      states: {
        draining: {
          always: { guard: 'isDrained', target: 'stoppingDialer' },
        },
        stoppingDialer: { entry: 'stopDialer', on: { 'dialer.stopped': '#server.stopped' } },
      },
    },
    stopped: { type: 'final', meta: { label: 'the last peer is gone' } },
  },
})

function refused<Guard extends string>(guard: Guard, reason: DiscReason) {
  return {
    guard: { type: guard, params: ({ event }: { event: CheckpointEvent }) => event },
    actions: {
      type: 'refuse' as const,
      params: ({ event }: { event: CheckpointEvent }) => ({ conn: event.conn, reason }),
    },
    description: discReasonText(reason),
  }
}
