import { expect } from 'chai'
import { engineApi } from '../../actors/apis/engine.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { quantity } from '../../actors/rpc/json/hex.ts'
import { callApi } from '../actors/apis/call-api.ts'
import { readPayloads } from '../actors/apis/payloads.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { Geth, type RpcRequest } from '../support/geth.ts'
import { eventually } from './own-ethtest-node.ts'

// Since 1.17.7 geth asks a peer for bodies only within the range that it announced last, and 64 blocks above.

describe('the range that we announce to a geth that syncs from us', function () {
  this.timeout(120_000)
  let payloads: readonly RpcRequest[]
  let last: number
  let geth: Geth
  let node: PeerchartNode

  before(async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const chain = requireEthtest(this)
    const { genesis, networkId } = chain
    payloads = await readPayloads(chain)
    last = payloads.length - 1
    node = await createNode({ genesis, networkId, port: 0 })
    const apis = [engineApi({ chain: node.chain, eth: node.eth, version: '0.1.0' })]
    for (const { method, params } of payloads) await callApi(apis, method, ...params)
    await moveTo(200)
    await node.start()
    geth = await Geth.start({ path, genesis, networkId, args: ['--syncmode', 'full'] })
    await meet()
  })
  after(() => Promise.all([geth?.stop(), node?.stop()]))

  it('is that of our Status to begin with', async () => {
    expect(await reported()).to.equal(200)
    await syncs(200)
  })
  it('need not be announced again for a few blocks', async () => {
    await moveTo(220)
    await syncs(220)
    expect(await reported()).to.equal(200)
  })
  it('follows our head, so that geth asks on', async () => {
    await moveTo(last)
    await eventually('the update', async () => (await reported()) === last)
    await syncs(last)
  })
  it('goes back with our head at once', async () => {
    await moveTo(last - 10)
    await eventually('the update', async () => (await reported()) === last - 10)
  })
  it('goes back at once below the range of a Status, too, though no update announced it', async () => {
    await moveTo(last)
    await geth.rpc('admin_removePeer', node.enode)
    await eventually('they part', async () => (await peers()).length === 0 && node.peers.length === 0)
    await meet()
    expect(await reported()).to.equal(last)
    await moveTo(last - 5)
    await eventually('the update', async () => (await reported()) === last - 5)
  })

  const hashOf = (number: number) => (payloads[number]!.params[0] as { blockHash: string }).blockHash
  const moveTo = (number: number) => node.chain.setForkchoice({ head: Buffer.from(hashOf(number).slice(2), 'hex') })
  const peers = () => geth.rpc<readonly Peer[]>('admin_peers')
  const reported = async () => (await peers())[0]!.protocols.eth.latestBlock

  async function meet(): Promise<void> {
    await geth.rpc('admin_addPeer', node.enode)
    const hasStatus = ({ protocols: { eth } }: Peer) => typeof eth === 'object' && eth.latestBlock !== undefined
    await eventually('they meet', async () => (await peers()).some(hasStatus), 60_000)
  }

  async function syncs(number: number): Promise<void> {
    await geth.engine(payloads[number]!)
    const [hash, zero] = [hashOf(number), `0x${'00'.repeat(32)}`]
    const state = { headBlockHash: hash, safeBlockHash: zero, finalizedBlockHash: zero }
    await geth.engine({ method: 'engine_forkchoiceUpdatedV3', params: [state, null] })
    const isThere = async () => (await geth.rpc('eth_blockNumber')) === quantity(BigInt(number))
    await eventually(`block ${number}`, isThere, 60_000)
  }
})

type Peer = { readonly protocols: { readonly eth: { readonly latestBlock: number } } }
