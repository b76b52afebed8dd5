// The bounds and deadlines of eth, with where they come from. Bytes are of uncompressed payloads; times are milliseconds.

const MiB = 1024 * 1024

export const limits = {
  /** geth protocol.go maxMessageSize; a message of exactly this size passes. */
  maxMessageBytes: 10 * MiB,
  /** caps/eth.md, recommended for every answer; geth handler.go softResponseLimit. */
  softResponseBytes: 2 * MiB,
  /** geth handlers.go: the most of each that one answer serves. */
  maxHeadersServed: 1024,
  maxBodiesServed: 1024,
  maxReceiptsServed: 1024,
  maxBlockAccessListsServed: 1024,
  /** geth handlers.go maxPooledTxLookups: hashes of one request that are looked at. */
  maxPooledLookups: 4096,
  /** geth handlers.go minReceiptEncodedSize. */
  leastReceiptBytes: 5,
  /** geth handlers.go: steps off the canonical chain for one header query by hash with skip. */
  maxNonCanonicalAncestors: 100,
  /** EIP-7594: cells of an extended blob, and bytes of one. */
  cellsPerBlob: 128,
  cellBytes: 2048,
  /** EIP-7594: blobs of one transaction; geth params.BlobTxMaxBlobs. */
  maxBlobsPerTransaction: 6,
  /** geth protocol.go maxTransactionAnnouncements: transactions in one inbound Transactions. */
  maxTransactions: 5000,
  /** geth handler.go blockRangeUpdateDistance, in blocks. */
  blockRangeUpdateDistance: 32n,
  /** geth handshake.go handshakeTimeout. */
  statusTimeout: 5_000,
  /** geth peer.go: the age at which the tracker gives a request up. */
  requestTimeout: 300_000,
} as const
