import { createBlock } from '@ethereumjs/block'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { commonOf, hardforkOf } from '../../../actors/execution/evm-common.ts'
import { blobGasPerBlob } from '../../../protocols/chain/fees.ts'
import { parseGenesis } from '../../../protocols/chain/genesis.ts'

describe('the rules of a chain, as the EVM has them', () => {
  const blobs = (target: number, max: number) => ({ target, max, baseFeeUpdateFraction: 1_000 * max })
  const configOf = (config: object) =>
    parseGenesis(JSON.stringify({ ...devGenesisJson, config: { ...devGenesisJson.config, ...config } })).config
  const at = (time: bigint, number = 1n, difficulty = 0n) => ({ number, time, difficulty })

  it('are those of the last fork in force, blob forks after Amsterdam among them', () => {
    const blobSchedule = { ...devGenesisJson.config.blobSchedule }
    for (const name of ['bpo1', 'bpo2', 'bpo3']) Object.assign(blobSchedule, { [name]: blobs(1, 2) })
    const times = { osakaTime: 10, bpo1Time: 20, bpo2Time: 30, amsterdamTime: 40, bpo3Time: 50 }
    const config = configOf({ ...times, blobSchedule })
    const names = [9n, 10n, 20n, 39n, 40n, 50n].map((time) => hardforkOf(config, at(time)))
    expect(names).to.deep.equal(['prague', 'osaka', 'bpo1', 'bpo2', 'amsterdam', 'bpo3'])
  })
  it('have none of the forks by time before the merge', () => {
    const config = configOf({ londonBlock: 5, arrowGlacierBlock: 5, grayGlacierBlock: 5, mergeNetsplitBlock: 5 })
    const before = hardforkOf(config, at(100n, 4n, 1n))
    expect(before).to.equal('berlin')
    expect(hardforkOf(config, at(100n, 5n, 1n))).to.equal('grayGlacier')
  })
  it('have the numbers of its own blob schedule, before the blob forks and since', () => {
    const blobSchedule = { cancun: blobs(1, 2), prague: blobs(2, 4), bpo1: blobs(5, 7) }
    const config = configOf({ cancunTime: 0, pragueTime: 10, osakaTime: 20, bpo1Time: 30, blobSchedule })
    const common = commonOf(config)
    createBlock({}, { common }) // brings the library's own numbers in
    const schedules = [5n, 10n, 20n, 30n].map((time) => {
      common.setHardfork(hardforkOf(config, at(time)))
      const { targetBlobGasPerBlock, maxBlobGasPerBlock, blobGasPriceUpdateFraction } = common.getBlobGasSchedule()
      return [targetBlobGasPerBlock / blobGasPerBlob, maxBlobGasPerBlock / blobGasPerBlob, blobGasPriceUpdateFraction]
    })
    expect(schedules).to.deep.equal([
      [1n, 2n, 2_000n],
      [2n, 4n, 4_000n],
      [2n, 4n, 4_000n],
      [5n, 7n, 7_000n],
    ])
  })
})
