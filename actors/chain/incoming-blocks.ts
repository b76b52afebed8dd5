import type { ChainConfig } from '../../protocols/chain/chain-config.ts'
import type { Header } from '../../protocols/chain/header.ts'
import {
  InvalidBlock,
  verifyAccessList,
  verifyBodySteps,
  verifyHeader,
  verifySize,
} from '../../protocols/chain/verify.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { BlockReader } from './block-reader.ts'
import type { NewBlock } from './chain-reader.ts'
import type { Write } from './key-value-store.ts'
import { accessListWrite } from './stored-chain.ts'

/** A block's access list (EIP-7928) as RLP. */
export type HeaderAndList = { readonly header: Header; readonly accessList: Uint8Array }

/**
 * Verifies blocks as far as can be without executing them.
 * @param blocks each on the one before it, the first on any block that is stored
 * @returns those that are new, and the lists that the others came with and are not stored
 * @throws {InvalidBlock} the first block that cannot be, `parent` when it stands on nothing that is stored
 */
export function* verifyBlocks(
  stored: BlockReader,
  config: ChainConfig,
  blocks: readonly NewBlock[],
): Steps<{ fresh: NewBlock[]; lists: Write[] }> {
  const fresh: NewBlock[] = []
  const lists: Write[] = []
  for (const block of blocks) {
    const { header, body, accessList } = block
    const isKnown = stored.has(header.hash)
    if (!isKnown) {
      const before = fresh.at(-1)?.header ?? stored.header(header.parentHash)
      if (before === undefined) throw new InvalidBlock(header, 'parent', 'unknown')
      verifyHeader(config, before, header)
      yield* verifyBodySteps(header, body)
      verifySize(config, header, body)
      fresh.push(block)
    }
    if (accessList && !stored.accessList(header.hash)) {
      // The body that came with a block we have was not verified.
      const its = isKnown ? stored.body(header.hash)! : body
      yield* verifyAccessList(header, its, accessList)
      if (isKnown) lists.push(accessListWrite(header, accessList))
    }
    yield
  }
  return { fresh, lists }
}

/** @returns those of `lists` that are not stored, and are those of blocks that are: what stores them */
export function* fittingLists(stored: BlockReader, lists: readonly HeaderAndList[]): Steps<Write[]> {
  const writes: Write[] = []
  for (const { header, accessList } of lists) {
    const body = stored.body(header.hash)
    if (body && !stored.accessList(header.hash) && (yield* isFitting(header, body, accessList)))
      writes.push(accessListWrite(header, accessList))
  }
  return writes
}

function* isFitting(header: Header, body: Uint8Array, accessList: Uint8Array): Steps<boolean> {
  try {
    yield* verifyAccessList(header, body, accessList)
    return true
  } catch (error) {
    if (error instanceof InvalidBlock) return false
    throw error
  }
}
