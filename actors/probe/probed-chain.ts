import { forkFilter, forkId } from '../../protocols/eth/fork-id.ts'
import { checkStatus, type Status, type StatusError } from '../../protocols/eth/status.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { scheduleOf } from '../chain/chain-config.ts'
import type { Genesis } from '../chain/genesis.ts'
import { network, networkNames } from '../chain/networks.ts'
import type { StatusFields } from '../harness/caps.ts'

/** A chain that a node may be on. */
export type ProbedChain = {
  /** `mainnet`, or the file that it was read from. */
  readonly name: string
  readonly networkId: bigint
  readonly genesis: Genesis
}

/** @returns the public network that has this genesis */
export function knownChain(genesisHash: Uint8Array): ProbedChain | undefined {
  return networkNames.map(network).find(({ genesis }) => equalBytes(genesis.header.hash, genesisHash))
}

/** @param number of its head @param now seconds @returns what the Status of a node of `chain` says, but for its range */
export function statusOn({ networkId, genesis }: ProbedChain, number: bigint, now: bigint): StatusFields {
  const { config, header } = genesis
  const id = forkId(header.hash, scheduleOf(config, header.time), { number, time: now })
  return { networkId, genesis: header.hash, forkId: id }
}

/** @returns why a node of `chain` would not have them as a peer */
export function findFault(
  { networkId, genesis }: ProbedChain,
  version: EthVersion,
  theirs: Status,
  now: bigint,
): StatusError | undefined {
  const { config, header } = genesis
  const filter = forkFilter(header.hash, scheduleOf(config, header.time), () => ({ number: headOf(theirs), time: now }))
  return checkStatus(version, { networkId, genesis: header.hash }, theirs, filter)
}

/** eth/68 tells no number. */
export const headOf = (status: Status): bigint => ('range' in status ? status.range.latest : 0n)
