import { hexToBytes } from '../lib/bytes.ts'
import { bootnodesV5, hoodiBootnodes, mainnetBootnodes, sepoliaBootnodes } from './bootnodes.ts'
import type { BlobParams, ChainConfig } from './chain-config.ts'
import { type Genesis, makeGenesis } from './genesis.ts'

// The public networks, with their forks as geth 1.17.10 has them. A fork added here changes the fork id that a node announces.

export type NetworkName = 'mainnet' | 'sepolia' | 'hoodi'

export type Network = {
  readonly name: NetworkName
  readonly networkId: bigint
  readonly genesis: Genesis
  /** enode URLs and node records, as geth has them; a node for discovery alone has no TCP port. */
  readonly bootnodes: readonly string[]
  /** The same for discv5. */
  readonly bootnodesV5: readonly string[]
}

/** The genesis carries no alloc: its state root is enough for a node that executes nothing before it has the state. */
export const network = (name: NetworkName): Network => builders[name]()

export const networkNames: readonly NetworkName[] = ['mainnet', 'sepolia', 'hoodi']

const blobs = (target: bigint, max: bigint, baseFeeUpdateFraction: bigint): BlobParams => ({
  target,
  max,
  baseFeeUpdateFraction,
})

/** The same on all three: EIP-4844, EIP-7691, EIP-7892. */
const blobSchedule: ChainConfig['blobSchedule'] = {
  cancun: blobs(3n, 6n, 3_338_477n),
  prague: blobs(6n, 9n, 5_007_716n),
  bpo1: blobs(10n, 15n, 8_346_193n),
  bpo2: blobs(14n, 21n, 11_684_671n),
}

const builders: Readonly<Record<NetworkName, () => Network>> = {
  mainnet: () => ({
    name: 'mainnet',
    networkId: 1n,
    bootnodes: mainnetBootnodes,
    bootnodesV5,
    genesis: makeGenesis(mainnetConfig, {
      stateRoot: hexToBytes('d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544'),
      difficulty: 0x4_0000_0000n,
      gasLimit: 5_000n,
      extraData: hexToBytes('11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa'),
      nonce: hexToBytes('0000000000000042'),
    }),
  }),
  sepolia: () => ({
    name: 'sepolia',
    networkId: 11_155_111n,
    bootnodes: sepoliaBootnodes,
    bootnodesV5,
    genesis: makeGenesis(sepoliaConfig, {
      stateRoot: hexToBytes('5eb6e371a698b8d68f665192350ffcecbbbf322916f4b51bd79bb6887da3f494'),
      difficulty: 0x2_0000n,
      gasLimit: 30_000_000n,
      time: 1_633_267_481n,
      extraData: hexToBytes('5365706f6c69612c20417468656e732c204174746963612c2047726565636521'),
    }),
  }),
  hoodi: () => ({
    name: 'hoodi',
    networkId: 560_048n,
    bootnodes: hoodiBootnodes,
    bootnodesV5,
    genesis: makeGenesis(hoodiConfig, {
      stateRoot: hexToBytes('da87d7f5f91c51508791bbcbd4aa5baf04917830b86985eeb9ad3d5bfb657576'),
      difficulty: 1n,
      gasLimit: 36_000_000n,
      time: 1_742_212_800n,
      nonce: hexToBytes('0000000000001234'),
    }),
  }),
}

const mainnetConfig: ChainConfig = {
  ...merged(58_750_000_000_000_000_000_000n, '00000000219ab540356cbb839cbe05303d7705fa'),
  chainId: 1n,
  blockForks: {
    homestead: 1_150_000n,
    daoFork: 1_920_000n,
    eip150: 2_463_000n,
    eip155: 2_675_000n,
    eip158: 2_675_000n,
    byzantium: 4_370_000n,
    constantinople: 7_280_000n,
    petersburg: 7_280_000n,
    istanbul: 9_069_000n,
    muirGlacier: 9_200_000n,
    berlin: 12_244_000n,
    london: 12_965_000n,
    arrowGlacier: 13_773_000n,
    grayGlacier: 15_050_000n,
  },
  timeForks: {
    shanghai: 1_681_338_455n,
    cancun: 1_710_338_135n,
    prague: 1_746_612_311n,
    osaka: 1_764_798_551n,
    bpo1: 1_765_290_071n,
    bpo2: 1_767_747_671n,
  },
  blobSchedule,
}

/** The forks that a chain younger than London has from its first block on. */
const fromTheStart: ChainConfig['blockForks'] = {
  homestead: 0n,
  eip150: 0n,
  eip155: 0n,
  eip158: 0n,
  byzantium: 0n,
  constantinople: 0n,
  petersburg: 0n,
  istanbul: 0n,
  muirGlacier: 0n,
  berlin: 0n,
  london: 0n,
}

const sepoliaConfig: ChainConfig = {
  ...merged(17_000_000_000_000_000n, '7f02c3e3c98b133055b8b348b2ac625669ed295d'),
  chainId: 11_155_111n,
  blockForks: { ...fromTheStart, mergeNetsplit: 1_735_371n },
  timeForks: {
    shanghai: 1_677_557_088n,
    cancun: 1_706_655_072n,
    prague: 1_741_159_776n,
    osaka: 1_760_427_360n,
    bpo1: 1_761_017_184n,
    bpo2: 1_761_607_008n,
    amsterdam: 1_791_294_816n,
  },
  blobSchedule,
}

const hoodiConfig: ChainConfig = {
  ...merged(0n, '00000000219ab540356cbb839cbe05303d7705fa'),
  chainId: 560_048n,
  blockForks: { ...fromTheStart, mergeNetsplit: 0n },
  timeForks: {
    shanghai: 0n,
    cancun: 0n,
    prague: 1_742_999_832n,
    osaka: 1_761_677_592n,
    bpo1: 1_762_365_720n,
    bpo2: 1_762_955_544n,
  },
  blobSchedule,
}

function merged(terminalTotalDifficulty: bigint, depositContract: string) {
  return {
    ...{ terminalTotalDifficulty, depositContractAddress: hexToBytes(depositContract) },
    ...{ daoForkSupport: true, ethash: {} },
  }
}
