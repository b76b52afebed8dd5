import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { DevNetwork } from '../../actors/cli/dev-network.ts'
import { Inspector } from '../../actors/inspector/inspector.ts'
import { silent } from '../../actors/log/log.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'

/** In MiB: what the process has of the machine, and what of it is in use once all garbage is collected. */
export type MemorySample = {
  readonly minute: number
  readonly blocks: number
  readonly rss: number
  readonly live: number
}

/** Growth in KiB a minute of what is in use, in the first third of the time and in the last. */
export type InspectMemoryResult = {
  readonly samples: readonly MemorySample[]
  readonly growth: { readonly first: number; readonly last: number }
}

/** The network of `npm start` at ten times its traffic, with its inspector, and a page that is sent everything. */
export async function benchInspectMemory(
  minutes: number,
  report: (line: string) => void,
): Promise<InspectMemoryResult> {
  const network = await DevNetwork.open({ createNode, nodes: 3, blockTime: 100, execute: true, log: silent })
  const inspector = await Inspector.open(Object.fromEntries(network.nodes.map((node, i) => [`node-${i + 1}`, node])))
  await network.start()
  const page = new WebSocket(new URL('feed', inspector.address.replace('http', 'ws')))
  await once(page, 'open')
  page.on('message', () => {})
  page.send('{"ask":"messages","isOn":true}')
  const samples: MemorySample[] = []
  for (let i = 0; i <= parts; i++) {
    if (i > 0) await sleep((minutes * 60_000) / parts)
    const sample = {
      minute: toTenths((i * minutes) / parts),
      blocks: Number(network.nodes[0]!.chain.head.number),
      ...memory(),
    }
    samples.push(sample)
    report(`minute ${sample.minute}: ${sample.blocks} blocks, RSS ${sample.rss} MiB, in use ${sample.live} MiB`)
  }
  page.terminate()
  await inspector.close()
  await network.stop()
  const growth = { first: slope(samples.slice(0, third + 1)), last: slope(samples.slice(-third - 1)) }
  report(`in use grew by ${growth.first} KiB a minute in the first third, ${growth.last} in the last`)
  return { samples, growth }
}

const parts = 12
const third = parts / 3

/** RSS comes first, as V8 left it by itself. */
function memory(): { rss: number; live: number } {
  const { rss } = process.memoryUsage()
  globalThis.gc!()
  const { heapUsed, external } = process.memoryUsage()
  return { rss: toMiB(rss), live: toMiB(heapUsed + external) }
}

const toMiB = (bytes: number) => toTenths(bytes / 2 ** 20)
const toTenths = (value: number) => Math.round(value * 10) / 10

function slope(samples: readonly MemorySample[]): number {
  const [first, last] = [samples[0]!, samples.at(-1)!]
  return Math.round(((last.live - first.live) * 1_024) / (last.minute - first.minute))
}
