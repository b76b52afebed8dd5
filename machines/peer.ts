import { assign, setup } from 'xstate'
import { nodeIdOf } from '../protocols/enode/enode.ts'
import { bytesToHex } from '../protocols/lib/bytes.ts'
import { DiscError, DiscReason, discReasonText, reasonOf } from '../protocols/p2p/disconnect-reasons.ts'
import { countMatching } from '../protocols/p2p/matching.ts'
import { decodeDisconnect, type Hello } from '../protocols/p2p/messages.ts'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/p2p/peer.ts implements it; a spec records it. */
export type PeerPorts = {
  /** Runs the encryption handshake: `rlpx.secured` or `read.failed` comes back. */
  secure(): void
  /** The server answers each question once, with `server.admitted` or `server.refused`. */
  askServer(question: { checkpoint: 'posthandshake' | 'addpeer'; id: string; matching: number }): void
  /** Sends our Hello at once and reads one message, no more: `first.received`. */
  exchangeHello(): void
  /** The first message is a Hello or the end: `hello.accepted` or `hello.invalid` comes back. */
  openHello(message: { code: number; payload: Uint8Array }): void
  /** EIP-706: from version 5 on, everything after Hello is compressed. */
  adoptVersion(hello: { version: number }): void
  /** Matches capabilities, reports the peer as added and runs its protocols: `protocols.started`. */
  startProtocols(hello: Hello): void
  startReading(): void
  sendPing(): void
  sendPong(): void
  /** The protocols learn that it is over; nothing they send from here on leaves. */
  endProtocols(): void
  /** Sends Disconnect with `reason`, or nothing without one, and closes: `stream.closed`. */
  part(verdict: { reason: DiscReason | undefined }): void
  /** Closes the stream without waiting for anything. */
  abandon(): void
  /** SetupConn returned this error: its peer was never added. */
  reportSetupEnd(outcome: Outcome): void
  /** Peer.run returned this (geth's delpeer). */
  reportPeerEnd(outcome: Outcome): void
}

export type PeerInput = {
  readonly ports: PeerPorts
  /** Our protocols, in any order. */
  readonly protocols: readonly { readonly name: string; readonly version: number; readonly length: number }[]
  /** Where the connection comes from, for readers of the feed: the chart decides nothing by it. */
  readonly isDialing?: boolean
  readonly remote?: string
  /** Node id of the one that is dialed. */
  readonly target?: string
}

/** What Peer.run, or SetupConn before it, returned. */
export type Outcome = {
  readonly error: Error
  /** The remote sent Disconnect. */
  readonly remoteRequested: boolean
}

export type PeerEvent =
  | { type: 'rlpx.secured'; id: string }
  | { type: 'server.admitted' }
  | { type: 'server.refused'; reason: DiscReason }
  | { type: 'first.received'; code: number; payload: Uint8Array }
  | { type: 'hello.accepted'; hello: Hello }
  | { type: 'hello.invalid'; error: Error }
  | { type: 'protocols.started' }
  | { type: 'protocol.ended'; error: Error }
  | { type: 'ping.received' }
  | { type: 'disconnect.received'; payload: Uint8Array }
  /** The stream, a frame, a MAC, snappy or a code was bad, or the remote was silent for too long. */
  | { type: 'read.failed'; error: Error }
  | { type: 'write.blocked' }
  | { type: 'write.drained' }
  | { type: 'stream.closed'; error: Error | undefined }
  | { type: 'peer.disconnect'; reason: DiscReason }

type PeerContext = PeerInput & {
  /** keccak256 of the key that the encryption handshake proved, in hex. */
  readonly id: string
  readonly hello: Hello | undefined
  /** It came into the peer set: its end is that of a peer. */
  readonly isAdded: boolean
  readonly outcome: Outcome | undefined
  /** Sent when parting; nothing is when there is none. */
  readonly reason: DiscReason | undefined
}

/** geth's: from the moment we are ready for a message to its last byte, in ms. Of Hello the chart sees to it, of the others the socket. */
export const frameReadTimeout = 30_000

type PeerMeta = StateMeta<PeerEvent['type'] | keyof typeof delays>

const delays = {
  /** The whole of auth and ack, both directions. */
  encHandshakeTimeout: 5_000,
  frameReadTimeout,
  frameWriteTimeout: 20_000,
  disconnectWriteTimeout: 1_000,
  pingInterval: 15_000,
}

type From<Type> = { event: Extract<PeerEvent, { type: Type }> }
// The disconnect reason that a transition to the end leads to, for its picture.
const noDisconnect = 'no Disconnect'
const reasonOfFault = "the fault's reason"
const closedByThem = 'they closed'

/** What ends a connection before its peer is added. geth's SetupConn sends the remote only what the server said. */
const endsOfSetup = {
  'read.failed': {
    target: '#peer.closing',
    actions: ofEvent('conclude'),
    description: reasonOfFault,
  },
  'stream.closed': {
    target: '#peer.closed',
    actions: { type: 'conclude', params: ({ event }: From<'stream.closed'>) => closedBy(event) },
    description: closedByThem,
  },
  'peer.disconnect': {
    target: '#peer.closing',
    actions: { type: 'conclude', params: () => ({ error: new PeerClosed('server stopped') }) },
    description: noDisconnect,
  },
  'server.refused': {
    target: '#peer.closing',
    actions: { type: 'conclude', params: ({ event }: From<'server.refused'>) => refused(event) },
    description: "the server's reason",
  },
} as const
/** What ends a peer that was added, in whatever it is doing. */
const endsOfPeer = {
  'protocol.ended': {
    target: '#peer.closing',
    actions: { type: 'conclude', params: ({ event }: From<'protocol.ended'>) => ended(event) },
    description: reasonOfFault,
  },
  'peer.disconnect': {
    target: '#peer.closing',
    actions: { type: 'conclude', params: ({ event }: From<'peer.disconnect'>) => refused(event) },
    description: "the caller's reason",
  },
  'stream.closed': {
    target: '#peer.closed',
    actions: [{ type: 'conclude', params: ({ event }: From<'stream.closed'>) => closedBy(event) }, 'endProtocols'],
    description: closedByThem,
  },
} as const

const { enqueueActions, extend } = setup({
  types: {} as { context: PeerContext; input: PeerInput; events: PeerEvent; meta: PeerMeta; tags: StateTag },
  actions: {
    ...portActions<PeerPorts>()('secure', 'askServer', 'exchangeHello', 'openHello', 'adoptVersion', 'startProtocols'),
    ...portActions<PeerPorts>()('startReading', 'sendPing', 'sendPong', 'endProtocols', 'part', 'abandon'),
    ...portActions<PeerPorts>()('reportSetupEnd', 'reportPeerEnd'),
    identify: assign((_, { id }: { id: string }) => ({ id })),
    remember: assign((_, hello: Hello) => ({ hello })),
    noteAdded: assign({ isAdded: true }),
    /** The first word counts: what ends a peer later than that is not heard. */
    conclude: assign((_, end: { error: Error; reason?: DiscReason | undefined; remoteRequested?: boolean }) => ({
      outcome: { error: end.error, remoteRequested: end.remoteRequested ?? false },
      // NetworkError is never on the wire: geth's close() keeps it to itself.
      reason: end.reason === DiscReason.NetworkError ? undefined : end.reason,
    })),
  },
  guards: {
    isImpostor: ({ context }, { id }: Hello) => bytesToHex(nodeIdOf(id)) !== context.id,
  },
  delays,
})

/** One connection from its first byte to its last: geth's SetupConn, then Peer.run. */
export const peerMachine = extend({
  actions: {
    /** Every way to the end has concluded. */
    report: enqueueActions(({ context: { isAdded, outcome }, enqueue }) =>
      enqueue({ type: isAdded ? 'reportPeerEnd' : 'reportSetupEnd', params: outcome! }),
    ),
  },
}).createMachine({
  id: 'peer',
  description: 'one connection from its first byte to its last (geth SetupConn, Peer.run)',
  meta: {
    causes: {
      'server.refused': 'the server has no place for it',
      'hello.invalid': 'that was no Hello',
      'protocol.ended': 'a protocol has ended it',
      'disconnect.received': 'it sent Disconnect',
      'peer.disconnect': 'we send Disconnect',
      'read.failed': 'what came cannot be read',
      'stream.closed': 'the connection is closed',
      encHandshakeTimeout: 'auth and ack were not done within 5 s: it is silent, or no devp2p node',
      frameReadTimeout: 'no Hello came within 30 s',
      frameWriteTimeout: 'it read nothing of what we sent for 20 s',
      disconnectWriteTimeout: 'it did not close the connection within 1 s: we did',
    },
  },
  context: ({ input }) => ({
    ...input,
    id: '',
    hello: undefined,
    isAdded: false,
    outcome: undefined,
    reason: undefined,
  }),
  options: { maxIterations: 100 },
  initial: 'securing',
  states: {
    securing: {
      description: 'auth and ack (EIP-8), then the first checkpoint',
      meta: { phase: 'securing' },
      tags: 'moving',
      initial: 'handshaking',
      on: endsOfSetup,
      states: {
        handshaking: {
          meta: { setupFault: 'rlpx_enc' },
          entry: 'secure',
          on: { 'rlpx.secured': { target: 'checkpoint', actions: ofEvent('identify') } },
          after: {
            encHandshakeTimeout: {
              target: '#peer.closing',
              actions: { type: 'conclude', params: () => ({ error: new PeerTimeout('rlpx enc error: i/o timeout') }) },
              description: noDisconnect,
            },
          },
        },
        checkpoint: {
          entry: {
            type: 'askServer',
            params: ({ context }) => ({ checkpoint: 'posthandshake', id: context.id, matching: 0 }),
          },
          on: {
            'server.admitted': '#peer.greeting',
          },
        },
      },
    },
    greeting: {
      description: 'Hello both ways, then the second checkpoint',
      meta: { phase: 'greeting', label: 'keys agreed, frames are encrypted from here on; Hello goes out' },
      tags: 'moving',
      initial: 'exchanging',
      on: endsOfSetup,
      states: {
        exchanging: {
          meta: { setupFault: 'rlpx_proto' },
          entry: 'exchangeHello',
          on: {
            'first.received': { actions: ofEvent('openHello') },
            'hello.invalid': {
              target: '#peer.closing',
              description: noDisconnect,
              // Even a Disconnect is not echoed: geth wraps it as `rlpx proto error`.
              actions: {
                type: 'conclude',
                params: ({ event }) => ({ error: event.error, remoteRequested: event.error instanceof DiscError }),
              },
            },
            'hello.accepted': [
              {
                guard: { type: 'isImpostor', params: ({ event }) => event.hello },
                target: '#peer.closing',
                description: discReasonText(DiscReason.UnexpectedIdentity),
                actions: [
                  { type: 'adoptVersion', params: ({ event }) => event.hello },
                  { type: 'conclude', params: () => refused({ reason: DiscReason.UnexpectedIdentity }) },
                ],
              },
              {
                target: 'checkpoint',
                actions: [
                  { type: 'adoptVersion', params: ({ event }) => event.hello },
                  { type: 'remember', params: ({ event }) => event.hello },
                ],
              },
            ],
          },
          after: {
            frameReadTimeout: {
              target: '#peer.closing',
              description: noDisconnect,
              actions: {
                type: 'conclude',
                params: () => ({ error: new PeerTimeout('rlpx proto error: i/o timeout') }),
              },
            },
          },
        },
        checkpoint: {
          entry: {
            type: 'askServer',
            params: ({ context }) => ({
              checkpoint: 'addpeer',
              id: context.id,
              matching: countMatching(context.protocols, context.hello!.caps),
            }),
          },
          on: { 'server.admitted': '#peer.admitted' },
        },
      },
    },
    admitted: {
      description: 'in the peer set; the matched protocols are being started',
      meta: { phase: 'admitted', label: 'Hello read, and the server has a place for it' },
      tags: 'moving',
      entry: ['noteAdded', { type: 'startProtocols', params: ({ context }) => context.hello! }],
      on: {
        'protocols.started': 'running',
        ...endsOfPeer,
      },
    },
    running: {
      description: 'sub-protocol messages go straight to their sessions',
      meta: { phase: 'running', label: 'the protocols that both speak begin' },
      type: 'parallel',
      entry: 'startReading',
      on: {
        'ping.received': { actions: 'sendPong' },
        'disconnect.received': {
          target: 'closing',
          description: 'theirs, echoed',
          actions: { type: 'conclude', params: ({ event }) => echoed(decodeDisconnect(event.payload)) },
        },
        ...endsOfPeer,
        'read.failed': { target: 'closing', actions: ofEvent('conclude'), description: reasonOfFault },
      },
      states: {
        keepalive: {
          initial: 'quiet',
          states: {
            quiet: { after: { pingInterval: { target: 'quiet', reenter: true, actions: 'sendPing' } } },
          },
        },
        writing: {
          initial: 'flowing',
          states: {
            flowing: { on: { 'write.blocked': 'blocked' } },
            blocked: {
              on: { 'write.drained': 'flowing' },
              after: {
                frameWriteTimeout: {
                  target: '#peer.closing',
                  description: noDisconnect,
                  actions: { type: 'conclude', params: () => ({ error: new PeerTimeout('write: i/o timeout') }) },
                },
              },
            },
          },
        },
      },
    },
    closing: {
      description: 'protocols ended, Disconnect on its way',
      meta: { phase: 'closing' },
      tags: 'moving',
      entry: ['endProtocols', { type: 'part', params: ({ context }) => ({ reason: context.reason }) }],
      on: { 'stream.closed': 'closed' },
      after: { disconnectWriteTimeout: { target: 'closed', actions: 'abandon' } },
    },
    closed: {
      type: 'final',
      meta: { phase: 'closed' },
      entry: 'report',
    },
  },
})

const refused = ({ reason }: { reason: DiscReason }) => ({ error: new DiscError(reason), reason })
const echoed = (reason: DiscReason) => ({ error: new DiscError(reason), reason, remoteRequested: true })
const ended = ({ error }: { error: Error }) => ({ error, reason: reasonOf(error) })
const closedBy = ({ error }: { error: Error | undefined }) => ({ error: error ?? new PeerClosed() })

/** The stream ended without a word: EOF, or our own server going. */
export class PeerClosed extends Error {
  override readonly name = 'PeerClosed'
  constructor(message = 'EOF') {
    super(message)
  }
}

/** The remote let a deadline pass. */
export class PeerTimeout extends Error {
  override readonly name = 'PeerTimeout'
}
