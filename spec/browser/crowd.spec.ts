import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { openPage, sharedBrowser } from './browser.ts'
import { Crowd } from './crowd.ts'

describe('the inspector of a crowd', function () {
  this.timeout(60_000)
  let browser: Browser
  let crowd: Crowd
  before(async function () {
    browser = await sharedBrowser(this)
    crowd = await Crowd.open(5_000)
  })
  after(async () => {
    await crowd?.close()
  })

  it('paints 5,000 actors within a second, and takes 60 changes a second without a long task', async function () {
    const { page, faults } = await openPage(browser, crowd.address, '#network')
    await page.locator('.row').first().waitFor()
    // Once more, with everything compiled and watched from its first moment.
    await page.addInitScript(watch)
    await page.reload()
    await page.locator('.row').first().waitFor()
    const paint = (await page.evaluate('paintedAt')) as number
    const rows = await page.locator('.row').count()

    await page.evaluate('longTasks.length = 0')
    const before = crowd.told
    crowd.change(60, 40)
    const frames = (await page.evaluate(`new Promise((resolve) => {
      const end = performance.now() + 5_000
      let frames = 0
      const next = () => (frames++, performance.now() < end ? requestAnimationFrame(next) : resolve(frames))
      next()
    })`)) as number
    const told = crowd.told - before
    const longest = (await page.evaluate('Math.max(0, ...longTasks)')) as number
    const shifts = (await page.evaluate('shifts')) as number
    const search = page.getByLabel('Search actors')
    await search.fill('client:reth')
    await page.locator('.tally', { hasText: /^1.668 actors$/ }).waitFor()
    const afterSearch = (await page.evaluate('Math.max(0, ...longTasks)')) as number

    this.test!.title +=
      ` (painted after ${Math.round(paint)} ms, ${rows} rows drawn, ${told} changes in ${frames} frames of 5 s,` +
      ` longest task ${Math.round(longest)} ms, ${Math.round(afterSearch)} ms with a search)`
    expect(faults).to.deep.equal([])
    expect(paint, 'first paint').to.be.below(1_000)
    expect(rows, 'rows drawn').to.be.within(10, 60)
    expect(shifts, 'layout that moved').to.be.below(0.01)
    expect(told, 'changes').to.be.above(240)
    expect(longest, 'longest task').to.be.below(100)
    expect(afterSearch, 'longest task of a search').to.be.below(100)
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

/** Notes when the first actor is painted, and every task of more than 50 ms. */
const watch = `
  globalThis.longTasks = []
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask' })
  globalThis.shifts = 0
  new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (shifts += value)))
    .observe({ type: 'layout-shift' })
  const look = () => {
    if (document.querySelector('.row')) globalThis.paintedAt ??= performance.now()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
`
