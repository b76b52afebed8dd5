import { expect } from 'chai'
import { blobParams, scheduleOf } from '../../../actors/chain/chain-config.ts'
import { type NetworkName, network, networkNames } from '../../../actors/chain/networks.ts'
import { parseEnode } from '../../../protocols/enode/enode.ts'
import { forkId } from '../../../protocols/eth/fork-id.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'

describe('the built-in networks', () => {
  const genesisHashes: Record<NetworkName, string> = {
    mainnet: 'd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3',
    sepolia: '25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9',
    hoodi: 'bbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b',
  }

  for (const name of networkNames) {
    it(`${name} starts from its genesis`, () => {
      expect(bytesToHex(network(name).genesis.header.hash)).to.equal(genesisHashes[name])
    })
    it(`${name} has bootnodes that can be dialled`, () => {
      for (const url of network(name).bootnodes) expect(parseEnode(url).tcp).to.equal(30303)
    })
  }

  const at = (name: NetworkName, number: bigint, time: bigint) => {
    const { config, header } = network(name).genesis
    const { hash, next } = forkId(header.hash, scheduleOf(config, header.time), { number, time })
    return `${bytesToHex(hash)}/${next}`
  }

  // geth core/forkid; checked against the geth binary's genesis files.
  for (const [name, number, time, id] of [
    ['mainnet', 0n, 0n, 'fc64ec04/1150000'],
    ['mainnet', 1_149_999n, 0n, 'fc64ec04/1150000'],
    ['mainnet', 1_150_000n, 0n, '97c2c34c/1920000'],
    ['mainnet', 1_920_000n, 0n, '91d1f948/2463000'],
    ['mainnet', 2_463_000n, 0n, '7a64da13/2675000'],
    ['mainnet', 2_675_000n, 0n, '3edd5b10/4370000'],
    ['mainnet', 4_370_000n, 0n, 'a00bc324/7280000'],
    ['mainnet', 7_280_000n, 0n, '668db0af/9069000'],
    ['mainnet', 9_069_000n, 0n, '879d6e30/9200000'],
    ['mainnet', 9_200_000n, 0n, 'e029e991/12244000'],
    ['mainnet', 12_244_000n, 0n, '0eb440f6/12965000'],
    ['mainnet', 12_965_000n, 0n, 'b715077d/13773000'],
    ['mainnet', 13_773_000n, 0n, '20c327fc/15050000'],
    ['mainnet', 15_050_000n, 0n, 'f0afd0e3/1681338455'],
    ['mainnet', 20_000_000n, 1_681_338_455n, 'dce96c2d/1710338135'],
    ['mainnet', 20_000_000n, 1_710_338_135n, '9f3d2254/1746612311'],
    ['mainnet', 20_000_000n, 1_746_612_311n, 'c376cf8b/1764798551'],
    ['mainnet', 20_000_000n, 1_764_798_551n, '5167e2a6/1765290071'],
    ['mainnet', 20_000_000n, 1_765_290_071n, 'cba2a1c0/1767747671'],
    ['mainnet', 20_000_000n, 1_767_747_671n, '07c9462e/0'],
    ['sepolia', 0n, 0n, 'fe3366e7/1735371'],
    ['sepolia', 1_735_371n, 0n, 'b96cbd13/1677557088'],
    ['sepolia', 1_735_372n, 1_677_557_088n, 'f7f9bc08/1706655072'],
    ['sepolia', 1_735_372n, 1_706_655_072n, '88cf81d9/1741159776'],
    ['sepolia', 1_735_372n, 1_741_159_776n, 'ed88b5fd/1760427360'],
    ['sepolia', 1_735_372n, 1_761_607_008n, '268956b6/0'],
    ['hoodi', 0n, 1_742_212_800n, 'bef71d30/1742999832'],
    ['hoodi', 123n, 1_742_999_832n, '0929e24e/1761677592'],
    ['hoodi', 123n, 1_762_955_544n, '23aa1351/0'],
  ] as const)
    it(`${name} at block ${number}, time ${time} announces ${id}`, () => expect(at(name, number, time)).to.equal(id))

  it('raise the blob limits at each BPO fork, and not at Osaka', () => {
    const { config } = network('mainnet').genesis
    const { shanghai, cancun, prague, osaka, bpo1, bpo2 } = config.timeForks
    const limits = [shanghai, cancun, prague, osaka, bpo1, bpo2].map(
      (time) => blobParams(config, { number: 20_000_000n, time: time! })?.max,
    )
    expect(limits).to.deep.equal([undefined, 6n, 9n, 9n, 15n, 21n])
  })
})
