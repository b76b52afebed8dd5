import {
  blobForks,
  type ChainConfig,
  isTimeForkActive,
  latestTimeFork,
  type RankedFork,
  rankedForks,
  type TimeFork,
} from '../../protocols/chain/chain-config.ts'
import { forkId } from '../../protocols/chain/fork-id.ts'
import type { Header } from '../../protocols/chain/header.ts'
import type { Chain } from '../chain/chain.ts'
import { data, quantity } from '../rpc/json/hex.ts'

// What rules a chain is under, was and will be: EIP-7910, as geth has it.

type ConfigChain = Pick<Chain, 'config' | 'forkSchedule' | 'genesis' | 'head'>

/** Of the fork that holds at the head, the next in rank that the chain has, and the last known; only forks by time count. */
export function configJson(chain: ConfigChain): Record<'current' | 'next' | 'last', unknown> {
  const { config, head } = chain
  const current = latestTimeFork(config, head.time)
  const last = latestTimeFork(config, endOfTime)
  const next = rankedForks
    .slice(rankOf(current) + 1, rankOf(last) + 1)
    .find((fork) => config.timeForks[fork] !== undefined)
  return {
    current: forkJson(chain, current),
    next: forkJson(chain, next),
    last: next ? forkJson(chain, last) : null,
  }
}

/** @returns null where there is no such fork */
function forkJson({ config, forkSchedule, genesis }: ConfigChain, fork: RankedFork | undefined): unknown {
  const time = fork && config.timeForks[fork]
  if (time === undefined) return null
  // Several forks may come at one time: the last of them rules.
  const rank = rankOf(latestTimeFork(config, time))
  return {
    activationTime: activationTime(genesis, time),
    blobSchedule: blobSchedule(config, rank),
    chainId: quantity(config.chainId),
    forkId: data(forkId(genesis.hash, forkSchedule, { number: endOfTime, time }).hash),
    precompiles: precompiles(config, time),
    systemContracts: systemContracts(config, rank),
  }
}

const endOfTime = 2n ** 64n - 1n

/** -1 of the forks by block. */
const rankOf = (fork: RankedFork | undefined) => (fork === undefined ? -1 : rankedForks.indexOf(fork))

/** A plain number in EIP-7910. */
const activationTime = (genesis: Header, time: bigint) => (genesis.time >= time ? 0 : Number(time))

/** As geth goes by rank here, a blob fork below `rank` counts before its time has come. */
function blobSchedule({ blobSchedule }: ChainConfig, rank: number): Record<string, number> | null {
  const fork = blobForks.findLast((name) => rank >= rankOf(name) && blobSchedule[name] !== undefined)
  const params = fork && blobSchedule[fork]
  if (params === undefined) return null
  const { target, max, baseFeeUpdateFraction } = params
  return { target: Number(target), max: Number(max), baseFeeUpdateFraction: Number(baseFeeUpdateFraction) }
}

function precompiles(config: ChainConfig, time: bigint): Record<string, string> {
  const isActive = (fork: TimeFork) => isTimeForkActive(config, fork, { number: endOfTime, time })
  const newest = isActive('ubt') ? undefined : precompileForks.find(isActive)
  const present = precompileTable.filter(([, , since]) => since === undefined || rankOf(newest) >= rankOf(since))
  return Object.fromEntries(present.map(([name, address]) => [name, `0x${address.toString(16).padStart(40, '0')}`]))
}

/** Forks that brought precompiles, or bring those of Osaka along. */
const precompileForks = ['bogota', 'osaka', 'prague', 'cancun'] as const

/** By name, as Go prints a map; those without a fork are older than the merge. */
const precompileTable: readonly (readonly [name: string, address: number, since?: RankedFork])[] = [
  ['BLAKE2F', 0x09],
  ['BLS12_G1ADD', 0x0b, 'prague'],
  ['BLS12_G1MSM', 0x0c, 'prague'],
  ['BLS12_G2ADD', 0x0d, 'prague'],
  ['BLS12_G2MSM', 0x0e, 'prague'],
  ['BLS12_MAP_FP2_TO_G2', 0x11, 'prague'],
  ['BLS12_MAP_FP_TO_G1', 0x10, 'prague'],
  ['BLS12_PAIRING_CHECK', 0x0f, 'prague'],
  ['BN254_ADD', 0x06],
  ['BN254_MUL', 0x07],
  ['BN254_PAIRING', 0x08],
  ['ECREC', 0x01],
  ['ID', 0x04],
  ['KZG_POINT_EVALUATION', 0x0a, 'cancun'],
  ['MODEXP', 0x05],
  ['P256VERIFY', 0x100, 'osaka'],
  ['RIPEMD160', 0x03],
  ['SHA256', 0x02],
]

function systemContracts({ depositContractAddress: deposit }: ChainConfig, rank: number): Record<string, string> {
  const present = systemContractTable.filter(([, , since]) => rank >= rankOf(since))
  return Object.fromEntries(
    present.map(([name, address]) => [name, address ?? (deposit ? data(deposit) : zeroAddress)]),
  )
}

/** The deposit contract of a chain that names none. */
const zeroAddress = `0x${'0'.repeat(40)}`

/** By name. The deposit contract is the chain's own; the others are EIP-4788, 2935, 7002, 7251 and 8282. */
const systemContractTable: readonly (readonly [name: string, address: string | undefined, since: RankedFork])[] = [
  ['BEACON_ROOTS_ADDRESS', '0x000f3df6d732807ef1319fb7b8bb8522d0beac02', 'cancun'],
  ['BUILDER_DEPOSIT_CONTRACT_ADDRESS', '0x0000bff46984e3725691fa540a8c7589300d8282', 'amsterdam'],
  ['BUILDER_EXIT_CONTRACT_ADDRESS', '0x000064d678505ad48f8ccb093bc65613800e8282', 'amsterdam'],
  ['CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS', '0x0000bbddc7ce488642fb579f8b00f3a590007251', 'prague'],
  ['DEPOSIT_CONTRACT_ADDRESS', undefined, 'prague'],
  ['HISTORY_STORAGE_ADDRESS', '0x0000f90827f1c53a10cb7a02335b175320002935', 'prague'],
  ['WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS', '0x00000961ef480eb55e80d19ad83579a64c007002', 'prague'],
]
