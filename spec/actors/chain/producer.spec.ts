import { createBlockFromRLP } from '@ethereumjs/block'
import { createCommonFromGethGenesis } from '@ethereumjs/common'
import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import { devAccounts, devGenesis, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { BlockProducer } from '../../../actors/chain/producer.ts'
import { decodeBody, joinBlock } from '../../../protocols/chain/block.ts'
import { decodeTransaction } from '../../../protocols/chain/transaction-fields.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { everyFork, genesisOf } from './make-chain.ts'

describe('the block producer of the dev network', () => {
  const seed = Uint8Array.of(1)
  const chains: Chain[] = []
  const openChain = async () => {
    const chain = await Chain.open({ genesis: devGenesis() })
    chains.push(chain)
    return chain
  }
  afterEach(async () => {
    for (const chain of chains.splice(0)) await chain.close()
  })
  const produce = async (producer: BlockProducer, from: bigint, to: bigint) => {
    for (let time = from; time <= to; time++) await producer.produce(time)
  }

  it('makes blocks of one to three transactions of every kind, and puts them on the chain', async () => {
    const chain = await openChain()
    await produce(await BlockProducer.open(chain, { seed }), 1n, 9n)
    expect(chain.head).to.include({ number: 9n, time: 9n })
    const bodies = Array.from({ length: 9 }, (_, i) =>
      decodeBody(chain.bodyByHash(chain.canonicalHash(BigInt(i + 1))!)!),
    )
    expect(bodies.map(({ transactions }) => transactions.count)).to.deep.equal([2, 3, 1, 2, 3, 1, 2, 3, 1])
    const kinds = bodies.flatMap(({ transactions }) =>
      Array.from(transactions, ({ isList, content }) => (isList ? 0 : content[0])),
    )
    expect([...new Set(kinds)].sort()).to.deep.equal([0, 1, 2])
  })

  it('signs them with the keys of the dev accounts', async () => {
    const chain = await openChain()
    const producer = await BlockProducer.open(chain, { seed })
    const { header, body } = await producer.produce(1n)
    const common = createCommonFromGethGenesis(devGenesisJson as never, { chain: 'dev' })
    const block = createBlockFromRLP(joinBlock({ header: header.raw, body }), { common, setHardfork: true })
    const known = devAccounts.map(({ address }) => bytesToHex(address))
    for (const tx of block.transactions) expect(known).to.include(bytesToHex(tx.getSenderAddress().bytes))
    expect(await block.getTransactionsValidationErrors()).to.deep.equal([])
    expect(header.gasUsed).to.equal(42_000n)
  })

  it('makes the same blocks of the same seed and times, and others of others', async () => {
    const heads: string[] = []
    for (const [from, own] of [
      [1n, seed],
      [1n, seed],
      [2n, seed],
      [1n, Uint8Array.of(2)],
    ] as const) {
      const chain = await openChain()
      await produce(await BlockProducer.open(chain, { seed: own }), from, from + 2n)
      heads.push(bytesToHex(chain.head.hash))
    }
    expect(heads[0]).to.equal(heads[1])
    expect(new Set(heads).size).to.equal(3)
  })

  it('goes on from where a chain is', async () => {
    const [one, two] = [await openChain(), await openChain()]
    await produce(await BlockProducer.open(one, { seed }), 1n, 6n)
    await produce(await BlockProducer.open(two, { seed }), 1n, 3n)
    await produce(await BlockProducer.open(two, { seed }), 4n, 6n)
    expect(two.head.hash).to.deep.equal(one.head.hash)
  })

  it('refuses another chain', async () => {
    const other = await Chain.open({ genesis: genesisOf(everyFork) })
    const error = await BlockProducer.open(other, { seed }).catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(RangeError).with.property('message', 'the chain is not the dev network')
    await other.close()
  })

  it('refuses a time that does not move on, and makes the next block as if it had not been asked', async () => {
    const [one, two] = [await openChain(), await openChain()]
    const producer = await BlockProducer.open(one, { seed })
    await producer.produce(5n)
    const error = await producer.produce(5n).catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(RangeError).with.property('message', 'a block at 5 after one at 5')
    await producer.produce(6n)
    await produce(await BlockProducer.open(two, { seed }), 5n, 6n)
    expect(one.head.hash).to.deep.equal(two.head.hash)
  })

  it('pays few, so that the state does not grow with the chain', async function () {
    this.timeout(60_000) // blocks are executed
    const chain = await openChain()
    await produce(await BlockProducer.open(chain, { seed }), 1n, 150n)
    const paid: string[] = []
    for (let number = 1n; number <= 150n; number++)
      for (const item of decodeBody(chain.bodyByHash(chain.canonicalHash(number)!)!).transactions)
        paid.push(bytesToHex(decodeTransaction(item).to!))
    expect(paid).to.have.length(300)
    expect(new Set(paid).size).to.be.within(128, 256)
  })
})
