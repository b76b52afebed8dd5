import { expect } from 'chai'
import { ethApi } from '../../../actors/apis/eth.ts'
import { Chain } from '../../../actors/chain/chain.ts'
import type { ChainConfig } from '../../../protocols/chain/chain-config.ts'
import { amsterdamAtOnce, everyFork, genesisOf } from '../chain/make-chain.ts'
import { callApi } from './call-api.ts'

// What geth says of the same forks is in spec/interop/rpc-forks-geth.spec.ts.

type Fork = {
  readonly activationTime: number
  readonly blobSchedule: { readonly target: number } | null
  readonly precompiles: Readonly<Record<string, string>>
  readonly systemContracts: Readonly<Record<string, string>>
}

describe('eth_config', () => {
  /** @param timeForks of a chain that is at its genesis, at time 0 */
  async function reported(timeForks: ChainConfig['timeForks']) {
    const chain = await Chain.open({ genesis: genesisOf({ ...amsterdamAtOnce, timeForks }) })
    try {
      return (await callApi([ethApi({ chain })], 'eth_config')) as Record<'current' | 'next' | 'last', Fork | null>
    } finally {
      await chain.close()
    }
  }
  const times = async (timeForks: ChainConfig['timeForks']) => {
    const { current, next, last } = await reported(timeForks)
    return [current, next, last].map((fork) => fork?.activationTime)
  }
  const since = { shanghai: 0n, cancun: 0n, prague: 0n }

  it('returns null for every fork of a chain without forks by time', async () => {
    expect(await reported({})).to.deep.equal({ current: null, next: null, last: null })
  })
  it('returns the next fork that the chain schedules, whichever it skips', async () => {
    expect(await times({ ...since, bpo2: 7n })).to.deep.equal([0, 7, 7])
    expect(await times({ ...since, amsterdam: 9n, bogota: 11n })).to.deep.equal([0, 9, 11])
    expect(await times(since)).to.deep.equal([0, undefined, undefined])
  })
  it('goes by rank: a blob fork after Amsterdam comes before it, and is left out from then on', async () => {
    expect(await times({ ...since, amsterdam: 360n, bpo3: 400n })).to.deep.equal([0, 400, 360])
    expect(await times({ ...since, osaka: 0n, amsterdam: 0n, bpo3: 400n })).to.deep.equal([0, undefined, undefined])
  })
  it('goes by rank for the blobs, too', async () => {
    const target = async (timeForks: ChainConfig['timeForks']) =>
      (await reported(timeForks)).current?.blobSchedule?.target
    const { prague, bpo3 } = everyFork.blobSchedule
    expect(await target({ ...since, osaka: 0n })).to.equal(Number(prague!.target))
    expect(await target({ ...since, osaka: 0n, amsterdam: 0n })).to.equal(Number(bpo3!.target))
  })
  it('has Osaka’s precompile since Osaka or Bogota, and the contracts of Amsterdam since that', async () => {
    const has = async (timeForks: ChainConfig['timeForks']) => {
      const { precompiles, systemContracts } = (await reported(timeForks)).current!
      return ['P256VERIFY' in precompiles, 'BUILDER_EXIT_CONTRACT_ADDRESS' in systemContracts]
    }
    expect(await has(since)).to.deep.equal([false, false])
    expect(await has({ ...since, osaka: 0n })).to.deep.equal([true, false])
    expect(await has({ ...since, amsterdam: 0n })).to.deep.equal([false, true])
    expect(await has({ ...since, osaka: 0n, amsterdam: 0n })).to.deep.equal([true, true])
    expect(await has({ ...since, bogota: 0n })).to.deep.equal([true, true])
  })
  it('has but the oldest precompiles in a binary tree', async () => {
    const { current } = await reported({ ...since, osaka: 0n, ubt: 0n })
    expect(Object.keys(current!.precompiles)).to.have.length(9).and.not.include('KZG_POINT_EVALUATION')
  })
})
