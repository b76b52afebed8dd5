import type { ForkId } from '../../protocols/chain/fork-id.ts'
import { type ForkStage, forkStages } from '../../protocols/chain/fork-table.ts'
import type { Genesis } from '../../protocols/chain/genesis.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import { timeLabel } from './time-label.ts'

// What a fork id says of a node, to somebody who knows the chain's forks by name (EIP-2124).

/** `stale`: it does not know a fork that is in force. `behind`: it knows it, and has not come to it. */
export type ForkStanding = 'current' | 'ahead' | 'behind' | 'stale' | 'unknown'

/** @param now seconds: which forks are in force @returns what to say of a node that announces `id` */
export function describeFork(
  id: ForkId,
  { config, header }: Pick<Genesis, 'config' | 'header'>,
  now: bigint,
): { readonly standing: ForkStanding; readonly label: string } {
  const stages = forkStages(config, header)
  const current = stages.findLastIndex(({ isTime, at }) => !isTime || at <= now)
  const at = stages.findIndex(({ hash }) => equalBytes(hash, id.hash))
  const stage = stages[at]
  if (!stage) return { standing: 'unknown', label: `fork id ${toText(id)} is of no fork of this chain` }
  const missed = stages.slice(at + 1, current + 1).map(({ name }) => name)
  if (missed.length > 0) {
    if (id.next !== stage.next)
      return { standing: 'stale', label: `stale by ${missed.join(', ')}: it is at ${stage.name}` }
    return { standing: 'behind', label: `at ${stage.name}, on its way to ${stages[current]!.name}` }
  }
  const coming = id.next === 0n ? 'no fork to come' : nextOf(id, stages[at + 1])
  return { standing: at > current ? 'ahead' : 'current', label: `at ${stage.name}, ${coming}` }
}

function nextOf({ next }: ForkId, coming: ForkStage | undefined): string {
  const when = next > earliestTime ? timeLabel(next) : `${next}`
  return coming?.at === next ? `${coming.name} next (${when})` : `next a fork at ${when} that this chain does not have`
}

/** A larger value is a time in seconds, a smaller one a block, or a time of a test's chain (geth `timestampThreshold`). */
const earliestTime = 1_438_269_973n

const toText = ({ hash, next }: ForkId) => `0x${bytesToHex(hash)}/${next}`
