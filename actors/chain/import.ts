import { stat } from 'node:fs/promises'
import { splitBlock } from '../../protocols/chain/block.ts'
import { decodeHeader } from '../../protocols/chain/header.ts'
import { InvalidBlock } from '../../protocols/chain/verify.ts'
import { bytesToHex, concatBytes, equalBytes } from '../../protocols/lib/bytes.ts'
import { RlpError, skipItem } from '../../protocols/lib/rlp.ts'
import { inflated, isReadFault, readChunks } from '../runtime/files.ts'
import { processClock } from '../runtime/process-runtime.ts'
import type { Chain } from './chain.ts'
import type { NewBlock } from './chain-reader.ts'

export type ImportProgress = {
  /** Blocks read, those that were known included. */
  readonly blocks: number
  /** Read of the file, and its size: 0 of a pipe. */
  readonly bytes: number
  readonly totalBytes: number
  readonly blocksPerSecond: number
}

export type ImportOptions = {
  /** Called after every batch, and where blocks are executed after every few. */
  readonly onProgress?: (progress: ImportProgress) => void
  /** Milliseconds, never going back. */
  readonly now?: () => number
}

/**
 * Reads the blocks that `geth export` wrote, one RLP after the other, gzipped or not, and inserts them. Blocks the chain
 * has are passed over, so an import that was cut off goes on where it was. Where a consensus client sets the head, it
 * stays where it is.
 * @throws {ImportError} the file cannot be read, or ends or breaks somewhere; the blocks before that are kept
 */
export async function importChain(
  chain: Chain,
  path: string,
  { onProgress, now = processClock.now }: ImportOptions = {},
): Promise<ImportProgress> {
  const start = now()
  try {
    const { size: totalBytes } = await stat(path)
    let progress: ImportProgress = { blocks: 0, bytes: 0, totalBytes, blocksPerSecond: 0 }
    let bytes = 0
    const chunks = counted(readChunks(path), (count) => {
      bytes += count
    })
    for await (const batch of batches(inflated(chunks), path)) {
      const before = progress
      for (const some of chain.isExecuting ? parts(batch.blocks) : [batch.blocks]) {
        await insert(chain, some, path)
        const blocks = progress.blocks + some.length
        const share = (blocks - before.blocks) / Math.max(1, batch.blocks.length)
        const blocksPerSecond = Math.round((blocks * 1000) / Math.max(1, now() - start))
        progress = { blocks, bytes: before.bytes + (bytes - before.bytes) * share, totalBytes, blocksPerSecond }
        onProgress?.(progress)
      }
      if (batch.broken) throw batch.broken
    }
    return progress
  } catch (error) {
    if (!isReadFault(error)) throw error
    throw new ImportError(path, undefined, error)
  }
}

/** Executing takes its time: how it goes is seen more often. */
function* parts(blocks: readonly PlacedBlock[]): Generator<readonly PlacedBlock[]> {
  for (let at = 0; at < blocks.length; at += blocksInPart) yield blocks.slice(at, at + blocksInPart)
}

const blocksInPart = 32

async function* counted(chunks: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    count(chunk.length)
    yield chunk
  }
}

/** Bytes whose blocks are inserted together. */
const batchBytes = 1024 * 1024
/** EIP-7934 allows a block 8 MiB, and 2 MiB more on the wire; older blocks are far below. */
const maxBlockBytes = 10 * 1024 * 1024

type PlacedBlock = NewBlock & { readonly offset: number }

/** After `broken` comes nothing. */
type Batch = { readonly blocks: readonly PlacedBlock[]; readonly broken?: ImportError }

/** BOUNDED: one batch and one block in memory. */
async function* batches(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Batch> {
  let rest: Uint8Array = new Uint8Array(0)
  let offset = 0
  let last: bigint | undefined
  for await (const { bytes: more, isEnd } of inBatches(chunks)) {
    const bytes = rest.length === 0 ? more : concatBytes(rest, more)
    const taken = takeBlocks(bytes, offset, isEnd)
    offset += taken.used
    rest = bytes.subarray(taken.used)
    last = taken.blocks.at(-1)?.header.number ?? last
    const broken = taken.error && new ImportError(path, { offset, number: last && last + 1n }, taken.error)
    if (taken.blocks.length > 0 || broken) yield { blocks: taken.blocks, ...(broken && { broken }) }
    if (broken) return
  }
}

async function* inBatches(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly isEnd: boolean }> {
  let parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of chunks) {
      parts.push(chunk)
      length += chunk.length
      if (length < batchBytes) continue
      yield { bytes: Buffer.concat(parts, length), isEnd: false }
      parts = []
      length = 0
    }
  } catch (error) {
    if (isReadFault(error)) yield { bytes: Buffer.concat(parts, length), isEnd: false } // the blocks in it are whole
    throw error
  }
  yield { bytes: Buffer.concat(parts, length), isEnd: true }
}

/** @param isEnd a block that is cut off is an error and not one to wait for */
function takeBlocks(
  bytes: Uint8Array,
  start: number,
  isEnd: boolean,
): { blocks: PlacedBlock[]; used: number; error?: RlpError } {
  const blocks: PlacedBlock[] = []
  let used = 0
  let end: number | undefined
  try {
    while (used < bytes.length) {
      end = undefined
      end = skipItem(bytes, used)
      const { header, body } = splitBlock(bytes.subarray(used, end))
      blocks.push({ header: decodeHeader(header), body, offset: start + used })
      used = end
    }
  } catch (error) {
    if (!(error instanceof RlpError)) throw error
    const mayGoOn = end === undefined && !isEnd && bytes.length - used < maxBlockBytes
    if (!mayGoOn) return { blocks, used, error }
  }
  return { blocks, used }
}

/** All or none is the chain's way; here what stands before a bad block is kept. */
async function insert(chain: Chain, blocks: readonly PlacedBlock[], path: string): Promise<void> {
  const [first] = blocks
  const isGenesis = first !== undefined && first.header.number === chain.genesis.number
  if (isGenesis && !equalBytes(first.header.hash, chain.genesis.hash)) {
    const cause = new Error(`another genesis, 0x${bytesToHex(first.header.hash)}`)
    throw new ImportError(path, { offset: first.offset, number: first.header.number }, cause)
  }
  try {
    await chain.insertBlocks(blocks)
  } catch (error) {
    if (!(error instanceof InvalidBlock)) throw error
    const bad = blocks.findIndex(({ header }) => equalBytes(header.hash, error.hash))
    await chain.insertBlocks(blocks.slice(0, bad))
    throw new ImportError(path, { offset: blocks[bad]!.offset, number: error.number }, error)
  }
}

/** The block's first byte in the file, and its number as far as it is known. */
export type BlockPlace = { readonly offset: number; readonly number: bigint | undefined }

/** A chain file that cannot be read to its end. */
export class ImportError extends Error {
  override readonly name = 'ImportError'
  /** Undefined when the file cannot be read. */
  readonly place: BlockPlace | undefined

  constructor(path: string, place: BlockPlace | undefined, cause: Error) {
    const where = place ? `block ${place.number ?? '?'} at byte ${place.offset}: ` : 'cannot be read: '
    super(`chain file ${path}: ${where}${cause.message}`, { cause })
    this.place = place
  }
}
