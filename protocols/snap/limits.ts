// Bounds of snap, with where they come from. Bytes are of uncompressed payloads.

const KiB = 1024
const MiB = 1024 * KiB

export const limits = {
  /** geth protocol.go maxMessageSize. */
  maxMessageBytes: 10 * MiB,
  /** geth handler.go softResponseLimit: what an answer holds at most, whatever is asked for. */
  softResponseBytes: 2 * MiB,
  /** geth handler.go: the nodes of one proof that are looked at; the two edges of a range have at most 64 levels each. */
  maxProofNodes: 128,
  /** geth handler.go maxCodeLookups, maxTrieNodeLookups and maxAccessListLookups: of one request. */
  maxCodesServed: 1024,
  maxTrieNodesServed: 1024,
  maxAccessListsServed: 1024,
} as const
