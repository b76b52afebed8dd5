import { type ChainConfig, isBlockForkActive, isTimeForkActive } from './chain-config.ts'
import type { Signer } from './transaction-sender.ts'

/** @returns the signatures that a block at this place accepts (geth `MakeSigner`) */
export function signerAt(config: ChainConfig, at: { readonly number: bigint; readonly time: bigint }): Signer {
  const isActive = (fork: 'homestead' | 'eip155' | 'berlin' | 'london') => isBlockForkActive(config, fork, at.number)
  // A fork may stand in a configuration without those before it: each brings all of them.
  const highestType = isTimeForkActive(config, 'prague', at)
    ? 4
    : isTimeForkActive(config, 'cancun', at)
      ? 3
      : isActive('london')
        ? 2
        : isActive('berlin')
          ? 1
          : 0
  const hasChainId = highestType > 0 || isActive('eip155')
  return { chainId: hasChainId ? config.chainId : undefined, lowS: hasChainId || isActive('homestead'), highestType }
}
