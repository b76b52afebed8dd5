import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { createNode, type PeerchartNode } from '../../actors/index.ts'
import { formatEnode } from '../../protocols/enode/enode.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { Tap } from '../actors/keylog/tap.ts'
import { replayFile } from '../actors/recording/record.ts'
import { ethtest } from '../support/ethtest.ts'
import type { Geth } from '../support/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'

type Session = { readonly node: PeerchartNode; readonly tap: Tap; readonly geth: Geth }

/** How a session may end. */
const ends: Readonly<Record<string, (session: Session) => Promise<unknown> | undefined>> = {
  'as we stop': () => undefined,
  'as geth drops us': ({ node, geth }) => geth.rpc('admin_removePeer', node.enode.replace('?discport=0', '')),
  'as we drop geth': ({ node, geth }) => node.removePeer(geth.enode),
  'by a cut cable': async ({ tap }) => tap.cut(),
}

describe('sessions with geth, recorded', function () {
  this.timeout(180_000)
  let geth: Geth
  let dir: string
  before(async function () {
    geth = await ethtestGeth(this)
    dir = await mkdtemp(join(tmpdir(), 'peerchart-replay-'))
  })
  after(async () => {
    if (dir) await rm(dir, { recursive: true })
  })

  for (const [how, end] of Object.entries(ends))
    it(`replay to the same transitions when they end ${how}, 25 of 25`, async () => {
      const differing: unknown[] = []
      for (let i = 0; i < 25; i++) {
        const file = join(dir, `${i}.ndjson`)
        await recordSession(file, end, (i % 5) * 60)
        const { difference, result } = await replayFile(file)
        if (difference) differing.push(difference)
        expect(result.transitions).to.be.above(30)
        expect(result.passedOver).to.deep.equal([])
      }
      expect(differing).to.deep.equal([])
    })

  /** @param wait milliseconds of a sync that is left to run */
  async function recordSession(file: string, end: (typeof ends)[string], wait: number): Promise<void> {
    const tap = new Tap(parseNode(geth.enode).tcp)
    await tap.open()
    const node = await createNode({ genesis: ethtest.genesis, port: 0, record: { file } })
    const active = new Promise<void>((resolve) => {
      node.events$.subscribe((event) => {
        if (event.type === 'transition' && event.chart === 'eth-peer' && event.to.startsWith('active')) resolve()
      })
    })
    const left = new Promise<void>((resolve) => {
      node.peerEvents$.subscribe(({ type }) => type === 'drop' && resolve())
    })
    await node.start()
    node.addPeer(formatEnode({ ...parseNode(geth.enode), tcp: tap.port }))
    await active
    await sleep(wait)
    const ended = end({ node, tap, geth })
    if (ended) await Promise.all([ended, left])
    await node.stop()
    await tap.close()
  }
})
