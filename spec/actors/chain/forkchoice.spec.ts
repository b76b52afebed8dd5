import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { decodeMarks, encodeMarks } from '../../../actors/chain/forkchoice.ts'
import { keys } from '../../../actors/chain/schema.ts'
import { openStore } from '../../../actors/chain/store.ts'
import { decodeBody } from '../../../protocols/chain/block.ts'
import { txHash } from '../../../protocols/chain/transaction.ts'
import { failureOf } from '../../failure.ts'
import { programOf } from '../../support/project.ts'
import { allAtOnce, genesisOf, makeBlocks } from './make-chain.ts'

describe('a chain that a consensus client leads', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 12)
  /** Stands on block 4; as high as the others, and one higher. */
  const rival = makeBlocks(genesis, blocks[3]!.header, 9, { salt: 1n })
  const hashOf = ({ header }: NewBlock) => header.hash
  const unknown = new Uint8Array(32).fill(9)

  let chain: Chain
  beforeEach(async () => {
    chain = await Chain.open({ genesis })
    await chain.insertBlocks(blocks)
    await chain.storeBlocks(rival)
  })
  afterEach(() => chain.close())

  const canonical = () =>
    Array.from({ length: Number(chain.head.number) }, (_, i) => chain.headerByNumber(BigInt(i + 1))!.hash)
  const expectChain = (...expected: NewBlock[]) => {
    expect(chain.head.hash).to.deep.equal(hashOf(expected.at(-1)!))
    expect(canonical()).to.deep.equal(expected.map(hashOf))
    expect(chain.headerByNumber(chain.head.number + 1n)).to.equal(undefined)
  }

  it('keeps its head where it is when blocks are stored', () => expectChain(...blocks))

  it('goes over to any block it has: a longer branch, an equal one, a shorter, and back', async () => {
    for (const length of [9, 8, 2, 1]) {
      await chain.setForkchoice({ head: hashOf(rival[length - 1]!) })
      expectChain(...blocks.slice(0, 4), ...rival.slice(0, length))
    }
    await chain.setForkchoice({ head: hashOf(blocks[11]!) })
    expectChain(...blocks)
  })

  it('goes back to a block it stands on, even the first', async () => {
    await chain.setForkchoice({ head: hashOf(blocks[5]!) })
    expectChain(...blocks.slice(0, 6))
    await chain.setForkchoice({ head: genesis.header.hash })
    expect(chain.head.hash).to.deep.equal(genesis.header.hash)
    expect(chain.headerByNumber(1n)).to.equal(undefined)
    await chain.setForkchoice({ head: hashOf(blocks[2]!) })
    expectChain(...blocks.slice(0, 3))
  })

  it('reports its head once for each change, and not when there is none', async () => {
    const reported: bigint[] = []
    chain.heads$.subscribe(({ number }) => reported.push(number))
    await chain.setForkchoice({ head: hashOf(blocks[11]!) })
    await chain.setForkchoice({ head: hashOf(rival[8]!) })
    await chain.setForkchoice({ head: hashOf(blocks[3]!) })
    expect(reported).to.deep.equal([13n, 4n])
  })

  it('goes over to a branch that is too long for one write', async () => {
    const long = makeBlocks(genesis, genesis.header, 2_100, { salt: 2n })
    await chain.storeBlocks(long)
    await chain.setForkchoice({ head: hashOf(long.at(-1)!), finalized: hashOf(long[1_500]!) })
    expectChain(...long)
    expect(chain.finalized?.number).to.equal(1_501n)
  })

  it('finds the transactions of its branch, and no others', async () => {
    const [first] = Array.from(decodeBody(rival[3]!.body).transactions.items(), txHash)
    expect(chain.transactionByHash(first!)).to.equal(undefined)
    await chain.setForkchoice({ head: hashOf(rival[8]!) })
    expect(chain.transactionByHash(first!)?.header.hash).to.deep.equal(hashOf(rival[3]!))
    await chain.setForkchoice({ head: hashOf(blocks[11]!) })
    expect(chain.transactionByHash(first!)).to.equal(undefined)
  })

  it('takes no longer branch for its head any more', async () => {
    await chain.setForkchoice({ head: hashOf(blocks[5]!) })
    const longer = makeBlocks(genesis, rival[8]!.header, 3, { salt: 1n })
    await chain.insertBlocks(longer)
    expectChain(...blocks.slice(0, 6))
    expect(chain.hasBlock(hashOf(longer[2]!))).to.equal(true)
  })

  it('takes no longer branch either once it waits for a forkchoice', async () => {
    expect(chain.followsConsensus).to.equal(false)
    await chain.followConsensus()
    expect(chain.followsConsensus).to.equal(true)
    await chain.insertBlocks(makeBlocks(genesis, blocks[11]!.header, 2))
    expectChain(...blocks)
  })

  it('keeps what comes with insertions in order', async () => {
    const more = makeBlocks(genesis, blocks[11]!.header, 2)
    await Promise.all([
      chain.insertBlocks(more),
      chain.setForkchoice({ head: hashOf(more[1]!), finalized: hashOf(more[0]!) }),
      chain.setForkchoice({ head: hashOf(rival[8]!) }),
    ])
    expectChain(...blocks.slice(0, 4), ...rival)
  })

  describe('and its safe and finalized blocks', () => {
    const numbers = () => [chain.safe?.number, chain.finalized?.number]

    it('are not there before a forkchoice names them', async () => {
      expect(numbers()).to.deep.equal([undefined, undefined])
      await chain.setForkchoice({ head: hashOf(blocks[11]!) })
      expect(numbers()).to.deep.equal([undefined, undefined])
    })

    it('are any that the head stands on, itself and the first included', async () => {
      await chain.setForkchoice({ head: hashOf(rival[8]!), safe: hashOf(rival[8]!), finalized: genesis.header.hash })
      expect(numbers()).to.deep.equal([13n, 0n])
      await chain.setForkchoice({ head: hashOf(rival[8]!), safe: hashOf(rival[0]!), finalized: hashOf(blocks[3]!) })
      expect(numbers()).to.deep.equal([5n, 4n])
    })

    it('stay as they are when they are left out', async () => {
      await chain.setForkchoice({ head: hashOf(blocks[11]!), safe: hashOf(blocks[7]!), finalized: hashOf(blocks[2]!) })
      await chain.setForkchoice({ head: hashOf(blocks[10]!), safe: hashOf(blocks[8]!) })
      expect(numbers()).to.deep.equal([9n, 3n])
    })

    it('are not there while they are not on the chain', async () => {
      await chain.setForkchoice({ head: hashOf(blocks[11]!), safe: hashOf(blocks[7]!), finalized: hashOf(blocks[2]!) })
      await chain.setForkchoice({ head: hashOf(rival[8]!) })
      expect(numbers()).to.deep.equal([undefined, 3n])
    })

    for (const [what, forkchoice, block, message] of [
      ['an unknown head', { head: unknown }, 'head', 'head block not available in database'],
      ['an unknown safe block', { safe: unknown }, 'safe', 'safe block not available in database'],
      ['an unknown finalized block', { finalized: unknown }, 'finalized', 'final block not available in database'],
      ['a safe block of another branch', { safe: hashOf(blocks[6]!) }, 'safe', 'safe block not in canonical chain'],
      [
        'a finalized block of another branch',
        { finalized: hashOf(blocks[4]!) },
        'finalized',
        'final block not in canonical chain',
      ],
      [
        'a finalized block above the head',
        { head: hashOf(rival[3]!), finalized: hashOf(rival[4]!) },
        'finalized',
        'final block not in canonical chain',
      ],
    ] as const)
      it(`are refused with ${what}, and nothing is changed`, async () => {
        await chain.setForkchoice({
          head: hashOf(blocks[11]!),
          safe: hashOf(blocks[7]!),
          finalized: hashOf(blocks[2]!),
        })
        const error = await failureOf(chain.setForkchoice({ head: hashOf(rival[8]!), ...forkchoice }))
        expect(error).to.include({ name: 'ForkchoiceError', block, message })
        expectChain(...blocks)
        expect(numbers()).to.deep.equal([8n, 3n])
      })

    it('are kept as 64 bytes, zeros for none', () => {
      for (const marks of [{}, { safe: unknown }, { finalized: unknown }, { safe: unknown, finalized: unknown }])
        expect(decodeMarks(encodeMarks(marks))).to.deep.equal({ safe: undefined, finalized: undefined, ...marks })
      expect(decodeMarks(new Uint8Array(63))).to.equal(undefined)
    })
  })
})

describe('the database of a chain that a consensus client leads', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 60)
  let directory: string
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'peerchart-forkchoice-')), 'chaindata')
  })
  afterEach(() => rm(join(directory, '..'), { recursive: true }))

  const withChain = async (run: (chain: Chain) => unknown) => {
    const chain = await Chain.open({ genesis, directory })
    await run(chain)
    await chain.close()
  }
  const hashAt = (number: number) => blocks[number - 1]!.header.hash

  it('keeps the head, the marks and who leads between two runs', async () => {
    await withChain(async (chain) => {
      await chain.insertBlocks(blocks)
      await chain.setForkchoice({ head: hashAt(40), safe: hashAt(30), finalized: hashAt(20) })
    })
    await withChain(async (chain) => {
      expect([chain.head.number, chain.safe?.number, chain.finalized?.number]).to.deep.equal([40n, 30n, 20n])
      await chain.insertBlocks(makeBlocks(genesis, blocks[59]!.header, 1))
      expect(chain.head.number).to.equal(40n)
    })
  })

  it('keeps that it waits for a head', async () => {
    await withChain((chain) => chain.followConsensus())
    await withChain(async (chain) => {
      await chain.insertBlocks(blocks)
      expect([chain.followsConsensus, chain.head.number]).to.deep.equal([true, 0n])
    })
  })

  it('made before there were marks opens as one that no consensus client leads', async () => {
    await withChain((chain) => chain.insertBlocks(blocks.slice(0, 30)))
    await withChain(async (chain) => {
      expect([chain.followsConsensus, chain.safe, chain.finalized]).to.deep.equal([false, undefined, undefined])
      await chain.insertBlocks(blocks)
      expect(chain.head.number).to.equal(60n)
    })
  })

  it('with marks that are none is refused in one line', async () => {
    await withChain((chain) => chain.followConsensus())
    const store = await openStore(directory)
    await store.write([{ key: keys.forkchoice, value: new Uint8Array(5) }])
    await store.close()
    const error = await Chain.open({ genesis, directory }).catch((reason: unknown) => reason)
    expect(error).to.include({
      name: 'CorruptDatabase',
      message: `database ${directory}: cannot be read: the forkchoice is damaged`,
    })
  })

  it('killed at any moment opens with the head that was reported last, or the one after it', async function () {
    this.timeout(60_000) // four processes, one after the other
    await withChain((chain) => chain.insertBlocks(blocks))
    const rival = makeBlocks(genesis, blocks[19]!.header, 2_500, { salt: 1n })
    await withChain((chain) => chain.storeBlocks(rival))
    const heads = [hashAt(60), rival[49]!.header.hash, rival.at(-1)!.header.hash, hashAt(10)]
    for (let kill = 0; kill < 4; kill++) {
      const reported = await killAfter(startSwitching(directory, heads), 10 + 5 * kill)
      await withChain((chain) => {
        const allowed = [heads[reported % heads.length]!, heads[(reported + 1) % heads.length]!]
        expect(allowed).to.deep.include(chain.head.hash)
        expect(chain.finalized!.number <= chain.head.number).to.equal(true)
        let at = chain.head
        for (; at.number > 0n; at = chain.headerByHash(at.parentHash)!) {
          expect(chain.canonicalHash(at.number)).to.deep.equal(at.hash)
          expect(chain.bodyByHash(at.hash)).to.not.equal(undefined)
        }
        expect(chain.headerByNumber(chain.head.number + 1n)).to.equal(undefined)
      })
    }
  })
})

function startSwitching(directory: string, heads: readonly Uint8Array[]): ChildProcess {
  const args = [
    ...programOf('spec/actors/chain/forkchoice-child'),
    directory,
    ...heads.map((hash) => Buffer.from(hash).toString('hex')),
  ]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Kills `child` with SIGKILL as soon as it has reported `count` heads. @returns the last that it reported, counted from 0 */
async function killAfter(child: ChildProcess, count: number): Promise<number> {
  const exited = once(child, 'exit')
  let reported = ''
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    reported += chunk
    if (reported.split('\n').length > count) child.kill('SIGKILL')
  })
  await exited
  const whole = reported.slice(0, reported.lastIndexOf('\n')).split('\n')
  return Number(whole.at(-1))
}
