import { expect } from 'chai'
import { Inspector } from '../../actors/inspector/inspector.ts'
import type { Explanation } from '../../actors/inspector/wire.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { NodeOptions } from '../../actors/peerchart/node-options.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { OpenPage } from '../actors/inspector/open-page.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'

describe('why geth left, as the inspector reports it', () => {
  const ends: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })

  /** A node that dials `enode`, and why that came to nothing. */
  async function why(enode: string, options: NodeOptions): Promise<Explanation> {
    const node: PeerchartNode = await createNode({ port: 0, peers: [enode], ...options })
    const inspector = await Inspector.open(node)
    const page = await OpenPage.at(inspector.address)
    ends.push(async () => {
      page.close()
      await inspector.close()
      await node.stop()
    })
    await node.start()
    await page.until('changes', ({ stopped }) => stopped.includes('peer/1'))
    return (await page.ask('why', { actor: 'peer/1' })).why
  }

  // geth sends its Status beside reading ours: when it does not like ours, its own may never come.
  const withheld = (networkId: bigint, genesis: string) =>
    `it did so after our Status and before its own, as geth does when network id, genesis or fork id do not match; we said network ${networkId}, genesis 0x${genesis}`

  it('is another genesis, with both hashes where both were sent', async function () {
    const { enode } = await ethtestGeth(this)
    const { networkId } = requireEthtest(this)
    const { summary, status, peer, messages } = await why(enode, { network: 'sepolia', networkId })
    const isGiven = messages.some(({ name, isSent }) => name === 'Status' && !isSent)
    expect(summary).to.contain('ended it with 0x10 subprotocol error: ')
    if (isGiven)
      expect(summary).to.match(/the genesis differs, theirs is 0x[0-9a-f]{64} and ours 0x25a5cc10[0-9a-f]{56}\.$/)
    else expect(summary).to.contain(withheld(networkId, '25a5cc10'))
    expect(status!.find(({ field }) => field === 'genesis')).to.include(
      isGiven ? { differs: true } : { theirs: 'not sent' },
    )
    expect(peer!.client).to.match(/^Geth\/v1/)
  })
  it('is another network', async function () {
    const { enode } = await ethtestGeth(this)
    const { summary } = await why(enode, { network: 'sepolia' })
    const stated = `the network id differs, theirs is ${requireEthtest(this).networkId} and ours 11155111.`
    expect(
      [stated, withheld(11155111n, '25a5cc10')].some((label) => summary.includes(label)),
      summary,
    ).to.equal(true)
  })
  it('is that it is full', async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const { genesis, networkId } = requireEthtest(this)
    const geth = await Geth.start({ path, genesis, networkId, args: ['--maxpeers', '0'] })
    ends.push(() => geth.stop())
    const { summary, by } = await why(geth.enode, { genesis, networkId })
    expect(summary).to.match(/ended it with 0x04 too many peers: it is full\.$/)
    expect(by).to.equal('remote')
  })
})
