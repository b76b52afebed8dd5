/**
 * What the remote did to the transport. Nothing is recoverable: the connection is closed without a word.
 * The texts are geth's (p2p/rlpx) where it has one.
 */
export type RlpxErrorCode =
  /** The auth or ack packet is not one for us: wrong size, key, MAC, signature or RLP, and never said which. */
  | 'handshake'
  /** An auth or ack packet, or a frame before Hello, announces more than is allowed. */
  | 'message too big'
  | 'bad header MAC'
  | 'bad frame MAC'
  /** The message code is no RLP integer, or none that JavaScript can count to. */
  | 'bad message code'
  /** The payload is no snappy block. */
  | 'snappy'
  /** A payload above 2^24 − 1 bytes was claimed by the remote, or given to us to write. */
  | 'message length >= 16MB'

/** The remote broke the RLPx transport protocol; see {@link RlpxErrorCode}. */
export class RlpxError extends Error {
  override readonly name = 'RlpxError'
  readonly code: RlpxErrorCode
  /** What came as it is, where it is short and was to be compressed: some clients compress no Disconnect. */
  readonly plain: { readonly code: number; readonly payload: Uint8Array } | undefined

  constructor(code: RlpxErrorCode, { plain, ...options }: ErrorOptions & Partial<Pick<RlpxError, 'plain'>> = {}) {
    super(`rlpx: ${code}`, options)
    this.code = code
    this.plain = plain
  }
}
