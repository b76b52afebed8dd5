import { DiscError, DiscReason } from '../protocols/p2p/disconnect-reasons.ts'
import type { DialerEvent } from './dialer.ts'
import type { InboundState } from './inbound.ts'

// The limits that the server's checks ask, as pure functions of its state (geth p2p/server.go, postHandshakeChecks and
// addPeerChecks); the checks themselves, in their order, are in server.ts.

export type ServerLimits = {
  readonly selfId: string
  /** How many protocols we run: with none, no peer is useless. */
  readonly protocolCount: number
  readonly maxPeers: number
  /** {@link maxDialedOf} */
  readonly maxDialed: number
  /** Inbound connections set up at a time. */
  readonly maxPendingPeers: number
}

export type ServerState = InboundState & {
  readonly isListening: boolean
  /** By number. BOUNDED: maxPendingPeers inbound and as many dialed. */
  readonly setups: ReadonlyMap<number, Setup>
  /** By node id. BOUNDED: maxPeers and the trusted. */
  readonly peers: ReadonlyMap<string, { readonly conn: number; readonly inbound: boolean }>
  /** Node ids. BOUNDED: by who calls addTrustedPeer: the node's own configuration and API. */
  readonly trusted: ReadonlySet<string>
}

/** geth's SetupConn in progress. `id` is known of whom we dialed, and after the encryption handshake. */
type Setup = { readonly inbound: boolean; readonly id?: string; readonly trusted: boolean }
type State = ServerLimits & ServerState

export type CheckpointEvent =
  | { type: 'posthandshake.reached'; conn: number; id: string; inbound: boolean }
  /** `matching` counts the (name, version) pairs that both sides have. */
  | { type: 'addpeer.reached'; conn: number; id: string; inbound: boolean; matching: number }
/** `id` is left out when the encryption handshake failed. */
export type SetupEnd = { type: 'setup.ended'; conn: number; id?: string; added: boolean; now: number }
export type PeerStart = { type: 'peer.added'; conn: number; id: string } & Addresses
/** `error` is what Peer.run returned. */
export type PeerEnd = { type: 'peer.ended'; conn: number; id: string; error: Error } & Addresses
/** `ip:port` each. */
type Addresses = { local: string; remote: string }

/** geth's p2p.PeerEvent: `peer` is the node id; `error` comes with a drop. `conn` numbers the connection: its actor is `peer/conn`. */
export type PeerEvent = {
  readonly conn: number
  readonly peer: string
  readonly local: string
  readonly remote: string
} & ({ readonly type: 'add' } | { readonly type: 'drop'; readonly error: string })

/** geth `DefaultConfig.P2P.MaxPeers`. */
export const defaultMaxPeers = 50
/** geth `defaultDialRatio`: of the peers, one in three is dialed. */
const defaultDialRatio = 3

/** geth `MaxDialedConns`. The rest of `maxPeers` is for inbound. */
export function maxDialedOf(limits: {
  maxPeers: number
  dialRatio?: number | undefined
  noDial?: boolean | undefined
}): number {
  if (limits.noDial || limits.maxPeers === 0) return 0
  return Math.max(1, Math.floor(limits.maxPeers / (limits.dialRatio || defaultDialRatio)))
}

/** @returns how many more inbound connections may be set up at once */
export const freeSlots = ({ maxPendingPeers, setups }: State): number => maxPendingPeers - countInbound(setups)

export const withInbound = (setups: State['setups'], conns: readonly number[]): State['setups'] =>
  conns.reduce((next, conn) => next.set(conn, { inbound: true, trusted: false }), new Map(setups))

export const isUseless = ({ protocolCount }: State, event: CheckpointEvent): boolean =>
  event.type === 'addpeer.reached' && protocolCount > 0 && event.matching === 0

export const isFull = (state: State, event: CheckpointEvent): boolean =>
  !isTrusted(state, event) && state.peers.size >= state.maxPeers

export const isInboundFull = (state: State, event: CheckpointEvent): boolean =>
  !isTrusted(state, event) && event.inbound && countInbound(state.peers) >= state.maxPeers - state.maxDialed

/** geth reads the trusted set at posthandshake and never again. */
const isTrusted = ({ trusted, setups }: State, { type, conn, id }: CheckpointEvent): boolean =>
  type === 'posthandshake.reached' ? trusted.has(id) : setups.get(conn)?.trusted === true

export const connOf = ({ peers }: State, id: string): number => peers.get(id)!.conn

/** @returns the dialer's event when a setup ends; undefined for a peer whose id was never known */
export function setupOver({ setups }: State, { conn, id }: SetupEnd): DialerEvent | undefined {
  const setup = setups.get(conn)
  if (setup?.inbound === false) return { type: 'dial.ended', id: setup.id! }
  return setup && id !== undefined ? { type: 'inbound.completed', id } : undefined
}

export const endedBeforeRun = ({ setups, peers }: State, { conn, id, added }: SetupEnd): boolean =>
  !added && setups.has(conn) && id !== undefined && peers.get(id)?.conn === conn

/** @returns the dialer's event when a peer is gone */
export const peerRemoved = ({ peers }: State, { id = '', error }: { id?: string; error?: Error }): DialerEvent => ({
  type: 'peer.removed',
  id,
  dialed: peers.get(id)?.inbound === false,
  crossed: error instanceof DiscError && error.reason === DiscReason.AlreadyConnected,
})

export const addEvent = ({ conn, id: peer, local, remote }: PeerStart): PeerEvent => ({
  ...{ type: 'add', conn, peer, local, remote },
})

export function dropEvent({ conn, id: peer, error: { message }, local, remote }: PeerEnd): PeerEvent {
  return { type: 'drop', conn, peer, error: message, local, remote }
}

const countInbound = (conns: ReadonlyMap<unknown, { readonly inbound: boolean }>): number =>
  [...conns.values()].filter(({ inbound }) => inbound).length

/** The server was asked to stop while it started. */
export class ServerStopped extends Error {
  override readonly name = 'ServerStopped'
  constructor() {
    super('server stopped')
  }
}
