import { DiscReason, discReasonText } from '../protocols/p2p/disconnect-reasons.ts'
import {
  addEvent,
  admission,
  type CheckpointEvent,
  connOf,
  dropEvent,
  peerRemoved,
  ServerStopped,
} from './admission.ts'
import { serverSetup } from './server-setup.ts'

/** Admission, the peer set and an ordered end: geth's p2p.Server. */
export const serverMachine = serverSetup.createMachine({
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
        guard: { type: 'isStillborn', params: ({ event }) => event },
        actions: [
          'endSetup',
          { type: 'tellDialer', params: ({ context, event }) => peerRemoved(context, event) },
          { type: 'forgetPeer', params: ({ event }) => event },
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
        { type: 'tellDialer', params: ({ event }) => ({ type: 'dial.ended', id: event.id }) },
      ],
    },
    'posthandshake.reached': { actions: { type: 'stopSetup', params: ({ event: { conn } }) => ({ conn }) } },
    'addpeer.reached': { actions: { type: 'stopSetup', params: ({ event: { conn } }) => ({ conn }) } },
    'peer.added': { actions: { type: 'emitPeerEvent', params: ({ event }) => addEvent(event) } },
    'peer.ended': {
      guard: { type: 'isPeer', params: ({ event }) => event },
      actions: [
        { type: 'forgetPeer', params: ({ event }) => event },
        { type: 'emitPeerEvent', params: ({ event }) => dropEvent(event) },
      ],
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
        'listener.failed': { target: 'stopped', actions: { type: 'reportStart', params: ({ event }) => event } },
        'server.stop': 'unwanted',
      },
    },
    unwanted: {
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
      meta: { label: 'takes peers, and dials its static nodes' },
      entry: 'startDialer',
      on: {
        'conn.accepted': [
          {
            guard: 'isBacklogFull',
            actions: { type: 'closeStream', params: ({ event: { conn } }) => ({ conn, why: 'backlog full' }) },
          },
          { actions: [{ type: 'wait', params: ({ event }) => event }, 'acceptWaiting'] },
        ],
        'conn.dialed': {
          actions: [
            { type: 'noteDialed', params: ({ event }) => event },
            { type: 'setUp', params: ({ event }) => ({ conn: event.conn }) },
          ],
        },
        // Both lists are geth's checks in geth's order.
        'posthandshake.reached': [
          refused('isFull', DiscReason.TooManyPeers),
          refused('isInboundFull', DiscReason.TooManyPeers),
          refused('isConnected', DiscReason.AlreadyConnected),
          refused('isSelf', DiscReason.Self),
          {
            guard: { type: 'isInbound', params: ({ event }) => event },
            actions: [
              { type: 'noteIdentity', params: ({ event }) => event },
              { type: 'tellDialer', params: ({ event }) => ({ type: 'inbound.pending', id: event.id }) },
              { type: 'admit', params: ({ context, event }) => admission(context, event) },
            ],
          },
          {
            actions: [
              { type: 'noteIdentity', params: ({ event }) => event },
              { type: 'admit', params: ({ context, event }) => admission(context, event) },
            ],
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
              { type: 'addPeer', params: ({ event }) => event },
              {
                type: 'tellDialer',
                params: ({ event }) => ({ type: 'peer.added', id: event.id, dialed: !event.inbound }),
              },
              { type: 'admit', params: ({ context, event }) => admission(context, event) },
            ],
          },
        ],
        'peer.ended': {
          guard: { type: 'isPeer', params: ({ event }) => event },
          actions: [
            { type: 'tellDialer', params: ({ context, event }) => peerRemoved(context, event) },
            { type: 'forgetPeer', params: ({ event }) => event },
            { type: 'emitPeerEvent', params: ({ event }) => dropEvent(event) },
          ],
        },
        'peer.add': {
          actions: { type: 'tellDialer', params: ({ event }) => ({ type: 'static.add', node: event.node }) },
        },
        'peer.remove': [
          {
            guard: { type: 'isConnected', params: ({ event }) => event },
            actions: [
              { type: 'tellDialer', params: ({ event }) => ({ type: 'static.remove', id: event.id }) },
              {
                type: 'disconnect',
                params: ({ context, event: { id } }) => ({ conn: connOf(context, id), reason: DiscReason.Requested }),
              },
            ],
          },
          { actions: { type: 'tellDialer', params: ({ event }) => ({ type: 'static.remove', id: event.id }) } },
        ],
        'trust.change': [
          {
            guard: { type: 'isConnected', params: ({ event }) => event },
            actions: [
              { type: 'changeTrust', params: ({ event }) => event },
              {
                type: 'setTrusted',
                params: ({ context, event: { id, trusted } }) => ({ conn: connOf(context, id), trusted }),
              },
            ],
          },
          { actions: { type: 'changeTrust', params: ({ event }) => event } },
        ],
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
