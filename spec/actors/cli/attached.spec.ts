import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { RpcClient } from '../../../actors/rpc/client.ts'
import { PeerchartProcesses, seen } from './peerchart-process.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('two processes of peerchart start, asked from the command line', function () {
  this.timeout(60_000)
  const processes = new PeerchartProcesses()
  let dir: string
  let one: Started
  let two: Started

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-attached-'))
    await writeFile(join(dir, 'genesis.json'), JSON.stringify(devGenesisJson))
    one = await start('one', '--http', '--http.port', '0', '--ws', '--ws.port', '0', '--http.api', 'admin,eth')
    two = await start('two')
  })
  after(async () => {
    processes.endAll()
    await rm(dir, { recursive: true, force: true })
  })

  type Started = { readonly datadir: string; readonly enode: string; readonly urls: readonly string[] }

  /** Resolves when the node has said where it listens. */
  async function start(name: string, ...args: string[]): Promise<Started> {
    const datadir = join(dir, name)
    const flags = [
      '--no-execute',
      '--datadir',
      datadir,
      '--genesis',
      join(dir, 'genesis.json'),
      '--port',
      '0',
      '--json-logs',
      ...args,
    ]
    const { child } = processes.start('start', ...flags)
    const log = await seen(child.stderr, /"Started P2P networking"[^\n]*\n/)
    const lines = log
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
    const where = lines.filter(({ message }) => message === 'HTTP server started' || message === 'WebSocket enabled')
    const { self } = lines.find(({ message }) => message === 'Started P2P networking')
    return { datadir, enode: self, urls: where.map(({ endpoint, url }) => endpoint ?? url) }
  }
  const run = async (...args: string[]) => {
    const io = new ScriptedIo()
    const status = await runCli(args, io)
    expect({ status, err: io.err }).to.deep.equal({ status: 0, err: '' })
    return io.out
  }
  const exec = async (target: string, call: string) => JSON.parse(await run('attach', target, '--exec', call))

  it('meet, are listed, and part', async () => {
    const at = ['--datadir', one.datadir]
    const events = await RpcClient.connect(join(one.datadir, 'peerchart.ipc'))
    const happened = new Set<string>()
    let look = () => {}
    await events.subscribe('admin', ['peerEvents'], (event) => {
      happened.add((event as { type: string }).type)
      look()
    })
    const until = (type: string) =>
      new Promise<void>((resolve) => {
        look = () => {
          if (happened.has(type)) resolve()
        }
        look()
      })

    expect(await run('peers', ...at)).to.equal('no peers\n')
    await run('add', two.enode, ...at)
    await until('add')
    const [peer] = JSON.parse(await run('peers', '--json', ...at))
    expect(peer.network).to.include({ inbound: false, static: true })
    expect(await run('peers', ...at)).to.match(/\n[0-9a-f]{8} +Peerchart\/v.* outbound \(static\) +127\.0\.0\.1:\d+ /)
    await run('remove', two.enode, ...at)
    await until('drop')
    expect(await run('peers', ...at)).to.equal('no peers\n')
    events.close()
  })
  it('say who they are over every endpoint', async () => {
    const [http, ws] = one.urls
    for (const target of [http!, ws!.replace(/\/$/, ''), join(one.datadir, 'peerchart.ipc')])
      expect(await exec(target, 'eth.getBlockByNumber("0x0", false).number')).to.equal('0x0')
    expect(await exec(http!, 'admin.nodeInfo.enode')).to.equal(one.enode)
    expect(await run('node', '--datadir', two.datadir)).to.contain(two.enode)
  })
  it('let no one else at their sockets', async () => {
    expect((await stat(join(one.datadir, 'peerchart.ipc'))).mode & 0o777).to.equal(0o600)
  })
  it('answer a process that reads its calls from a pipe', async () => {
    const { child, out, err, ended } = processes.start('attach', '--datadir', two.datadir)
    child.stdin.end('eth.blockNumber\nadmin.datadir\nnonsense(\n')
    expect(await ended).to.deep.equal({ code: 1, signal: null })
    expect(await out).to.equal(`"0x0"\n${JSON.stringify(two.datadir)}\n`)
    expect(await err).to.match(/^error: the arguments do not end[^\n]*\nerror: 1 of 3 calls failed\n$/)
  })
})
