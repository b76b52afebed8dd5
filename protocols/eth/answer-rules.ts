import { findMismatch, readSidecar } from '../chain/blob-sidecar.ts'
import { blobTxType, txType, withoutBlobs } from '../chain/transaction.ts'
import { hashTransaction, readTransaction } from '../chain/transaction-fields.ts'
import { bytesToHex } from '../lib/bytes.ts'
import { MalformedItem } from '../lib/lazy-list.ts'
import { RlpError, type RlpItem } from '../lib/rlp.ts'
import { limits } from './limits.ts'
import type { EthAnswer, MessageOf } from './messages.ts'
import { countColumns } from './transaction-messages.ts'
import type { EthVersion } from './versions.ts'

// What an answer must keep by itself, whatever was asked (geth eth/protocols/eth/peer.go bufferReceipts, eth/handler_eth.go).

/** Whether there are such rules for its kind. */
export const hasRules = ({ kind }: EthAnswer): boolean =>
  kind === 'Receipts' || kind === 'Cells' || kind === 'PooledTransactions'

/**
 * Step by step: each item may be looked at.
 * @param version of eth, which says whether blobs come with their transactions
 * @returns undefined for an answer that can be; otherwise the remote broke a rule
 */
export function* checkAnswer(answer: EthAnswer, version: EthVersion): Generator<void, AnswerError | undefined> {
  if (answer.kind === 'Receipts') return checkReceipts(answer)
  if (answer.kind === 'Cells') return yield* checkCells(answer)
  if (answer.kind === 'PooledTransactions') return yield* checkPooled(answer, version)
  return undefined
}

/** Whether the proofs of their blobs hold is for the pool. */
function* checkPooled({ transactions }: MessageOf<'PooledTransactions'>, version: EthVersion): Check {
  /** BOUNDED: by the bytes of the message. */
  const hashes = new Set<string>()
  try {
    for (const item of transactions) {
      const tx = withoutBlobs(item)
      const hash = bytesToHex(yield* hashTransaction(tx))
      const fault = txType(item) === blobTxType ? blobFault(item, tx, version) : undefined
      if (fault !== undefined) return new AnswerError(fault)
      if (hashes.has(hash)) return new AnswerError(`multiple copies of the same hash ${hash}`)
      hashes.add(hash)
      yield
    }
  } catch (error) {
    if (error instanceof RlpError) return new AnswerError(error.message, { cause: error })
    throw error
  }
  return undefined
}

/** geth handleTransactions. */
function blobFault(item: RlpItem, tx: RlpItem, version: EthVersion): string | undefined {
  const sidecar = readSidecar(item)
  if (!sidecar) return 'received sidecar-less blob transaction'
  const { blobVersionedHashes: hashes = [] } = readTransaction(tx)
  const mismatch = findMismatch(hashes, sidecar.commitments)
  if (mismatch !== undefined) return mismatch
  const { length } = sidecar.blobs
  if (version >= 72) return length > 0 ? 'received blob transaction with blob payload on eth72' : undefined
  return length === hashes.length ? undefined : 'incorrect number of blobs (len(blobs) != len(vhashes))'
}

/** EIP-7975: each part must bring something, or the parts would never end. */
function checkReceipts({ lastBlockIncomplete, receipts }: MessageOf<'Receipts'>): AnswerError | undefined {
  if (!lastBlockIncomplete || receipts.count > 1) return undefined
  if (receipts.count === 0) return new AnswerError('invalid empty receipt response with incomplete flag')
  const [only] = receipts.items()
  return only!.content.length === 0 ? new AnswerError('no receipt delivered in incomplete receipt response') : undefined
}

/** EIP-8070: as many cells for each blob of a transaction as the mask has columns. */
function* checkCells({ hashes, cells, mask }: MessageOf<'Cells'>): Check {
  const columns = countColumns(mask)
  try {
    for (const group of cells) {
      yield
      if (group.count === 0) continue
      if (group.count > maxCellsOfOne) return new AnswerError('cells per tx exceeded the possible maximum')
      if (columns === 0 || group.count % columns !== 0)
        return new AnswerError(`${group.count} cells inconsistent with ${columns} custody indices`)
      for (const _ of group);
    }
  } catch (error) {
    if (error instanceof MalformedItem) return new AnswerError(error.message, { cause: error })
    throw error
  }
  if (hashes.count !== cells.count)
    return new AnswerError(`cells reply length mismatch: ${hashes.count} hashes, ${cells.count} cells`)
  return undefined
}

type Check = Generator<void, AnswerError | undefined>

const maxCellsOfOne = limits.maxBlobsPerTransaction * limits.cellsPerBlob

/** An answer that was asked for and cannot be: a breach by the remote, disconnected with SubprotocolError (0x10). */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}
