import { expect } from 'chai'
import { engineApi } from '../../actors/apis/engine.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import type { Api } from '../../actors/rpc/api.ts'
import { callApi } from '../actors/apis/call-api.ts'
import { readPayloads } from '../actors/apis/payloads.ts'
import { ethtest, requireEthtest } from '../support/ethtest.ts'
import { ethtestGeth } from './ethtest-geth.ts'
import { eventually } from './own-ethtest-node.ts'

describe('our node, given the head by a consensus client and connected to geth', function () {
  this.timeout(60_000)
  let node: PeerchartNode
  let apis: readonly Api[]
  beforeEach(async function () {
    const geth = await ethtestGeth(this)
    const { genesis } = requireEthtest(this)
    node = await createNode({ genesis, port: 0, peers: [geth.enode], headPollInterval: 100 })
    apis = [engineApi({ chain: node.chain, eth: node.eth, version: '0.1.0' })]
  })
  afterEach(() => node?.stop())

  const report = (method: string, params: readonly unknown[]) => callApi(apis, method, ...params)
  const isAt = (number: bigint) => eventually(`block ${number}`, async () => node.chain.head.number === number)

  it('syncs to that head and no further, though geth has more', async () => {
    const payloads = await readPayloads()
    const target = payloads.length - 51
    const { blockHash } = payloads[target]!.params[0] as { blockHash: string }
    await report('engine_forkchoiceUpdatedV3', [{ headBlockHash: blockHash }])
    await node.start()
    await isAt(BigInt(target))
    await node.stop()
    expect(node.chain.head.number).to.equal(BigInt(target))
  })

  it('goes on to the next head when it is named, and to one that a payload brings', async () => {
    const payloads = await readPayloads()
    await node.chain.followConsensus()
    await node.start()
    const hash = (number: number) => (payloads[number]!.params[0] as { blockHash: string }).blockHash
    const last = payloads.length - 1
    for (const head of [100, 101, 400, last - 1]) {
      await report('engine_forkchoiceUpdatedV3', [{ headBlockHash: hash(head) }])
      await isAt(BigInt(head))
    }
    expect(await report(payloads[last]!.method, payloads[last]!.params)).to.include({ status: 'ACCEPTED' })
    const { method, params } = ethtest.update
    await report(method, params)
    expect([node.chain.head.number, node.chain.finalized?.number]).to.deep.equal([BigInt(last), BigInt(last)])
  })
})
