import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { sharedBrowser, specTimeout } from './browser.ts'
import { openPage } from './chromium.ts'
import { lastingPeer } from './lasting-peer.ts'
import { LivingNetwork } from './living-network.ts'

/** Everything that can be pressed is reached by Tab, and says what it is. */
describe('what can be pressed in the inspector', function () {
  this.timeout(specTimeout)
  let browser: Browser
  let network: LivingNetwork
  let peer: string
  before(async function () {
    browser = await sharedBrowser(this)
    network = await LivingNetwork.start()
    peer = await lastingPeer(browser, network, 'node-2')
  })
  after(async () => {
    await network?.stop()
  })

  for (const [view, hash, settled] of [
    ['the chart', () => `#chart?actor=${peer}`, '.sheet [data-edge]'],
    ['the messages', () => `#messages?actor=${peer}`, '.line'],
    ['the reasons', () => '#why', '.path button'],
    ['one reason', () => `#why?actor=${peer}`, '.statuses'],
    ['the network', () => '#network', '.tie'],
  ] as const)
    for (const width of [1280, 400])
      it(`of ${view} has a name and takes the focus, ${width} pixels wide`, async () => {
        const { page } = await openPage(browser, network.address, hash(), { viewport: { width, height: 800 } })
        await page.locator(settled).first().waitFor()
        await page.getByRole('button', { name: 'Live', exact: true }).click() // what is gone in the middle has no focus
        await page.locator('.shell[data-moment=past]').waitFor()
        expect(await faultsIn(page)).to.deep.equal([])
        await page.context().close()
      })
})

/** @returns what is seen and cannot be reached by Tab or named, by its beginning; what opens the tree has its keys */
const faultsIn = (page: Page): Promise<string[]> =>
  page.locator('button:not(.twisty, :disabled), input:not(:disabled), [role=button], [role=tree]').evaluateAll((all) =>
    all.flatMap((element) => {
      const { width, height } = element.getBoundingClientRect()
      if (width === 0 || height === 0) return []
      const name = element.getAttribute('aria-label') ?? element.textContent ?? ''
      element.focus()
      const faults = [
        name.trim() === '' && 'no name',
        !(element.matches(':focus') && element.tabIndex >= 0) && 'no focus',
      ]
      return faults.flatMap((fault) => (fault ? [`${fault}: ${element.outerHTML.slice(0, 80)}`] : []))
    }),
  )
