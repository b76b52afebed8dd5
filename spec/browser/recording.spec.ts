import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { Inspector } from '../../actors/inspector/inspector.ts'
import { openRecorded } from '../../actors/inspector/recorded.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import { projectRoot } from '../support/project.ts'
import { sharedBrowser, specTimeout } from './browser.ts'
import { openPage } from './chromium.ts'

describe('a recording in the inspector', function () {
  this.timeout(specTimeout)
  let folder: string
  let inspector: Inspector | undefined
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'peerchart-recording-'))
  })
  after(async () => {
    await inspector?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('is the page of a node that is over: its actors, its messages, why its peer left, and any moment of it', async function () {
    const browser = await sharedBrowser(this)
    const file = join(folder, 'one.ndjson')
    await record(file)
    inspector = await Inspector.show(await openRecorded(file))
    const { page, faults } = await openPage(browser, inspector.address, '#why')
    await page.getByRole('status').getByText('recording').waitFor()
    await page.locator('.why .path button', { hasText: 'other' }).click()
    await page.locator('.verdict', { hasText: 'client quitting' }).waitFor()
    expect(await page.locator('.statuses tr').count()).to.be.above(5)
    await page.getByRole('button', { name: 'Messages', exact: true }).click()
    await page.locator('.line[data-name=Disconnect]').waitFor()
    await page.locator('.line[data-name=Hello]').first().click()
    await page.locator('.detail').getByText('Peerchart/').first().waitFor()
    await page.getByLabel('Moment').press('Home')
    await page.locator('.shell[data-moment=past]').waitFor()
    await page.getByText('At this moment there is no peer/').waitFor()
    await page.getByRole('button', { name: 'To the end' }).click()
    await page.locator('.row', { hasText: 'closed' }).first().waitFor()
    expect(faults).to.deep.equal([])
    await page.context().close()

    // Opened without a place, it shows the last moment at which there is something to see.
    const bare = await openPage(browser, inspector.address)
    await bare.page.locator('.tie').first().waitFor({ state: 'attached' }) // a level line has no height
    await bare.page.locator('.shell[data-moment=past]').waitFor()
    await bare.page.getByRole('button', { name: 'To the end' }).click()
    await bare.page.locator('.tie').first().waitFor({ state: 'detached' })
    expect(bare.faults).to.deep.equal([])
    await bare.page.context().close()
  })
})

/** A node that dials another, is its peer for a while, and writes down what happens. */
async function record(file: string): Promise<void> {
  const other = await createNode({ genesis: devGenesisJson, identity: 'other', port: 0 })
  await other.start()
  try {
    const genesis = join(projectRoot, 'actors/chain/dev-genesis.json')
    const args = [
      'start',
      '--genesis',
      genesis,
      '--port',
      '0',
      '--peer',
      other.enode,
      '--record',
      file,
      '--verbosity',
      '4',
    ]
    const child = spawn(process.execPath, [join(projectRoot, 'dist/actors/cli/main.js'), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const exit = once(child, 'exit')
    for await (const line of createInterface({ input: child.stderr }))
      if (/"chart":"eth-peer".*"to":"active/.test(line)) break
    child.stderr.resume()
    child.kill('SIGINT')
    expect(await exit).to.deep.equal([0, null])
  } finally {
    await other.stop()
  }
}
