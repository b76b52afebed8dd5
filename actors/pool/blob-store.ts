import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { blobBytes, cellProofsPerBlob, withSidecar } from '../../protocols/chain/blob-sidecar.ts'
import { columnsOf, dataColumns } from '../../protocols/eth/cell-mask.ts'
import type { CellMask } from '../../protocols/eth/transaction-messages.ts'
import { concatBytes } from '../../protocols/lib/bytes.ts'
import { encodeBytes, encodeList, RlpError, type RlpItem, RlpReader, readItem } from '../../protocols/lib/rlp.ts'
import type { Logger } from '../log/log.ts'

/** A transaction with the cells of its blobs that are here (geth BlobTxForPool). */
export type StoredBlobs = {
  /** As it is in a block. */
  readonly tx: RlpItem
  readonly commitments: readonly Uint8Array[]
  /** 128 for each blob, blob by blob. */
  readonly proofs: readonly Uint8Array[]
  readonly mask: CellMask
  /** Blob by blob, of each those of the mask, the lowest column first. */
  readonly cells: readonly Uint8Array[]
}

/**
 * The blobs of pooled transactions by the hash of the transaction: a file each, which is whole or not there. In memory where
 * there is no folder.
 * BOUNDED: by the pool, which drops what it has no more.
 */
export class BlobStore {
  readonly #folder: string | undefined
  readonly #log: Logger
  readonly #memory = new Map<string, Uint8Array>()
  /** Writes and removals come in order. */
  #last: Promise<void> = Promise.resolve()

  constructor(folder: string | undefined, log: Logger) {
    this.#folder = folder
    this.#log = log
  }

  /** @returns the hashes of all that is here, hex digits; what a kill left unfinished is removed */
  async open(): Promise<string[]> {
    if (this.#folder === undefined) return []
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const names = await readdir(this.#folder)
    for (const name of names) if (name.endsWith('.new')) await rm(join(this.#folder, name), { force: true })
    return names.filter((name) => /^[0-9a-f]{64}$/.test(name))
  }

  /** Resolves when it is kept, or cannot be: the log has that. */
  put(hash: string, blobs: StoredBlobs): Promise<void> {
    const bytes = encodeStored(blobs)
    if (this.#folder === undefined) {
      this.#memory.set(hash, bytes)
      return Promise.resolve()
    }
    const path = join(this.#folder, hash)
    return this.#then(async () => {
      await writeFile(`${path}.new`, bytes, { mode: 0o600 })
      await rename(`${path}.new`, path)
    })
  }

  /** @returns undefined for what is not here, or cannot be read */
  async get(hash: string): Promise<StoredBlobs | undefined> {
    await this.#last
    try {
      const bytes = this.#folder === undefined ? this.#memory.get(hash) : await readFile(join(this.#folder, hash))
      return bytes && decodeStored(bytes)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#failed('cannot be read', error as Error)
      return undefined
    }
  }

  /** Resolves when it is gone. */
  remove(hash: string): Promise<void> {
    this.#memory.delete(hash)
    const folder = this.#folder
    return folder === undefined ? Promise.resolve() : this.#then(() => rm(join(folder, hash), { force: true }))
  }

  /** Resolves when all is written. */
  close(): Promise<void> {
    return this.#last
  }

  #then(run: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(run).catch((error: Error) => this.#failed('cannot be written', error))
    return this.#last
  }

  #failed(what: string, { message }: Error): void {
    this.#log.warn(`Blobs of the pool ${what}`, { folder: this.#folder, err: message })
  }
}

/** @param columns how many cells of each blob are here @returns bytes that it takes in the store, about: what a pool counts */
export const storedSize = (tx: RlpItem, blobs: number, columns: number): number =>
  tx.raw.length + blobs * (columns * (cellBytes + 3) + (1 + cellProofsPerBlob) * 49) + 64

/** @param version of eth: its blobs are left out from 72 on @returns undefined where too few cells are here to have blobs */
export function pooledItem(stored: StoredBlobs, version: number): RlpItem | undefined {
  const { tx, commitments, proofs } = stored
  if (version >= 72) return withSidecar(tx, { blobs: [], commitments, proofs })
  const blobs = blobsOf(stored)
  return blobs && withSidecar(tx, { blobs, commitments, proofs })
}

/** @returns the blobs, which are their lower cells; undefined where those are not here */
export function blobsOf({ commitments, mask, cells }: StoredBlobs): Uint8Array[] | undefined {
  const columns = columnsOf(mask)
  if (columns[dataColumns - 1] !== dataColumns - 1) return undefined
  return commitments.map((_, i) => {
    const first = i * columns.length
    const blob = new Uint8Array(blobBytes)
    for (let column = 0; column < dataColumns; column++) blob.set(cells[first + column]!, column * cellBytes)
    return blob
  })
}

/** @returns the cell of each blob in that column, undefined where it is not here */
export function columnOf({ commitments, mask, cells }: StoredBlobs, column: number): Uint8Array[] | undefined {
  const columns = columnsOf(mask)
  const place = columns.indexOf(column)
  return place < 0 ? undefined : commitments.map((_, i) => cells[i * columns.length + place]!)
}

function encodeStored({ tx, commitments, proofs, mask, cells }: StoredBlobs): Uint8Array {
  const lists = [commitments, proofs, cells].map((all) => encodeList(all.map(encodeBytes)))
  return encodeList([tx.raw, encodeBytes(mask), ...lists])
}

/** @throws {RlpError} it was not written by this */
function decodeStored(bytes: Uint8Array): StoredBlobs {
  const fields = RlpReader.open(bytes)
  const tx = readItem(concatBytes(fields.item().raw))
  const mask = fields.bytes(16)
  const [commitments, proofs, cells] = [48, 48, cellBytes].map((length) =>
    Array.from(fields.list().rest(), ({ content }) => {
      if (content.length !== length) throw new RlpError(`expected ${length} bytes`)
      return content
    }),
  )
  fields.end()
  if (cells!.length !== commitments!.length * columnsOf(mask).length) throw new RlpError('cells are missing')
  return { tx, mask, commitments: commitments!, proofs: proofs!, cells: cells! }
}

const cellBytes = 2_048
