import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { openPage, sharedBrowser } from './browser.ts'
import { Crowd } from './crowd.ts'
import { longestTask, type Task } from './tasks.ts'

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
    await page.addInitScript(watch)
    const paints: number[] = []
    for (let i = 0; i < 3; i++) {
      await page.reload()
      await page.locator('.row').first().waitFor()
      paints.push((await page.evaluate('paintedAt')) as number)
    }
    const rows = await page.locator('.row').count()

    const before = crowd.told
    crowd.change(60, 40)
    let [frames, told] = [0, 0]
    const steady = await longestTask(page, async () => {
      frames = (await page.evaluate(framesOf(5_000))) as number
      told = crowd.told - before
    })
    const shifts = (await page.evaluate('shifts')) as number
    const searching = await longestTask(page, async () => {
      await page.getByLabel('Search actors').fill('client:reth')
      await page.locator('.tally', { hasText: /^1.668 actors$/ }).waitFor()
    })

    const inWords = ({ worked, lasted }: Task) => `${worked.toFixed(1)} ms of work in ${lasted.toFixed(1)} ms`
    this.test!.title +=
      ` (painted after ${paints.map(Math.round).join(', ')} ms; ${rows} rows drawn; ${told} changes in ${frames} frames of` +
      ` 5 s; longest task ${inWords(steady)}; of a search ${inWords(searching)})`
    expect(faults).to.deep.equal([])
    expect(Math.min(...paints), 'first paint, the best of three').to.be.below(1_000)
    expect(rows, 'rows drawn').to.be.within(10, 60)
    expect(shifts, 'layout that moved').to.be.below(0.01)
    expect(told, 'changes, of 300').to.be.above(150)
    expect(steady.worked, 'longest task').to.be.within(0.1, 100)
    expect(searching.worked, 'longest task of a search').to.be.within(0.1, 100)
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

/** Notes when the first actor is painted, and whether anything moves that is seen. */
const watch = `
  globalThis.shifts = 0
  new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (shifts += value)))
    .observe({ type: 'layout-shift' })
  const look = () => {
    if (document.querySelector('.row')) globalThis.paintedAt ??= performance.now()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
`

const framesOf = (ms: number) => `new Promise((resolve) => {
  const end = performance.now() + ${ms}
  let frames = 0
  const next = () => (frames++, performance.now() < end ? requestAnimationFrame(next) : resolve(frames))
  next()
})`
