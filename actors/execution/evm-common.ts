import { Common, type ChainConfig as CommonChain, ConsensusAlgorithm, ConsensusType } from '@ethereumjs/common'
import { blobForks, type ChainConfig, isTimeForkActive, type TimeFork } from '../../protocols/chain/chain-config.ts'
import { blobGasPerBlob } from '../../protocols/chain/fees.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { fastCrypto } from '../chain/fast-crypto.ts'
import { kzg } from './kzg.ts'

/**
 * A chain's rules in @ethereumjs' form. Its own readers know neither every fork of a genesis nor every blob schedule, and
 * which fork a block belongs to is ours to say: see {@link hardforkOf}.
 */
export function commonOf(config: ChainConfig): Common {
  const forks = forksOf(config)
  const chain = {
    name: 'peerchart',
    chainId: `${config.chainId}`,
    genesis: { gasLimit: 0, difficulty: 0, nonce: '0x0', extraData: '0x' },
    hardforks: forks.map(({ name, block, time }) => ({
      name,
      block: block === undefined ? null : Number(block),
      ...(time !== undefined && { timestamp: `${time}` }),
    })),
    customHardforks: blobHardforks(config),
    bootstrapNodes: [],
    consensus: config.clique
      ? { type: ConsensusType.ProofOfAuthority, algorithm: ConsensusAlgorithm.Clique, clique: cliqueOf(config) }
      : { type: ConsensusType.ProofOfWork, algorithm: ConsensusAlgorithm.Ethash, ethash: {} },
    ...(config.depositContractAddress && {
      depositContractAddress: `0x${bytesToHex(config.depositContractAddress)}` as const,
    }),
  } satisfies CommonChain
  return new Rules({ chain, hardfork: 'chainstart', customCrypto: { ...fastCrypto, kzg } })
}

type Params = Parameters<Common['updateParams']>[0]

/**
 * Every header, transaction and VM merges its package's parameters into the rules it is given, which then are put together
 * anew: most of the work of reading a block. Here that is done once a package and fork. Copies share their parameters until they
 * are at another fork.
 */
class Rules extends Common {
  override updateParams(params: Params): void {
    if (contents.get(this._paramsCache)?.has(params)) return
    const all = merged.get(this._params) ?? new Set()
    merged.set(this._params, all.add(params))
    super.updateParams(params)
  }

  protected override _buildParamsCache(): void {
    super._buildParamsCache()
    contents.set(this._paramsCache, new Set(merged.get(this._params)))
  }
}

/** What was merged into the parameters of all forks, and what of it those of one fork were put together with. */
const merged = new WeakMap<object, Set<Params>>()
const contents = new WeakMap<object, ReadonlySet<Params>>()

/** @returns the name, as @ethereumjs has it, of the last fork in force in a block: since the merge no block has a difficulty */
export function hardforkOf(
  config: ChainConfig,
  { number, time, difficulty }: Pick<Header, 'number' | 'time' | 'difficulty'>,
): string {
  const isMerged = difficulty === 0n
  const isActive = ({ name, block, fork }: Fork) => {
    if (block !== undefined) return number >= block
    return isMerged && (name === paris || (fork !== undefined && isTimeForkActive(config, fork, { number, time })))
  }
  return forksOf(config).findLast(isActive)!.name
}

type Fork = {
  readonly name: string
  readonly block?: bigint | undefined
  readonly time?: bigint | undefined
  readonly fork?: TimeFork
}

const paris = 'paris'

function forksOf({ blockForks, timeForks, daoForkSupport }: ChainConfig): Fork[] {
  const blocks: readonly (readonly [string, bigint | undefined])[] = [
    ['homestead', blockForks.homestead],
    ['dao', daoForkSupport ? blockForks.daoFork : undefined],
    ['tangerineWhistle', blockForks.eip150],
    ['spuriousDragon', blockForks.eip158],
    ['byzantium', blockForks.byzantium],
    ['constantinople', blockForks.constantinople],
    ['petersburg', blockForks.petersburg],
    ['istanbul', blockForks.istanbul],
    ['muirGlacier', blockForks.muirGlacier],
    ['berlin', blockForks.berlin],
    ['london', blockForks.london],
    ['arrowGlacier', blockForks.arrowGlacier],
    ['grayGlacier', blockForks.grayGlacier],
  ]
  return [
    { name: 'chainstart', block: 0n },
    ...blocks.flatMap(([name, block]) => (block === undefined ? [] : [{ name, block }])),
    { name: paris },
    ...executedTimeForks.flatMap((fork) =>
      timeForks[fork] === undefined ? [] : [{ name: fork, fork, time: timeForks[fork] }],
    ),
  ]
}

/** In the order that they come in (geth `CheckConfigForkOrder`); what comes after Amsterdam is not executed yet. */
const executedTimeForks: readonly TimeFork[] = [
  ...(['shanghai', 'cancun', 'prague', 'osaka', 'bpo1', 'bpo2', 'amsterdam', 'bpo3', 'bpo4', 'bpo5'] as const),
]

/** EIP-7840: the limits of a chain's own schedule, in place of those that the library has built in. */
function blobHardforks({ blobSchedule }: ChainConfig): NonNullable<CommonChain['customHardforks']> {
  return Object.fromEntries(
    blobForks.flatMap((fork) => {
      const limits = blobSchedule[fork]
      if (!limits) return []
      const { target, max, baseFeeUpdateFraction } = limits
      const params = {
        target: Number(target),
        max: Number(max),
        targetBlobGasPerBlock: Number(target * blobGasPerBlob),
        maxBlobGasPerBlock: Number(max * blobGasPerBlob),
        blobGasPriceUpdateFraction: Number(baseFeeUpdateFraction),
      }
      return [[fork, { eips: eipsOf[fork] ?? [], params }]]
    }),
  )
}

/** What the library has under these names, for an entry of ours replaces its own whole. */
const eipsOf: Readonly<Record<string, number[]>> = {
  cancun: [1153, 4844, 4788, 5656, 6780, 7516],
  prague: [2537, 2935, 6110, 7002, 7251, 7623, 7685, 7691, 7702],
}

const cliqueOf = ({ clique }: ChainConfig) => ({
  period: Number(clique?.period ?? 0n),
  epoch: Number(clique?.epoch ?? 0n),
})
