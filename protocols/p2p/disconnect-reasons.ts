import { PeerError } from '../lib/peer-error.ts'

// Why a connection ends (devp2p rlpx.md, Disconnect; geth p2p/peer_error.go).

/** geth's names, without the prefix Disc. */
export const DiscReason = {
  Requested: 0x00,
  NetworkError: 0x01,
  ProtocolError: 0x02,
  UselessPeer: 0x03,
  TooManyPeers: 0x04,
  AlreadyConnected: 0x05,
  IncompatibleVersion: 0x06,
  InvalidIdentity: 0x07,
  Quitting: 0x08,
  UnexpectedIdentity: 0x09,
  Self: 0x0a,
  ReadTimeout: 0x0b,
  SubprotocolError: 0x10,
  Invalid: 0xff,
} as const

/** A uint8. A remote may send any, known or not, and it is echoed as it came. */
export type DiscReason = number

const texts: Readonly<Record<number, string>> = {
  [DiscReason.Requested]: 'disconnect requested',
  [DiscReason.NetworkError]: 'network error',
  [DiscReason.ProtocolError]: 'breach of protocol',
  [DiscReason.UselessPeer]: 'useless peer',
  [DiscReason.TooManyPeers]: 'too many peers',
  [DiscReason.AlreadyConnected]: 'already connected',
  [DiscReason.IncompatibleVersion]: 'incompatible p2p protocol version',
  [DiscReason.InvalidIdentity]: 'invalid node identity',
  [DiscReason.Quitting]: 'client quitting',
  [DiscReason.UnexpectedIdentity]: 'unexpected identity',
  [DiscReason.Self]: 'connected to self',
  [DiscReason.ReadTimeout]: 'read timeout',
  [DiscReason.SubprotocolError]: 'subprotocol error',
  [DiscReason.Invalid]: 'invalid disconnect reason',
}

export const discReasonText = (reason: DiscReason): string => texts[reason] ?? `unknown disconnect reason ${reason}`

/**
 * The reason that a protocol's end gives the remote: geth's `discReasonForError`. Only the error itself counts; wrapped
 * in another it is a subprotocol error, except {@link ProtocolReturned}.
 */
export function reasonOf(error: unknown): DiscReason {
  if (error instanceof DiscError) return error.reason
  if (hasReturned(error)) return DiscReason.Quitting
  if (error instanceof PeerError) return DiscReason.ProtocolError
  return DiscReason.SubprotocolError
}

function hasReturned(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof ProtocolReturned) return true
  return false
}

/** A disconnect reason as an error: received, or the one to send. */
export class DiscError extends Error {
  override readonly name = 'DiscError'
  readonly reason: DiscReason

  constructor(reason: DiscReason, options?: ErrorOptions) {
    super(discReasonText(reason), options)
    this.reason = reason
  }
}

/** A protocol's task ended without an error. */
export class ProtocolReturned extends Error {
  override readonly name = 'ProtocolReturned'

  constructor() {
    super('protocol returned')
  }
}
