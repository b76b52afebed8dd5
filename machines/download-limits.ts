/** How much of a sync is under way at a time. */
export const downloadLimits = {
  /** geth downloader MaxHeaderFetch: headers between two of the skeleton, and in one request. */
  segment: 192n,
  /** geth downloader MaxSkeletonSize: headers of one skeleton. */
  maxSkeleton: 128n,
  /** Bodies in one request, those of a segment: geth asks for 128 and serves 1,024. */
  maxBodies: 192n,
  /** geth downloader MaxBALFetch: access lists in one request. */
  maxLists: 128n,
  /** Bytes asked for in one request by the average of those items so far: geth's requestOverfetch, 1.5 of the 2 MiB it serves. */
  maxAnswerBytes: 3 * 2 ** 20,
  /** geth's resultSize: the weight of what came last in that average. */
  averageWeight: 0.1,
  /** geth: blocks that a peer may have beyond the latest that it announced. */
  rangeSlack: 64n,
  /** Blocks of one insertion. */
  maxImported: 128n,
  /** Blocks fetched beyond the last imported one, and bytes of their bodies. What is under way comes on top. */
  maxAhead: 2048n,
  maxUndeliveredBytes: 32 * 2 ** 20,
  /** Requests for access lists under way at a time, of which each may bring a message of 10 MiB. */
  maxListRequests: 4,
  /** Of them to one peer: what hold the lists of a segment, asked for before its bodies. geth makes one at a time. */
  maxListRequestsOfPeer: 2,
  /** Bytes of access lists whose blocks are not imported; geth has 256 MiB, for it executes what it imports. */
  maxUndeliveredListBytes: 32 * 2 ** 20,
  /** geth fullMaxForkAncestry: blocks below the last of a sync whose access lists the network is likely to have. */
  maxListDepth: 90_000n,
  /** geth fsMinFullBlocks: blocks between the head and the pivot of a snap sync. */
  pivotDistance: 64n,
  /** geth: the pivot moves when it is further below: 2 times that less 8. */
  maxPivotDistance: 120n,
  /** Peers asked for what follows our head, each poll. */
  maxPolled: 3,
  /** Milliseconds until a request goes to others; geth's vary from 0.5 to 60 s (msgrate). */
  answerTimeout: 10_000,
  /** geth timeoutGracePeriod: milliseconds until a peer that does not answer is dropped. */
  stallTimeout: 120_000,
  /** Requests to one peer in `paceWindow` ms: some clients, not geth, disconnect a peer that makes 500 a minute. */
  maxRequests: 440,
  paceWindow: 60_000,
  /** Milliseconds until a peer that failed gets work again in the same sync. */
  cooldown: 30_000,
} as const
