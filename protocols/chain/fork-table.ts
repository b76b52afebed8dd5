import { bytesToHex } from '../lib/bytes.ts'
import { blockForks, type ChainConfig, rankedForks, scheduleOf, timeForks } from './chain-config.ts'
import { type ForkId, forkId } from './fork-id.ts'

// The forks of a chain by name, as fork ids have them (EIP-2124).

export type ForkStage = ForkId & {
  /** `Prague`: forks of one block or time are named together. */
  readonly name: string
  /** The block that it begins with, or the time in seconds. */
  readonly at: bigint
  readonly isTime: boolean
}

type GenesisFacts = { readonly hash: Uint8Array; readonly time: bigint }

/**
 * @param genesis its hash, 32 bytes, and its time in seconds
 * @returns what a node announces once each fork is passed, the genesis' own id first. BOUNDED: by the chain's forks
 */
export function forkStages(config: ChainConfig, { hash, time }: GenesisFacts): ForkStage[] {
  const schedule = scheduleOf(config, time)
  const idAt = (number: bigint, time: bigint) => forkId(hash, schedule, { number, time })
  const lastBlock = schedule.blocks.at(-1) ?? 0n
  return [
    { name: nameOfGenesis(config, time), at: 0n, isTime: false, ...idAt(0n, time) },
    ...schedule.blocks.map((block) => ({
      ...{ name: namesAt(blockForks, config.blockForks, block), at: block, isTime: false },
      ...idAt(block, time),
    })),
    ...schedule.times.map((from) => ({
      ...{ name: namesAt(timeForks, config.timeForks, from), at: from, isTime: true },
      ...idAt(lastBlock, from),
    })),
  ]
}

/** A stage as a recording's heading has it: 8 hex digits, and a decimal. */
export type NamedFork = { readonly name: string; readonly hash: string; readonly at: string }

export const forkTable = (config: ChainConfig, genesis: GenesisFacts): NamedFork[] =>
  forkStages(config, genesis).map(({ name, hash, at }) => ({ name, hash: bytesToHex(hash), at: `${at}` }))

/** The highest fork, in rank, that was in force from the beginning. */
function nameOfGenesis(config: ChainConfig, time: bigint): string {
  const passed = [
    ...blockForks.filter((fork) => config.blockForks[fork] === 0n),
    ...rankedForks.filter((fork) => (config.timeForks[fork] ?? time + 1n) <= time),
  ]
  return labelOf(passed.at(-1) ?? 'frontier')
}

function namesAt<Name extends string>(
  names: readonly Name[],
  forks: Readonly<Partial<Record<Name, bigint>>>,
  at: bigint,
): string {
  return names
    .filter((name) => forks[name] === at)
    .map(labelOf)
    .join(' and ')
}

/** `muirGlacier` is Muir Glacier, `bpo1` BPO1, `eip150` EIP-150. */
function labelOf(name: string): string {
  const [, kind, number = ''] = /^(bpo|eip|ubt)(\d*)$/.exec(name) ?? []
  if (name === 'daoFork') return 'DAO fork'
  if (kind) return `${kind.toUpperCase()}${kind === 'eip' ? '-' : ''}${number}`
  return name.replace(/([A-Z])/g, ' $1').replace(/^./, (first) => first.toUpperCase())
}
