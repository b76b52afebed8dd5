// Mainnet's forks and the checksum once each is passed; filter cases of geth core/forkid/forkid_test.go.

export const mainnetGenesisHash = 'd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3'

export const genesisChecksum = 'fc64ec04'

export const mainnetBlockForks: readonly (readonly [fork: bigint, checksum: string])[] = [
  [1_150_000n, '97c2c34c'],
  [1_920_000n, '91d1f948'],
  [2_463_000n, '7a64da13'],
  [2_675_000n, '3edd5b10'],
  [4_370_000n, 'a00bc324'],
  [7_280_000n, '668db0af'],
  [9_069_000n, '879d6e30'],
  [9_200_000n, 'e029e991'],
  [12_244_000n, '0eb440f6'],
  [12_965_000n, 'b715077d'],
  [13_773_000n, '20c327fc'],
  [15_050_000n, 'f0afd0e3'],
]

export const mainnetTimeForks: readonly (readonly [fork: bigint, checksum: string])[] = [
  [1_681_338_455n, 'dce96c2d'],
  [1_710_338_135n, '9f3d2254'],
  [1_746_612_311n, 'c376cf8b'],
  [1_764_798_551n, '5167e2a6'],
  [1_765_290_071n, 'cba2a1c0'],
  [1_767_747_671n, '07c9462e'],
]

const localFault = 'local incompatible or needs update'
const remoteFault = 'remote needs update'

type FilterCase = {
  /** Whether our chain knows mainnet's time forks or ends with its block forks. */
  readonly config: 'blocks' | 'all'
  readonly head: readonly [number: bigint, time: bigint]
  readonly remote: readonly [hash: string, next: bigint]
  readonly rejected?: string
}

export const filterCases: readonly FilterCase[] = [
  { config: 'blocks', head: [7_279_999n, 0n], remote: ['a00bc324', 0n] },
  { config: 'blocks', head: [7_279_999n, 0n], remote: ['a00bc324', 7_280_000n] },
  { config: 'blocks', head: [7_279_999n, 0n], remote: ['a00bc324', 2n ** 64n - 1n] },
  { config: 'blocks', head: [7_279_999n, 0n], remote: ['a00bc324', 7_279_999n], rejected: localFault },
  { config: 'blocks', head: [7_280_000n, 0n], remote: ['a00bc324', 7_280_000n] },
  { config: 'blocks', head: [7_987_396n, 0n], remote: ['a00bc324', 7_280_000n] },
  { config: 'blocks', head: [7_987_396n, 0n], remote: ['3edd5b10', 4_370_000n] },
  { config: 'blocks', head: [7_279_999n, 0n], remote: ['668db0af', 0n] },
  { config: 'blocks', head: [7_987_396n, 0n], remote: ['a00bc324', 0n], rejected: remoteFault },
  { config: 'blocks', head: [7_987_396n, 0n], remote: ['afec6b27', 0n], rejected: localFault },
  { config: 'blocks', head: [88_888_888n, 0n], remote: ['f0afd0e3', 88_888_888n], rejected: localFault },
  // A value under the threshold is a block, whatever our time; one over it is a time.
  { config: 'blocks', head: [7_279_999n, 1_700_000_000n], remote: ['a00bc324', 88_888_888n] },
  { config: 'blocks', head: [7_279_999n, 1_700_000_000n], remote: ['a00bc324', 1_700_000_001n] },
  { config: 'blocks', head: [7_279_999n, 1_700_000_000n], remote: ['a00bc324', 1_700_000_000n], rejected: localFault },
  { config: 'all', head: [15_050_000n, 0n], remote: ['f0afd0e3', 1_681_338_455n] },
  { config: 'all', head: [20_000_000n, 1_681_338_455n], remote: ['f0afd0e3', 1_681_338_455n] },
  { config: 'all', head: [20_000_000n, 1_681_338_455n], remote: ['f0afd0e3', 0n], rejected: remoteFault },
  {
    config: 'all',
    head: [888_888_888n, 1_660_000_000n],
    remote: ['f0afd0e3', 1_660_000_000n],
    rejected: localFault,
  },
  {
    config: 'all',
    head: [88_888_888n, 8_888_888_888n],
    remote: ['07c9462e', 8_888_888_888n],
    rejected: localFault,
  },
]
