// What peers have announced and who is asked for it: a value that the fetcher's actor keeps, as a copy of it for each message
// would cost more than all the rest (geth eth/fetcher/tx_fetcher.go). Hashes are hex digits, times ms. A peer is the number of
// its session.

/** A transaction, as its announcement has it. */
export type AnnouncedTx = { readonly hash: string; readonly type: number; readonly size: number }

/** A transaction that came. `sizeWithoutBlobs` is what eth/72 announces: the same where it has none. */
export type DeliveredTx = AnnouncedTx & { readonly sizeWithoutBlobs: number }

/** geth eth/fetcher/tx_fetcher.go, by its names there. */
export const txFetchLimits = {
  /** maxTxAnnounces: of one peer. */
  announced: 4_096,
  /** maxTxRetrievals: hashes of one request. */
  requested: 256,
  /** maxTxRetrievalSize: announced bytes after which a request has enough. */
  requestedBytes: 131_072,
  /** txArriveTimeout: what is announced may come whole within it. */
  arriveTimeout: 500,
  /** txGatherSlack: what is due so soon goes with what is due. */
  gatherSlack: 100,
  /** txFetchTimeout. */
  fetchTimeout: 5_000,
  /** Bytes that an announced size may be off: clients count the envelope of a transaction differently. */
  sizeSlack: 8,
} as const

/** eth/72 announces blob transactions without their blobs (EIP-8070). */
const cellsVersion = 72
const blobType = 3

type Claim = { readonly type: number; readonly size: number }
type Tx = {
  phase: 'waiting' | 'queued' | 'fetching'
  /** When it was announced first. */
  readonly since: number
  /** Who has announced it. BOUNDED: the peers of eth. */
  readonly origins: Set<number>
  /** Who is asked for it. */
  asked: number | undefined
}
type Announcer = {
  readonly version: number
  /** By hash, in the order of the announcements: a sender's nonces come in order. BOUNDED: txFetchLimits.announced. */
  readonly claims: Map<string, Claim>
  /** The request under way; of one that took too long, nothing. BOUNDED: txFetchLimits.requested. */
  request: readonly string[]
}

/** BOUNDED: txFetchLimits.announced for each peer of eth; the messages that had them are not kept. */
export class TxAnnouncements {
  readonly #txs = new Map<string, Tx>()
  readonly #peers = new Map<number, Announcer>()

  /** Transactions that are announced, and have not come. */
  get size(): number {
    return this.#txs.size
  }

  /** How many one peer has announced that have not come. */
  announcedBy(peer: number): number {
    return this.#peers.get(peer)?.claims.size ?? 0
  }

  phaseOf(hash: string): Tx['phase'] | undefined {
    return this.#txs.get(hash)?.phase
  }

  /**
   * Past its bound the rest of what a peer announces is left out (geth: without a disconnect).
   * @param version of eth, that its sizes are meant by
   * @returns how long until the first of these has waited, undefined when none has to; and whether one may be asked for at once
   */
  announce(
    peer: number,
    all: Iterable<AnnouncedTx>,
    { version, now }: { version: number; now: number },
  ): { readonly wait: number | undefined; readonly isQueued: boolean } {
    const announcer = this.#peers.get(peer) ?? { version, claims: new Map(), request: [] }
    let wait: number | undefined
    let isQueued = false
    for (const { hash, type, size } of all) {
      if (announcer.claims.size >= txFetchLimits.announced) break
      // What it said first counts: it may not say otherwise until something fits.
      if (announcer.claims.has(hash)) continue
      this.#peers.set(peer, announcer)
      announcer.claims.set(hash, { type, size })
      // Blob transactions come by request alone.
      const tx = this.#txs.get(hash) ?? this.#insert(hash, type === blobType ? 'queued' : 'waiting', now)
      tx.origins.add(peer)
      if (tx.phase === 'waiting') wait = Math.min(wait ?? txFetchLimits.arriveTimeout, dueIn(tx, now))
      else if (tx.phase === 'queued') isQueued = true
    }
    return { wait, isQueued }
  }

  /**
   * What a peer has announced, and has waited for long enough, may be asked for, of all who have announced it.
   * @returns those; and how long until the next of it has waited
   */
  release(peer: number, now: number): { readonly wait: number | undefined; readonly wake: ReadonlySet<number> } {
    const wake = new Set<number>()
    let wait: number | undefined
    for (const hash of this.#peers.get(peer)?.claims.keys() ?? []) {
      const tx = this.#txs.get(hash)!
      if (tx.phase !== 'waiting') continue
      const left = dueIn(tx, now)
      if (left < txFetchLimits.gatherSlack) this.#queue(tx, wake)
      else wait = Math.min(wait ?? left, left)
    }
    return { wait, wake }
  }

  /** @returns what it is to be asked for next, nothing while an answer to the last request may come */
  take(peer: number): readonly string[] {
    const announcer = this.#peers.get(peer)
    if (!announcer || announcer.request.length > 0) return []
    const hashes: string[] = []
    let bytes = 0
    for (const [hash, { size }] of announcer.claims) {
      if (hashes.length >= txFetchLimits.requested || bytes >= txFetchLimits.requestedBytes) break
      const tx = this.#txs.get(hash)!
      if (tx.phase !== 'queued') continue
      Object.assign(tx, { phase: 'fetching', asked: peer })
      hashes.push(hash)
      bytes += size
    }
    announcer.request = hashes
    return hashes
  }

  /**
   * They came, from any peer: nothing is asked for them any more.
   * @returns the peers that had announced another type or size
   */
  delivered(all: Iterable<DeliveredTx>): ReadonlySet<number> {
    const liars = new Set<number>()
    for (const one of all) {
      for (const peer of this.#txs.get(one.hash)?.origins ?? []) {
        const { version, claims } = this.#peers.get(peer)!
        if (!isTrue(claims.get(one.hash)!, one, version)) liars.add(peer)
        this.#forget(peer, one.hash)
      }
      this.#txs.delete(one.hash)
    }
    return liars
  }

  /**
   * A peer has answered. What it left out before the last one that it sent it does not have; what comes after that was too much
   * for one answer.
   * @param came the hashes that it sent
   * @returns who may be asked for the rest
   */
  answered(peer: number, came: ReadonlySet<string>): ReadonlySet<number> {
    const announcer = this.#peers.get(peer)
    const request = announcer?.request ?? []
    if (announcer) announcer.request = []
    const last = request.findLastIndex((hash) => came.has(hash))
    const wake = new Set<number>()
    for (const [i, hash] of request.entries()) this.#requeue(peer, hash, i < last || last < 0, wake)
    if (announcer?.claims.size === 0) this.#peers.delete(peer)
    return wake
  }

  /** A peer has not answered in time: others are asked, those are returned. */
  expired(peer: number): ReadonlySet<number> {
    return this.answered(peer, new Set())
  }

  /** A peer is gone. @returns who may be asked for what it was asked for */
  left(peer: number): ReadonlySet<number> {
    const wake = new Set<number>()
    for (const hash of [...(this.#peers.get(peer)?.claims.keys() ?? [])]) {
      const tx = this.#txs.get(hash)!
      if (tx.asked === peer) this.#requeue(peer, hash, true, wake)
      else this.#disown(peer, hash, tx)
    }
    this.#peers.delete(peer)
    return wake
  }

  #insert(hash: string, phase: 'waiting' | 'queued', since: number): Tx {
    const tx: Tx = { phase, since, origins: new Set(), asked: undefined }
    this.#txs.set(hash, tx)
    return tx
  }

  #queue(tx: Tx, wake: Set<number>): void {
    Object.assign(tx, { phase: 'queued', asked: undefined })
    for (const peer of tx.origins) wake.add(peer)
  }

  /** What it was asked for and has not sent; another may have sent it, and it may even have been announced again since. */
  #requeue(peer: number, hash: string, isMissing: boolean, wake: Set<number>): void {
    const tx = this.#txs.get(hash)
    if (tx?.asked !== peer) return
    if (isMissing) this.#disown(peer, hash, tx)
    if (tx.origins.size > 0) this.#queue(tx, wake)
  }

  #disown(peer: number, hash: string, tx: Tx): void {
    tx.origins.delete(peer)
    if (tx.origins.size === 0) this.#txs.delete(hash)
    this.#forget(peer, hash)
  }

  #forget(peer: number, hash: string): void {
    const announcer = this.#peers.get(peer)!
    announcer.claims.delete(hash)
    if (announcer.claims.size === 0 && announcer.request.length === 0) this.#peers.delete(peer)
  }
}

const dueIn = ({ since }: Tx, now: number) => Math.max(0, since + txFetchLimits.arriveTimeout - now)

function isTrue(claim: Claim, one: DeliveredTx, version: number): boolean {
  const size = version >= cellsVersion ? one.sizeWithoutBlobs : one.size
  return claim.type === one.type && Math.abs(claim.size - size) <= txFetchLimits.sizeSlack
}
