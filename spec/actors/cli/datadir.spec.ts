import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { devChainFile } from '../chain/dev-chain.ts'
import { PeerchartProcesses, seen } from './peerchart-process.ts'

describe('a datadir', function () {
  this.timeout(60_000)
  const processes = new PeerchartProcesses()
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-datadir-'))
    await writeFile(join(dir, 'genesis.json'), JSON.stringify(devGenesisJson))
    await writeFile(join(dir, 'chain.rlp'), await devChainFile(6))
  })
  afterEach(async () => {
    processes.endAll()
    await rm(dir, { recursive: true })
  })
  const start = (...more: string[]) => {
    const files = ['--no-execute', '--genesis', join(dir, 'genesis.json'), '--datadir', join(dir, 'data')]
    return processes.start('start', '--port', '0', ...files, ...more)
  }

  it('belongs to one process: a second exits with 1 and one line', async () => {
    const first = start()
    await seen(first.child.stderr, /Started P2P networking/)
    const second = start('--authrpc.port', '0')
    expect(await second.ended).to.deep.equal({ code: 1, signal: null })
    expect(await second.out).to.equal('')
    expect(await second.err).to.match(
      /^error: datadir already used by another process: [^\n]+; stop that process, [^\n]+\n$/,
    )
    expect(await readdir(join(dir, 'data', 'peerchart'))).to.have.members(['chaindata', 'nodekey'])
  })

  it('outlives a process that is killed: same identity, same head', async () => {
    const killed = start('--import', join(dir, 'chain.rlp'))
    const log = await seen(killed.child.stderr, /Started P2P networking/)
    killed.child.kill('SIGKILL')
    expect(await killed.ended).to.deep.equal({ code: null, signal: 'SIGKILL' })
    const next = start('--for', '1ms', '--summary')
    expect(await next.ended).to.deep.equal({ code: 0, signal: null })
    const { enode, head } = JSON.parse(await next.out)
    expect(head).to.equal(6)
    expect(keyOf(enode)).to.equal(keyOf(log))
  })
})

const keyOf = (text: string) => /enode:\/\/([0-9a-f]{128})@/.exec(text)![1]
