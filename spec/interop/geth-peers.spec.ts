import { expect } from 'chai'
import { parseEnode } from '../../protocols/enode/enode.ts'
import { ethtest } from '../harness/ethtest.ts'
import type { Geth } from '../harness/geth.ts'
import type { OwnNode } from '../harness/own-node.ts'
import { ethtestGeth } from './ethtest-geth.ts'
import { eventually, startOnEthtest } from './own-ethtest-node.ts'

/** admin_peers, as far as it is looked at. */
type GethPeer = {
  readonly id: string
  readonly name: string
  readonly caps: readonly string[]
  readonly network: { readonly inbound: boolean }
  readonly protocols: { readonly eth: { readonly version: number } | 'handshake' }
}

describe('our node and geth', () => {
  let geth: Geth
  let node: OwnNode | undefined
  before(async function () {
    geth = await ethtestGeth(this)
  })
  afterEach(async () => {
    await node?.stop()
    node = undefined
  })

  it('meet when we dial', async () => {
    node = await startOnEthtest('head', { peers: [geth.enode] })
    const { caps, name, network } = await met(node)
    expect(caps).to.include.members(['eth/69', 'eth/70', 'eth/71', 'eth/72'])
    expect(name).to.match(/^peerchart\//i)
    expect(network.inbound).to.equal(true)
  })

  it('meet when geth dials', async () => {
    node = await startOnEthtest('head')
    await geth.rpc('admin_addPeer', node.enode)
    const { network } = await met(node)
    expect(network.inbound).to.equal(false)
    const [peer] = await node.call('peers')
    expect(peer!.name).to.match(/^Geth\//)
    await geth.rpc('admin_removePeer', node.enode)
  })

  for (const version of [69, 70, 71, 72] as const)
    it(`agree on eth/${version}, and all blocks come over it and are verified`, async () => {
      node = await startOnEthtest('genesis', { ethVersions: [version], peers: [geth.enode] })
      const { caps, protocols } = await met(node)
      expect(caps).to.deep.equal([`eth/${version}`])
      expect(protocols.eth).to.include({ version })
      const { number, hash } = ethtest.head
      await eventually(`block ${number}`, async () => (await node!.call('head')).number === Number(number))
      expect(await node.call('head')).to.include({ hash })
    })

  /** What geth says of our node, once both Statuses are exchanged. */
  function met({ enode }: OwnNode): Promise<GethPeer> {
    const { id } = parseEnode(enode)
    return eventually('geth names us with a running eth', async () => {
      const peers = await geth.rpc<GethPeer[]>('admin_peers')
      return peers.find((peer) => peer.id === id && typeof peer.protocols.eth === 'object')
    })
  }
})
