import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { createNode } from '../../actors/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart-node.ts'
import type { Api } from '../../actors/rpc/api.ts'
import { engineApi } from '../../actors/rpc/apis/engine.ts'
import { callApi } from '../actors/rpc/apis/call-api.ts'
import { readPayloads } from '../actors/rpc/apis/payloads.ts'
import { ethtest, requireEthtest } from '../harness/ethtest.ts'
import { ethtestGeth } from './ethtest-geth.ts'
import { eventually } from './own-ethtest-node.ts'

describe('our node, told the head by a consensus client and connected to geth', function () {
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

  const tell = (method: string, params: readonly unknown[]) => callApi(apis, method, ...params)
  const isAt = (number: bigint) => eventually(`block ${number}`, async () => node.chain.head.number === number)

  it('syncs to that head and no further, though geth has more', async () => {
    const payloads = await readPayloads()
    const { blockHash } = payloads[550]!.params[0] as { blockHash: string }
    await tell('engine_forkchoiceUpdatedV3', [{ headBlockHash: blockHash }])
    await node.start()
    await isAt(550n)
    await node.stop()
    expect(node.chain.head.number).to.equal(550n)
  })

  it('goes on to the next when it is told, and to one that a payload brings', async () => {
    const payloads = await readPayloads()
    await node.chain.followConsensus()
    await node.start()
    const hash = (number: number) => (payloads[number]!.params[0] as { blockHash: string }).blockHash
    for (const head of [100, 101, 400, 599]) {
      await tell('engine_forkchoiceUpdatedV3', [{ headBlockHash: hash(head) }])
      await isAt(BigInt(head))
    }
    expect(await tell(payloads[600]!.method, payloads[600]!.params)).to.include({ status: 'ACCEPTED' })
    const { method, params } = JSON.parse(await readFile(ethtest.forkchoice, 'utf8'))
    await tell(method, params)
    expect([node.chain.head.number, node.chain.finalized?.number]).to.deep.equal([600n, 600n])
  })
})
