import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { ImportError, type ImportProgress, importChain } from '../../../actors/chain/import.ts'
import { loadGenesis } from '../../../actors/chain/load-genesis.ts'
import { joinBlock } from '../../../protocols/chain/block.ts'
import { bytesToHex, concatBytes } from '../../../protocols/lib/bytes.ts'
import { failureOf } from '../../failure.ts'
import { ethtests, requireEthtest } from '../../support/ethtest.ts'
import { allAtOnce, genesisOf, makeBlocks } from './make-chain.ts'

describe('importing a chain file', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 40)
  const bytesOf = (some: readonly NewBlock[]) => some.map(({ header, body }) => joinBlock({ header: header.raw, body }))
  const whole = concatBytes(...bytesOf(blocks))
  /** Where the block of this number begins. */
  const offsetOf = (number: number) => concatBytes(...bytesOf(blocks.slice(0, number - 1))).length

  let directory: string
  let chain: Chain
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerchart-import-'))
    chain = await Chain.open({ genesis })
  })
  afterEach(async () => {
    await chain.close()
    await rm(directory, { recursive: true })
  })
  const file = async (bytes: Uint8Array) => {
    const path = join(directory, 'chain.rlp')
    await writeFile(path, bytes)
    return path
  }

  it('takes all blocks and reports how far it is', async () => {
    const reported: ImportProgress[] = []
    let time = 0
    const now = () => (time += 500)
    const total = await importChain(chain, await file(whole), {
      onProgress: (progress) => reported.push(progress),
      now,
    })
    expect(chain.head.hash).to.deep.equal(blocks.at(-1)!.header.hash)
    expect(total).to.deep.equal({ blocks: 40, bytes: whole.length, totalBytes: whole.length, blocksPerSecond: 80 })
    expect(reported).to.deep.equal([total])
  })

  it('takes them compressed, as `geth export x.gz` writes them', async () => {
    const gzipped = gzipSync(whole)
    const path = await file(gzipped)
    const total = await importChain(chain, path)
    expect(total).to.include({ blocks: 40, bytes: gzipped.length, totalBytes: gzipped.length })
    expect(chain.head.number).to.equal(40n)
  })
  it('keeps what is whole of a compressed file that is cut off', async () => {
    const error = await failureOf(importChain(chain, await file(gzipSync(whole, { level: 0 }).subarray(0, -20))))
    expect(error).to.be.instanceOf(ImportError)
    expect(error.message).to.match(/^chain file \S+: cannot be read: unexpected end of file$/)
    expect([38n, 39n]).to.include(chain.head.number)
  })

  it('goes on where it was cut off', async () => {
    await chain.insertBlocks(blocks.slice(0, 15))
    expect((await importChain(chain, await file(whole))).blocks).to.equal(40)
    expect(chain.head.number).to.equal(40n)
  })

  it('passes over the genesis at the beginning of the file', async () => {
    const first = joinBlock({ header: genesis.header.raw, body: genesis.body })
    await importChain(chain, await file(concatBytes(first, whole)))
    expect(chain.head.number).to.equal(40n)
  })

  it('of nothing does nothing', async () => {
    expect((await importChain(chain, await file(new Uint8Array(0)))).blocks).to.equal(0)
  })

  it('takes a block larger than one read', async () => {
    const long = makeBlocks(genesis, genesis.header, 3)
    const large = {
      header: genesis.header.raw,
      body: concatBytes(Uint8Array.of(0xf9, 0xff, 0xff), new Uint8Array(65_535)),
    }
    const error = await failureOf(importChain(chain, await file(concatBytes(...bytesOf(long), joinBlock(large)))))
    expect(error).to.have.property('name', 'ImportError')
    expect(chain.head.number).to.equal(3n)
  })

  for (const [what, change, number, message] of [
    ['cut off in block 40', (bytes) => bytes.subarray(0, bytes.length - 1), 40, 'value larger than the input'],
    [
      'with a byte after its end',
      (bytes) => concatBytes(bytes, Uint8Array.of(0x07)),
      41,
      'expected a list, got a string',
    ],
    [
      'with a hole before block 20',
      (bytes) => concatBytes(bytes.subarray(0, offsetOf(19)), bytes.subarray(offsetOf(20))),
      20,
      'wrong parent link',
    ],
    [
      'with a flipped bit in block 20',
      (bytes) => bytes.map((byte, i) => (i === offsetOf(20) + 10 ? byte ^ 1 : byte)),
      20,
      'wrong parent link',
    ],
    [
      'with a list for block 20',
      (bytes) => concatBytes(bytes.subarray(0, offsetOf(20)), Uint8Array.of(0xc1, 0xc0)),
      20,
      'unexpected end of input',
    ],
    [
      'that claims 2^40 bytes for block 20',
      (bytes) => concatBytes(bytes.subarray(0, offsetOf(20)), Uint8Array.of(0xfd, 1, 0, 0, 0, 0, 0)),
      20,
      'value larger than the input',
    ],
  ] as [string, (bytes: Uint8Array) => Uint8Array, number, string][])
    it(`${what} keeps the blocks before, and says where it is`, async () => {
      const path = await file(change(whole))
      const error = await failureOf(importChain(chain, path))
      const place = `chain file ${path}: block ${number} at byte ${offsetOf(what.includes('hole') ? 19 : number)}: `
      expect(error).to.have.property('name', 'ImportError')
      expect(error.message.slice(0, place.length)).to.equal(place)
      expect(error.message).to.contain(message).and.not.contain('\n')
      expect(chain.head.number).to.equal(BigInt(what.includes('hole') ? 18 : number - 1))
    })

  it('of another chain stops at its first block', async () => {
    const other = genesisOf({ ...allAtOnce, timeForks: {} })
    const error = await failureOf(
      importChain(chain, await file(concatBytes(...bytesOf(makeBlocks(other, other.header, 3))))),
    )
    expect(error.message).to.match(/: block 1 at byte 0: block 1 \([0-9a-f]{8}…\): wrong parent: unknown$/)
  })

  it('that begins with another genesis says so', async () => {
    const other = genesisOf({ ...allAtOnce, timeForks: {} })
    const first = joinBlock({ header: other.header.raw, body: other.body })
    const error = await failureOf(importChain(chain, await file(first)))
    expect(error.message).to.match(/: block 0 at byte 0: another genesis, 0x[0-9a-f]{64}$/)
  })

  it('that is not there says so in one line', async () => {
    const error = await failureOf(importChain(chain, '/nowhere/chain.rlp'))
    expect(error.message).to.match(/^chain file \/nowhere\/chain.rlp: cannot be read: ENOENT[^\n]*$/)
  })

  for (const ethtest of ethtests)
    it(`of ${basename(ethtest.folder)} takes all blocks, all links and roots verified`, async function () {
      const { genesis, chain: blocks, head, forkHash } = requireEthtest(this, ethtest)
      const other = await Chain.open({ genesis: await loadGenesis(genesis) })
      await importChain(other, blocks)
      expect({ number: other.head.number, hash: bytesToHex(other.head.hash) }).to.deep.equal(head)
      expect(bytesToHex(other.forkId().hash)).to.equal(forkHash)
      await other.close()
    })
})
