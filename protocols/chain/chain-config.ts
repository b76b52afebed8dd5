import { type ForkSchedule, forkSchedule } from './fork-id.ts'
import type { JsonFields } from './json-fields.ts'

// A chain's rules over its life, as the `config` of a geth genesis.json has them (geth params/config.go).

export type ChainConfig = {
  readonly chainId: bigint
  /** The block from which a fork is in force. */
  readonly blockForks: Readonly<Partial<Record<BlockFork, bigint>>>
  /** The time, in seconds, from which a fork is in force. */
  readonly timeForks: Readonly<Partial<Record<TimeFork, bigint>>>
  readonly blobSchedule: Readonly<Partial<Record<BlobFork, BlobParams>>>
  /** Whether the chain is on the side that forked (EIP-779). */
  readonly daoForkSupport?: boolean | undefined
  /** The sum of difficulties at which proof of work ended (EIP-3675). */
  readonly terminalTotalDifficulty?: bigint | undefined
  /** 20 bytes: where validators deposit (EIP-6110). */
  readonly depositContractAddress?: Uint8Array | undefined
  /** What sealed its blocks before the merge; neither is looked at. */
  readonly ethash?: object | undefined
  readonly clique?: CliqueConfig | undefined
}

/** EIP-225: seconds between two blocks, and blocks between two checkpoints. */
export type CliqueConfig = { readonly period: bigint; readonly epoch: bigint }

/** Blobs in a block (EIP-7840). */
export type BlobParams = { readonly target: bigint; readonly max: bigint; readonly baseFeeUpdateFraction: bigint }

/** In order of activation; in the file each is named with `Block` after it. */
export const blockForks = [
  'homestead',
  'daoFork',
  'eip150',
  'eip155',
  'eip158',
  'byzantium',
  'constantinople',
  'petersburg',
  'istanbul',
  'muirGlacier',
  'berlin',
  'london',
  'arrowGlacier',
  'grayGlacier',
  'mergeNetsplit',
] as const
export type BlockFork = (typeof blockForks)[number]

/** By rank, which is not the order in which they come: of those in force the last is the latest (geth `LatestFork`). */
export const rankedForks = [
  'shanghai',
  'cancun',
  'prague',
  'osaka',
  'bpo1',
  'bpo2',
  'bpo3',
  'bpo4',
  'bpo5',
  'amsterdam',
  'bogota',
] as const
export type RankedFork = (typeof rankedForks)[number]

/** In geth's order, each named with `Time` after it in the file. EIP-7864 (`ubt`) counts for the fork id, and has no rank. */
export const timeForks = [...rankedForks, 'ubt'] as const
export type TimeFork = (typeof timeForks)[number]

/** Those that set how many blobs a block has; the others keep what holds before them. In order of activation. */
export const blobForks = ['cancun', 'prague', 'bpo1', 'bpo2', 'bpo3', 'bpo4', 'bpo5'] as const
export type BlobFork = (typeof blobForks)[number]

type Position = { readonly number: bigint; readonly time: bigint }

/** A time fork holds only in blocks that London's rules hold in (geth `IsShanghai`). */
export function isTimeForkActive(config: ChainConfig, fork: TimeFork, { number, time }: Position): boolean {
  const from = config.timeForks[fork]
  return from !== undefined && time >= from && isBlockForkActive(config, 'london', number)
}

export function isBlockForkActive(config: ChainConfig, fork: BlockFork, number: bigint): boolean {
  const from = config.blockForks[fork]
  return from !== undefined && number >= from
}

/** @returns the highest in rank of the forks whose time has come, without a look at gaps (geth `LatestFork`) */
export function latestTimeFork(
  { timeForks: times }: Pick<ChainConfig, 'timeForks'>,
  time: bigint,
): RankedFork | undefined {
  return rankedForks.findLast((fork) => times[fork] !== undefined && times[fork] <= time)
}

/** @returns the blob limits in force, undefined before Cancun: those of the highest fork in force that sets them */
export function blobParams(config: ChainConfig, at: Position): BlobParams | undefined {
  const fork = blobForks.findLast(
    (name) => config.blobSchedule[name] !== undefined && isTimeForkActive(config, name, at),
  )
  return fork && config.blobSchedule[fork]
}

export function scheduleOf(config: ChainConfig, genesisTime: bigint): ForkSchedule {
  return forkSchedule({
    genesisTime,
    blockForks: Object.values(config.blockForks),
    timeForks: Object.values(config.timeForks),
  })
}

/** @throws {InvalidGenesis} a field of the wrong form, forks out of order, a blob fork without its limits */
export function readChainConfig(fields: JsonFields): ChainConfig {
  const config = {
    chainId: fields.uint('chainId', 256),
    blockForks: readForks(fields, blockForks, 'Block'),
    timeForks: readForks(fields, timeForks, 'Time'),
    blobSchedule: readBlobSchedule(fields.optionalObject('blobSchedule')),
    daoForkSupport: fields.optionalBoolean('daoForkSupport'),
    terminalTotalDifficulty: fields.optionalUint('terminalTotalDifficulty', 256),
    depositContractAddress: fields.optionalBytes('depositContractAddress', 20),
    ethash: fields.optionalObject('ethash') && {},
    clique: readClique(fields.optionalObject('clique')),
  }
  if (fields.optionalBoolean('enableUBTAtGenesis'))
    throw fields.error('enableUBTAtGenesis', 'is not supported: the state of the genesis would be a binary tree')
  checkOrder(fields, 'Block', blockForks, config.blockForks)
  checkOrder(fields, 'Time', orderOfTimeForks, config.timeForks)
  if (config.timeForks.shanghai !== undefined && config.blockForks.london === undefined)
    throw fields.error('shanghaiTime', 'needs londonBlock')
  for (const fork of blobForks)
    if (config.timeForks[fork] !== undefined && config.blobSchedule[fork] === undefined)
      throw fields.error('blobSchedule', `has no entry for ${fork}`)
  return config
}

/** What a genesis has to keep to: Amsterdam and Bogota before the blob forks from BPO3 on (geth `CheckConfigForkOrder`). */
const orderOfTimeForks: readonly TimeFork[] = [
  ...(['shanghai', 'cancun', 'prague', 'osaka', 'ubt', 'bpo1', 'bpo2'] as const),
  ...(['amsterdam', 'bogota', 'bpo3', 'bpo4', 'bpo5'] as const),
]

/** Forks that a chain may leave out while it has later ones (there, too). */
const optional: ReadonlySet<BlockFork | TimeFork> = new Set<BlockFork | TimeFork>([
  ...(['daoFork', 'muirGlacier', 'arrowGlacier', 'grayGlacier', 'mergeNetsplit'] as const),
  ...timeForks.filter((fork) => fork !== 'shanghai'),
])

function readForks<Name extends string>(
  fields: JsonFields,
  names: readonly Name[],
  suffix: string,
): Partial<Record<Name, bigint>> {
  const present = names.filter((name) => fields.has(name + suffix))
  return Object.fromEntries(present.map((name) => [name, fields.uint(name + suffix)])) as Partial<Record<Name, bigint>>
}

function readBlobSchedule(fields: JsonFields | undefined): Partial<Record<BlobFork, BlobParams>> {
  const present = blobForks.filter((name) => fields?.has(name))
  return Object.fromEntries(present.map((name) => [name, readBlobParams(fields!.object(name))]))
}

function readClique(fields: JsonFields | undefined): CliqueConfig | undefined {
  return fields && { period: fields.optionalUint('period') ?? 0n, epoch: fields.optionalUint('epoch') ?? 0n }
}

function readBlobParams(fields: JsonFields): BlobParams {
  const baseFeeUpdateFraction = fields.uint('baseFeeUpdateFraction')
  if (baseFeeUpdateFraction === 0n) throw fields.error('baseFeeUpdateFraction', 'must not be 0')
  const [target = 0n, max = 0n] = [fields.optionalUint('target'), fields.optionalUint('max')]
  return { target, max, baseFeeUpdateFraction }
}

/** @param names in the order that the forks have to come in */
function checkOrder<Name extends BlockFork | TimeFork>(
  fields: JsonFields,
  suffix: string,
  names: readonly Name[],
  forks: Readonly<Partial<Record<Name, bigint>>>,
): void {
  let last: Name | undefined
  for (const name of names) {
    const at = forks[name]
    const before = last && forks[last]
    if (at !== undefined && last !== undefined && before === undefined)
      throw fields.error(name + suffix, `needs ${last}${suffix}`)
    if (at !== undefined && before !== undefined && at < before)
      throw fields.error(
        name + suffix,
        `${at} comes before ${last}${suffix} ${before}: the order of forks is ${names.join(', ')}`,
      )
    if (at !== undefined || !optional.has(name)) last = name
  }
}
