/** How much of a sync is under way at a time. */
export const downloadLimits = {
  /** geth downloader MaxHeaderFetch: headers between two of the skeleton, and in one request. */
  segment: 192n,
  /** geth downloader MaxSkeletonSize: headers of one skeleton. */
  maxSkeleton: 128n,
  /** geth downloader MaxBlockFetch: bodies in one request. */
  maxBodies: 128n,
  /** Blocks of one insertion. */
  maxImported: 128n,
  /** Blocks fetched beyond the last imported one, and bytes of their bodies. What is under way comes on top. */
  maxAhead: 2048n,
  maxUndeliveredBytes: 32 * 2 ** 20,
  /** Peers asked for what follows our head, each poll. */
  maxPolled: 3,
  /** Milliseconds for one answer; geth's varies from 2 to 60 s (msgrate). */
  patience: 10_000,
  /** Milliseconds until a peer that failed gets work again in the same sync. */
  restInterval: 30_000,
} as const
