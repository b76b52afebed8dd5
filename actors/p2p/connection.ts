import type { Enode } from '../../protocols/enode/enode.ts'
import type { DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import type { PeerFacts } from './protocol.ts'

/** Where a connection came from (geth's connFlag): we dialed a candidate, we dialed a static node, or it came to us. */
export type Origin = 'dyndial' | 'staticdial' | 'inbound'

/** A byte stream: a TCP socket, or a pipe of a simulation. Reading starts paused. */
export type Stream = {
  readonly localAddress: string
  readonly remoteAddress: string
  /** @returns false when the stream's own buffer is full: `onDrain` follows */
  write(bytes: Uint8Array): boolean
  /** Bytes written and not yet taken by the system. */
  readonly buffered: number
  pause(): void
  resume(): void
  /** Sends what is queued, then closes. */
  end(): void
  /** Closes at once. */
  destroy(): void
  listen(listener: StreamListener): void
}

export type StreamListener = {
  data(chunk: Uint8Array): void
  drain(): void
  /** The last call, once: the remote is gone, or what was queued before `end` has left. */
  closed(error?: Error): void
}

export type Checkpoint = 'posthandshake' | 'addpeer'

/** What the server is asked at a checkpoint, and answers with {@link Connection.admit} or {@link Connection.refuse}. */
export type CheckpointFacts = {
  readonly conn: number
  readonly checkpoint: Checkpoint
  readonly id: string
  readonly inbound: boolean
  /** addpeer only: how many (name, version) pairs both sides have. */
  readonly matching?: number
}

/** One connection, from its first byte to its last: geth's SetupConn and Peer.run (actors/p2p/peer.ts runs the peer chart). */
export type Connection = {
  /** Unique in the process. */
  readonly conn: number
  /** Known once the encryption handshake is done. */
  readonly id: string | undefined
  readonly facts: PeerFacts | undefined
  /** For admin_peers: what each running protocol says of itself. */
  protocols(): Record<string, unknown>
  admit(): void
  refuse(reason: DiscReason): void
  /** A running peer is sent the reason; a connection still being set up is closed. */
  disconnect(reason: DiscReason): void
}

/** How a connection reports to its server, which may answer at once: charts queue events that come while they step. */
export type ConnectionOwner = {
  checkpoint(facts: CheckpointFacts): void
  /** Whether the node of this id is let in above the limit of peers, as it is now. */
  isTrusted(id: string): boolean
  /** SetupConn returned: the peer was added (`added`), or the connection failed. Exactly once. */
  setupEnded(conn: number, outcome: { added: boolean; id?: string; error?: Error }): void
  /** The peer was added and its protocols run. */
  peerAdded(conn: number, facts: PeerFacts): void
  /** Only after `peerAdded`, exactly once (geth's delpeer). `error` is what Peer.run returned. */
  peerEnded(conn: number, outcome: { id: string; error: Error; remoteRequested: boolean }): void
}

/** Makes a connection of a stream. `target` is who we dialed; without it the connection is inbound. */
export type Connect = (
  stream: Stream,
  options: { readonly conn: number; readonly origin: Origin; readonly target?: Enode; readonly owner: ConnectionOwner },
) => Connection

/** The network as a port: TCP in a process, pipes in a simulation. */
export type Network = {
  /** @throws (rejects) the TCP connect failed, took more than `timeout` ms, or was given up by `signal` */
  dial(host: string, port: number, timeout: number, signal?: AbortSignal): Promise<Stream>
  listen(host: string, port: number, accept: (stream: Stream) => void): Promise<Listener>
}

export type Listener = { readonly host: string; readonly port: number; close(): Promise<void> }
