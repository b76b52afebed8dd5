import { type ForkHead, forkId } from '../../protocols/eth/fork-id.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { type ChainConfig, scheduleOf } from './chain-config.ts'

/** A fork as fork ids tell of it. */
export type NamedFork = {
  /** `Prague`; forks of one block are named together. */
  readonly name: string
  /** The hash that is announced once it is passed: 8 hex digits. */
  readonly hash: string
  /** The block, or the time in seconds, that it begins with. */
  readonly at: string
}

/**
 * @param genesis its hash, 32 bytes, and its time in seconds
 * @returns every fork id of a chain in order: the first is the genesis' own. BOUNDED: by the chain's configuration
 */
export function forkTable(
  config: ChainConfig,
  genesis: { readonly hash: Uint8Array; readonly time: bigint },
): NamedFork[] {
  const schedule = scheduleOf(config, genesis.time)
  const row = (name: string, at: bigint, head: ForkHead): NamedFork => ({
    ...{ name, at: `${at}` },
    hash: bytesToHex(forkId(genesis.hash, schedule, head).hash),
  })
  const lastBlock = schedule.blocks.at(-1) ?? 0n
  return [
    row('the genesis', 0n, { number: 0n, time: 0n }),
    ...schedule.blocks.map((number) => row(namesAt(config.blockForks, number), number, { number, time: 0n })),
    ...schedule.times.map((time) => row(namesAt(config.timeForks, time), time, { number: lastBlock, time })),
  ]
}

function namesAt(forks: Readonly<Record<string, bigint>>, at: bigint): string {
  const names = Object.entries(forks).flatMap(([name, from]) => (from === at ? inWords(name) : []))
  return names.join(' and ')
}

/** `muirGlacier` is Muir Glacier, `bpo1` BPO1, `eip150` EIP-150. */
function inWords(name: string): string {
  const [, kind, number] = /^(bpo|eip)(\d+)$/.exec(name) ?? []
  if (name === 'daoFork') return 'DAO fork'
  if (kind) return `${kind.toUpperCase()}${kind === 'eip' ? '-' : ''}${number}`
  return name.replace(/([A-Z])/g, ' $1').replace(/^./, (first) => first.toUpperCase())
}
