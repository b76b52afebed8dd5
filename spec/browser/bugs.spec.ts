import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { AnyStateMachine } from 'xstate'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { Inspector } from '../../actors/inspector/inspector.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import { peerMachine } from '../../machines/peer.ts'
import { plant } from '../hostile/plants.ts'
import { projectRoot } from '../support/project.ts'
import { sharedBrowser, specTimeout } from './browser.ts'
import { openPage } from './chromium.ts'

describe('an actor that had a bug, in the inspector', function () {
  this.timeout(specTimeout)
  const folder = join(projectRoot, 'screenshots')
  let node: PeerchartNode
  let inspector: Inspector
  before(async () => {
    await mkdir(folder, { recursive: true })
    node = await createNode({ genesis: devGenesisJson, port: 0 })
    inspector = await Inspector.open(node)
    await node.start()
    using _bug = plant(peerMachine as unknown as AnyStateMachine, { kind: 'actions', name: 'sendPong' }, () => true)
    await using peer = dial(node.enode)
    await peer.until('running')
    peer.send('Ping')
    await peer.closed()
  })
  after(async () => {
    await inspector?.close()
    await node?.stop()
  })

  for (const width of [1280, 400])
    it(`is marked in the list, and found there, ${width} pixels wide`, async function () {
      const options = { viewport: { width, height: 800 } }
      const browser = await sharedBrowser(this)
      const { page, faults } = await openPage(browser, inspector.address, width < 720 ? '#actors' : '#network', options)
      const marked = page.locator('.row', { has: page.locator('.bug') })
      await marked.waitFor()
      expect(await marked.getAttribute('data-actor')).to.equal('peer/1')
      expect(await marked.locator('.bug').getAttribute('title')).to.equal(
        'a bug of ours: TypeError: planted in sendPong',
      )
      await page.getByLabel('Search actors').fill('is:bug')
      await page.locator('.row[data-actor="eth/downloader"]').waitFor({ state: 'detached' })
      await marked.waitFor()
      await page.screenshot({ path: join(folder, `bug-${width}.png`) })
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(width)
      expect(faults).to.deep.equal([])
      await page.context().close()
    })
})
