import { type ChainConfig, latestTimeFork, type RankedFork, rankedForks } from '../../protocols/chain/chain-config.ts'
import { engineError } from './engine-errors.ts'

// Which version of a method is for which fork, as geth draws the lines (eth/catalyst/api.go, checkFork).

/** What a chain is under at a time; Paris is that, and whatever came before it. */
export type EngineFork = RankedFork | 'paris'

/** From newPayloadV4 to newPayloadV5. */
export const pragueForks: readonly EngineFork[] = ['prague', 'osaka', 'bpo1', 'bpo2']
/** From there on: blob forks that come after BPO2 go with Amsterdam. */
export const amsterdamForks: readonly EngineFork[] = ['amsterdam', 'bpo3', 'bpo4', 'bpo5', 'bogota']

export function isInForks(config: ChainConfig, time: bigint, forks: readonly EngineFork[]): boolean {
  return forks.includes(latestTimeFork(config, time) ?? 'paris')
}

/** @throws {RpcError} -38005, the time is in none of `forks` */
export function checkForks(config: ChainConfig, time: bigint, forks: readonly EngineFork[], reason: string): void {
  if (!isInForks(config, time, forks)) throw engineError('unsupportedFork', reason)
}

/** Whether the latest fork at a time is Osaka or ranks above it. */
export function isOsakaOrLater(config: ChainConfig, time: bigint): boolean {
  const fork = latestTimeFork(config, time)
  return fork !== undefined && rankedForks.indexOf(fork) >= rankedForks.indexOf('osaka')
}
