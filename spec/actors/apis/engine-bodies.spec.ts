import { expect } from 'chai'
import { engineApi } from '../../../actors/apis/engine.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { data, quantity } from '../../../actors/rpc/json/hex.ts'
import { encodeBody } from '../../../protocols/chain/block.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { allAtOnce, amsterdamAtOnce, everyFork, genesisOf, makeBlocks } from '../chain/make-chain.ts'
import { callApi } from './call-api.ts'
import { EngineCaller, hashOf, noEth, refusal, unknown } from './engine-caller.ts'
import { payloadOf } from './payloads.ts'

describe('the engine namespace, asked for bodies,', () => {
  const genesis = genesisOf(amsterdamAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 12)
  const rival = makeBlocks(genesis, blocks[3]!.header, 2, { salt: 1n })
  const bodyOf = (block: NewBlock) => {
    const { transactions, withdrawals } = payloadOf(block)
    return { transactions, withdrawals }
  }
  const withList = (block: NewBlock) => ({ ...bodyOf(block), blockAccessList: data(block.accessList!) })

  let engine: EngineCaller
  beforeEach(async () => {
    engine = await EngineCaller.open(genesis)
    await engine.chain.storeBlocks(blocks)
    await engine.chain.storeBlocks(rival)
    await engine.chain.setForkchoice({ head: blocks[11]!.header.hash })
  })
  afterEach(() => engine.close())

  const byHash = (version: number, hashes: readonly string[]) =>
    engine.call(`getPayloadBodiesByHashV${version}`, hashes)
  const byRange = (version: number, start: number | bigint, count: number | bigint) =>
    engine.call(`getPayloadBodiesByRangeV${version}`, quantity(start), quantity(count))

  it('gives those of the hashes in their order, canonical or not, and null for what it does not have', async () => {
    const asked = [blocks[7]!, rival[1]!, blocks[0]!, blocks[7]!]
    expect(await byHash(1, asked.map(hashOf))).to.deep.equal(asked.map(bodyOf))
    expect(await byHash(2, asked.map(hashOf))).to.deep.equal(asked.map(withList))
    expect(await byHash(1, [unknown, hashOf(blocks[1]!), unknown])).to.deep.equal([null, bodyOf(blocks[1]!), null])
    expect(await byHash(1, [])).to.deep.equal([])
    expect(await byHash(1, [data(genesis.header.hash)])).to.deep.equal([{ transactions: [], withdrawals: [] }])
  })

  it('gives those of the numbers up to the head', async () => {
    expect(await byRange(1, 1, 12)).to.deep.equal(blocks.map(bodyOf))
    expect(await byRange(2, 4, 3)).to.deep.equal(blocks.slice(3, 6).map(withList))
    expect(await byRange(1, 11, 1_024)).to.deep.equal(blocks.slice(10).map(bodyOf))
    expect(await byRange(1, 13, 5)).to.deep.equal([])
    expect(await byRange(1, 2n ** 64n - 1n, 1_024)).to.deep.equal([])
  })

  it('gives those of the branch that is canonical now', async () => {
    await engine.chain.setForkchoice({ head: rival[1]!.header.hash })
    expect(await byRange(1, 4, 10)).to.deep.equal([blocks[3]!, ...rival].map(bodyOf))
  })

  it('knows of no access list where none came', async () => {
    const bare = makeBlocks(genesis, blocks[11]!.header, 1).map(({ header, body }) => ({ header, body }))
    await engine.chain.storeBlocks(bare)
    expect(await byHash(2, bare.map(hashOf))).to.deep.equal([{ ...bodyOf(bare[0]!), blockAccessList: null }])
  })

  it('gives no withdrawals of blocks before Shanghai', async () => {
    const genesis = genesisOf(everyFork)
    const blocks = makeBlocks(genesis, genesis.header, 18)
    const old = await EngineCaller.open(genesis)
    await old.chain.insertBlocks(blocks)
    const bodies = await old.call<object[]>('getPayloadBodiesByRangeV2', '0x10', '0x2')
    await old.close()
    expect(bodies).to.deep.equal([
      { ...bodyOf(blocks[15]!), withdrawals: null, blockAccessList: null },
      { ...bodyOf(blocks[16]!), blockAccessList: null },
    ])
  })

  for (const [start, count, reported] of [
    [0, 0, 'start: 0x0 count: 0x0'],
    [0, 2_000, 'start: 0x0 count: 0x7d0'],
    [5, 0, 'start: 0x5 count: 0x0'],
  ] as const)
    it(`refuses ${count} from ${start}`, async () => {
      const reason = `invalid start or count, ${reported}`
      expect(await refusal(byRange(1, start, count))).to.deep.equal([-32_602, 'Invalid parameters', reason])
    })

  it('refuses more than 1,024', async () => {
    const reason = (reported: string) => [-38_004, 'Too large request', `requested count too large: ${reported}`]
    expect(await refusal(byRange(2, 1, 1_025))).to.deep.equal(reason('0x401'))
    expect(await refusal(byHash(2, Array(1_025).fill(unknown)))).to.deep.equal(reason('1025'))
    expect(await byHash(2, Array(1_024).fill(unknown))).to.deep.equal(Array(1_024).fill(null))
  })

  describe('of blocks with much in them', () => {
    const genesis = genesisOf(allAtOnce)
    const header = genesis.header
    const transactions = (count: number, bytes: number) =>
      Array.from({ length: count }, () => encodeRlp(new Uint8Array(bytes).fill(2)))
    const askOf = (body: Uint8Array, count: number) => {
      const chain = { bodyByHash: () => body, head: header, config: genesis.config } as unknown as EngineCaller['chain']
      const apis = [engineApi({ chain, eth: noEth, version: '1.2.3' })]
      return callApi(apis, 'engine_getPayloadBodiesByHashV1', Array(count).fill(unknown)) as Promise<unknown[]>
    }

    it('lets others on the thread have their turn while it answers', async () => {
      const body = encodeBody({ transactions: transactions(5_000, 10), uncles: [] })
      let turns = 0
      let isDone = false
      const asking = askOf(body, 100).finally(() => {
        isDone = true
      })
      while (!isDone) {
        turns++
        await new Promise(setImmediate)
      }
      expect(await asking).to.have.length(100)
      expect(turns).to.be.above(10)
    })

    it('refuses what is too large for an answer, however few they are', async () => {
      const body = encodeBody({ transactions: transactions(8, 1 << 20), uncles: [] })
      expect(await askOf(body, 2)).to.have.length(2)
      expect(await refusal(askOf(body, 4))).to.deep.equal([
        ...[-38_004, 'Too large request'],
        'the bodies are too large for one answer',
      ])
    })
  })
})
