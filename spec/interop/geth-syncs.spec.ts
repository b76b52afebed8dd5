import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { quantity } from '../../actors/rpc/json/hex.ts'
import { findGeth, requireClient } from '../harness/clients.ts'
import { requireEthtest } from '../harness/ethtest.ts'
import { Geth, type RpcRequest } from '../harness/geth.ts'
import type { OwnNode } from '../harness/own-node.ts'
import { eventually, startOnEthtest } from './own-ethtest-node.ts'

describe('geth with an empty datadir and no peer but us', () => {
  let geth: Geth | undefined
  let node: OwnNode | undefined
  after(() => Promise.all([geth?.stop(), node?.stop()]))

  it('syncs to the head once its consensus client names the head', async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const { genesis, networkId, newPayloads, head, update } = requireEthtest(this)
    node = await startOnEthtest('head')
    geth = await Geth.start({ path, genesis, networkId, args: ['--syncmode', 'full'] })
    await geth.rpc('admin_addPeer', node.enode)
    await eventually('they meet', async () => (await geth!.rpc<unknown[]>('admin_peers')).length > 0)
    const payloads: RpcRequest[] = JSON.parse(await readFile(newPayloads, 'utf8'))
    expect(await geth.engine(payloads.at(-1)!)).to.include({ status: 'SYNCING' })
    await geth.engine(update)
    const number = quantity(head.number)
    await eventually(`block ${number}`, async () => (await geth!.rpc('eth_blockNumber')) === number, 40_000)
  })
})
