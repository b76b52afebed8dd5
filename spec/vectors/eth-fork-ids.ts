// The forks of the public networks and the checksum once each is passed (geth core/forkid, as of 1.17.10); filter cases of
// geth core/forkid/forkid_test.go, and of Sepolia where it comes to Amsterdam.

/** Of a network, as it is published: blocks, times in seconds, and the checksums that they end in. */
export type PublishedForks = {
  readonly genesisHash: string
  readonly genesisTime: bigint
  readonly genesisChecksum: string
  readonly blocks: readonly (readonly [fork: bigint, checksum: string])[]
  readonly times: readonly (readonly [fork: bigint, checksum: string])[]
}

export const mainnet: PublishedForks = {
  genesisHash: 'd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3',
  genesisTime: 0n,
  genesisChecksum: 'fc64ec04',
  blocks: [
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
  ],
  times: [
    [1_681_338_455n, 'dce96c2d'],
    [1_710_338_135n, '9f3d2254'],
    [1_746_612_311n, 'c376cf8b'],
    [1_764_798_551n, '5167e2a6'],
    [1_765_290_071n, 'cba2a1c0'],
    [1_767_747_671n, '07c9462e'],
  ],
}

export const sepolia: PublishedForks = {
  genesisHash: '25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9',
  genesisTime: 1_633_267_481n,
  genesisChecksum: 'fe3366e7',
  blocks: [[1_735_371n, 'b96cbd13']],
  times: [
    [1_677_557_088n, 'f7f9bc08'],
    [1_706_655_072n, '88cf81d9'],
    [1_741_159_776n, 'ed88b5fd'],
    [1_760_427_360n, 'e2ae4999'],
    [1_761_017_184n, '56078a1e'],
    [1_761_607_008n, '268956b6'],
    [1_791_294_816n, '6c1d9423'],
  ],
}

export const hoodi: PublishedForks = {
  genesisHash: 'bbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b',
  genesisTime: 1_742_212_800n,
  genesisChecksum: 'bef71d30',
  blocks: [],
  times: [
    [1_742_999_832n, '0929e24e'],
    [1_761_677_592n, 'e7e0e7ff'],
    [1_762_365_720n, '3893353e'],
    [1_762_955_544n, '23aa1351'],
  ],
}

export const published = { mainnet, sepolia, hoodi } as const

/** Sepolia as a node has it that knows nothing of Amsterdam. */
const unaware: PublishedForks = { ...sepolia, times: sepolia.times.slice(0, -1) }

const localFault = 'local incompatible or needs update'
const remoteFault = 'remote needs update'

type FilterCase = {
  readonly config: keyof typeof filterConfigs
  readonly head: readonly [number: bigint, time: bigint]
  readonly remote: readonly [hash: string, next: bigint]
  readonly rejected?: string
}

export const filterConfigs = {
  'mainnet before the merge': { ...mainnet, times: [] },
  mainnet,
  sepolia,
  'sepolia without Amsterdam': unaware,
} as const

export const filterCases: readonly FilterCase[] = [
  { config: 'mainnet before the merge', head: [7_279_999n, 0n], remote: ['a00bc324', 0n] },
  { config: 'mainnet before the merge', head: [7_279_999n, 0n], remote: ['a00bc324', 7_280_000n] },
  { config: 'mainnet before the merge', head: [7_279_999n, 0n], remote: ['a00bc324', 2n ** 64n - 1n] },
  {
    config: 'mainnet before the merge',
    head: [7_279_999n, 0n],
    remote: ['a00bc324', 7_279_999n],
    rejected: localFault,
  },
  { config: 'mainnet before the merge', head: [7_280_000n, 0n], remote: ['a00bc324', 7_280_000n] },
  { config: 'mainnet before the merge', head: [7_987_396n, 0n], remote: ['a00bc324', 7_280_000n] },
  { config: 'mainnet before the merge', head: [7_987_396n, 0n], remote: ['3edd5b10', 4_370_000n] },
  { config: 'mainnet before the merge', head: [7_279_999n, 0n], remote: ['668db0af', 0n] },
  { config: 'mainnet before the merge', head: [7_987_396n, 0n], remote: ['a00bc324', 0n], rejected: remoteFault },
  { config: 'mainnet before the merge', head: [7_987_396n, 0n], remote: ['afec6b27', 0n], rejected: localFault },
  {
    config: 'mainnet before the merge',
    head: [88_888_888n, 0n],
    remote: ['f0afd0e3', 88_888_888n],
    rejected: localFault,
  },
  // A value under the threshold is a block, whatever our time; one over it is a time.
  { config: 'mainnet before the merge', head: [7_279_999n, 1_700_000_000n], remote: ['a00bc324', 88_888_888n] },
  { config: 'mainnet before the merge', head: [7_279_999n, 1_700_000_000n], remote: ['a00bc324', 1_700_000_001n] },
  {
    config: 'mainnet before the merge',
    head: [7_279_999n, 1_700_000_000n],
    remote: ['a00bc324', 1_700_000_000n],
    rejected: localFault,
  },
  { config: 'mainnet', head: [15_050_000n, 0n], remote: ['f0afd0e3', 1_681_338_455n] },
  { config: 'mainnet', head: [20_000_000n, 1_681_338_455n], remote: ['f0afd0e3', 1_681_338_455n] },
  { config: 'mainnet', head: [20_000_000n, 1_681_338_455n], remote: ['f0afd0e3', 0n], rejected: remoteFault },
  {
    config: 'mainnet',
    head: [888_888_888n, 1_660_000_000n],
    remote: ['f0afd0e3', 1_660_000_000n],
    rejected: localFault,
  },
  {
    config: 'mainnet',
    head: [88_888_888n, 8_888_888_888n],
    remote: ['07c9462e', 8_888_888_888n],
    rejected: localFault,
  },
  ...sepoliaAtAmsterdam(),
]

/** At its last second of BPO2 and its first of Amsterdam: who knows of the fork, and who does not, of one another. */
function sepoliaAtAmsterdam(): FilterCase[] {
  const block = 9_000_000n
  const [before, after] = [1_791_294_815n, 1_791_294_816n]
  const at = (time: bigint) => ({ config: 'sepolia', head: [block, time] }) as const
  const unawareAt = (time: bigint) => ({ config: 'sepolia without Amsterdam', head: [block, time] }) as const
  return [
    { ...at(before), remote: ['268956b6', after] },
    { ...at(before), remote: ['6c1d9423', 0n] },
    { ...at(before), remote: ['268956b6', 0n] },
    { ...at(before), remote: ['268956b6', before], rejected: localFault },
    { ...at(after), remote: ['268956b6', after] },
    { ...at(after), remote: ['6c1d9423', 0n] },
    { ...at(after), remote: ['268956b6', 0n], rejected: remoteFault },
    { ...at(after), remote: ['268956b6', before], rejected: remoteFault },
    { ...at(after), remote: ['56078a1e', 1_761_607_008n] },
    { ...at(1_761_607_008n), remote: ['6c1d9423', 0n] },
    { ...unawareAt(before), remote: ['268956b6', after] },
    { ...unawareAt(before), remote: ['6c1d9423', 0n], rejected: localFault },
    { ...unawareAt(after), remote: ['268956b6', after], rejected: localFault },
    { ...unawareAt(after), remote: ['6c1d9423', 0n], rejected: localFault },
    { ...unawareAt(after), remote: ['268956b6', 0n] },
  ]
}
