import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { projectRoot } from '../support/project.ts'
import { sharedBrowser, specTimeout } from './browser.ts'
import { openPage } from './chromium.ts'
import { lastingPeer } from './lasting-peer.ts'
import { LivingNetwork } from './living-network.ts'
import { dialedByStranger } from './stranger.ts'

type Look = {
  /** @param peer a peer's actor */
  hash(peer: string): string
  /** Has just left, so that the history has all of it. */
  readonly needsStranger?: boolean
  settle(page: Page): Promise<void>
}

const views: Readonly<Record<string, Look>> = {
  network: { hash: () => '#network', settle: (page) => page.locator('.tie[data-level="2"]').first().waitFor() },
  actors: { hash: () => '#actors', settle: (page) => page.locator('.row').first().waitFor() },
  chart: { hash: (peer) => `#chart?actor=${peer}`, settle: (page) => page.locator('.sheet .lit').first().waitFor() },
  messages: {
    hash: (peer) => `#messages?actor=${peer}`,
    settle: (page) => page.locator('.line[data-name=BlockHeaders]').first().waitFor(),
  },
  lanes: {
    hash: () => '#messages?actor=node-2/node',
    async settle(page) {
      // Only with a block: most answers of headers are empty.
      const bodies = page.locator('.line[data-name=BlockBodies]')
      const filter = page.getByLabel('Filter messages')
      await filter.fill('BlockBodies')
      await bodies.last().waitFor()
      await page.getByRole('button', { name: 'Live' }).click()
      await bodies.last().click()
      await filter.fill('')
      await page.locator('.detail .fields').first().waitFor()
    },
  },
  handshake: {
    hash: () => '#why',
    needsStranger: true,
    async settle(page) {
      await page.locator('.why .path button', { hasText: 'stranger' }).first().click()
      await page.getByRole('button', { name: 'Messages', exact: true }).click()
      await page.locator('.line[data-end=true]').first().waitFor()
    },
  },
  why: {
    hash: () => '#why',
    needsStranger: true,
    async settle(page) {
      const left = page.locator('.why section', { hasText: 'Left' })
      await left.locator('.path button', { hasText: 'stranger' }).first().click()
      await page.locator('.statuses tr[data-differs=true]').first().waitFor()
    },
  },
}

/** Every view as it looks, for people to look at: written to `screenshots/`. */
describe('every view of the inspector', function () {
  this.timeout(specTimeout)
  const folder = join(projectRoot, 'screenshots')
  let browser: Browser
  let network: LivingNetwork
  let peer: string
  before(async function () {
    browser = await sharedBrowser(this)
    await mkdir(folder, { recursive: true })
    network = await LivingNetwork.start()
    peer = await lastingPeer(browser, network, 'node-2')
  })
  after(async () => {
    await network?.stop()
  })

  let met = 0
  const meetStranger = async () => {
    const stranger = await dialedByStranger(network.enodes[0]!)
    const { page } = await openPage(browser, network.address, '#why')
    await page
      .locator('.why section', { hasText: 'Left' })
      .locator('.path button', { hasText: 'stranger' })
      .nth(met)
      .waitFor()
    met += 1
    await page.context().close()
    await stranger.stop()
  }

  for (const [width, height] of [
    [1280, 800],
    [400, 800],
  ] as const)
    for (const colorScheme of ['light', 'dark'] as const)
      for (const [name, look] of Object.entries(views))
        it(`fits: ${name}, ${width} pixels wide, ${colorScheme}`, async () => {
          if (look.needsStranger) await meetStranger()
          const options = { viewport: { width, height }, colorScheme }
          const { page, faults } = await openPage(browser, network.address, look.hash(peer), options)
          await look.settle(page)
          await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), animations: 'disabled' })
          expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(width)
          expect(faults).to.deep.equal([])
          await page.context().close()
        })
})
