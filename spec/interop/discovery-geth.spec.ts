import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { filter, firstValueFrom, scan } from 'rxjs'
import { devGenesis, devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { Geth } from '../support/geth.ts'
import { eventually } from './own-ethtest-node.ts'

describe('by discovery, our nodes and geth', function () {
  this.timeout(180_000)
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
  const startGeth = async (path: string, by: 'v4' | 'v5', bootnodes: readonly string[] = []) => {
    const geth = await Geth.start({ path, genesis, networkId, discovery: { bootnodes, by } })
    geths.push(geth)
    return geth
  }
  const start = async (by: 'v4' | 'v5', bootnodes: readonly string[]) => {
    const discovery = { v4: by === 'v4', v5: by === 'v5', bootnodes }
    const node = await createNode({
      ...{ genesis: devGenesisJson, port: 0, netRestrict: '127.0.0.0/8', discovery },
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
  /** What names `geth` as a bootnode: of v5 its record, as no one has it beforehand. */
  const asBootnode = async (geth: Geth, by: 'v4' | 'v5') =>
    by === 'v4' ? geth.enode : (await geth.rpc<{ enr: string }>('admin_nodeInfo')).enr

  for (const by of ['v4', 'v5'] as const)
    it(`all find each other within a minute by ${by} alone: a geth that two of it and five of ours begin with`, async function () {
      const path = requireClient(this, findGeth(), 'geth')
      const bootnodes = [await asBootnode(await startGeth(path, by), by)]
      const began = performance.now()
      for (let i = 0; i < 2; i++) await startGeth(path, by, bootnodes)
      const ours = await Promise.all(Array.from({ length: 5 }, () => start(by, bootnodes)))
      await Promise.all(ours.map((node) => connected(node, 7)))
      for (const geth of geths)
        await eventually('seven peers', async () => Number(await geth.rpc<string>('net_peerCount')) === 7, 60_000)
      expect(performance.now() - began).to.be.below(60_000)
    })
})
