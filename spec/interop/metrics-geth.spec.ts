import { expect } from 'chai'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { startNode, stopNodes, until } from '../actors/metrics/nodes.ts'
import { type Scrape, samplesOf, scrape, typesOf } from '../actors/metrics/scrape.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { freePort } from '../support/free-port.ts'
import { Geth } from '../support/geth.ts'
import { eventually } from './own-ethtest-node.ts'

describe('our metrics and geth’s', () => {
  let geth: Geth
  let url: string
  let node: PeerchartNode
  let genesis: string
  const theirText = async () => (await fetch(url)).text()
  const theirs = async () => samplesOf(await theirText())

  before(async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const ethtest = requireEthtest(this)
    const { chain, networkId, head } = ethtest
    genesis = ethtest.genesis
    const port = await freePort()
    const args = ['--metrics', '--metrics.addr', '127.0.0.1', '--metrics.port', `${port}`]
    geth = await Geth.start({ path, genesis, chain, networkId, args })
    url = `http://127.0.0.1:${port}/debug/metrics/prometheus`
    node = await startNode({ genesis, metrics: { port: 0 }, ethVersions: [69] })
    node.addPeer(geth.enode)
    await until(node, 'eth-peer', 'active.(chain.syncing reading.flowing)')
    await eventually('the head', async () => node.chain.head.number === head.number)
  })
  after(async () => {
    await stopNodes()
    await geth?.stop()
  })

  it('have the same types where they have the same names, and those are not few', async () => {
    const [ours, others] = [typesOf(await node.metrics!.text()), typesOf(await theirText())]
    const shared = [...ours].filter(([name]) => others.has(name))
    expect(shared).to.have.length.above(40)
    expect(shared.map(([name]) => [name, others.get(name)])).to.deep.equal(shared)
  })

  it('have every name of the p2p layer and of the exchange of Status, but for what is named here', async () => {
    const ours = typesOf(await node.metrics!.text())
    const missing = [...typesOf(await theirText()).keys()].filter(
      (name) => isOfPeers(name) && !ours.has(mirrored(name)),
    )
    // Bytes of a message as it was compressed (we count its payload, under its own name), how long it took, and what geth
    // itself has asked.
    const named = /^p2p_((ingress|egress)_eth_69_0x..|(handle|tracked|lost|stale|wait)_\w+)$/
    expect(missing.filter((name) => !named.test(name))).to.deep.equal([])
  })

  it('have every name of the downloader, but for what is named here', async () => {
    const ours = typesOf(await node.metrics!.text())
    const missing = [...typesOf(await theirText()).keys()].filter(
      (name) => name.startsWith('eth_downloader_') && !ours.has(name.replace(/_count$/, '')), // a summary has one
    )
    const named = [
      /_receipts(_|$)|_snap_/, // we execute nothing
      /_(rtt_target|capacity|queue_\w+)$/, // no estimate of rates and sizes
      /_(drop|starved|throttled|headexpire)$/,
      /_bals_peers_/, // which are asked is in the messages
    ]
    expect(missing.filter((name) => !named.some((pattern) => pattern.test(name)))).to.deep.equal([])
  })

  it('count in a sync what is in the chain', async () => {
    const ours = await scrape(node)
    const blocks = node.chain.head.number
    for (const name of ['bodies_in', 'bodies_items_sum', 'import_batch_sum'])
      expect(ours.get(`eth_downloader_${name}`), name).to.equal(Number(blocks))
    expect(ours.get('eth_downloader_headers_in')).to.be.at.least(Number(blocks))
    expect(pick(ours, 'eth_downloader_chain_progress', 'eth_downloader_headers_timeout')).to.deep.equal([1, 0])
    expect(ours.get('eth_downloader_bodies_req_count')).to.equal(ours.get('p2p_egress_eth_69_0x05_packets'))
  })

  it('count the same bytes and the same messages from both ends', async () => {
    await eventually('both count the same', async () => {
      const [ours, others] = [await scrape(node), await theirs()]
      return (
        ours.get('p2p_ingress') === others.get('p2p_egress') && ours.get('p2p_egress') === others.get('p2p_ingress')
      )
    })
    const [ours, others] = [await scrape(node), await theirs()]
    const packets = [...ours].filter(([name]) => name.endsWith('_packets'))
    expect(packets.map(([name]) => name)).to.include.members([
      'p2p_ingress_eth_69_0x00_packets',
      'p2p_egress_eth_69_0x03_packets',
      'p2p_ingress_eth_69_0x06_packets',
    ])
    expect(ours.get('p2p_tracked_eth_69_0x03')).to.equal(0)
    expect(ours.get('p2p_wait_eth_69_0x05_count')).to.equal(ours.get('p2p_egress_eth_69_0x05_packets'))
    expect(packets.map(([name]) => others.get(mirrored(name)))).to.deep.equal(packets.map(([, count]) => count))
  })

  it('agree on which side dialed, and on why a peer of another network does not stay', async () => {
    const stranger = await startNode({ genesis, networkId: 999n, metrics: { port: 0 } })
    stranger.addPeer(geth.enode)
    await until(stranger, 'peer', 'closed')
    const error = 'eth_protocols_eth_ingress_handshake_error_network'
    await eventually('geth counts it', async () => (await theirs()).get(error) === 1)
    // geth may leave before its own Status is out: then all we know is that the peer left.
    const failed = [...(await scrape(stranger))].filter(([name]) => /^eth_.*_egress_handshake_error/.test(name))
    expect(failed.reduce((sum, [, count]) => sum + count, 0)).to.equal(1)
    await eventually('geth forgets it', async () => (await theirs()).get('p2p_peers') === 1)
    const [ours, others] = [await scrape(node), await theirs()]
    expect(pick(others, 'p2p_peers_inbound', 'p2p_serves', 'p2p_serves_success')).to.deep.equal([1, 2, 2])
    expect(pick(ours, 'p2p_peers_outbound', 'p2p_dials', 'p2p_dials_success')).to.deep.equal([1, 1, 1])
    expect(pick(ours, 'chain_head_block', 'chain_head_header')).to.deep.equal(
      pick(others, 'chain_head_block', 'chain_head_header'),
    )
  })
})

const isOfPeers = (name: string) => /^(p2p|eth_protocols_eth)_/.test(name)
/** What leaves one end comes in at the other. */
const mirrored = (name: string) =>
  name.replace(/_(ingress|egress)_/, (_, way) => (way === 'ingress' ? '_egress_' : '_ingress_'))
const pick = (samples: Scrape, ...names: string[]) => names.map((name) => samples.get(name))
