import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { filter, firstValueFrom, scan } from 'rxjs'
import { devGenesis, devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { runDiscv4Suite } from '../suites/discv4.ts'
import { findDevp2p, findGeth, requireClient } from '../support/clients.ts'
import { Geth } from '../support/geth.ts'
import { eventually } from './own-ethtest-node.ts'

describe('over discv4, our nodes and geth', function () {
  this.timeout(180_000)
  const names = [
    ...['Ping/Basic', 'Ping/WrongTo', 'Ping/WrongFrom', 'Ping/ExtraData', 'Ping/ExtraDataWrongFrom'],
    ...['Ping/PastExpiration', 'Ping/WrongPacketType', 'Ping/BondThenPingWithWrongFrom', 'ENRRequest'],
    ...['Findnode/WithoutEndpointProof', 'Findnode/BasicFindnode', 'Findnode/UnsolicitedNeighbors'],
    ...['Findnode/PastExpiration', 'Amplification/InvalidPongHash', 'Amplification/WrongIP'],
  ]
  const genesis = fileURLToPath(new URL('../../actors/chain/dev-genesis.json', import.meta.url))
  const networkId = devGenesis().config.chainId
  let geths: Geth[]
  let nodes: PeerchartNode[]

  beforeEach(() => {
    geths = []
    nodes = []
  })
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await Promise.all(geths.map((geth) => geth.stop()))
  })
  const startGeth = async (path: string, bootnodes: readonly string[] = []) => {
    const geth = await Geth.start({ path, genesis, networkId, discovery: { bootnodes } })
    geths.push(geth)
    return geth
  }
  const start = async (bootnodes: readonly string[]) => {
    const node = await createNode({
      ...{ genesis: devGenesisJson, port: 0, discovery: { v5: false, bootnodes }, netRestrict: '127.0.0.0/8' },
    })
    nodes.push(node)
    await node.start()
    return node
  }
  /** Resolves when a node has had so many peers at once. */
  const connected = (node: PeerchartNode, count: number) =>
    firstValueFrom(
      node.peerEvents$.pipe(
        scan((all, { type }) => all + (type === 'add' ? 1 : type === 'drop' ? -1 : 0), node.peers().length),
        filter((all) => all >= count),
      ),
    )

  it('pass the tests of its suite', async function () {
    const result = await runDiscv4Suite({ devp2p: requireClient(this, findDevp2p(), 'devp2p') })
    expect(result).to.deep.equal({ passed: names, failed: [], hung: [] })
  })

  it('are in each other’s tables, and its tool resolves our record', async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const devp2p = requireClient(this, findDevp2p(), 'devp2p')
    const geth = await startGeth(path)
    const node = await start([geth.enode])
    await connected(node, 1)
    const table = async () => (await geth.rpc<unknown[][]>('debug_discoveryV4Table')).flat()
    await eventually('in its table', async () => JSON.stringify(await table()).includes('"live":true'), 60_000)
    const args = ['discv4', 'resolve', '--addr', '127.0.0.1:0', '--bootnodes', geth.enode, node.enode]
    const { stdout } = await promisify(execFile)(devp2p, args)
    expect(stdout.trim()).to.equal(node.nodeInfo().enr)
  })
})
