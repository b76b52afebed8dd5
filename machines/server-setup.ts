import { assertEvent, assign, setup } from 'xstate'
import type { Enode } from '../protocols/enode/enode.ts'
import type { Netlist } from '../protocols/enode/netlist.ts'
import { DiscReason } from '../protocols/p2p/disconnect-reasons.ts'
import {
  type CheckpointEvent,
  freeSlots,
  isFull,
  isInboundFull,
  isStillborn,
  isUseless,
  type PeerEnd,
  type PeerEvent,
  type PeerStart,
  type ServerLimits,
  type ServerState,
  type SetupEnd,
  setupOver,
  withInbound,
} from './admission.ts'
import type { DialerEvent } from './dialer.ts'
import { without, withoutMember } from './immutable-collections.ts'
import { acceptWaiting, maxBacklog } from './inbound.ts'
import type { StateMeta, StateTag } from './names/state-meta.ts'

/** What the chart asks of the world. actors/p2p/server.ts implements it; a spec records it. */
export type ServerPorts = {
  /** `listener.opened` or `listener.failed` comes back. */
  listen(): void
  /** `listener.closed` comes back. */
  closeListener(): void
  reportStart(outcome: { error?: Error }): void
  startDialer(): void
  tellDialer(event: DialerEvent): void
  /** `dialer.stopped` comes back when its last dial has ended. */
  stopDialer(): void
  /** Runs the handshakes of a connection: its checkpoints and one `setup.ended` come back. */
  setUp(which: { conn: number }): void
  /** Closes a stream that no byte was read from or written to. */
  closeStream(which: { conn: number; why: string }): void
  /** The answer to a checkpoint. */
  admit(answer: { conn: number; trusted: boolean }): void
  refuse(answer: { conn: number; reason: DiscReason }): void
  /** Ends a setup without a word, for the server has stopped. */
  stopSetup(which: { conn: number }): void
  setTrusted(change: { conn: number; trusted: boolean }): void
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
    listen: ({ context }) => context.ports.listen(),
    closeListener: ({ context }) => context.ports.closeListener(),
    reportStart: ({ context }, outcome: { error?: Error }) => context.ports.reportStart(outcome),
    startDialer: ({ context }) => context.ports.startDialer(),
    tellDialer: ({ context }, event: DialerEvent) => context.ports.tellDialer(event),
    stopDialer: ({ context }) => context.ports.stopDialer(),
    setUp: ({ context }, which: { conn: number }) => context.ports.setUp(which),
    closeStream: ({ context }, which: { conn: number; why: string }) => context.ports.closeStream(which),
    admit: ({ context }, answer: { conn: number; trusted: boolean }) => context.ports.admit(answer),
    refuse: ({ context }, answer: { conn: number; reason: DiscReason }) => context.ports.refuse(answer),
    stopSetup: ({ context }, which: { conn: number }) => context.ports.stopSetup(which),
    setTrusted: ({ context }, change: { conn: number; trusted: boolean }) => context.ports.setTrusted(change),
    disconnect: ({ context }, order: { conn: number; reason: DiscReason }) => context.ports.disconnect(order),
    emitPeerEvent: ({ context }, event: PeerEvent) => context.ports.emitPeerEvent(event),
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
    isStillborn: ({ context }, end: SetupEnd) => isStillborn(context, end),
    isDrained: ({ context: { peers, setups, isListening } }) => peers.size + setups.size === 0 && !isListening,
  },
})

/** What the chart of machines/server.ts is made of: its effects and guards by name. */
export const serverSetup = extend({
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
      if (news) enqueue({ type: 'tellDialer', params: news })
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
})
