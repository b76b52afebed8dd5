import { join } from 'node:path'
import { devGenesis, devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { DiscoveryOptions } from '../../actors/peerchart/discovery.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { Geth } from '../support/geth.ts'
import { projectRoot } from '../support/project.ts'

/** Geths and nodes of ours on one chain, which have to find each other. */
export class MixedNetwork {
  readonly geths: Geth[] = []
  readonly nodes: PeerchartNode[] = []

  async startGeth(path: string, discovery: { readonly by?: 'v4' | 'v5'; readonly bootnodes?: readonly string[] } = {}) {
    const genesis = join(projectRoot, 'actors/chain/dev-genesis.json')
    const geth = await Geth.start({
      path,
      genesis,
      networkId: devGenesis().config.chainId,
      discovery: { bootnodes: [], ...discovery },
    })
    this.geths.push(geth)
    return geth
  }

  async start(discovery: DiscoveryOptions): Promise<PeerchartNode> {
    const node = await createNode({ genesis: devGenesisJson, port: 0, netRestrict: '127.0.0.0/8', discovery })
    this.nodes.push(node)
    await node.start()
    return node
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
    await Promise.all(this.geths.map((geth) => geth.stop()))
  }
}
