/** What is wrong with a packet; geth's names (p2p/discover/v5wire, encoding.go). */
export type PacketFault =
  /** Too short or too long for discv5, or of another protocol: another reader of the socket may know it. */
  | 'size'
  | 'protocol id'
  | 'version'
  | 'flag'
  | 'authdata size'
  | 'no message'
  | 'message type'
  | 'message'
  | 'request id'
  | 'record'
  | 'ephemeral key'
  | 'id signature'
  | 'decryption'

/** The bytes are no packet of discv5, or it breaks a rule: the fault of its sender. */
export class PacketError extends Error {
  override readonly name = 'PacketError'
  readonly fault: PacketFault

  constructor(fault: PacketFault, detail: string, options?: ErrorOptions) {
    super(`discv5: ${detail}`, options)
    this.fault = fault
  }

  /** Whether it seems to belong to another protocol on the same port (geth's IsInvalidHeader). */
  get isForeign(): boolean {
    return this.fault === 'size' || this.fault === 'protocol id'
  }
}
