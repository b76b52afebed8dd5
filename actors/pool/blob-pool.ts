import type { Gone } from '../../machines/blob-content.ts'
import { PoolError } from '../../protocols/chain/pool-error.ts'
import { allCells } from '../../protocols/eth/cell-mask.ts'
import { type Kzg, KzgError } from '../kzg/kzg.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { BlobStore, StoredBlobs } from './blob-store.ts'
import type { Candidate } from './candidate.ts'

/** The blobs of a pool's transactions, and for a while those of transactions that blocks have (geth blobpool and its limbo). */
export class BlobPool {
  readonly #store: BlobStore
  readonly #kzg: Kzg
  /** Those that blocks have: in which one's time they left. BOUNDED: maxLimbo, the oldest go. */
  readonly #limbo = new Map<string, bigint>()

  constructor(store: BlobStore, kzg: Kzg) {
    this.#store = store
    this.#kzg = kzg
  }

  /** @returns the hashes of what was here when the node ended */
  open(): Promise<string[]> {
    return this.#store.open()
  }

  /** @returns undefined for what is not here, or cannot be read */
  get(hash: string): Promise<StoredBlobs | undefined> {
    return this.#store.get(hash)
  }

  /**
   * @param giver whose budget of verification it is on
   * @returns what is to be kept of it @throws {PoolError} its proofs do not hold
   */
  *verify({ item: tx, sidecar }: Candidate, giver: string | undefined): Steps<StoredBlobs> {
    const { blobs, commitments, proofs } = sidecar!
    if (blobs.length !== commitments.length)
      throw new PoolError(
        'sidecar',
        `invalid number of ${blobs.length} blobs compared to ${commitments.length} commitments`,
      )
    const made: { readonly cells: readonly Uint8Array[] } = yield this.#kzg
      .blobs({ blobs, commitments, proofs }, giver)
      .catch(refuse)
    return { tx, commitments, proofs, mask: allCells, cells: made.cells }
  }

  /** Of a sidecar of version 0, its blobs given: 7 s each. @returns proofs of their cells @throws {PoolError} */
  *prove(blobs: readonly Uint8Array[], commitments: readonly Uint8Array[]): Steps<readonly Uint8Array[]> {
    const made: { readonly proofs: readonly Uint8Array[] } = yield this.#kzg
      .blobs({ blobs, commitments })
      .catch((error: unknown) => {
        if (!(error instanceof KzgError)) throw error
        throw new PoolError('sidecar', `blob sidecar conversion failed: ${error.message}`, { cause: error })
      })
    return made.proofs
  }

  /** Resolves when it outlives a kill. */
  keep(hash: string, stored: StoredBlobs): Promise<void> {
    this.#limbo.delete(hash)
    return this.#store.put(hash, stored)
  }

  /** @param number of the head */
  drop(gone: readonly Gone[], number: bigint): void {
    for (const { hash, isIncluded } of gone)
      if (isIncluded) this.#limbo.set(hash, number)
      else void this.#store.remove(hash)
    for (const [hash, since] of this.#limbo) {
      if (this.#limbo.size <= maxLimbo && since + limboBlocks > number) break
      this.#limbo.delete(hash)
      void this.#store.remove(hash)
    }
  }

  /** What a block had, taken back. @returns undefined where its blobs are here no more */
  takeBack(hash: string): Promise<StoredBlobs | undefined> {
    return this.#limbo.has(hash) ? this.#store.get(hash) : Promise.resolve(undefined)
  }

  /** It is here as before its block was. */
  isBack(hash: string): void {
    this.#limbo.delete(hash)
  }

  async close(): Promise<void> {
    await this.#kzg.close()
    await this.#store.close()
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof KzgError)) throw error
  throw new PoolError('kzg', `KZG verification error: ${error.message}`, { cause: error })
}

/** How deep a reorganisation may be that gives its transactions back. */
const limboBlocks = 64n
const maxLimbo = 256
