import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import type { NodeOptions } from '../../../actors/peerchart/node-options.ts'
import { ScriptedIo } from './scripted-io.ts'
import { StandInNode } from './stand-in-node.ts'

describe('--config and dumpconfig', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-config-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))
  const at = (name: string) => join(dir, name)

  async function run(...args: string[]) {
    const given: NodeOptions[] = []
    const io = new ScriptedIo(async (options) => {
      given.push(options ?? {})
      return new StandInNode().asNode
    })
    const status = await runCli(args, io)
    const [{ log: _, ...options } = {}] = given
    return { status, out: io.out, err: io.err, options }
  }
  const start = (...args: string[]) => run('start', '--for', '1ms', '--json-logs', ...args)
  const flags = ['--datadir', '/d', '--network', 'hoodi', '--port', '7', '--host', '::1', '--maxpeers', '9', '--nodial']

  it('start the node that the flags would have started', async () => {
    expect((await run('dumpconfig', ...flags, at('c.toml'))).out).to.equal('')
    const { status, options } = await start('--config', at('c.toml'))
    expect(status).to.equal(0)
    expect(options).to.deep.equal((await start(...flags)).options)
  })
  it('are the same again when dumped again', async () => {
    const { out } = await run('dumpconfig', ...flags)
    await writeFile(at('c.toml'), out)
    expect((await run('dumpconfig', '--config', at('c.toml'))).out).to.equal(out)
  })
  it('let flags win over the file, each for itself', async () => {
    await writeFile(at('c.toml'), '[Node.P2P]\nMaxPeers = 3\nListenAddr = "[::1]:7"\nNoDial = true\n')
    const { options } = await start('--config', at('c.toml'), '--port', '8', '--maxpeers', '4')
    expect(options).to.include({ host: '::1', port: 8, maxPeers: 4, noDial: true })
  })
  it('let a network on the command line win over the genesis of the file', async () => {
    await writeFile(at('c.toml'), '[Peerchart]\nGenesis = "g.json"\n')
    expect((await start('--config', at('c.toml'))).options).to.include({ genesis: 'g.json' })
    const { options } = await start('--config', at('c.toml'), '--network', 'sepolia')
    expect(options).to.include({ network: 'sepolia' }).and.not.to.have.property('genesis')
  })
  it('know a public network by its id', async () => {
    await writeFile(at('c.toml'), '[Eth]\nNetworkId = 11155111\n')
    expect((await start('--config', at('c.toml'))).options).to.include({ network: 'sepolia', networkId: 11155111n })
    expect((await start('--networkid', '560048')).options).to.include({ network: 'hoodi' })
    expect((await start('--networkid', '7')).options).to.include({ network: 'mainnet', networkId: 7n })
    expect((await start('--networkid', '1', '--genesis', 'g')).options).not.to.have.property('network')
  })
  it('refuse a file that says both', async () => {
    await writeFile(at('c.toml'), '[Peerchart]\nGenesis = "g.json"\nNetwork = "hoodi"\n')
    const { status, err } = await start('--config', at('c.toml'))
    expect(status).to.equal(1)
    expect(err).to.match(/^error: [^\n]*c\.toml: Peerchart\.Genesis and Peerchart\.Network exclude each other[^\n]*\n$/)
  })
  it("warn which keys of geth's own file do nothing", async () => {
    await writeFile(at('c.toml'), '[Eth]\nHistoryMode = "all"\n[Node.P2P]\nMaxPeers = 3\nDialRatio = 3\n')
    const { status, err, options } = await start('--config', at('c.toml'))
    expect(status).to.equal(0)
    expect(options).to.include({ maxPeers: 3 })
    expect(JSON.parse(err.split('\n')[0]!)).to.include({ level: 'warn', keys: 'Eth.HistoryMode,Node.P2P.DialRatio' })
  })
  it('refuse a file that is not there, or is no file, in one line', async () => {
    for (const path of [at('no.toml'), dir]) {
      const { status, out, err } = await run('dumpconfig', '--config', path)
      expect({ status, out }).to.deep.equal({ status: 1, out: '' })
      expect(err).to.match(/^error: [^\n]+ cannot be read: E(NOENT|ISDIR)[^\n]+\n$/)
    }
  })
  it('refuse a key that is not known', async () => {
    await writeFile(at('c.toml'), '[Node.P2P]\nMaxPear = 3\n')
    const { status, err } = await run('start', '--config', at('c.toml'))
    expect(status).to.equal(1)
    expect(err).to.equal(`error: ${at('c.toml')}:2: unknown key Node.P2P.MaxPear; did you mean Node.P2P.MaxPeers?\n`)
  })
  it('refuse to write where there is no directory', async () => {
    const { status, err } = await run('dumpconfig', at('no/c.toml'))
    expect(status).to.equal(1)
    expect(err).to.match(/^error: ENOENT[^\n]+\n$/)
  })
  it('write what they print', async () => {
    await run('dumpconfig', at('c.toml'))
    expect(await readFile(at('c.toml'), 'utf8')).to.equal((await run('dumpconfig')).out)
  })
})
