import { bytesToHex } from '../lib/bytes.ts'
import { blockForks, type ChainConfig, timeForks } from './chain-config.ts'

/**
 * A chain's rules as geth prints them (`config` of admin_nodeInfo and dumpgenesis), in its order.
 * @returns values of JSON, and bigints where a number may be beyond 2^53
 */
export function chainConfigJson(config: ChainConfig): Record<string, unknown> {
  const { daoForkSupport, terminalTotalDifficulty, depositContractAddress, ethash, clique, blobSchedule } = config
  return present({
    chainId: config.chainId,
    ...Object.fromEntries(
      blockForks.flatMap((fork) => [
        [`${fork}Block`, config.blockForks[fork]],
        ...(fork === 'daoFork' ? [['daoForkSupport', daoForkSupport || undefined]] : []),
      ]),
    ),
    ...Object.fromEntries(timeForks.map((fork) => [`${fork}Time`, config.timeForks[fork]])),
    terminalTotalDifficulty,
    depositContractAddress: `0x${bytesToHex(depositContractAddress ?? new Uint8Array(20))}`,
    ethash,
    clique,
    blobSchedule: Object.keys(blobSchedule).length > 0 ? blobSchedule : undefined,
  })
}

function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
