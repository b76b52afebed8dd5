import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { InvalidBlock } from '../../../protocols/chain/verify.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { failureOf } from '../../failure.ts'
import { accessListOf, allAtOnce, amsterdamAtOnce, genesisOf, makeBlocks } from './make-chain.ts'

describe('access lists in a chain', () => {
  const genesis = genesisOf(amsterdamAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 6)
  const bare = blocks.map(({ header, body }) => ({ header, body }))
  let chain: Chain
  beforeEach(async () => {
    chain = await Chain.open({ genesis })
  })
  afterEach(() => chain.close())

  const stored = (of: readonly NewBlock[] = blocks) => of.map(({ header }) => chain.accessListByHash(header.hash))
  const refused = async (...wrong: NewBlock[]) => {
    const error = await failureOf(chain.insertBlocks(wrong))
    expect(error).to.be.instanceOf(InvalidBlock).and.to.have.property('reason', 'access list')
    return error.message
  }
  /** The first block, with a header that commits to this list. */
  const blockWith = (accessList: Uint8Array): NewBlock => {
    const [block] = makeBlocks(genesis, genesis.header, 1, { change: () => ({ balHash: keccak256(accessList) }) })
    return { ...block!, accessList }
  }

  it('are given back as they came', async () => {
    await chain.insertBlocks(blocks)
    expect(stored()).to.deep.equal(blocks.map(({ accessList }) => accessList))
  })

  it('are nothing that a block needs: only those that came are there', async () => {
    await chain.insertBlocks([...bare.slice(0, 3), ...blocks.slice(3)])
    expect(chain.head.number).to.equal(6n)
    expect(stored().map((list) => list !== undefined)).to.deep.equal([false, false, false, true, true, true])
    expect(chain.accessListByHash(genesis.header.hash)).to.equal(undefined)
    expect(chain.accessListByHash(new Uint8Array(32))).to.equal(undefined)
  })

  it('may come after their blocks, in either way of storing, and change nothing else', async () => {
    await chain.insertBlocks(bare)
    const heads: bigint[] = []
    chain.heads$.subscribe(({ number }) => heads.push(number))
    await chain.storeBlocks(blocks.slice(0, 3))
    await chain.insertBlocks(blocks.slice(3))
    expect(stored()).to.deep.equal(blocks.map(({ accessList }) => accessList))
    expect([chain.head.number, heads]).to.deep.equal([6n, []])
  })

  it('may come by themselves: those are stored that are of blocks we have, and may be', async () => {
    const bad = encodeRlp([[new Uint8Array(20), [], [2n, 1n], [], [], []]])
    const broken = makeBlocks(genesis, blocks[3]!.header, 1, { change: () => ({ balHash: keccak256(bad) }) })[0]!
    await chain.insertBlocks([...bare.slice(0, 4), { header: broken.header, body: broken.body }])
    await chain.storeAccessLists([
      ...[blocks[0]!, blocks[2]!, blocks[5]!].map(({ header, accessList }) => ({ header, accessList: accessList! })),
      { header: blocks[1]!.header, accessList: blocks[0]!.accessList! },
      { header: broken.header, accessList: bad },
    ])
    expect(stored().map((list) => list !== undefined)).to.deep.equal([true, false, true, false, false, false])
    expect(stored([broken])).to.deep.equal([undefined])
    expect(chain.head.hash).to.deep.equal(broken.header.hash)
  })

  it('that come by themselves are stored after the blocks that are being inserted', async () => {
    const inserted = chain.insertBlocks(bare)
    const { header, accessList } = blocks[5]!
    await Promise.all([inserted, chain.storeAccessLists([{ header, accessList: accessList! }])])
    expect(stored()[5]).to.deep.equal(accessList)
  })

  it('stay, as bodies do, with blocks that never were canonical or are no more', async () => {
    const side = makeBlocks(genesis, blocks[2]!.header, 5, { salt: 1n })
    await chain.insertBlocks(blocks)
    await chain.storeBlocks(side)
    await chain.setForkchoice({ head: side.at(-1)!.header.hash })
    expect(chain.isCanonical(blocks[5]!.header)).to.equal(false)
    expect(stored([...blocks, ...side])).to.deep.equal([...blocks, ...side].map(({ accessList }) => accessList))
  })

  it('must have the hash that the header has: else the block is none', async () => {
    const other = { ...bare[0]!, accessList: accessListOf(2n) }
    expect(await refused(other)).to.match(/^block 1 .*wrong access list: not the one of its header/)
    expect(chain.hasBlock(other.header.hash)).to.equal(false)
    await chain.insertBlocks(bare)
    await refused(other)
    expect(stored()[0]).to.equal(undefined)
  })

  it('must be lists that EIP-7928 allows in their block', async () => {
    expect(await refused(blockWith(Uint8Array.of(0xc1, 0x01)))).to.contain('expected a list')
    const [address, after] = [new Uint8Array(20), [[3, 1n]]]
    expect(await refused(blockWith(encodeRlp([[address, [], [], after, [], []]])))).to.contain('index 3, of at most 2')
    const many = Array.from({ length: 15_001 }, (_, i) => [Buffer.from(`${i}`.padStart(20)), [], [], [], [], []])
    expect(await refused(blockWith(encodeRlp(many)))).to.contain('more than 15000 addresses and slots')
    await chain.insertBlocks([blockWith(encodeRlp(many.slice(1)))])
  })

  it('count the transactions of the block that is there, not of a body that came with them', async () => {
    const [first, second] = makeBlocks(genesis, genesis.header, 2)
    const late = blockWith(encodeRlp([[new Uint8Array(20), [], [], [[3, 1n]], [], []]]))
    await chain.insertBlocks([{ header: late.header, body: late.body }])
    expect(first!.body).to.not.deep.equal(second!.body)
    await refused({ ...late, body: second!.body })
  })

  it('are none before Amsterdam', async () => {
    const before = genesisOf(allAtOnce)
    const [block] = makeBlocks(before, before.header, 1)
    const other = await Chain.open({ genesis: before })
    const error = await failureOf(other.insertBlocks([{ ...block!, accessList: Uint8Array.of(0xc0) }]))
    expect(error).to.be.instanceOf(InvalidBlock).and.to.have.property('reason', 'access list')
    await other.close()
  })

  it('are kept in a database, which without them is the one of before', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'peerchart-lists-'))
    const opened = async <T>(use: (chain: Chain) => Promise<T>) => {
      const there = await Chain.open({ genesis, directory })
      return use(there).finally(() => there.close())
    }
    try {
      await opened((there) => there.insertBlocks([...bare.slice(0, 3), ...blocks.slice(3)]))
      await opened(async (there) => {
        expect(there.head.number).to.equal(6n)
        expect(there.accessListByHash(blocks[2]!.header.hash)).to.equal(undefined)
        expect(there.accessListByHash(blocks[3]!.header.hash)).to.deep.equal(blocks[3]!.accessList)
      })
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
