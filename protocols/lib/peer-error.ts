/** geth's `peerError` (p2p/peer_error.go): what of a message was wrong. */
export type PeerErrorCode = 'invalid message' | 'invalid message code'

/**
 * A message broke its protocol. A session that ends with this very error, not wrapped in another, is disconnected with
 * ProtocolError (0x02).
 */
export class PeerError extends Error {
  override readonly name: string = 'PeerError'
  readonly code: PeerErrorCode

  constructor(code: PeerErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options)
    this.code = code
  }
}
