import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { DevNetwork } from '../../actors/cli/dev-network.ts'
import { createNode } from '../../actors/create-node.ts'
import { Inspector } from '../../actors/inspector/inspector.ts'
import { silent } from '../../actors/log.ts'

/** Growth in KiB a second, without the inspector and with it and a page; a chain in memory grows by itself. */
export type InspectMemoryResult = { readonly unwatched: number; readonly watched: number; readonly historyMiB: number }

/** The network of `npm start` at ten times its traffic, watched once its history is full. */
export async function benchInspectMemory(
  seconds: number,
  report: (line: string) => void,
): Promise<InspectMemoryResult> {
  const network = await DevNetwork.open({ createNode, nodes: 3, blockTime: 100, log: silent })
  await network.start()
  await sleep(warmUp)
  const unwatched = await growth(seconds)
  report(`unwatched ${unwatched} KiB/s`)
  const nodes = Object.fromEntries(network.nodes.map((node, i) => [`node-${i + 1}`, node]))
  const inspector = await Inspector.open(nodes, { historyBytes: historyMiB << 20 })
  const page = new WebSocket(new URL('feed', inspector.address.replace('http', 'ws')))
  await once(page, 'open')
  page.send('{"ask":"tap","isOn":true}')
  let oldest = 1
  page.on('message', (data) => {
    oldest = JSON.parse(String(data)).oldest?.seq ?? oldest
  })
  while (oldest === 1) await once(page, 'message')
  report('the history is full')
  const watched = await growth(seconds)
  report(`watched ${watched} KiB/s`)
  page.terminate()
  await inspector.close()
  await network.stop()
  return { unwatched, watched, historyMiB }
}

async function growth(seconds: number): Promise<number> {
  const before = settled()
  await sleep(seconds * 1_000)
  return Math.round((settled() - before) / 1024 / seconds)
}

function settled(): number {
  globalThis.gc!()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const warmUp = 3_000
const historyMiB = 2
