import { expect } from 'chai'
import { data } from '../../../actors/rpc/json/hex.ts'
import { allAtOnce, genesisOf, makeBlocks } from '../chain/make-chain.ts'
import { EngineCaller, hashOf, refusal, unknown, zeros } from './engine-caller.ts'

describe('the engine namespace, asked to agree on where proof of work ended,', () => {
  const genesis = genesisOf({ ...allAtOnce, terminalTotalDifficulty: 10n })
  const blocks = makeBlocks(genesis, genesis.header, 3)
  let engine: EngineCaller
  beforeEach(async () => {
    engine = await EngineCaller.open(genesis)
    await engine.chain.insertBlocks(blocks)
  })
  afterEach(() => engine.close())

  const exchange = (configuration: object, at = engine) =>
    at.call('exchangeTransitionConfigurationV1', { terminalTotalDifficulty: '0xa', ...configuration })
  const message = async (configuration: object, at = engine) => (await refusal(exchange(configuration, at))).slice(0, 2)

  it('agrees to its own total difficulty', async () => {
    const none = { terminalTotalDifficulty: '0xa', terminalBlockHash: zeros, terminalBlockNumber: '0x0' }
    expect(await exchange({})).to.deep.equal(none)
    expect(await exchange({ terminalBlockHash: zeros, terminalBlockNumber: '0x7' })).to.deep.equal(none)
  })

  it('agrees to a block that is canonical', async () => {
    const reported = { terminalBlockHash: hashOf(blocks[1]!), terminalBlockNumber: '0x2' }
    expect(await exchange(reported)).to.deep.equal({ terminalTotalDifficulty: '0xa', ...reported })
    const first = { terminalBlockHash: data(genesis.header.hash), terminalBlockNumber: '0x0' }
    expect(await exchange(first)).to.deep.equal({ terminalTotalDifficulty: '0xa', ...first })
  })

  it('refuses any other', async () => {
    const error = [-32_000, 'invalid terminal block hash']
    expect(await message({ terminalBlockHash: hashOf(blocks[1]!), terminalBlockNumber: '0x1' })).to.deep.equal(error)
    expect(await message({ terminalBlockHash: unknown, terminalBlockNumber: '0x63' })).to.deep.equal(error)
  })

  it('refuses another total difficulty, and none', async () => {
    expect(await message({ terminalTotalDifficulty: '0xb' })).to.deep.equal([
      ...[-32_000, 'invalid ttd: execution 10 consensus 0xb'],
    ])
    expect(await message({ terminalTotalDifficulty: null })).to.deep.equal([
      ...[-32_000, 'invalid terminal total difficulty'],
    ])
    const unmerged = await EngineCaller.open(genesisOf(allAtOnce))
    expect(await message({}, unmerged)).to.deep.equal([-32_000, 'invalid ttd: execution <nil> consensus 0xa'])
    await unmerged.close()
  })
})
