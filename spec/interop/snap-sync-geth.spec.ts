import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { findGeth, requireClient } from '../support/clients.ts'
import { type Ethtest, requireEthtest } from '../support/ethtest.ts'
import { Geth, type RpcAnswer } from '../support/geth.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import { eventually } from './own-ethtest-node.ts'

describe('our node, synced by snap from a real geth', function () {
  this.timeout(180_000)
  let chain: Ethtest
  let geth: Geth | undefined
  let node: OwnNode | undefined
  before(function () {
    requireClient(this, findGeth(), 'geth')
    chain = requireEthtest(this)
  })
  after(() => Promise.all([node?.stop(), geth?.stop()]))

  it('has its head, and the state of a pivot below it: everything above is executed on that', async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const { genesis, networkId, head } = chain
    geth = await Geth.start({ path, genesis, networkId, chain: chain.chain })
    const peers = [geth.enode]
    const options = {
      execute: true,
      syncMode: 'snap',
      peers,
      headPollInterval: 200,
      rpc: { http: { port: 0 } },
    } as const
    node = await startOwnNode({ genesis, noDial: false, ...options })
    await eventually('the head', async () => (await node!.call('head')).number === Number(head.number), 120_000)
    expect((await node.call('head')).hash).to.equal(head.hash)
    const [account] = Object.keys(JSON.parse(await readFile(`${chain.folder}/accounts.json`, 'utf8')))
    const ours = (method: string, ...params: unknown[]) => rpc(node!.http!, method, params)
    const balance = await geth.rpc('eth_getBalance', account, 'latest')
    expect(await ours('eth_getBalance', account, 'latest')).to.deep.include({ result: balance })
    // Had it executed from the genesis it would have the states of the last 128 blocks.
    const below = `0x${(head.number - 100n).toString(16)}`
    expect(await ours('eth_getBalance', account, below)).to.have.property('error')
    expect(await node.call('bugs')).to.deep.equal([])
  })
})

async function rpc(url: string, method: string, params: readonly unknown[]): Promise<RpcAnswer> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  return (await (await fetch(url, { method: 'POST', headers, body })).json()) as RpcAnswer
}
