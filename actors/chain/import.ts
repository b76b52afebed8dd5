import { type FileHandle, open } from 'node:fs/promises'
import { splitBlock } from '../../protocols/eth/block.ts'
import { decodeHeader } from '../../protocols/eth/header.ts'
import { bytesToHex, concatBytes, equalBytes } from '../../protocols/lib/bytes.ts'
import { RlpError, skipItem } from '../../protocols/lib/rlp.ts'
import type { Chain, NewBlock } from './chain.ts'
import { InvalidBlock } from './verify.ts'

export type ImportProgress = {
  /** Blocks read, those that were known included. */
  readonly blocks: number
  /** Of the file, and its size. */
  readonly bytes: number
  readonly totalBytes: number
  readonly blocksPerSecond: number
}

export type ImportOptions = {
  /** Called after every batch. */
  readonly onProgress?: (progress: ImportProgress) => void
  /** Milliseconds, never going back. */
  readonly now?: () => number
}

/**
 * Reads the blocks that `geth export` wrote, one RLP after the other, and inserts them. Blocks the chain has are passed
 * over, so an import that was cut off goes on where it was. Where a consensus client tells the head, it stays there.
 * @throws {ImportError} the file cannot be read, or ends or breaks somewhere; the blocks before that are kept
 */
export async function importChain(
  chain: Chain,
  path: string,
  { onProgress, now = () => performance.now() }: ImportOptions = {},
): Promise<ImportProgress> {
  const file = await open(path).catch((cause: Error) => {
    throw new ImportError(path, undefined, cause)
  })
  try {
    const start = now()
    const { size: totalBytes } = await file.stat()
    let progress: ImportProgress = { blocks: 0, bytes: 0, totalBytes, blocksPerSecond: 0 }
    for await (const batch of batches(file, path)) {
      await insert(chain, batch, path)
      const blocks = progress.blocks + batch.blocks.length
      const bytes = batch.end
      progress = {
        blocks,
        bytes,
        totalBytes,
        blocksPerSecond: Math.round((blocks * 1000) / Math.max(1, now() - start)),
      }
      onProgress?.(progress)
      if (batch.broken) throw batch.broken
    }
    return progress
  } finally {
    await file.close()
  }
}

/** Bytes read at a time. */
const chunkBytes = 1024 * 1024
/** EIP-7934 allows a block 8 MiB, and 2 MiB more on the wire; older blocks are far below. */
const maxBlockBytes = 10 * 1024 * 1024

type PlacedBlock = NewBlock & { readonly offset: number }

/** `end` is where in the file the next block begins; after `broken` comes nothing. */
type Batch = { readonly blocks: readonly PlacedBlock[]; readonly end: number; readonly broken?: ImportError }

/** BOUNDED: one chunk and one block in memory. */
async function* batches(file: FileHandle, path: string): AsyncGenerator<Batch> {
  let rest: Uint8Array = new Uint8Array(0)
  let offset = 0
  let last: bigint | undefined
  for (let isEnd = false; !isEnd; ) {
    const { buffer, bytesRead } = await file.read({ buffer: new Uint8Array(chunkBytes) })
    isEnd = bytesRead === 0
    const bytes = rest.length === 0 ? buffer.subarray(0, bytesRead) : concatBytes(rest, buffer.subarray(0, bytesRead))
    const taken = takeBlocks(bytes, offset, isEnd)
    offset += taken.used
    rest = bytes.subarray(taken.used)
    last = taken.blocks.at(-1)?.header.number ?? last
    const broken = taken.error && new ImportError(path, { offset, number: last && last + 1n }, taken.error)
    if (taken.blocks.length > 0 || broken) yield { blocks: taken.blocks, end: offset, ...(broken && { broken }) }
    if (broken) return
  }
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
async function insert(chain: Chain, { blocks }: Batch, path: string): Promise<void> {
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
  /** Undefined when the file cannot be opened. */
  readonly place: BlockPlace | undefined

  constructor(path: string, place: BlockPlace | undefined, cause: Error) {
    const where = place ? `block ${place.number ?? '?'} at byte ${place.offset}: ` : 'cannot be read: '
    super(`chain file ${path}: ${where}${cause.message}`, { cause })
    this.place = place
  }
}
