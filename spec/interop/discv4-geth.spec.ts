import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { runDiscv4Suite } from '../suites/discv4.ts'
import { findDevp2p, findGeth, requireClient } from '../support/clients.ts'
import { peerCount } from '../support/peer-count.ts'
import { MixedNetwork } from './mixed-network.ts'
import { eventually } from './own-ethtest-node.ts'

describe('over discv4, our nodes and geth', function () {
  this.timeout(180_000)
  const names = [
    ...['Ping/Basic', 'Ping/WrongTo', 'Ping/WrongFrom', 'Ping/ExtraData', 'Ping/ExtraDataWrongFrom'],
    ...['Ping/PastExpiration', 'Ping/WrongPacketType', 'Ping/BondThenPingWithWrongFrom', 'ENRRequest'],
    ...['Findnode/WithoutEndpointProof', 'Findnode/BasicFindnode', 'Findnode/UnsolicitedNeighbors'],
    ...['Findnode/PastExpiration', 'Amplification/InvalidPongHash', 'Amplification/WrongIP'],
  ]
  let network: MixedNetwork
  beforeEach(() => {
    network = new MixedNetwork()
  })
  afterEach(() => network.stop())

  it('pass the tests of its suite', async function () {
    const result = await runDiscv4Suite({ devp2p: requireClient(this, findDevp2p(), 'devp2p') })
    expect(result).to.deep.equal({ passed: names, failed: [], hung: [] })
  })

  it('are in each other’s tables, and its tool resolves our record', async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const devp2p = requireClient(this, findDevp2p(), 'devp2p')
    const geth = await network.startGeth(path)
    const node = await network.start({ v5: false, bootnodes: [geth.enode] })
    await peerCount(node, 1)
    const table = async () => (await geth.rpc<unknown[][]>('debug_discoveryV4Table')).flat()
    await eventually('in its table', async () => JSON.stringify(await table()).includes('"live":true'), 60_000)
    const args = ['discv4', 'resolve', '--addr', '127.0.0.1:0', '--bootnodes', geth.enode, node.enode]
    const { stdout } = await promisify(execFile)(devp2p, args)
    expect(stdout.trim()).to.equal(node.nodeInfo().enr)
  })
})
