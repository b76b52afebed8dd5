import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { parseNodeSet } from '../../actors/cli/node-set.ts'
import { runCli } from '../../actors/cli/program.ts'
import { formatRecord } from '../../protocols/enr/record.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { findDevp2p, requireClient } from '../support/clients.ts'
import { type DiscoveryNetwork, discoveryNetwork, nodeOf } from '../support/discovery-network.ts'

describe("discovery's commands and those of geth's devp2p", function () {
  this.timeout(120_000)
  let devp2p: string
  let dir: string
  let network: DiscoveryNetwork
  let listening: ChildProcess
  /** geth's. */
  let record: string
  before(async function () {
    devp2p = requireClient(this, findDevp2p(), 'devp2p')
    dir = await mkdtemp(join(tmpdir(), 'peerchart-sets-'))
    network = await discoveryNetwork(3)
    const args = ['discovery', 'listen', '--addr', '127.0.0.1:0', '--bootnodes', '']
    listening = spawn(devp2p, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    ;[record] = (await once(createInterface({ input: listening.stdout! }), 'line')) as [string]
  })
  after(async () => {
    if (!network) return
    listening.kill('SIGKILL')
    await once(listening, 'exit')
    await network[Symbol.asyncDispose]()
    await rm(dir, { recursive: true })
  })

  async function ours(...args: string[]): Promise<string> {
    const io = new ScriptedIo()
    expect(await runCli(args, io), io.err).to.equal(0)
    return io.out
  }
  const theirs = async (...args: string[]) => (await promisify(execFile)(devp2p, args)).stdout
  const own = () => formatRecord(nodeOf(network.endpoints[0]!).record!)
  const alone = ['--addr', '127.0.0.1:0', '--bootnodes', '']

  it('find each other', async () => {
    for (const version of ['discv4', 'discv5']) {
      for (const command of ['requestenr', 'resolve'])
        expect(await ours(version, command, record), `${version} ${command}`).to.equal(`${record}\n`)
      expect(await ours(version, 'ping', record)).to.match(/^node responded/)
      expect((await theirs(version, 'resolve', ...alone, own())).trim()).to.equal(own())
    }
    expect((await theirs('discv4', 'requestenr', ...alone, own())).trim()).to.equal(own())
    expect(await theirs('discv4', 'ping', ...alone, own())).to.match(/^node responded/)
  })
  it('write sets that the other reads, counts and filters alike', async () => {
    const [mine, geths] = [join(dir, 'ours.json'), join(dir, 'theirs.json')]
    const bootnodes = [record, ...network.endpoints.map((one) => formatRecord(nodeOf(one).record!))].join()
    await ours('discv4', 'crawl', mine, '--bootnodes', bootnodes, '--json')
    await theirs('discv4', 'crawl', '--addr', '127.0.0.1:0', '--bootnodes', bootnodes, '--timeout', '5s', geths)
    for (const file of [mine, geths]) {
      const nodes = parseNodeSet(await readFile(file, 'utf8'))
      expect(nodes.size, file).to.be.at.least(4)
      expect(await theirs('nodeset', 'info', file)).to.equal(
        (await ours('nodeset', 'info', file)).replace(/Reasons:[\s\S]*/, ''),
      )
      for (const filters of [
        [],
        ['-ip', '127.0.0.1/32'],
        ['-dialable'],
        ['-eth-network', 'mainnet'],
        ['-snap'],
        ['-limit', '1'],
      ]) {
        const both = [
          await theirs('nodeset', 'filter', file, ...filters),
          await ours('nodeset', 'filter', file, ...filters.map((one) => one.replace(/^-/, '--'))),
        ].map((text) => [...parseNodeSet(text)].map(([id]) => id).sort())
        if (filters[0] === '-limit') expect(both.map((ids) => ids.length)).to.deep.equal([1, 1])
        else expect(both[1], `${filters}`).to.deep.equal(both[0])
      }
    }
    // Each goes on from the other's.
    await ours('discv4', 'crawl', geths, '--recheck', '1ms', '--no-dial', '--json')
    await theirs('discv4', 'crawl', '--addr', '127.0.0.1:0', '--bootnodes', bootnodes, '--timeout', '5s', mine)
    for (const file of [mine, geths]) expect(parseNodeSet(await readFile(file, 'utf8')).size).to.be.at.least(4)
    await writeFile(join(dir, 'nodes.json'), await readFile(mine))
  })
})
