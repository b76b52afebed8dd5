import type { RlpInput } from '../../protocols/lib/rlp.ts'
import type { Cap } from '../../protocols/p2p/messages.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** A devp2p capability as a value. eth, snap and a user's own register in the same way (geth's p2p.Protocol). */
export type Protocol = {
  readonly name: string
  readonly version: number
  /** How many message codes it takes, counted from 0. */
  readonly length: number
  /** Called once for each peer that runs it. Nothing of the peer is read before it returns. */
  run(session: Session): SessionHandler
  /** Entries of the node record, by key: what others look for before they dial (geth's Attributes). */
  readonly attributes?: Readonly<Record<string, RlpInput>>
  /** For admin_nodeInfo. */
  nodeInfo?(): unknown
}

/** One matched capability on one live peer: what geth hands to proto.Run. Codes are relative to the protocol's offset. */
export type Session = {
  readonly peer: PeerFacts
  /** The world of the peer's node, and the peer's actor in it: the parent of whatever runs this session. */
  readonly runtime: Runtime
  readonly actor: string
  readonly name: string
  readonly version: number
  /** The remote has hung up: its last messages are still read, but no answer gets there. */
  readonly isGone: boolean
  /**
   * Queues one message.
   * @returns whether more may follow at once; if not, wait for {@link SessionHandler.writable}
   * @throws {PeerError} the code is past the protocol's length; nothing is written
   * @throws {WriteQueueFull} the caller did not wait
   */
  send(code: number, payload: Uint8Array): boolean
  /** Stops reading: the next message of this protocol waits, and every message behind it (head of line, as in geth). */
  pause(): void
  resume(): void
  /**
   * Does what takes long for a message, in the peer's turns: the messages behind it wait until that is done. Left off when
   * the peer is gone; what `steps` throws is a bug, and ends the peer.
   */
  work(steps: Generator<unknown, void>): void
  /** Ends the protocol and with it the peer: the Disconnect sent is `reasonOf(error)`. */
  end(error: Error): void
}

/** What a protocol gives back: it is called in order, and never re-entered. */
export type SessionHandler = {
  message(code: number, payload: Uint8Array): void
  writable?(): void
  /** Last call. The peer is gone or going: nothing sent from here on is delivered. */
  closed(): void
  /** For admin_peers. */
  info?(): unknown
}

export type PeerFacts = {
  /** keccak256 of the public key, 64 hex digits. */
  readonly id: string
  /** 64 bytes. */
  readonly publicKey: Uint8Array
  /** The full advertised client name. */
  readonly name: string
  readonly caps: readonly Cap[]
  /** `ip:port` */
  readonly localAddress: string
  readonly remoteAddress: string
  readonly inbound: boolean
  readonly static: boolean
  /** May change while the peer lives. */
  readonly trusted: boolean
}
