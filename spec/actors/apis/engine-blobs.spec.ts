import { expect } from 'chai'
import type { ChainConfig, TimeFork } from '../../../protocols/chain/chain-config.ts'
import { allAtOnce, genesisOf } from '../chain/make-chain.ts'
import { EngineCaller, refusal, unknown } from './engine-caller.ts'

describe('the engine namespace, asked for blobs of pooled transactions,', () => {
  let engine: EngineCaller | undefined
  afterEach(() => engine?.close())

  const at = async (...forks: TimeFork[]) => {
    const config: ChainConfig = { ...allAtOnce, timeForks: Object.fromEntries(forks.map((fork) => [fork, 0n])) }
    engine = await EngineCaller.open(genesisOf(config))
    return engine
  }
  const hashes = (count: number) => Array<string>(count).fill(unknown)
  const nulls = (count: number) => Array<null>(count).fill(null)
  const mask = `0x${'11'.repeat(16)}`
  const tooMany = [-38_004, 'Too large request', 'requested blob count too large: 129']
  const prague = ['shanghai', 'cancun', 'prague'] as const
  const osaka = [...prague, 'osaka'] as const

  it('has none at Cancun and Prague, and is asked by V1', async () => {
    for (const forks of [prague.slice(0, 2), prague]) {
      const engine = await at(...forks)
      for (const count of [0, 1, 128])
        expect(await engine.call('getBlobsV1', hashes(count))).to.deep.equal(nulls(count))
      expect(await refusal(engine.call('getBlobsV1', hashes(129)))).to.deep.equal(tooMany)
      for (const version of [2, 3]) expect(await engine.call(`getBlobsV${version}`, hashes(129))).to.equal(null)
      expect(await engine.call('getBlobsV4', hashes(129), mask)).to.equal(null)
    }
  })

  it('has none from Osaka on, and is asked by V2, V3 and V4', async () => {
    for (const forks of [osaka, [...osaka, 'amsterdam'], [...prague, 'bpo1'], [...osaka, 'bpo5']] as const) {
      const engine = await at(...forks)
      expect((await refusal(engine.call('getBlobsV1', [])))[0]).to.equal(-38_005)
      expect(await engine.call('getBlobsV2', [])).to.deep.equal([])
      expect(await engine.call('getBlobsV2', hashes(1))).to.equal(null)
      expect(await engine.call('getBlobsV3', hashes(128))).to.deep.equal(nulls(128))
      expect(await engine.call('getBlobsV4', hashes(128), mask)).to.deep.equal(nulls(128))
      for (const [version, ...more] of [[2], [3], [4, mask]] as const)
        expect(await refusal(engine.call(`getBlobsV${version}`, hashes(129), ...more))).to.deep.equal(tooMany)
    }
  })

  it('refuses V1 outside of its forks with geth’s message', async () => {
    for (const forks of [[], ['shanghai'], osaka] as const)
      expect(await refusal((await at(...forks)).call('getBlobsV1', hashes(129)))).to.deep.equal([
        ...[-38_005, 'Unsupported fork'],
        'engine_getBlobsV1 is only available at Cancun/Prague fork',
      ])
  })

  it('says of each that it is not here', async () => {
    const engine = await at(...osaka)
    expect(await engine.call('hasBlobs', hashes(2))).to.deep.equal([false, false])
    expect(await engine.call('hasBlobs', [])).to.deep.equal([])
  })

  it('wants to know which cells', async () => {
    const engine = await at(...osaka)
    const [code, message] = await refusal(engine.call('getBlobsV4', hashes(1)))
    expect([code, message]).to.deep.equal([-32_602, 'missing value for required argument 1'])
  })
})
