// Every bound and deadline of eth, with where it comes from. Bytes are of uncompressed payloads; times are milliseconds.

const KiB = 1024
const MiB = 1024 * KiB

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
  /** geth handlers.go: twice the items served, looked up for one answer. */
  maxLookups: 2048,
  /** geth handlers.go: steps off the canonical chain for one header query by hash with skip. */
  maxNonCanonicalAncestors: 100,
  /** caps/eth.md Receipts, 10 MB; geth counts 10 MiB with what the answer already holds (eth/70). */
  maxReceiptsBytes: 10 * MiB,
  /** geth handlers.go: 2 MiB of 2048-byte cells (eth/72). */
  maxCellsServed: 1024,
  /** EIP-7594: cells of an extended blob, and bytes of one. */
  cellsPerBlob: 128,
  cellBytes: 2048,
  /** geth protocol.go maxTransactionAnnouncements: transactions in one inbound Transactions. */
  maxTransactions: 5000,
  /** geth peer.go maxKnownTxs. */
  maxKnownTransactions: 32_768,
  /** geth peer.go maxQueuedTxs and maxQueuedTxAnns: the oldest fall off. */
  maxQueuedTransactions: 4096,
  maxQueuedAnnouncements: 4096,
  /** geth broadcast.go maxTxPacketSize; an announcement counts 32 bytes a hash. */
  txPacketBytes: 100 * KiB,
  /** geth handler.go txMaxBroadcastSize: a larger transaction is announced only. */
  maxBroadcastTransactionBytes: 4096,
  /** caps/eth.md GetPooledTransactions and geth's fetcher: hashes and bytes of one request. */
  maxPooledTransactionsRequested: 256,
  maxPooledTransactionBytesRequested: 128 * KiB,
  /** geth's tracker: requests without an answer. */
  maxPendingRequests: 10_000,
  /** geth handler.go blockRangeUpdateDistance, in blocks. */
  blockRangeUpdateDistance: 32n,
  /** geth handshake.go handshakeTimeout. */
  statusTimeout: 5_000,
  /** geth peer.go: the age at which the tracker gives a request up. */
  requestTimeout: 300_000,
  /** geth handler.go syncChallengeTimeout: to answer for a required block. */
  requiredBlockTimeout: 15_000,
  /** geth: how often the block range is looked at during snap sync. */
  snapBlockRangePoll: 60_000,
} as const
