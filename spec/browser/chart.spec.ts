import { expect } from 'chai'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { chartOf, statesOf } from '../../actors/drawing/chart.ts'
import { ethPeerMachine } from '../../machines/eth-peer.ts'
import { eventually } from '../interop/own-ethtest-node.ts'
import { sharedBrowser, specTimeout } from './browser.ts'
import { type Opened, openPage, pageTimeout } from './chromium.ts'
import { lastingPeer } from './lasting-peer.ts'
import { LivingNetwork } from './living-network.ts'

describe('the chart of an actor in the page', function () {
  this.timeout(specTimeout)
  let browser: Browser
  let network: LivingNetwork
  let peer: string
  let opened: Opened | undefined
  before(async function () {
    browser = await sharedBrowser(this)
    network = await LivingNetwork.start()
    peer = await lastingPeer(browser, network, 'node-1')
  })
  after(() => network?.stop())
  afterEach(async () => {
    await opened?.page.context().close()
    expect(opened?.faults).to.deep.equal([])
  })
  const open = async (actor: string, options?: BrowserContextOptions) => {
    opened = await openPage(browser, network.address, `#chart?actor=${actor}`, options)
    const { page } = opened
    await page.locator('.sheet [data-edge].worn').first().waitFor()
    return page
  }
  /** A ping or a full socket changes its state at any time, and its view with it. */
  const hold = async (page: Page) => {
    await page.getByRole('button', { name: 'Live', exact: true }).click()
    await page.locator('.shell[data-moment=past]').waitFor()
  }
  const transition = (name: string) => `.sheet [data-edge="${name}"]`
  const widthOf = async (locator: Locator) => (await locator.boundingBox())!.width

  it('lights every state that is active, nested and parallel, and no other', async () => {
    const page = await open(peer)
    await page.locator('.standing', { hasText: 'writing.flowing' }).waitFor()
    await hold(page)
    const lit = await page
      .locator('.sheet [data-state].lit')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-state')))
    const [, keepalive, writing] = /keepalive\.(\w+) writing\.(\w+)/.exec(
      (await page.locator('.standing').textContent())!,
    )!
    expect(lit).to.have.members([
      ...['running', 'running.keepalive', `running.keepalive.${keepalive}`],
      ...['running.writing', `running.writing.${writing}`],
    ])
  })
  it('counts at each transition how often it was taken, and says when last', async () => {
    const page = await open(`${peer}/eth`)
    const asked = page.locator(transition('active · GetBlockHeaders'))
    const count = async () => Number(await asked.locator('.badge').textContent())
    const before = await count()
    await page
      .locator(`${transition('active · GetBlockHeaders')} .badge`, { hasNotText: new RegExp(`^${before}$`) })
      .waitFor()
    expect(await count()).to.be.above(before)
    expect(await asked.getAttribute('aria-label')).to.match(/^active · GetBlockHeaders: \d+ times, last at [\d:.]+ s$/)
    expect(await page.locator(transition('awaitingStatus · Cells')).getAttribute('aria-label')).to.match(/: never$/)
    await asked.hover()
    await page.locator('.caption', { hasText: /^active · GetBlockHeaders: \d+ times, last at / }).waitFor()
    const states = statesOf(chartOf(ethPeerMachine).root)
    const transitions = states.flatMap(({ transitions }) => transitions)
    expect(await page.locator('.sheet [data-edge]').count()).to.equal(transitions.length)
  })
  it('shows the event of a transition that is clicked, also of one long ago, and its message decoded', async () => {
    const page = await open(`${peer}/eth`)
    await page.locator(transition('awaitingStatus · Status')).click()
    const detail = page.getByLabel('The chosen line')
    await detail.locator('[data-kind=transition]', { hasText: 'awaitingStatus' }).waitFor()
    await detail.locator('[data-kind=message]', { hasText: 'genesis' }).waitFor()
  })
  it('does so for the arrow itself, and for the keyboard', async () => {
    const page = await open(peer)
    const arrow = page.locator('.sheet [data-arrow][data-source="admitted"][data-target="running"] .reach')
    await arrow.dispatchEvent('click')
    await page.getByLabel('The chosen line').getByText('protocols.started').first().waitFor()
    const label = page.locator(transition('securing.handshaking · rlpx.secured'))
    await label.focus()
    const pointed = page.locator('.sheet .arrow.pointed')
    expect(await pointed.getAttribute('data-source')).to.equal('securing.handshaking')
    await label.press('Enter')
    await page.getByLabel('The chosen line').getByText('rlpx.secured').first().waitFor()
  })
  it('grows and shrinks around where one points, and is dragged', async () => {
    const page = await open(peer)
    await hold(page)
    const sheet = page.locator('.sheet')
    const fitting = await widthOf(sheet)
    const isWide = (width: number) =>
      eventually(`${width} wide`, async () => Math.abs((await widthOf(sheet)) - width) <= 1, pageTimeout)
    await page.getByRole('button', { name: 'Larger' }).click()
    await isWide(fitting * 1.25)
    const frame = page.locator('.frame')
    const { x, y } = (await frame.boundingBox())!
    await page.mouse.move(x + 300, y + 200)
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -300)
    await page.keyboard.up('Control')
    await page.waitForFunction(`document.querySelector('.sheet').clientWidth > ${fitting * 2}`)
    const top = await frame.evaluate((element) => element.scrollTop)
    await page.mouse.down()
    await page.mouse.move(x + 300, y + 120, { steps: 4 })
    await page.mouse.up()
    const isDragged = async () => Math.abs((await frame.evaluate((element) => element.scrollTop)) - (top + 80)) <= 2
    await eventually('dragged by 80 pixels', isDragged, pageTimeout)
    expect(new URL(page.url()).hash).not.to.contain('line=') // what is dragged is not clicked
    await page.getByRole('button', { name: 'As wide as the view' }).click()
    await isWide(fitting)
  })
  for (const options of [
    { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
    { colorScheme: 'light', viewport: { width: 400, height: 800 }, reducedMotion: 'reduce' },
  ] as const)
    it(`shows where it stands in a view ${options.viewport.width} pixels wide, ${options.colorScheme}`, async () => {
      const page = await open(peer, options)
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(options.viewport.width)
      const isSeen = async () => {
        const place = (await page.locator('.sheet [data-state].lit').last().boundingBox())!
        const frame = (await page.locator('.frame').boundingBox())!
        return place.y >= frame.y && place.y <= frame.y + frame.height - place.height
      }
      await page.locator('.standing', { hasText: 'running' }).waitFor()
      await eventually('where it stands is seen', isSeen, pageTimeout)
      const fillOf = (selector: string) => page.evaluate(`getComputedStyle(document.querySelector('${selector}')).fill`)
      const [text, paper] = [await fillOf('.sheet .title'), await fillOf('.sheet .lit > .box')]
      expect(text).not.to.equal(paper)
      await page.screenshot({ path: `screenshots/chart-${options.viewport.width}-${options.colorScheme}.png` })
    })
})
