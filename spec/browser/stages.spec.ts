import { expect } from 'chai'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { Inspector } from '../../actors/inspector/inspector.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import { VirtualClock } from '../../actors/simulation/virtual-clock.ts'
import { sharedBrowser, specTimeout } from './browser.ts'
import { openPage } from './chromium.ts'

describe('a peer that connects, in the inspector', function () {
  this.timeout(specTimeout)
  let node: PeerchartNode
  let inspector: Inspector
  before(async () => {
    // Its clock stands still: it waits for the next step of a handshake as long as the page takes to show this one.
    node = await createNode({ genesis: devGenesisJson, port: 0, runtime: { clock: new VirtualClock() } })
    await node.start()
    inspector = await Inspector.open(node)
  })
  after(async () => {
    await inspector?.close()
    await node?.stop()
  })

  it('moves through securing, greeting, admitted and running', async function () {
    const { page, faults } = await openPage(await sharedBrowser(this), inspector.address, '#chart')
    await using peer = dial(node.enode, { through: 'tcp', timeout: specTimeout })
    const row = page.locator('.row[data-peer=true]', { has: page.getByText('securing', { exact: false }) })
    const actor = (await row.getAttribute('data-actor'))!
    await row.click()
    const standing = page.locator('.standing')
    await stands('securing.handshaking')
    await peer.rlpx()
    await stands('greeting.exchanging')
    await peer.hello()
    await stands('running.(keepalive.quiet writing.flowing)')
    await peer.status()
    await page.locator(`.row[data-actor="${actor}/eth"]`, { hasText: 'active' }).waitFor()

    // It was admitted for less than a picture's time: the history has it.
    const step = page.locator('.taken button', { hasText: /server\.admitted.*admitted$/ })
    await step.click()
    await page.getByRole('button', { name: 'the chart at this moment' }).click()
    await stands('admitted')
    await page.locator('.sheet [data-state=admitted].lit').waitFor()
    expect(faults).to.deep.equal([])
    await page.context().close()

    async function stands(state: string): Promise<void> {
      await standing.filter({ hasText: state }).waitFor()
    }
  })
})
