import { findGeth, requireClient } from '../support/clients.ts'
import type { Geth } from '../support/geth.ts'
import { peerCount } from '../support/peer-count.ts'
import { MixedNetwork } from './mixed-network.ts'
import { eventually } from './own-ethtest-node.ts'

describe('by discovery, our nodes and geth', function () {
  this.timeout(60_000)
  let network: MixedNetwork
  beforeEach(() => {
    network = new MixedNetwork()
  })
  afterEach(() => network.stop())
  /** What names `geth` as a bootnode: of v5 its record, as no one has it beforehand. */
  const asBootnode = async (geth: Geth, by: 'v4' | 'v5') =>
    by === 'v4' ? geth.enode : (await geth.rpc<{ enr: string }>('admin_nodeInfo')).enr

  for (const by of ['v4', 'v5'] as const)
    it(`all find each other within a minute by ${by} alone: a geth that two of it and five of ours begin with`, async function () {
      const path = requireClient(this, findGeth(), 'geth')
      const bootnodes = [await asBootnode(await network.startGeth(path, { by }), by)]
      for (let i = 0; i < 2; i++) await network.startGeth(path, { by, bootnodes })
      const ours = await Promise.all(
        Array.from({ length: 5 }, () => network.start({ v4: by === 'v4', v5: by === 'v5', bootnodes })),
      )
      await Promise.all(ours.map((node) => peerCount(node, 7)))
      for (const geth of network.geths)
        await eventually('seven peers', async () => Number(await geth.rpc<string>('net_peerCount')) === 7, 60_000)
    })
})
