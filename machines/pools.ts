import { PoolError } from '../protocols/chain/pool-error.ts'
import { BlobContent, type BlobPoolHead, type BlobPoolLimits, type Gone } from './blob-content.ts'
import { PoolContent, type PoolHead, type PoolLimits, type PoolTransaction, type SenderState } from './pool-content.ts'

/**
 * What a node's pool has: transactions with blobs and those without, which have rules of their own. An account has its
 * transactions in one of the two (geth core/txpool, its subpools and their Reserver).
 */
export class Pools {
  readonly #plain: PoolContent
  readonly blobs: BlobContent

  constructor(limits?: PoolLimits, blobLimits?: BlobPoolLimits) {
    this.#plain = new PoolContent(limits)
    this.blobs = new BlobContent(blobLimits)
  }

  get pending(): number {
    return this.#plain.pending + this.blobs.pending
  }

  get queued(): number {
    return this.#plain.queued + this.blobs.queued
  }

  get(hash: string): PoolTransaction | undefined {
    return this.#plain.get(hash) ?? this.blobs.get(hash)
  }

  has(hash: string): boolean {
    return this.#plain.has(hash) || this.blobs.has(hash)
  }

  /** The next nonce of a sender; undefined when nothing of it is here. */
  nextNonce(from: string): bigint | undefined {
    return this.#plain.nextNonce(from) ?? this.blobs.nextNonce(from)
  }

  get senders(): Iterable<string> {
    return new Set([...this.#plain.senders, ...this.blobs.senders()])
  }

  /** By nonce. */
  pendingOf(from: string): readonly PoolTransaction[] {
    const plain = this.#plain.pendingOf(from)
    return plain.length > 0 ? plain : this.blobs.pendingOf(from)
  }

  /** By nonce. */
  queuedOf(from: string): readonly PoolTransaction[] {
    const plain = this.#plain.queuedOf(from)
    return plain.length > 0 ? plain : this.blobs.queuedOf(from)
  }

  /** What can be executed: what pays most first, those of one sender by nonce. */
  best(): Generator<PoolTransaction> {
    return this.#plain.best(Array.from(this.blobs.senders(), (from) => this.blobs.pendingOf(from)))
  }

  /** For one with blobs, before their proofs are looked at. @throws {PoolError} it would not be taken */
  check(one: PoolTransaction, state: SenderState): void {
    if (!one.blobs) return
    this.#reserve(one)
    this.blobs.check(one, state, this.#plain.isAuthority(one.from))
  }

  /**
   * @param now ms
   * @returns what can be executed now and could not before, itself most often
   * @throws {PoolError} it is not taken
   */
  add(one: PoolTransaction, state: SenderState, now: number): PoolTransaction[] {
    this.#reserve(one)
    return one.blobs
      ? this.blobs.add(one, state, now, this.#plain.isAuthority(one.from))
      : this.#plain.add(one, state, now)
  }

  /**
   * The head is another: what was included or cannot be paid any more leaves.
   * @param states of all senders; one that is missing stays as it was
   * @param returned what blocks had that are canonical no more
   * @param now ms
   * @returns what can be executed now and could not before
   */
  reset(
    states: ReadonlyMap<string, SenderState>,
    head: PoolHead & BlobPoolHead,
    returned: readonly PoolTransaction[],
    now: number,
  ): PoolTransaction[] {
    const isFree = (one: PoolTransaction) => !this.#isReserved(one)
    const plain = this.#plain.reset(
      states,
      head,
      returned.filter((one) => !one.blobs && isFree(one)),
    )
    const blobs = this.blobs.reset(
      states,
      head,
      returned.filter((one) => one.blobs && isFree(one)),
      now,
    )
    return [...plain, ...blobs]
  }

  /** What has been queued for too long leaves. @param now ms */
  expire(now: number): void {
    this.#plain.expire(now)
    this.blobs.expire(now)
  }

  /** Those with blobs that have left since the last time they were asked for. */
  takeGone(): Gone[] {
    return this.blobs.takeGone()
  }

  #reserve(one: PoolTransaction): void {
    if (this.#isReserved(one)) throw new PoolError('reserved', 'address already reserved')
  }

  #isReserved({ from, blobs }: PoolTransaction): boolean {
    return blobs ? this.#plain.nextNonce(from) !== undefined : this.blobs.hasSender(from)
  }
}
