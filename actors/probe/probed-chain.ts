import { scheduleOf } from '../../protocols/chain/chain-config.ts'
import { forkFilter, forkId } from '../../protocols/chain/fork-id.ts'
import type { Genesis } from '../../protocols/chain/genesis.ts'
import { network, networkNames } from '../../protocols/chain/networks.ts'
import { checkStatus, type Status, type StatusError } from '../../protocols/eth/status.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { StatusFields } from '../scripted-peer/caps.ts'

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

/**
 * The Status of a node of `chain` that waits for none: up to date by its fork id, and with the genesis only.
 * @param now seconds; asked when the Status is sent
 */
export function genesisStatus(chain: ProbedChain, now: () => bigint): StatusFields {
  const { hash, difficulty } = chain.genesis.header
  return {
    ...{ networkId: chain.networkId, genesis: hash },
    get forkId() {
      return statusOn(chain, lastNumber, now()).forkId!
    },
    range: { earliest: 0n, latest: 0n, latestHash: hash },
    ...{ td: difficulty, head: hash }, // eth/68 has these in place of a range
  }
}

/** Every fork that has a block is in force there. */
const lastNumber = 2n ** 64n - 1n

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

/** eth/68 has no number. */
export const headOf = (status: Status): bigint => ('range' in status ? status.range.latest : 0n)
