import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import { openStore } from '../../../actors/chain/store.ts'
import { failureOf } from '../../failure.ts'
import { programOf } from '../../support/project.ts'
import { allAtOnce, everyFork, genesisOf, makeBlocks } from './make-chain.ts'

describe('the database of a chain', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 900)
  let directory: string
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'peerchart-store-')), 'chaindata')
  })
  afterEach(() => rm(join(directory, '..'), { recursive: true }))

  const open = () => Chain.open({ genesis, directory })
  const withChain = async (run: (chain: Chain) => unknown) => {
    const chain = await open()
    await run(chain)
    await chain.close()
  }
  const contents = async () => {
    const names = (await readdir(directory)).filter((name) => !/^LOG|LOCK/.test(name)).sort()
    return Promise.all(names.map(async (name) => [name, (await readFile(join(directory, name))).toString('hex')]))
  }
  const find = async (ending: string) =>
    join(directory, (await readdir(directory)).find((name) => name.endsWith(ending))!)

  it('keeps the head and every block between two runs', async () => {
    await withChain((chain) => chain.insertBlocks(blocks.slice(0, 50)))
    await withChain((chain) => {
      expect(chain.head.hash).to.deep.equal(blocks[49]!.header.hash)
      for (const { header, body } of blocks.slice(0, 50)) {
        expect(chain.headerByNumber(header.number)!.raw).to.deep.equal(header.raw)
        expect(chain.bodyByHash(header.hash)).to.deep.equal(body)
      }
    })
  })

  it('is refused to a second process, and the first goes on', async () => {
    await withChain(async (chain) => {
      const error = await failureOf(open())
      expect(error).to.include({
        name: 'DatabaseLocked',
        message: `datadir already used by another process: ${directory} is locked`,
      })
      await chain.insertBlocks(blocks.slice(0, 3))
      expect(chain.head.number).to.equal(3n)
    })
  })

  it('of another genesis is refused and left as it is', async () => {
    await withChain((chain) => chain.insertBlocks(blocks.slice(0, 3)))
    const other = genesisOf(everyFork)
    const error = await Chain.open({ genesis: other, directory }).catch((reason: unknown) => reason)
    expect(error).to.have.property('name', 'WrongGenesis')
    expect(String(error)).to.match(/: database [^\n]* belongs to genesis 0x[0-9a-f]{64}, not 0x[0-9a-f]{64}$/)
    await withChain((chain) => expect(chain.head.number).to.equal(3n))
  })

  for (const [what, damage] of [
    ['whose CURRENT is garbage', () => writeFile(join(directory, 'CURRENT'), 'garbage\n')],
    ['whose CURRENT is gone', () => rm(join(directory, 'CURRENT'))],
    ['whose manifest is gone', async () => rm(await find((await readFile(join(directory, 'CURRENT'), 'utf8')).trim()))],
    [
      'whose manifest is garbage',
      async () => writeFile(await find((await readFile(join(directory, 'CURRENT'), 'utf8')).trim()), 'x'.repeat(500)),
    ],
  ] as [string, () => Promise<void>][])
    it(`${what} is refused in one line, and nothing is written over it`, async () => {
      await withChain((chain) => chain.insertBlocks(blocks.slice(0, 30)))
      await damage()
      const before = await contents()
      const error = await failureOf(open())
      expect(error).to.have.property('name', 'CorruptDatabase')
      expect(error.message).to.match(/^database [^\n]*: cannot be read: [^\n]+$/)
      expect(await contents()).to.deep.equal(before)
    })

  it('whose log is garbage is refused, however often', async () => {
    await withChain((chain) => chain.insertBlocks(blocks.slice(0, 30)))
    const log = await find('.log')
    await writeFile(log, 'x'.repeat((await readFile(log)).length))
    // LevelDB drops the log when it opens: from then on its files look like none.
    for (let i = 0; i < 3; i++) expect(await failureOf(open())).to.have.property('name', 'CorruptDatabase')
  })

  it('whose log lost its end opens at an earlier head, and goes on', async () => {
    await withChain(async (chain) => {
      for (let at = 0; at < 30; at += 10) await chain.insertBlocks(blocks.slice(at, at + 10))
    })
    const log = await find('.log')
    await truncate(log, (await readFile(log)).length - 100)
    await withChain(async (chain) => {
      expect(chain.head.number).to.equal(20n)
      await chain.insertBlocks(blocks.slice(0, 30))
      expect(chain.head.number).to.equal(30n)
    })
  })

  it('in which a block is missing is refused', async () => {
    await withChain((chain) => chain.insertBlocks(blocks.slice(0, 30)))
    const store = await openStore(directory)
    const { number, hash } = blocks[19]!.header
    const key = new Uint8Array([0x62, ...new Uint8Array(7), Number(number), ...hash])
    await store.write([{ key }])
    await store.close()
    expect((await failureOf(open())).message).to.equal(`database ${directory}: cannot be read: block 20 has no body`)
  })

  it('cannot be where a file is', async () => {
    await writeFile(directory, 'a file')
    expect(await failureOf(open())).to.have.property('name', 'CorruptDatabase')
    expect(await readFile(directory, 'utf8')).to.equal('a file')
  })

  it('killed again and again during an import opens and goes on to the same end', async function () {
    this.timeout(60_000) // four processes, one after the other
    const head = blocks.at(-1)!.header
    let seen = 0
    let code: number | null = null
    for (let kill = 0; code !== 0; kill++) {
      const child = startImport(directory, blocks.length)
      code = await killAfter(child, kill < 3 ? seen + 100 + 61 * kill : Infinity)
      await withChain((chain) => {
        expect(chain.head.number >= BigInt(seen)).to.equal(true)
        seen = Number(chain.head.number)
        expect(chain.head.hash).to.deep.equal((blocks[seen - 1]?.header ?? genesis.header).hash)
        for (const { header, body } of blocks.slice(0, seen)) {
          expect(chain.canonicalHash(header.number)).to.deep.equal(header.hash)
          expect(chain.bodyByHash(header.hash)).to.deep.equal(body)
        }
      })
      expect(kill).to.be.lessThan(10)
    }
    await withChain((chain) => expect(chain.head.hash).to.deep.equal(head.hash))
  })
})

function startImport(directory: string, count: number): ChildProcess {
  return spawn(process.execPath, [...programOf('spec/actors/chain/import-child'), directory, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Kills `child` with SIGKILL as soon as it has reported a head of `number` or more. @returns its exit code, null when killed */
async function killAfter(child: ChildProcess, number: number): Promise<number | null> {
  const exited = once(child, 'exit')
  child.stdout!.on('data', (chunk: Buffer) => {
    const reported = Number(chunk.toString().trim().split('\n').at(-1))
    if (reported >= number) child.kill('SIGKILL')
  })
  const [code] = await exited
  return code
}
