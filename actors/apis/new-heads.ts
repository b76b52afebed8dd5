import type { Header } from '../../protocols/chain/header.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { Chain } from '../chain/chain.ts'

/**
 * Reports every block that becomes canonical, in order: after a reorganisation, those of the new branch.
 * @returns what ends it
 */
export function newHeads(
  chain: Pick<Chain, 'head' | 'heads$' | 'headerByHash'>,
  report: (header: Header) => void,
): () => void {
  let last = chain.head
  const heads = chain.heads$.subscribe((head) => {
    const fresh = branch(chain, last, head)
    last = head
    for (const header of fresh) report(header)
  })
  return () => heads.unsubscribe()
}

/** BOUNDED: how many blocks of one step are reported, the highest: a whole import in one goes by faster than anyone reads. */
const maxReported = 1_024

/** @returns what `to` stands on and `from` does not, itself included, upwards */
function branch(chain: Pick<Chain, 'headerByHash'>, from: Header, to: Header): Header[] {
  const parent = ({ parentHash }: Header) => chain.headerByHash(parentHash)
  const fresh: Header[] = []
  let old: Header | undefined = from
  for (let at: Header | undefined = to; at !== undefined && fresh.length < maxReported; at = parent(at)) {
    while (old !== undefined && old.number > at.number) old = parent(old)
    if (old !== undefined && equalBytes(old.hash, at.hash)) break
    fresh.push(at)
  }
  return fresh.reverse()
}
