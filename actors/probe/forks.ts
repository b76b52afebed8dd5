import { type ForkId, forkId } from '../../protocols/eth/fork-id.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import { type ChainConfig, scheduleOf } from '../chain/chain-config.ts'
import type { Genesis } from '../chain/genesis.ts'

// What a fork id says of a node, to somebody who knows the chain's forks by name (EIP-2124).

/** `stale`: it does not know a fork that is in force. `behind`: it knows it, and has not come to it. */
export type ForkStanding = 'current' | 'ahead' | 'behind' | 'stale' | 'unknown'

/** @param now seconds: which forks are in force @returns what to say of a node that announces `id` */
export function describeFork(
  id: ForkId,
  { config, header }: Pick<Genesis, 'config' | 'header'>,
  now: bigint,
): { readonly standing: ForkStanding; readonly words: string } {
  const stages = stagesOf(config, header)
  const current = stages.findLastIndex(({ from }) => from <= now)
  const at = stages.findIndex(({ hash }) => equalBytes(hash, id.hash))
  const stage = stages[at]
  if (!stage) return { standing: 'unknown', words: `fork id ${toText(id)} is of no fork of this chain` }
  const missed = stages.slice(at + 1, current + 1).map(({ name }) => name)
  if (missed.length > 0) {
    if (id.next !== stage.next)
      return { standing: 'stale', words: `stale by ${missed.join(', ')}: it is at ${stage.name}` }
    return { standing: 'behind', words: `at ${stage.name}, on its way to ${stages[current]!.name}` }
  }
  const coming = id.next === 0n ? 'no fork to come' : nextOf(id, stages[at + 1])
  return { standing: at > current ? 'ahead' : 'current', words: `at ${stage.name}, ${coming}` }
}

type Stage = {
  /** The last fork passed. */
  readonly name: string
  /** The time that it is in force from, in seconds; forks by block number have long been. */
  readonly from: bigint
  readonly hash: Uint8Array
  /** Its block or time is the next stage's. */
  readonly next: bigint
}

/** BOUNDED: by the chain's forks. */
function stagesOf(config: ChainConfig, header: Genesis['header']): readonly Stage[] {
  const schedule = scheduleOf(config, header.time)
  const names = namesByPosition(config)
  const at = (number: bigint, time: bigint) => forkId(header.hash, schedule, { number, time })
  const lastBlock = schedule.blocks.at(-1) ?? 0n
  return [
    { name: nameOfGenesis(config, header.time), from: 0n, ...at(0n, header.time) },
    ...schedule.blocks.map((block) => ({ name: names.get(block)!, from: 0n, ...at(block, header.time) })),
    ...schedule.times.map((time) => ({ name: names.get(time)!, from: time, ...at(lastBlock, time) })),
  ]
}

/** Forks at one block or time are one; the last to be named stands for all. */
const namesByPosition = ({ blockForks, timeForks }: ChainConfig): ReadonlyMap<bigint, string> =>
  new Map([...Object.entries(blockForks), ...Object.entries(timeForks)].map(([name, from]) => [from, toTitle(name)]))

function nameOfGenesis({ blockForks, timeForks }: ChainConfig, time: bigint): string {
  const passed = [
    ...Object.entries(blockForks).filter(([, block]) => block === 0n),
    ...Object.entries(timeForks).filter(([, from]) => from <= time),
  ]
  return toTitle(passed.at(-1)?.[0] ?? 'frontier')
}

function nextOf({ next }: ForkId, coming: Stage | undefined): string {
  const when = next > earliestTime ? new Date(Number(next) * 1000).toISOString() : `${next}`
  return coming?.from === next
    ? `${coming.name} next (${when})`
    : `next a fork at ${when} that this chain does not have`
}

/** A larger value is a time in seconds, a smaller one a block, or a time of a test's chain (geth `timestampThreshold`). */
const earliestTime = 1_438_269_973n

const toTitle = (name: string): string =>
  name
    .replace(/^(eip|bpo)(?=\d)/, (prefix) => (prefix === 'eip' ? 'EIP-' : 'BPO'))
    .replace(/^[a-z]/, (first) => first.toUpperCase())

const toText = ({ hash, next }: ForkId) => `0x${bytesToHex(hash)}/${next}`
