import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { createNode, type PeerchartNode } from '../../actors/index.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { eventually } from './own-ethtest-node.ts'

describe('geth attach', () => {
  let geth: string
  let dir: string
  let node: PeerchartNode
  let peer: PeerchartNode
  before(async function () {
    geth = requireClient(this, findGeth(), 'geth')
    dir = await mkdtemp(join(tmpdir(), 'peerchart-attach-'))
    const rpc = { ipc: join(dir, 'peerchart.ipc'), http: { port: 0, api: ['admin', 'eth'] } }
    node = await createNode({ genesis: devGenesisJson, port: 0, rpc })
    peer = await createNode({ genesis: devGenesisJson, port: 0 })
    await node.start()
    await peer.start()
    peer.addPeer(node.enode)
    await eventually('a peer', async () => node.peers()[0]?.protocols.eth !== 'handshake' && node.peers().length > 0)
  })
  after(async () => {
    await peer?.stop()
    await node?.stop()
    if (dir) await rm(dir, { recursive: true })
  })

  /** @returns what geth's console makes of the result, read back */
  async function attach(endpoint: string, expression: string): Promise<unknown> {
    const { stdout } = await promisify(execFile)(geth, ['attach', '--exec', `JSON.stringify(${expression})`, endpoint])
    return JSON.parse(JSON.parse(stdout))
  }

  for (const [transport, endpoint] of [
    ['our IPC', () => node.rpc!.ipc!],
    ['our HTTP', () => node.rpc!.http!],
  ] as const)
    it(`prints our peers and our node over ${transport}`, async () => {
      expect(await attach(endpoint(), 'admin.peers')).to.deep.equal(JSON.parse(JSON.stringify(node.peers())))
      const info = (await attach(endpoint(), 'admin.nodeInfo')) as Record<string, unknown>
      expect(info).to.deep.include({ id: node.id, enode: node.enode, name: node.name })
      expect(info.enr).to.match(/^enr:/)
    })
  it('adds and removes peers', async () => {
    expect(await attach(node.rpc!.ipc!, `admin.removePeer("${peer.enode}")`)).to.equal(true)
    expect(node.peers()).to.deep.equal([])
    expect(await attach(node.rpc!.ipc!, `admin.addPeer("${peer.enode}")`)).to.equal(true)
    await eventually('the peer again', async () => node.peers().length === 1)
  })
})
