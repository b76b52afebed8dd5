import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { findGeth, requireClient } from '../harness/clients.ts'
import { requireEthtest } from '../harness/ethtest.ts'
import { Geth, type RpcRequest } from '../harness/geth.ts'
import type { OwnNode } from '../harness/own-node.ts'
import { eventually, startOnEthtest } from './own-ethtest-node.ts'

describe('geth with an empty datadir and no peer but us', () => {
  let geth: Geth | undefined
  let node: OwnNode | undefined
  after(() => Promise.all([geth?.stop(), node?.stop()]))

  it('syncs to block 600 once its consensus client names the head', async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const { genesis, networkId, newPayloads, forkchoice } = requireEthtest(this)
    node = await startOnEthtest('head')
    geth = await Geth.start({ path, genesis, networkId, args: ['--syncmode', 'full'] })
    await geth.rpc('admin_addPeer', node.enode)
    await eventually('they meet', async () => (await geth!.rpc<unknown[]>('admin_peers')).length > 0)
    const payloads = await readJson<RpcRequest[]>(newPayloads)
    expect(await geth.engine(payloads[600]!)).to.include({ status: 'SYNCING' })
    await geth.engine(await readJson<RpcRequest>(forkchoice))
    await eventually('block 600', async () => (await geth!.rpc<string>('eth_blockNumber')) === '0x258', 40_000)
  })
})

const readJson = async <Json>(path: string): Promise<Json> => JSON.parse(await readFile(path, 'utf8'))
