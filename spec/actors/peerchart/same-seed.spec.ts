import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { memoryNetwork } from '../../../actors/simulation/memory-network.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { keep, toLine } from '../../../actors/trace/feed-lines.ts'
import { parseGenesis } from '../../../protocols/chain/genesis.ts'
import { itTakesLong } from '../../long.ts'
import { makeBlocks } from '../chain/make-chain.ts'
import { keyOf } from '../discovery/some-nodes.ts'

const genesis = parseGenesis(JSON.stringify(devGenesisJson))
const blocks = makeBlocks(genesis, genesis.header, 700)

/** A xorshift of a seed. */
function entropyOf(seed: number): (length: number) => Uint8Array {
  let state = seed
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  }
  return (length) => Uint8Array.from({ length }, next)
}

/** Five nodes find each other, four sync from the first, and one of them leaves. @returns all that they did, payloads too */
async function live(seed: number): Promise<{ readonly text: string; readonly nodes: readonly string[] }> {
  const clock = new VirtualClock()
  const transport = memoryNetwork()
  const wallClock = () => 1_800_000_000_000 + clock.now()
  const lines: string[] = []
  const begin = async (i: number, bootnodes: readonly string[]) => {
    const feed = new Feed()
    feed.subscribe((entry, { payload, ...live }) => {
      const place = { seq: lines.length, at: clock.now(), node: `node-${i}`, actor: entry.actor }
      const { parent } = { parent: undefined, ...entry }
      lines.push(JSON.stringify(toLine(keep(entry, live, { ...place, parent }, payload))))
    })
    const runtime = { clock, wallClock, feed, entropy: entropyOf(seed * 100 + i) }
    const options = { genesis: devGenesisJson, nodeKey: keyOf(i), port: 0, runtime, transport }
    const node = await createNode({ ...options, discovery: { bootnodes } })
    if (i === 1) await node.chain.insertBlocks(blocks)
    await node.start()
    return node
  }
  const nodes: PeerchartNode[] = [await begin(1, [])]
  for (let i = 2; i <= 5; i++) nodes.push(await begin(i, [nodes[0]!.enode]))
  const until = async (isDone: () => boolean) => {
    for (let i = 0; !isDone(); i++) {
      if (i === 600) throw new Error('it does not come to that in a minute')
      await clock.run(100)
    }
  }
  await until(() => nodes.every(({ chain }) => chain.head.number === 700n))
  const stop = async (node: PeerchartNode) => {
    let isOver = false
    void node.stop().then(() => {
      isOver = true
    })
    await until(() => isOver)
  }
  await stop(nodes[3]!)
  await clock.run(30_000)
  const left = nodes.map((node) => `${node.chain.head.number} ${node.peers().length}`)
  for (const node of nodes) await stop(node)
  return { text: lines.join('\n'), nodes: left }
}

describe('five nodes on one virtual clock', () => {
  itTakesLong('each sync of five nodes is run four times')(
    'do the same, byte for byte, from the same seed: they meet, sync 700 blocks, and lose one',
    async () => {
      const first = await live(1)
      expect(first.nodes).to.deep.equal(['700 3', '700 3', '700 3', '700 0', '700 3'])
      expect(first.text.length).to.be.above(100_000)
      for (let i = 0; i < 2; i++) {
        const { text } = await live(1)
        if (text === first.text) continue
        const [ours, theirs] = [first.text, text].map((text) => text.split('\n'))
        const at = ours!.findIndex((line, i) => line !== theirs![i])
        expect(theirs![at], `line ${at}`).to.equal(ours![at])
      }
      expect((await live(2)).text).to.not.equal(first.text)
    },
  ).timeout(120_000)
})
