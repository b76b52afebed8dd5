import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { Inspector } from '../../actors/inspector/inspector.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { projectRoot } from '../support/project.ts'
import { meet } from '../support/stages.ts'
import { sharedBrowser, specTimeout } from './browser.ts'
import { openPage } from './chromium.ts'

const folder = join(projectRoot, 'screenshots')

describe('departures that the history has passed, in the inspector', function () {
  this.timeout(specTimeout)
  let browser: Browser
  let node: PeerchartNode
  let inspector: Inspector
  before(async function () {
    browser = await sharedBrowser(this)
    await mkdir(folder, { recursive: true })
    node = await createNode({ genesis: devGenesisJson, port: 0 })
    inspector = await Inspector.open(node, { historyBytes: 256 << 10 })
    await node.start()
    for (const [name, genesis] of [
      ['ethrex/v9.0/linux', new Uint8Array(32).fill(9)],
      ['ethrex/v9.1/linux', new Uint8Array(32).fill(9)],
      ['Geth/v1.17.10-stable/linux', undefined],
    ] as const) {
      const peer = await meet(node.enode, { hello: { name } })
      await peer.status({ ...(genesis && { genesis }) })
      if (!genesis) peer.send('Disconnect', { reason: 'TooManyPeers' })
      await peer.closed()
      peer.close()
    }
    const payload = new Uint8Array(500)
    for (let i = 0; i < 2_000; i++)
      node.feed.publish({ type: 'message.sent', actor: 'other', protocol: 'p2p', code: 2, size: 500 }, { payload })
  })
  after(async () => {
    await inspector?.close()
    await node?.stop()
  })

  for (const width of [1280, 400])
    it(`are listed by reason and client, and explained, ${width} pixels wide`, async () => {
      const { page, faults } = await openPage(browser, inspector.address, '#why', { viewport: { width, height: 800 } })
      const left = page.locator('.departures button')
      await left.nth(2).waitFor()
      const groups = page.locator('.groups button')
      expect(await groups.allTextContents()).to.have.members([
        'subprotocol error, we ended it2',
        'too many peers, they ended it1',
        'ethrex2',
        'Geth1',
      ])
      await page.screenshot({ path: join(folder, `departures-${width}.png`) })
      await groups.filter({ hasText: 'ethrex' }).click()
      await left.nth(2).waitFor({ state: 'detached' })
      expect(await left.count()).to.equal(2)
      await left.first().click()
      await page.locator('.verdict', { hasText: 'the genesis differs' }).waitFor()
      await page.locator('.statuses tr[data-differs=true]', { hasText: 'genesis' }).waitFor()
      await page.screenshot({ path: join(folder, `departure-${width}.png`) })
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(width)
      expect(faults).to.deep.equal([])
      await page.context().close()
    })
})
