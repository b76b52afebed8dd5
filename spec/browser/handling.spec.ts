import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { projectRoot } from '../support/project.ts'
import { sharedBrowser, specTimeout } from './browser.ts'
import { openPage } from './chromium.ts'
import { lastingPeer } from './lasting-peer.ts'
import { LivingNetwork } from './living-network.ts'

/** What a person does with the page, on a screen of any width; how it looks is written to `screenshots/`. */
for (const width of [1280, 400])
  describe(`the inspector's page, ${width} pixels wide`, function () {
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
    const open = async (hash: string) => {
      const opened = await openPage(browser, network.address, hash, { viewport: { width, height: 800 } })
      const shoot = (name: string) =>
        opened.page.screenshot({ path: join(folder, `${name}-${width}.png`), animations: 'disabled' })
      const close = async () => {
        expect(await opened.page.evaluate('document.documentElement.scrollWidth')).to.equal(width)
        expect(opened.faults).to.deep.equal([])
        await opened.page.context().close()
      }
      return { ...opened, shoot, close }
    }

    it('has room for a filter, and folds polls that bring nothing', async () => {
      const { page, shoot, close } = await open('#messages?actor=node-2/node')
      const fold = page.locator('.line[data-kind=fold]').last()
      await fold.waitFor()
      await page.getByRole('button', { name: 'Live' }).click()
      await page.locator('.shell[data-moment=past]').waitFor()
      await fold.waitFor()
      await shoot('folded')
      expect((await page.getByLabel('Filter messages').boundingBox())!.width).to.be.at.least(200)
      expect(await fold.textContent()).to.match(/\d+ polls? without news$/)
      await fold.scrollIntoViewIfNeeded()
      const { y } = (await fold.boundingBox())!
      await fold.click()
      await page.locator('.line[aria-expanded=true] + .line[data-name$=BlockHeaders]').first().waitFor()
      expect((await page.locator('.line[aria-expanded=true]').boundingBox())!.y, 'stays in place').to.be.closeTo(y, 1)
      await close()
    })

    it('shows the whole of a chart, or a part of it as large as one likes', async () => {
      const { page, shoot, close } = await open(`#chart?actor=${peer}`)
      const [frame, sheet] = [page.locator('.frame'), page.locator('.sheet')]
      await page.locator('.sheet .lit').first().waitFor() // it is laid out first
      const box = async () => ({ within: (await frame.boundingBox())!, chart: (await sheet.boundingBox())! })
      await page.getByRole('button', { name: 'The whole chart' }).click()
      await page.waitForFunction(
        "(() => { const f = document.querySelector('.frame'); return f.scrollHeight <= f.clientHeight && f.scrollWidth <= f.clientWidth })()",
      )
      await shoot('whole-chart')
      const { within, chart } = await box()
      expect(chart.width).to.be.at.most(within.width)
      const zoom = (await page.locator('.zoom').boundingBox())!
      expect(chart.y + chart.height, 'no button covers it').to.be.at.most(zoom.y)
      await page.getByRole('button', { name: 'Larger' }).click()
      await page.waitForFunction(`document.querySelector('.sheet').clientWidth > ${chart.width * 1.2}`)
      await close()
    })

    it('says which version is spoken, not cut off', async () => {
      const { page, shoot, close } = await open(`${width < 720 ? '#actors' : '#network'}?actor=${peer}`)
      const spoken = page.locator(`.row[data-actor="${peer}"] .facts span`).nth(1)
      await spoken.filter({ hasText: /^eth\/72/ }).waitFor()
      expect(await spoken.evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)).to.equal(true)
      await shoot('spoken')
      await close()
    })

    it('saves the history to a file, which replay and explain read', async () => {
      const { page, close } = await open('#network')
      await page.locator('.tie').first().waitFor({ state: 'attached' })
      const saved = page.waitForEvent('download')
      await page.getByRole('link', { name: 'Save' }).click()
      const file = await (await saved).path()
      const command = async (name: string) => {
        const run = promisify(execFile)
        return (await run(process.execPath, [join(projectRoot, 'dist/actors/cli/main.js'), name, file])).stdout
      }
      expect(await command('replay')).to.match(/^\d+ transitions of \d+ actors .* all as they were recorded/)
      expect(await command('explain')).to.match(/^node-\d\/peer\/\d .* is a peer\.$/m)
      await close()
    })

    it('gives a message away: its fields, and its bytes as they came', async () => {
      const { page, shoot, close } = await open(`#messages?actor=${peer}`)
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      await page.getByLabel('Filter messages').fill('Status')
      await page.locator('.line[data-name=Status]').first().click()
      const detail = page.getByLabel('The chosen line')
      await detail.locator('summary').click()
      const shown = await detail.locator('.raw code').textContent()
      expect(shown).to.match(/^f8[0-9a-f]+$/)
      await detail.getByRole('button', { name: 'Copy bytes' }).click()
      await detail.getByText('bytes copied').waitFor()
      expect(await page.evaluate('navigator.clipboard.readText()')).to.equal(`0x${shown}`)
      await detail.getByRole('button', { name: 'Copy fields' }).click()
      await detail.getByText('fields copied').waitFor()
      const copied = (await page.evaluate('navigator.clipboard.readText()')) as string
      expect(JSON.parse(copied)).to.include.keys('networkId', 'genesis')
      await shoot('raw')
      await close()
    })
  })
