import { type ChildProcess, fork } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { Crawler } from '../../actors/crawler/crawler.ts'
import { DiscoveryEndpoint } from '../../actors/crawler/discovery-endpoint.ts'
import { type DiscoveredNode, nodeOfRecord } from '../../actors/discovery/discovered-node.ts'
import { silent } from '../../actors/log/log.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import { closestTo } from '../../protocols/enode/distance.ts'
import { formatRecord, parseRecord } from '../../protocols/enr/record.ts'
import { programFile, programLoader } from '../support/project.ts'
import type { Known } from './crawl-child.ts'

export type CrawlBench = { readonly nodes: number; readonly version: 'v4' | 'v5'; readonly parallel: number }

/** Nodes of one process. */
const nodesOfProcess = 250
/** Of the others each knows those closest to it, and some by chance. */
const closestKnown = 8
const othersKnown = 16

/**
 * Finds every node of a network over UDP on loopback in one crawl that begins with one of them. They are whole discovery
 * nodes, in processes of their own; that they know each other is given, and checked by them as ever.
 */
export async function benchCrawl({ nodes, version, parallel }: CrawlBench, report: (line: string) => void) {
  await using network = await startNetwork(nodes, version)
  report(`${nodes} nodes in ${Math.ceil(nodes / nodesOfProcess)} processes`)
  const runtime = processRuntime()
  await using endpoint = await DiscoveryEndpoint.open(runtime, {
    ...{ v4: version === 'v4', v5: version === 'v5', id: 'crawler', host: '127.0.100.1', port: 0, log: silent },
    ...{ privateKey: runtime.entropy(32), bootnodes: [] },
  })
  const limits = { parallel, rate: 10_000, recheck: 0, known: new Map(), bootnodes: [network.nodes[0]!] }
  const crawler = new Crawler(runtime, { endpoint, ...limits })
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  await crawler.run()
  const seconds = Math.round(performance.now() - start) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const found = network.nodes.filter(({ id }) => (crawler.nodes.get(id)?.lastResponse ?? 0) > 0).length
  const result = {
    ...{ nodes, version, parallel, found, seconds },
    nodesPerSecond: Math.round((found / seconds) * 10) / 10,
    cpuMsPerNode: Math.round((user + system) / 100 / nodes) / 10,
  }
  report(
    `${version}: ${found} of ${nodes} nodes in ${seconds} s, ${result.nodesPerSecond} nodes/s, ${result.cpuMsPerNode} ms of the crawler's processor for each`,
  )
  if (found < nodes) throw new Error(`${nodes - found} nodes were not found, ${crawler.progress.seen} seen`)
  return result
}

type Network = AsyncDisposable & { readonly nodes: readonly DiscoveredNode[] }

async function startNetwork(count: number, version: 'v4' | 'v5'): Promise<Network> {
  const children: ChildProcess[] = []
  const nodes: DiscoveredNode[] = []
  const close = async () => {
    for (const child of children) child.kill('SIGKILL')
  }
  try {
    for (let first = 0; first < count; first += nodesOfProcess) {
      const args = [version, first, Math.min(nodesOfProcess, count - first)].map(String)
      const child = fork(programFile('spec/bench/crawl-child'), args, { execArgv: [...programLoader] })
      children.push(child)
      nodes.push(...(await answer<readonly string[]>(child)).map((record) => nodeOfRecord(parseRecord(record))!))
    }
    for (const [i, child] of children.entries()) {
      const own = nodes.slice(i * nodesOfProcess, (i + 1) * nodesOfProcess)
      child.send(own.flatMap((node) => knownBy(node, nodes)) satisfies Known)
      await answer(child)
    }
  } catch (error) {
    await close()
    throw error
  }
  return { nodes, [Symbol.asyncDispose]: close }
}

const answer = async <Message>(child: ChildProcess): Promise<Message> =>
  ((await once(child, 'message')) as [Message])[0]

function knownBy({ id }: DiscoveredNode, nodes: readonly DiscoveredNode[]): Known {
  const others = nodes.filter((other) => other.id !== id)
  const known = new Set(closestTo(id, others, closestKnown))
  while (known.size < Math.min(closestKnown + othersKnown, others.length)) known.add(others[randomInt(others.length)]!)
  return [...known].map(({ record }) => [id, formatRecord(record!)])
}
