import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { devGenesis } from '../../actors/chain/dev-genesis.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { eventually } from '../interop/own-ethtest-node.ts'
import { sharedBrowser, specTimeout } from './browser.ts'
import { type Opened, openPage, pageTimeout } from './chromium.ts'
import { LivingNetwork } from './living-network.ts'
import { dialedByStranger } from './stranger.ts'

describe('the inspector of npm start', function () {
  this.timeout(specTimeout)
  let browser: Browser
  let network: LivingNetwork
  let opened: Opened
  let page: Page
  before(async function () {
    browser = await sharedBrowser(this)
    network = await LivingNetwork.start()
  })
  after(async () => {
    await network?.stop()
  })
  const open = async (hash?: string) => {
    opened = await openPage(browser, network.address, hash)
    page = opened.page
  }
  afterEach(async () => {
    await opened.page.context().close()
    expect(opened.faults).to.deep.equal([])
    for (const request of opened.requests) expect(new URL(request).hostname, request).to.equal('127.0.0.1')
  })

  it('shows who is connected with whom', async () => {
    await open()
    await page.getByRole('button', { name: /^node-1 and node-2: running/ }).waitFor()
    await page.getByRole('button', { name: /^node-2 and node-3: running/ }).waitFor()
    expect(await page.locator('.spot').count()).to.equal(3)
  })

  it('decodes a message that is clicked, and leads to the transition it caused', async () => {
    await open('#messages?actor=node-2/node')
    await page.getByLabel('Filter messages').fill('Status')
    const status = page.locator('.line[data-name=Status]', { has: page.locator('.arrow[data-towards=left]') }).first()
    await status.waitFor()
    await page.getByRole('button', { name: 'Live' }).click()
    await status.click()
    const detail = page.getByLabel('The chosen line')
    const message = detail.locator('[data-kind=message]')
    await message.getByRole('heading', { name: 'Status' }).waitFor()
    await message.getByText('genesis').waitFor()
    await detail.getByRole('button', { name: 'the transition it caused' }).click()
    await detail.locator('[data-kind=transition]').waitFor()
    await page.waitForURL(/#chart\?.*line=\d+/)
    // The message was one of the connection, the transition is one of its session.
    await page.locator('.subject', { hasText: /node-2\/peer\/\d+\/eth/ }).waitFor()
    await page.locator('.taken button[aria-pressed=true]', { hasText: 'registering, by status.accepted' }).waitFor()
    await detail.locator('.change', { hasText: 'registering, by status.accepted' }).waitFor()
    // What was chosen goes when another actor is, and when another moment is.
    await page.locator('.row[data-actor="node-2/server"]').click()
    await detail.waitFor({ state: 'detached' })
    await page.locator('.taken button').first().click()
    await detail.waitFor()
    await page.getByLabel('Moment').press('ArrowLeft')
    await detail.waitFor({ state: 'detached' })
  })

  it('names auth and ack of a handshake, by their size, as the transition that they led to does', async () => {
    // Any that was dialed: who dials whom is chance, as they find each other.
    await open('#messages?search=is:peer')
    const dialed = page.locator('.row[data-actor*="/peer/"]', { hasText: /peer\/\d+ in/ }).first()
    await dialed.click()
    const peer = /peer\/\d+/.exec((await dialed.getAttribute('data-actor'))!)![0]
    await page.getByLabel('Filter messages').fill('rlpx')
    const [auth, ack] = ['auth', 'ack'].map((name) => page.locator(`.line[data-name=${name}]`).first())
    await ack!.waitFor()
    const title = new RegExp(`^[\\d:.]+ s, node-\\d to ${peer}: auth, EIP-8, \\d+ bytes$`)
    await page.getByRole('button', { name: title }).waitFor()
    expect(await ack!.textContent()).to.match(/ackEIP-8, \d+ bytes$/)
    await auth!.click()
    const detail = page.getByLabel('The chosen line')
    await detail.getByText('it makes the keys, so it is not kept').waitFor()
    // Beside the detail there is little room: nothing stands before the time.
    await page.getByLabel('Filter messages').fill('')
    const mark = page.locator('.line[data-kind=mark]', { hasText: 'rlpx.secured' }).first()
    const [time, label] = [await mark.locator('time').boundingBox(), await mark.locator('.label').boundingBox()]
    expect(label!.x).to.be.at.least(time!.x + time!.width - 4)
    await detail.getByRole('button', { name: 'the transition it caused' }).click()
    await detail.locator('[data-kind=transition]', { hasText: 'rlpx.secured' }).waitFor()
  })

  it('scrolls messages back as far as they are kept, filters them, and stands still while it is held', async () => {
    await open('#messages?actor=node-3/node')
    const lines = page.locator('.lines')
    const first = page.locator('.line').first()
    await page.locator('.line[data-name=BlockHeaders]').first().waitFor()
    await page.getByRole('button', { name: 'events' }).click()
    await page.getByRole('button', { name: 'Live' }).click()
    await page.locator('.shell[data-moment=past]').waitFor()
    const tally = page.locator('.messages .tally').first()
    // Up to the node's first transition, loading what is above it again and again.
    const top = async () => {
      await lines.evaluate((frame) => frame.scrollTo({ top: 0 }))
      return (await first.getAttribute('data-name')) ?? ''
    }
    await eventually('the first line', async () => (await top()) === 'starting', pageTimeout)
    await page.getByRole('button', { name: 'messages', exact: true }).click()
    await page.getByLabel('Filter messages').fill('eth Status')
    // Two peers, both ways; where two dials cross, one or two that were lost came before.
    const shown = tally.filter({ hasText: /^[468] lines$/ })
    await shown.waitFor()
    expect(`${await page.locator('.line').count()} lines`).to.equal(await shown.textContent())
  })

  it('explains a peer that was dropped for its genesis with both hashes, and goes back to before it left', async () => {
    await open('#why')
    const stranger = await dialedByStranger(network.enodes[0]!)
    try {
      const left = page.locator('.why section', { hasText: 'Left' }).locator('.path button', { hasText: 'stranger' })
      await left
        .filter({ hasText: /0x10 subprotocol error: the genesis differs/ })
        .first()
        .waitFor() // at a glance
      await left.first().click()
      const differing = page.locator('.statuses tr[data-differs=true]', { hasText: /genesis/i })
      await differing.waitFor()
      const hashes = await differing.locator('td').allTextContents()
      expect(hashes.map((hash) => hash.replace(/^0x/, ''))).to.deep.equal(
        [devGenesis().header.hash, stranger.chain.genesis.hash].map(bytesToHex),
      )
      expect(await page.locator('.verdict').textContent()).to.match(/genesis/i)
      await page.waitForURL(/actor=/)
      const actor = new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('actor')!

      const began = page.locator('.path button', { hasText: 'greeting.exchanging' })
      await began.first().click()
      await page.getByRole('button', { name: 'the chart at this moment' }).click()
      await page.locator('.shell[data-moment=past]').waitFor()
      await page.locator(`.row[data-actor="${actor}"]`, { hasText: 'greeting.exchanging' }).waitFor()
      await page.getByLabel('Moment').press('ArrowLeft')
      await page.locator(`.row[data-actor="${actor}"]`, { hasText: 'securing' }).waitFor()
      await page.getByLabel('Moment').press('Home')
      await page.getByText(`At this moment there is no ${actor}.`).waitFor()

      // Who opens the page later sees the same ticks on the slider.
      const late = await openPage(browser, network.address)
      await late.page.locator('.rail i').first().waitFor({ state: 'attached' })
      const ticks = (page: Page) => page.locator('.rail i').count()
      const areSame = async () => (await ticks(late.page)) === (await ticks(page))
      await eventually('the same ticks', areSame, pageTimeout)
      await late.page.context().close()
    } finally {
      await stranger.stop()
    }
  })

  it('shows the same picture after a reload, and in a browser that opens its address later', async () => {
    // Of the peers: lookups end all the time, and the oldest are forgotten.
    await open('#chart?actor=node-2/server&search=is:peer')
    await page.locator('.row').first().waitFor()
    await page.getByRole('button', { name: 'Live' }).click()
    await page.locator('.shell[data-moment=past]').waitFor()
    await page.locator('.sheet .lit').first().waitFor()
    await page.waitForURL(/seq=/)
    const picture = await pictureOf(page)
    const isShown = async (page: Page) => {
      const isSame = async () => isDeepStrictEqual(await pictureOf(page), picture)
      await eventually('the same picture', isSame, pageTimeout).catch(() => {})
      expect(await pictureOf(page)).to.deep.equal(picture)
    }
    await page.reload()
    await page.locator('.shell[data-moment=past]').waitFor()
    await page.locator('.sheet .lit').first().waitFor()
    await isShown(page)
    const late = await openPage(browser, page.url())
    await late.page.locator('.shell[data-moment=past]').waitFor()
    await late.page.locator('.sheet .lit').first().waitFor()
    await isShown(late.page)
    await late.page.context().close()
  })

  it('is driven by the keyboard alone', async () => {
    await open('#network')
    await page.locator('.row').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('dialer state:running')
    await page.locator('.tally', { hasText: '9 actors' }).first().waitFor() // three, and the ways to them
    await page.keyboard.press('Escape')
    await page.getByRole('tree').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.locator('.row[aria-selected=true][data-actor="node-1/server/dialer"]').waitFor()
    await page.keyboard.press('1')
    await page.locator('.subject', { hasText: 'node-1/server/dialer' }).waitFor()
    const chosen = (actor: string) => page.locator(`.row[aria-selected=true][data-actor="${actor}"]`).waitFor()
    await page.keyboard.press('ArrowLeft')
    await chosen('node-1/server')
    await page.keyboard.press('ArrowRight')
    await chosen('node-1/server/dialer')
    await page.keyboard.press('End')
    await chosen('node-3/server/dialer')
    await page.keyboard.press('Home')
    await chosen('node-1/node')
    await page.keyboard.press('4')
    const tie = page.getByRole('button', { name: /^node-1 and node-2: running/ })
    await tie.focus()
    await page.keyboard.press(' ')
    await page.locator('.tie[aria-pressed=true]').waitFor()
    await page.locator('.shell[data-moment=live]').waitFor()
    await page.getByRole('tree').focus()
    await page.keyboard.press(' ')
    await page.locator('.shell[data-moment=past]').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.shell[data-moment=live]').waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('hold the picture').waitFor()
  })
})

/** What is seen of a moment, but for what time itself changes. */
async function pictureOf(page: Page): Promise<unknown> {
  // Rows are drawn where they are seen, and how far the list was moved is not of the moment.
  await page.locator('.rows').evaluate((frame) => frame.scrollTo({ top: 0 }))
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
  const rows = await page.locator('.row').evaluateAll((elements) => elements.map(({ textContent }) => textContent))
  const lit = await page
    .locator('.sheet .state.lit[data-state]')
    .evaluateAll((elements) => elements.map(({ id, dataset }) => [id, { ...dataset }]))
  return {
    rows,
    lit,
    standing: await page.locator('.subject').textContent(),
    clock: await page.locator('.clock output').textContent(),
  }
}
