import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import type { Write } from '../../../actors/chain/key-value-store.ts'
import { openStore } from '../../../actors/chain/store.ts'
import { TransactionIndex } from '../../../actors/chain/tx-index.ts'
import { decodeBody } from '../../../protocols/chain/block.ts'
import type { Header } from '../../../protocols/chain/header.ts'
import { txHash } from '../../../protocols/chain/transaction.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { allAtOnce, genesisOf, makeBlocks } from './make-chain.ts'

describe('the index of transactions', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 9)
  const other = makeBlocks(genesis, blocks[4]!.header, 6, { salt: 1n })
  const hashes = ({ body }: NewBlock) => Array.from(decodeBody(body).transactions.items(), txHash)

  describe('of a chain', () => {
    let chain: Chain
    beforeEach(async () => {
      chain = await Chain.open({ genesis })
      await chain.insertBlocks(blocks)
    })
    afterEach(() => chain.close())
    const placeOf = (hash: Uint8Array) => {
      const found = chain.transactionByHash(hash)
      return found && { number: found.header.number, index: found.index, hash: bytesToHex(txHash(found.item)) }
    }
    const expectPlaces = (some: readonly NewBlock[]) => {
      for (const block of some)
        for (const [index, hash] of hashes(block).entries())
          expect(placeOf(hash)).to.deep.equal({ number: block.header.number, index, hash: bytesToHex(hash) })
    }

    it('finds every transaction in its block', () => {
      expect(blocks.flatMap(hashes)).to.have.length(9)
      expectPlaces(blocks)
    })

    it('knows no other hashes', () => {
      expect(placeOf(new Uint8Array(32))).to.equal(undefined)
      expect(placeOf(blocks[0]!.header.hash)).to.equal(undefined)
    })

    it('follows the chain to another branch and back', async () => {
      await chain.insertBlocks(other)
      expectPlaces([...blocks.slice(0, 5), ...other])
      for (const hash of blocks.slice(5).flatMap(hashes)) expect(placeOf(hash)).to.equal(undefined)
      const back = makeBlocks(genesis, blocks.at(-1)!.header, 3)
      await chain.insertBlocks(back)
      expectPlaces([...blocks, ...back])
      for (const hash of other.flatMap(hashes)) expect(placeOf(hash)).to.equal(undefined)
    })

    it('leaves a block beside the chain alone', async () => {
      await chain.insertBlocks(other.slice(0, 2))
      expectPlaces(blocks)
      for (const hash of other.slice(0, 2).flatMap(hashes)) expect(placeOf(hash)).to.equal(undefined)
    })
  })

  it('forgets blocks past its limit, but not a transaction that a later block has too', async () => {
    const store = await openStore()
    const bodies = [...blocks, blocks[0]!].map(({ body }) => body)
    const headers = blocks.map(({ header }) => header)
    const headerByNumber = (number: bigint) => headers[Number(number) - 1]
    const bodyByHash = (hash: Uint8Array) => bodies[headers.findIndex((header) => header.hash === hash)]
    const index = new TransactionIndex(store, { headerByNumber, bodyByHash }, 4n)
    const numberOf = (hash: Uint8Array) => store.get(Uint8Array.of(0x6c, ...hash))?.at(-1)
    for (const [i, header] of headers.entries()) await store.write(writesOf(index, header, bodies[i]!))
    const [first] = hashes(blocks[0]!)
    expect(numberOf(first!)).to.equal(undefined)
    const kept = blocks.filter((block) => hashes(block).some((hash) => numberOf(hash) !== undefined))
    expect(kept.map(({ header }) => header.number)).to.deep.equal([7n, 8n].filter((number) => number % 3n !== 0n))

    await store.write([{ key: Uint8Array.of(0x6c, ...first!), value: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 9) }])
    await store.write(writesOf(index, { number: 5n }, bodies[2]!))
    expect(numberOf(first!)).to.equal(9)
    await store.close()
  })
})

function writesOf(index: TransactionIndex, header: Pick<Header, 'number'>, body: Uint8Array): Write[] {
  const writes: Write[] = []
  for (const _step of index.addWrites(writes, header, body));
  return writes
}
