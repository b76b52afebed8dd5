import { createBlockFromRLP } from '@ethereumjs/block'
import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import { joinBlock } from '../../../protocols/chain/block.ts'
import type { Header } from '../../../protocols/chain/header.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { everyFork, genesisOf, makeBlocks } from './make-chain.ts'

/** The first block of each fork that changed what a header or a body is made of. */
const forks: readonly [Hardfork, number: number, fields: number][] = [
  [Hardfork.Homestead, 1, 15],
  [Hardfork.TangerineWhistle, 3, 15],
  [Hardfork.SpuriousDragon, 5, 15],
  [Hardfork.Byzantium, 6, 15],
  [Hardfork.Petersburg, 8, 15],
  [Hardfork.Istanbul, 9, 15],
  [Hardfork.Berlin, 11, 15],
  [Hardfork.London, 12, 16],
  [Hardfork.Paris, 15, 16],
  [Hardfork.Shanghai, 17, 17],
  [Hardfork.Cancun, 18, 20],
  [Hardfork.Prague, 19, 21],
  [Hardfork.Osaka, 20, 21],
  [Hardfork.Bpo1, 21, 21],
  [Hardfork.Bpo2, 22, 21],
  [Hardfork.Amsterdam, 23, 23],
]

describe('blocks of every fork from Frontier to Amsterdam, and BPO3', () => {
  const genesis = genesisOf(everyFork)
  const blocks = makeBlocks(genesis, genesis.header, 26)

  it('make one chain', async () => {
    const chain = await Chain.open({ genesis })
    await chain.insertBlocks(blocks)
    expect(chain.head.hash).to.deep.equal(blocks.at(-1)!.header.hash)
    await chain.close()
  })

  for (const [hardfork, number, fields] of forks)
    it(`have ${fields} header fields at ${hardfork}, and @ethereumjs/block's hash and roots`, async () => {
      const { header, body } = blocks[number - 1]!
      expect(countFields(header)).to.equal(fields)
      const chain = { ...Mainnet, chainId: Number(everyFork.chainId) }
      const common = new Common({ chain, hardfork })
      const theirs = createBlockFromRLP(joinBlock({ header: header.raw, body }), { common })
      expect(bytesToHex(theirs.hash())).to.equal(bytesToHex(header.hash))
      expect([await theirs.transactionsTrieIsValid(), theirs.uncleHashIsValid()]).to.deep.equal([true, true])
      if (header.withdrawalsRoot) expect(await theirs.withdrawalsTrieIsValid()).to.equal(true)
    })

  for (const [fork, number, field] of [
    ['London', 12, 'baseFee'],
    ['Shanghai', 17, 'withdrawalsRoot'],
    ['Cancun', 18, 'blobGasUsed'],
    ['Prague', 19, 'requestsHash'],
    ['Amsterdam', 23, 'balHash'],
    ['Amsterdam', 23, 'slotNumber'],
  ] as const)
    it(`are refused from ${fork} on without ${field}`, async () => {
      const chain = await Chain.open({ genesis })
      await chain.insertBlocks(blocks.slice(0, number - 1))
      const [short] = makeBlocks(genesis, blocks[number - 2]!.header, 1, {
        change: () => Object.fromEntries(later.slice(later.indexOf(field)).map((name) => [name, undefined])),
      })
      const error = await chain.insertBlocks([short!]).catch((reason: unknown) => reason)
      expect(error).to.include({ name: 'InvalidBlock', reason: 'fields of its fork' })
      await chain.close()
    })

  for (const [what, number, change] of [
    ['London with a base fee', 12, { baseFee: 7n }],
    ['Amsterdam with a list hash', 23, { balHash: genesis.header.hash }],
    ['Amsterdam with a list hash and a slot number', 23, { balHash: genesis.header.hash, slotNumber: 0n }],
  ] as const)
    it(`are refused before ${what}`, async () => {
      const chain = await Chain.open({ genesis })
      await chain.insertBlocks(blocks.slice(0, number - 2))
      const parent = chain.head
      const early = makeBlocks(genesis, parent, 1, { change: () => change })
      const error = await chain.insertBlocks(early).catch((reason: unknown) => reason)
      expect(error).to.include({ name: 'InvalidBlock', reason: 'fields of its fork' })
      await chain.close()
    })

  it('may have any slot number at Amsterdam: no one can say what it should be', async () => {
    const chain = await Chain.open({ genesis })
    await chain.insertBlocks(blocks.slice(0, 22))
    for (const slotNumber of [0n, 2n ** 64n - 1n, 7n]) {
      const [block] = makeBlocks(genesis, chain.head, 1, { change: () => ({ slotNumber }) })
      await chain.insertBlocks([block!])
      expect(chain.head.slotNumber).to.equal(slotNumber)
    }
    await chain.close()
  })

  it('may use as much blob gas as the blob fork in force allows, at Amsterdam and after it', async () => {
    const chain = await Chain.open({ genesis })
    await chain.insertBlocks(blocks.slice(0, 22))
    for (const most of [21n, 32n]) {
      const gas = 131_072n * (most + 1n)
      const [over] = makeBlocks(genesis, chain.head, 1, { change: () => ({ blobGasUsed: gas }) })
      const error = await chain.insertBlocks([over!]).catch((reason: unknown) => reason)
      expect(error).to.include({ name: 'InvalidBlock', reason: 'blob gas used' })
      expect((error as Error).message).to.contain(`${gas} of ${131_072n * most}`)
      await chain.insertBlocks(makeBlocks(genesis, chain.head, 1))
    }
    await chain.close()
  })
})

const later = [
  'baseFee',
  'withdrawalsRoot',
  'blobGasUsed',
  'excessBlobGas',
  'parentBeaconRoot',
  'requestsHash',
  'balHash',
  'slotNumber',
] as const
const countFields = (header: Header) => 15 + later.filter((name) => header[name] !== undefined).length
