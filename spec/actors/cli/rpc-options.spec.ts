import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import type { NodeOptions } from '../../../actors/peerchart/node-options.ts'
import { rpcLimits } from '../../../actors/rpc/options.ts'
import { ScriptedIo } from './scripted-io.ts'
import { StandInNode } from './stand-in-node.ts'

describe('the RPC of peerchart start', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-rpc-options-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  /** `@` stands for the spec's directory. */
  async function start(line: string) {
    let given: NodeOptions = {}
    const io = new ScriptedIo(async (options) => {
      given = options ?? {}
      return new StandInNode().asNode
    })
    const args = `start --for 1ms --verbosity 0 ${line}`.replaceAll('@', dir).split(' ').filter(Boolean)
    const status = await runCli(args, io)
    const { limits, ...rpc } = given.rpc ?? {}
    return { status, err: io.err, rpc, limits }
  }
  const served = async (line: string) => {
    const { status, err, rpc } = await start(line)
    expect({ status, err }).to.deep.equal({ status: 0, err: '' })
    return rpc
  }
  const refused = async (line: string, complaint: RegExp) => {
    const { status, err } = await start(line)
    expect(status).to.equal(1)
    expect(err)
      .to.match(/^error: [^\n]+\n$/)
      .and.match(complaint)
  }

  it('is nothing without a datadir, and a socket there with one', async () => {
    expect(await served('')).to.deep.equal({})
    expect(await served('--datadir @/d')).to.deep.equal({ ipc: join(dir, 'd/peerchart.ipc') })
    expect(await served('--datadir @/d --ipcdisable')).to.deep.equal({})
  })
  it('has its socket where it is asked to', async () => {
    expect(await served('--datadir @/d --ipcpath x.ipc')).to.deep.equal({ ipc: join(dir, 'd/x.ipc') })
    expect(await served('--datadir @/d --ipcpath @/y/x.ipc')).to.deep.equal({ ipc: join(dir, 'y/x.ipc') })
    expect(await served('--ipcpath x.ipc')).to.deep.equal({ ipc: join(tmpdir(), 'x.ipc') })
  })
  it("has geth's defaults over HTTP and WebSocket", async () => {
    const api = ['net', 'web3', 'eth']
    expect(await served('--http --ws')).to.deep.equal({
      http: { host: '127.0.0.1', port: 8545, api, corsdomain: [], vhosts: ['localhost'], rpcprefix: '' },
      ws: { host: '127.0.0.1', port: 8546, api, origins: [], rpcprefix: '' },
    })
    expect((await start('')).limits).to.deep.include({
      ...{ bodyBytes: rpcLimits.bodyBytes, batchItems: 1_000, batchResponseBytes: 25_000_000, readTimeout: 30_000 },
    })
  })
  it("takes geth's flags", async () => {
    const http =
      '--http --http.addr ::1 --http.port 1 --http.api admin,eth --http.corsdomain a,b --http.vhosts * --http.rpcprefix /r'
    const ws = '--ws --ws.addr 0.0.0.0 --ws.port 2 --ws.api net --ws.origins * --ws.rpcprefix /w'
    expect(await served(`${http} ${ws}`)).to.deep.equal({
      http: { host: '::1', port: 1, api: ['admin', 'eth'], corsdomain: ['a', 'b'], vhosts: ['*'], rpcprefix: '/r' },
      ws: { host: '0.0.0.0', port: 2, api: ['net'], origins: ['*'], rpcprefix: '/w' },
    })
    const { limits } = await start('--rpc.batch-request-limit 7 --rpc.batch-response-max-size 8')
    expect(limits).to.include({ batchItems: 7, batchResponseBytes: 8 })
  })
  it('takes what a file says, and flags over it', async () => {
    await writeFile(
      join(dir, 'c.toml'),
      '[Node]\nHTTPHost = "::1"\nHTTPPort = 5\nHTTPModules = []\nIPCPath = "/z/x.ipc"\n[Node.HTTPTimeouts]\nIdleTimeout = 5000000000\n',
    )
    const config = '--config @/c.toml'
    expect(await served(config)).to.deep.include({ ipc: '/z/x.ipc' })
    expect((await served(config)).http)
      .to.include({ host: '::1', port: 5 })
      .and.deep.include({ api: [] })
    expect((await served(`${config} --http --http.addr 127.0.0.2 --ipcdisable`)).http).to.include({ host: '127.0.0.2' })
    expect((await served(`${config} --http.port 6`)).http).to.include({ host: '::1', port: 6 })
    expect((await start(config)).limits).to.include({ idleTimeout: 5_000 })
  })
  it('is the same from a dumped file', async () => {
    const line = '--datadir @/d --http --ws --ws.port 0 --http.api admin --authrpc.port 0'
    const io = new ScriptedIo()
    expect(await runCli(['dumpconfig', ...line.replaceAll('@', dir).split(' '), join(dir, 'c.toml')], io)).to.equal(0)
    expect(await served('--config @/c.toml')).to.deep.equal(await served(line))
  })

  describe('for a consensus client', () => {
    it('is there as soon as anything of it is set', async () => {
      expect((await served('--datadir @/d')).auth).to.equal(undefined)
      for (const flag of ['--authrpc.addr 127.0.0.1', '--authrpc.port 8551', '--authrpc.vhosts localhost'])
        expect((await served(`--datadir @/d ${flag}`)).auth).to.deep.include({
          ...{ host: '127.0.0.1', port: 8551, vhosts: ['localhost'] },
        })
      await writeFile(join(dir, 'c.toml'), `[Node]\nDataDir = "${dir}/d"\nAuthPort = 7\n`)
      expect((await served('--config @/c.toml')).auth).to.include({ host: '127.0.0.1', port: 7 })
      await writeFile(join(dir, 'c.toml'), `[Node]\nDataDir = "${dir}/d"\nAuthAddr = ""\nAuthPort = 7\n`)
      expect((await served('--config @/c.toml')).auth).to.equal(undefined)
    })
    it('has its secret in the datadir: to be made there, or the one that is there', async () => {
      const path = join(dir, 'd/peerchart/jwtsecret')
      expect((await served('--datadir @/d --authrpc.port 0')).auth).to.include({ secret: path })
      await writeFile(path, 'cd'.repeat(32), { flag: 'wx' })
      expect((await served('--datadir @/d --authrpc.port 0')).auth).to.deep.include({
        secret: new Uint8Array(32).fill(0xcd),
      })
    })
    it('has the secret that it is given', async () => {
      await writeFile(join(dir, 'jwt.hex'), `0x${'ab'.repeat(32)}\n`)
      const { auth } = await served('--authrpc.jwtsecret @/jwt.hex')
      expect(auth!.secret).to.deep.equal(new Uint8Array(32).fill(0xab))
    })
    it('is refused a secret that is none, or none at all', async () => {
      await writeFile(join(dir, 'jwt.hex'), 'abc')
      await refused('--authrpc.jwtsecret @/jwt.hex', /invalid JWT secret in \S+jwt\.hex/)
      await refused('--authrpc.port 0', /give --authrpc\.jwtsecret, or a --datadir/)
    })
  })

  for (const [line, complaint] of [
    ['--http.port 1', /--http\.port does nothing without --http/],
    ['--http.addr 127.0.0.1', /--http\.addr does nothing without --http/],
    ['--ws.api eth --http', /--ws\.api does nothing without --ws/],
    ['--metrics.port 1', /--metrics\.port does nothing without --metrics/],
    ['--ipcdisable --ipcpath x', /'--ipcpath <path>' cannot be used with option '--ipcdisable'/],
    ['--http --http.port 65536', /Want a whole number from 0 to 65535/],
    ['--http --http.rpcprefix rpc', /Want a path that begins with \//],
    ['--http --http.rpcprefix /a?b', /Want a path that begins with \//],
    ['--rpc.batch-request-limit 0', /Want a whole number from 1/],
    ['--log.vmodule peer', /Want names and levels, as peer=5,rpc=4/],
  ] as const)
    it(`refuses \`${line}\``, () => refused(line, complaint))
})
