import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { sharedBrowser, specTimeout } from './browser.ts'
import { openPage } from './chromium.ts'
import { Crowd } from './crowd.ts'

// How fast it is: `npm run -s bench -- page`.

describe('the inspector of a crowd', function () {
  this.timeout(specTimeout)
  let browser: Browser
  let crowd: Crowd
  before(async function () {
    browser = await sharedBrowser(this)
    crowd = await Crowd.open(5_000)
  })
  after(async () => {
    await crowd?.close()
  })

  it('draws no more of 5,000 actors than is seen, and their last state after any changes, without moving anything', async () => {
    const { page, faults } = await openPage(browser, crowd.address, '#network')
    const rows = page.locator('.row')
    await page.locator('.tally', { hasText: /^5.000 actors$/ }).waitFor()
    await rows.first().waitFor()
    expect(await rows.count(), 'rows drawn').to.be.within(10, 60)

    await page.evaluate(watchShifts)
    for (let i = 0; i < 300; i++) {
      crowd.change(40)
      if (i % 10 === 0) await page.evaluate(nextFrame)
    }
    crowd.change(40, 'closing')
    for (const peer of [0, 5])
      await page.locator(`.row[data-actor="peer/${peer}"] .state`, { hasText: 'closing' }).waitFor()
    await page.evaluate(nextFrame)
    expect(await page.locator('.row[data-peer=true] .state', { hasText: 'running' }).count(), 'stale rows').to.equal(0)
    // Texts of another width move within their row; a row that moves scores 0.006.
    expect(await page.evaluate('largestShift()'), 'layout that moved').to.be.below(0.002)

    await page.getByLabel('Search actors').fill('client:reth')
    await page.locator('.tally', { hasText: /^1.669 actors$/ }).waitFor()
    await page.getByRole('tree').evaluate((tree) => tree.scrollTo({ top: tree.scrollHeight }))
    await page.locator('.row[data-actor="peer/2496/eth"]').waitFor()
    expect(await rows.count(), 'rows drawn at the end').to.be.within(10, 60)
    expect(faults).to.deep.equal([])
    await page.context().close()
  })

  it('shows what a remote calls itself as text, and nothing that turns it', async () => {
    const { page, faults, requests } = await openPage(browser, crowd.address, '#chart?actor=peer/4')
    const name = await page.locator('.subject h2').textContent()
    expect(name)
      .to.contain('<img src=x onerror="document.title=1">')
      .and.not.match(/[\u202e\u061c\u00ad\u180e\u{e0041}]/u)
    expect(await page.title()).to.equal('peer/4 · Peerchart')
    expect(requests.filter((url) => url.endsWith('/x'))).to.deep.equal([])
    expect(faults).to.deep.equal([])
    await page.context().close()
  })

  it('says that the node is gone, and goes on when it is back', async () => {
    let small = await Crowd.open(10)
    const { port } = new URL(small.address)
    const { page } = await openPage(browser, small.address)
    await page.getByRole('status').getByText('connected', { exact: true }).waitFor()
    await small.close()
    await page.getByRole('alert').getByText('The node does not answer').waitFor()
    expect(await page.locator('.row').count(), 'what was known stays').to.equal(10)
    small = await Crowd.open(20, Number(port))
    await page.locator('.tally', { hasText: '20 actors' }).waitFor()
    expect(await page.getByRole('alert').count()).to.equal(0)
    await page.context().close()
    await small.close()
  })
})

/** From here on: what moves without input. */
const watchShifts = `
  let largest = 0
  const take = (list) => list.forEach(({ value }) => (largest = Math.max(largest, value)))
  const observer = new PerformanceObserver((list) => take(list.getEntries()))
  observer.observe({ type: 'layout-shift' })
  globalThis.largestShift = () => (take(observer.takeRecords()), largest)
`
const nextFrame = 'new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))'
