import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { type DiscoveredNode, nodeOfRecord } from '../../actors/discovery/discovered-node.ts'
import { formatRecord, parseRecord } from '../../protocols/enr/record.ts'
import { startV5Node, type V5Node } from '../actors/discovery/v5/v5-node.ts'
import { findDevp2p, requireClient } from '../support/clients.ts'
import { eventually } from './own-ethtest-node.ts'

describe('over discv5, our node and geth', function () {
  this.timeout(120_000)
  let devp2p: string
  let listening: ChildProcess
  let geth: DiscoveredNode
  let nodes: V5Node[]
  before(async function () {
    devp2p = requireClient(this, findDevp2p(), 'devp2p')
    const args = ['discv5', 'listen', '--addr', '127.0.0.1:0', '--bootnodes', '']
    listening = spawn(devp2p, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    const [record] = (await once(createInterface({ input: listening.stdout! }), 'line')) as [string]
    geth = nodeOfRecord(parseRecord(record))!
    nodes = [await startV5Node({ bootnodes: [geth] }), await startV5Node({ bootnodes: [geth] })]
  })
  after(async () => {
    await Promise.all((nodes ?? []).map((node) => node.stop()))
    if (!listening) return
    listening.kill('SIGKILL')
    await once(listening, 'exit')
  })

  it('answer each other', async () => {
    const [a] = nodes
    expect(await a!.discv5.ping(geth)).to.include({ kind: 'Pong', port: a!.socket.port })
    expect((await a!.discv5.requestRecord(geth)).id).to.equal(geth.id)
    expect(await a!.discv5.talk(geth, 'none', Uint8Array.of(1))).to.have.length(0)
  })
  it('find each other by it', async () => {
    const [a, b] = nodes
    const { id } = b!.local
    await eventually('found', async () => (await a!.discv5.lookUp(id)).some((node) => node.id === id), 60_000)
  })
  it('are resolved by its tool', async () => {
    const [a] = nodes
    const stale = formatRecord(a!.local.record)
    a!.local.set('x', 1)
    const args = ['discv5', 'resolve', '--addr', '127.0.0.1:0', '--bootnodes', formatRecord(geth.record!), stale]
    const { stdout } = await promisify(execFile)(devp2p, args)
    expect(stdout.trim()).to.equal(formatRecord(a!.local.record)).and.not.equal(stale)
  })
})
