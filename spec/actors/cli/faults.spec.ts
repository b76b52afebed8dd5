import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { devChainFile } from '../chain/dev-chain.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('peerchart start on files that are not what they should be', () => {
  let dir: string
  let blocks: Uint8Array
  const at = (...names: string[]) => join(dir, ...names)

  before(async function () {
    this.timeout(60_000)
    blocks = await devChainFile(4)
  })
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-faults-'))
    await writeFile(at('genesis.json'), JSON.stringify(devGenesisJson))
    await writeFile(at('chain.rlp'), blocks)
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  /** `@` stands for the spec's directory. */
  async function start(line: string) {
    const io = new ScriptedIo(createNode)
    const args = `start --host 127.0.0.1 --port 0 --for 1ms --summary --verbosity 0 --no-execute ${line}`.replaceAll(
      '@',
      dir,
    )
    const status = await runCli(args.split(' '), io)
    return { status, out: io.out, err: io.err }
  }
  async function expectRefusal(line: string, complaint: RegExp, mayChange = /^$/) {
    const before = await contentOf(dir)
    const { status, out, err } = await start(line)
    expect({ status, out }).to.deep.equal({ status: 1, out: '' })
    expect(err).to.match(/^error: [^\n]+\n$/)
    expect(err).to.match(complaint)
    const after = await contentOf(dir)
    for (const [file, content] of before) if (!mayChange.test(file)) expect(after.get(file), file).to.equal(content)
  }
  const made = '--genesis @/genesis.json --datadir @/data'
  const make = async () => {
    const { status, out } = await start(`${made} --import @/chain.rlp`)
    expect(status).to.equal(0)
    expect(JSON.parse(out)).to.include({ head: 4 })
  }

  it('runs when they are', async () => {
    await make()
    expect(JSON.parse((await start(made)).out)).to.include({ head: 4, errors: 0 })
    expect(await readFile(at('data/peerchart/nodekey'), 'utf8')).to.match(/^[0-9a-f]{64}$/)
  })

  it('refuses a genesis that is not there', () =>
    expectRefusal('--genesis @/no.json', /no\.json cannot be read.*ENOENT/))
  it('refuses a directory for a genesis', () => expectRefusal('--genesis @', /cannot be read.*EISDIR/))
  for (const [what, text] of Object.entries({
    'no JSON': 'hello',
    nothing: '',
    'a list': '[]',
    'an empty object': '{}',
    'half of one': JSON.stringify(devGenesisJson).slice(0, 300),
  }))
    it(`refuses a genesis of ${what}`, async () => {
      await writeFile(at('genesis.json'), text)
      await expectRefusal(made, /invalid genesis: .*; give --genesis a genesis\.json/)
    })

  it('refuses a chain that is not there', () => expectRefusal(`${made} --import @/no.rlp`, /no\.rlp.*ENOENT/))
  it('refuses a chain that is no RLP', async () => {
    await writeFile(at('chain.rlp'), 'hello')
    await expectRefusal(`${made} --import @/chain.rlp`, /chain\.rlp: block \S+ at byte 0/)
  })
  it('refuses a chain of another genesis', () =>
    expectRefusal('--network sepolia --datadir @/data --import @/chain.rlp', /chain\.rlp: block 1 at byte 0/))
  it('keeps what comes before a chain is cut off', async () => {
    await writeFile(at('chain.rlp'), blocks.subarray(0, -1))
    await expectRefusal(
      `${made} --import @/chain.rlp`,
      /chain\.rlp: block 4 at byte \d+: .*; what came before it is kept/,
    )
    expect(JSON.parse((await start(made)).out)).to.include({ head: 3 })
  })

  it('refuses a file for a datadir', () =>
    expectRefusal('--genesis @/genesis.json --datadir @/chain.rlp', /chain\.rlp/))
  for (const more of ['', '--nodekeyhex '.concat('1'.repeat(64)), '--authrpc.port 0'])
    it(`refuses a datadir where none can be made${more && `, with ${more.split(' ')[0]}`}`, async function () {
      if (!existsSync('/proc/self')) this.skip()
      await expectRefusal(`--genesis @/genesis.json --datadir /proc/none ${more}`.trim(), /ENOENT.*'\/proc\/none'/)
    })
  it('refuses a node key that is none', async () => {
    await mkdir(at('data/peerchart'), { recursive: true })
    await writeFile(at('data/peerchart/nodekey'), 'secret')
    await expectRefusal(made, /nodekey: node key too short.*; restore it, or move it away/)
  })
  it('refuses a database of another genesis, and leaves it usable', async () => {
    await make()
    // An opened database moves its own log into a table: what it says must stay, not its files.
    await expectRefusal('--network sepolia --datadir @/data', /belongs to genesis 0x.*; choose another/, /chaindata/)
    expect(JSON.parse((await start(made)).out)).to.include({ head: 4 })
  })
  it('refuses a database that another node has open', async () => {
    await make()
    const node = await createNode({ genesis: devGenesisJson, datadir: at('data') })
    await expectRefusal(made, /datadir already used by another process: .* is locked; stop that process/)
    await node.stop()
  })
  for (const file of ['CURRENT', 'MANIFEST'])
    it(`refuses a database with a damaged ${file}`, async () => {
      await make()
      const names = (await readdir(at('data/peerchart/chaindata'))).filter((name) => name.startsWith(file))
      for (const name of names) await writeFile(at('data/peerchart/chaindata', name), 'damaged')
      await expectRefusal(made, /cannot be read: .*; restore it, or remove that directory/)
    })

  describe('and on a port that is taken', () => {
    let other: Server
    beforeEach((done) => {
      other = createServer().listen(0, '127.0.0.1', done)
    })
    afterEach((done) => {
      other.close(done)
    })
    it('refuses it', async () => {
      const { port } = other.address() as { port: number }
      await expectRefusal(
        `--genesis @/genesis.json --port ${port}`,
        /address already in use.*; choose another with --port/,
      )
    })
    it('refuses it to the inspector', async () => {
      const { port } = other.address() as { port: number }
      await expectRefusal(
        `--genesis @/genesis.json --port 0 --inspect ${port}`,
        /inspector: .*address already in use; choose another port with --inspect/,
      )
    })
  })
})

/** Every file below `dir` but LevelDB's own log and lock, which it touches whenever it looks. */
async function contentOf(dir: string): Promise<Map<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !/^LO(G|G\.old|CK)$/.test(entry.name))
  const contents = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name)
    return [path, await readFile(path, 'base64')] as const
  })
  return new Map(await Promise.all(contents))
}
