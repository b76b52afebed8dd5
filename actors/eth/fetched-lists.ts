import { checkAccessList } from '../../protocols/chain/block-access-list.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { isAccessListOf } from '../../protocols/chain/verify.ts'
import { type LazyList, MalformedItem } from '../../protocols/lib/lazy-list.ts'
import { RlpError, type RlpItem } from '../../protocols/lib/rlp.ts'

// Access lists as a sync gets them, and what it believes of an answer. Read step by step, for Turns.

/** A list that has its header's hash. Whether it fits its block shows when that is stored. */
export type FetchedList = { readonly header: Header; readonly accessList: Uint8Array }

/**
 * Takes the lists of `headers`, in their order, as far as they go.
 * @returns how many entries there were, which blocks' lists the peer does not have, and those that it gave
 * @throws {MalformedItem} one is not the list of its header
 */
export function* readLists(
  headers: readonly Header[],
  entries: LazyList<RlpItem>,
): Generator<void, { count: number; lacked: bigint[]; lists: FetchedList[] }> {
  const lacked: bigint[] = []
  const lists: FetchedList[] = []
  let count = 0
  for (const { raw, isList, content } of entries.items()) {
    const header = headers[count]!
    if (!isList && content.length === 0) lacked.push(header.number)
    else {
      // Copied as bodies are.
      const accessList = raw.slice()
      yield* checkEntry(header, accessList, count)
      lists.push({ header, accessList })
    }
    count++
    yield
  }
  return { count, lacked, lists }
}

function* checkEntry(header: Header, raw: Uint8Array, index: number): Generator<void, void> {
  try {
    if (!(yield* isAccessListOf(header, raw))) throw new RlpError(`not the access list of block ${header.number}`)
    yield* checkAccessList(raw)
  } catch (cause) {
    if (cause instanceof RlpError) throw new MalformedItem(index, cause)
    throw cause
  }
}
