import type { Header } from '../../protocols/chain/header.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { Chain } from './chain.ts'

/** What a head does to the chain. BOUNDED: maxReported headers each. */
export type HeadChange = {
  /** No longer canonical, downwards. */
  readonly gone: readonly Header[]
  /** Canonical from now on, upwards. */
  readonly fresh: readonly Header[]
}

/** @returns what `to` stands on and `from` does not, itself included, and the other way round */
export function changeOf(chain: Pick<Chain, 'headerByHash'>, from: Header, to: Header): HeadChange {
  const parent = ({ parentHash }: Header) => chain.headerByHash(parentHash)
  const fresh: Header[] = []
  const gone: Header[] = []
  let old: Header | undefined = from
  const leave = () => {
    if (old && gone.length < maxReported) gone.push(old)
    old = old && parent(old)
  }
  let at: Header | undefined = to
  for (; at !== undefined && fresh.length < maxReported; at = parent(at)) {
    while (old !== undefined && old.number > at.number) leave()
    if (old !== undefined && equalBytes(old.hash, at.hash)) break
    if (old !== undefined && old.number === at.number) leave()
    fresh.push(at)
  }
  return { gone, fresh: fresh.reverse() }
}

/** How many blocks of one step are reported, the highest: a whole import in one goes by faster than anyone reads. */
const maxReported = 1_024
