import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { Inspector } from '../../../actors/inspector/inspector.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { OpenPage } from './open-page.ts'

describe('secrets of a session', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-secrets-'))
  })
  after(() => rm(dir, { recursive: true }))

  /** A node, and every secret that it draws or derives. */
  async function confidant(name: string) {
    const { entropy } = processRuntime()
    const secrets: Buffer[] = []
    const keep = (length: number) => {
      const bytes = entropy(length)
      if (length >= 16) secrets.push(Buffer.from(bytes)) // shorter ones are ids of requests, which are on the wire
      return bytes
    }
    const nodeKey = entropy(32)
    secrets.push(Buffer.from(nodeKey))
    const [record, keyLog] = [join(dir, `${name}.ndjson`), join(dir, `${name}.keys`)]
    const runtime = processRuntime({ entropy: keep })
    const node = await createNode({
      genesis: devGenesisJson,
      port: 0,
      nodeKey,
      runtime,
      record: { file: record },
      keyLog,
    })
    const allSecrets = async () => {
      const derived = (await readFile(keyLog, 'utf8')).match(/\b[0-9a-f]{64}\b/g) ?? []
      return [...secrets, ...derived.map((digits) => Buffer.from(digits, 'hex'))]
    }
    return { node, record, allSecrets }
  }

  it('are in no line of its recording, and in nothing that a page or a tool gets', async () => {
    const [alice, bob] = await Promise.all([confidant('alice'), confidant('bob')])
    const inspector = await Inspector.open({ alice: alice.node, bob: bob.node })
    const page = await OpenPage.at(inspector.address)
    page.say({ ask: 'messages', isOn: true })
    const tool = new WebSocket(inspector.statelyAddress)
    let stately = ''
    tool.on('message', (data) => {
      stately += `${data}\n`
    })
    await once(tool, 'open')
    await alice.node.start()
    await bob.node.start()
    const met = new Promise<void>((resolve) => {
      alice.node.events$.subscribe((event) => {
        if (
          event.type === 'transition' &&
          event.chart === 'eth-peer' &&
          event.to === 'active.(chain.syncing reading.flowing)'
        )
          resolve()
      })
    })
    bob.node.addPeer(alice.node.enode)
    await met
    await bob.node.stop()
    const { seq: newest } = (await page.ask('picture', {})).picture
    for (let before = newest + 1; before > 1; ) {
      const { lines } = await page.ask('lines', { before, limit: 1_000 })
      before = lines[0]?.seq ?? 1
    }
    for (let seq = 1; seq <= newest; seq++) await page.ask('line', { seq }).catch(() => {})
    await page.ask('why', { actor: 'alice/peer/1' })
    await alice.node.stop()
    const pushes = page.pushes.map((push) => JSON.stringify(push)).join('\n')
    page.close()
    const toolLeft = once(tool, 'close')
    await inspector.close()
    await toolLeft

    const secrets = (await Promise.all([alice.allSecrets(), bob.allSecrets()])).flat()
    // Static and ephemeral keys, nonces and the IVs of both, and what they agreed on.
    expect(secrets.length).to.be.at.least(2 * 8)
    for (const text of [pushes, stately, await readFile(alice.record, 'utf8'), await readFile(bob.record, 'utf8')]) {
      expect(text).to.contain('Status').and.contain('rlpx.secured')
      // Auth and ack are reported by their size alone.
      const packets = text.match(/\{[^{}]*"protocol":"rlpx"[^{}]*\}/g) ?? []
      expect(packets.length).to.be.at.least(text === stately ? 0 : 2) // a tool is sent no messages
      for (const packet of packets) expect(packet).to.contain('"size":').and.not.contain('payload')
      const payloads = [...text.matchAll(/"payload":"([^"]*)"/g)].map(([, base64]) => Buffer.from(base64!, 'base64'))
      for (const secret of secrets) {
        const forms = [
          bytesToHex(secret),
          Buffer.from(secret).toString('base64').slice(0, -4),
          `${BigInt(`0x${bytesToHex(secret)}`)}`,
          secret.join(),
        ]
        for (const form of forms) expect(text.toLowerCase().includes(form.toLowerCase()), form).to.equal(false)
        expect(payloads.some((payload) => payload.includes(secret))).to.equal(false)
      }
    }
    // It would be found: what both sent each other is.
    expect(pushes).to.contain(alice.node.id)
  })
})
