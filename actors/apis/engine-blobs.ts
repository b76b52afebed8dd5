import { cellProofsPerBlob } from '../../protocols/chain/blob-sidecar.ts'
import { columnsOf } from '../../protocols/eth/cell-mask.ts'
import type { CellMask } from '../../protocols/eth/transaction-messages.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { blobsOf, columnOf, type StoredBlobs } from '../pool/blob-store.ts'
import { type Method, method } from '../rpc/api.ts'
import { data } from '../rpc/json/hex.ts'
import { hash } from '../rpc/params.ts'
import { listOf } from '../rpc/struct-params.ts'
import { custodyBitmap } from './engine-custody.ts'
import { engineError } from './engine-errors.ts'
import { checkForks, isOsakaOrLater } from './engine-forks.ts'
import type { EngineParts } from './engine-parts.ts'

/** The blobs of pooled transactions (execution-apis, engine/cancun.md, osaka.md, amsterdam.md). */
export function blobMethods({ chain, pool }: Pick<EngineParts, 'chain' | 'pool'>): Record<string, Method> {
  const { config } = chain
  const ofOsaka = async <Answer>(
    hashes: Hashes,
    answer: (hashes: Hashes) => Promise<readonly Answer[]>,
  ): Promise<readonly Answer[] | null> => {
    if (!isOsakaOrLater(config, chain.head.time)) return null
    checkCount(hashes)
    return answer(hashes)
  }
  const whole = (hashes: Hashes) => each(hashes, pool, wholeOf)
  return {
    getBlobsV1: method([hashesParam], (hashes = []) => {
      const reason = 'engine_getBlobsV1 is only available at Cancun/Prague fork'
      checkForks(config, chain.head.time, ['cancun', 'prague'], reason)
      checkCount(hashes)
      // Of proofs of whole blobs the pool has none.
      return hashes.map(() => null)
    }),
    // All or nothing.
    getBlobsV2: method([hashesParam], async (hashes = []) => {
      const found = await ofOsaka(hashes, whole)
      return found?.includes(null) ? null : found
    }),
    getBlobsV3: method([hashesParam], (hashes = []) => ofOsaka(hashes, whole)),
    getBlobsV4: method([hashesParam, custodyBitmap], (hashes = [], mask) =>
      ofOsaka(hashes, (hashes) => each(hashes, pool, (stored, i) => cellsOf(stored, i, mask))),
    ),
    hasBlobs: method([hashesParam], (hashes = []) =>
      hashes.map((hash) => pool?.content.blobs.withBlob(bytesToHex(hash)) !== undefined),
    ),
  }
}

/** One after the other: each may be a read of a megabyte. */
async function each<Answer>(
  hashes: Hashes,
  pool: EngineParts['pool'],
  answer: (stored: StoredBlobs, place: number) => Answer | null,
): Promise<(Answer | null)[]> {
  const found: (Answer | null)[] = []
  let last: { readonly hash: string; readonly stored: StoredBlobs | undefined } | undefined
  for (const bytes of hashes) {
    const hash = bytesToHex(bytes)
    const tx = pool?.content.blobs.withBlob(hash)
    // Those of a transaction are asked for together.
    if (tx && last?.hash !== tx.hash) last = { hash: tx.hash, stored: await pool!.blobs.get(tx.hash) }
    found.push(tx && last?.stored ? answer(last.stored, tx.blobs!.hashes.indexOf(hash)) : null)
  }
  return found
}

/** geth `BlobAndProofV2`. */
function wholeOf(stored: StoredBlobs, place: number): unknown {
  const blobs = blobsOf(stored)
  return blobs ? { blob: data(blobs[place]!), proofs: proofsOf(stored, place).map(data) } : null
}

/** geth `BlobCellsAndProofsV1`: null for what is not here. */
function cellsOf(stored: StoredBlobs, place: number, mask: CellMask): unknown {
  const proofs = proofsOf(stored, place)
  const cells = columnsOf(mask).map((column) => ({ cell: columnOf(stored, column)?.[place], proof: proofs[column]! }))
  return {
    blob_cells: cells.map(({ cell }) => (cell ? data(cell) : null)),
    proofs: cells.map(({ cell, proof }) => (cell ? data(proof) : null)),
  }
}

const proofsOf = ({ proofs }: StoredBlobs, place: number) =>
  proofs.slice(place * cellProofsPerBlob, (place + 1) * cellProofsPerBlob)

type Hashes = readonly Uint8Array[]
const hashesParam = listOf(hash, '[]common.Hash')

/** geth's limit, which is what execution-apis has every client support. */
const maxBlobs = 128

function checkCount({ length }: Hashes): void {
  if (length > maxBlobs) throw engineError('tooLargeRequest', `requested blob count too large: ${length}`)
}
