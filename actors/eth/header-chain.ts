import { BadPeerData } from '../../machines/download-sources.ts'
import type { Header } from '../../protocols/chain/header.ts'
import type { GetBlockHeaders } from '../../protocols/eth/block-messages.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { LazyList } from '../../protocols/lib/lazy-list.ts'
import type { Query } from './eth-peer.ts'

// Headers as a sync asks for them, and what it believes of an answer. Read step by step, for Turns.

export type HeadersByNumber = {
  readonly query: Query<GetBlockHeaders> & { readonly origin: bigint }
  read(answer: { readonly headers: LazyList<Header> }): Generator<void, Header[]>
}

/** @param step blocks from one header to the next; of neighbours the links are checked */
export function headersFrom(first: bigint, amount: bigint, step = 1n): HeadersByNumber {
  return {
    query: { kind: 'GetBlockHeaders', origin: first, amount, skip: step - 1n, reverse: false },
    read: ({ headers }) => readHeaders(headers, first, step),
  }
}

/**
 * @throws {BadPeerData} another block than the one asked for, or a broken link
 * @throws {MalformedItem} no header
 */
function* readHeaders(list: LazyList<Header>, first: bigint, step: bigint): Generator<void, Header[]> {
  const headers: Header[] = []
  for (const header of list) {
    const expected = first + BigInt(headers.length) * step
    if (header.number !== expected) throw new BadPeerData(`header ${header.number} where ${expected} was asked for`)
    const parent = headers.at(-1)
    if (step === 1n && parent && !equalBytes(header.parentHash, parent.hash))
      throw new BadPeerData(`header ${header.number} does not link to the one before it`)
    headers.push(header)
    yield
  }
  return headers
}

/** @returns the one header of that hash, if the peer has it; @throws as {@link headersFrom} */
export function* readNamed(list: LazyList<Header>, hash: Uint8Array): Generator<void, Header | undefined> {
  const [header] = list
  yield
  if (header && !equalBytes(header.hash, hash)) throw new BadPeerData('another header than the one asked for')
  return header
}
