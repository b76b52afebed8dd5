import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import { isContent, keys } from '../../../actors/chain/schema.ts'
import { blockWrites, piecesOf, receiptsWrite } from '../../../actors/chain/stored-chain.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { allAtOnce, genesisOf, makeBlocks } from './make-chain.ts'

describe('what is written of blocks', () => {
  const genesis = genesisOf(allAtOnce)
  const [block] = makeBlocks(genesis, genesis.header, 1)
  const blockOf = (body: Uint8Array) => ({ header: block!.header, body })

  it('is one write, as long as it is little', () => {
    const writes = blockWrites(blockOf(new Uint8Array(1_000)))
    expect(piecesOf(writes)).to.deep.equal({ ahead: [], rest: writes })
  })

  it('is written in pieces of 1 MiB or one value, and the number under the hash, without which they are not there, last', () => {
    const small = Array.from({ length: 25 }, () => blockWrites(blockOf(new Uint8Array(100_000)))).flat()
    const big = [
      ...blockWrites(blockOf(new Uint8Array(3 << 20))),
      receiptsWrite(block!.header, new Uint8Array(2 << 20)),
    ]
    const { ahead, rest } = piecesOf([...small, ...big])
    expect(ahead.map((piece) => piece.length)).to.deep.equal([10, 10, 5, 1, 1])
    expect(ahead.flat().every(({ key }) => isContent(key))).to.equal(true)
    expect(rest.some(({ key }) => isContent(key))).to.equal(false)
    expect(ahead.flat().length + rest.length).to.equal(small.length + big.length)
  })

  it('is all there when the database is opened again', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'peerchart-pieces-'))
    const transactions = [encodeRlp(['', '', '', '', '', new Uint8Array(3_000_000).fill(7), 27, 1, 1])]
    const blocks = makeBlocks(genesis, genesis.header, 2, { transactions })
    const written = await Chain.open({ genesis, directory })
    await written.insertBlocks(blocks)
    await written.close()
    const read = await Chain.open({ genesis, directory })
    expect(read.head.number).to.equal(2n)
    for (const { header, body } of blocks) expect(Buffer.compare(read.bodyByHash(header.hash)!, body)).to.equal(0)
    await read.close()
    await rm(directory, { recursive: true })
  })

  it('knows contents by their keys', () => {
    const { hash } = block!.header
    expect([keys.body(1n, hash), keys.accessList(1n, hash), keys.receipts(1n, hash)].map(isContent)).to.deep.equal([
      true,
      true,
      true,
    ])
    expect([keys.header(1n, hash), keys.canonical(1n), keys.number(hash), keys.head].map(isContent)).to.deep.equal([
      false,
      false,
      false,
      false,
    ])
  })
})
