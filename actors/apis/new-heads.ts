import type { Header } from '../../protocols/chain/header.ts'
import { changeOf, type HeadChange } from '../chain/branches.ts'
import type { Chain } from '../chain/chain.ts'

export type HeadsChain = Pick<Chain, 'head' | 'heads$' | 'headerByHash'>

/**
 * Reports every block that becomes canonical, in order: after a reorganisation, those of the new branch.
 * @returns what ends it
 */
export const newHeads = (chain: HeadsChain, report: (header: Header) => void): (() => void) =>
  headChanges(chain, ({ fresh }) => {
    for (const header of fresh) report(header)
  })

/** As {@link newHeads}, with those that are left. */
export function headChanges(chain: HeadsChain, report: (change: HeadChange) => void): () => void {
  let last = chain.head
  const heads = chain.heads$.subscribe((head) => {
    const change = changeOf(chain, last, head)
    last = head
    report(change)
  })
  return () => heads.unsubscribe()
}
