import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'

/** A real node of another genesis, which dials. */
export async function dialedByStranger(enode: string): Promise<PeerchartNode> {
  const genesis = { ...devGenesisJson, extraData: '0x7374726e6765' }
  const stranger = await createNode({ genesis, identity: 'stranger', port: 0, peers: [enode] })
  await stranger.start()
  return stranger
}
