import { setTimeout as sleep } from 'node:timers/promises'
import { Crawler } from '../../actors/crawler/crawler.ts'
import { DiscoveryEndpoint } from '../../actors/crawler/discovery-endpoint.ts'
import { silent } from '../../actors/log/log.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import { caughtUp, type DiscoveryNetwork, discoveryNetwork, lookAround } from '../support/discovery-network.ts'

export type CrawlBench = { readonly nodes: number; readonly version: 'v4' | 'v5'; readonly parallel: number }

/** Finds every node of a network over UDP on loopback, whose nodes are all in this process, in one crawl from one of them. */
export async function benchCrawl({ nodes, version, parallel }: CrawlBench, report: (line: string) => void) {
  const runtime = processRuntime()
  const versions = { v4: version === 'v4', v5: version === 'v5' }
  const began = performance.now()
  await using network = await discoveryNetwork(nodes, { runtime, ...versions, isGradual: true })
  const formed = await formation(network, (known) => report(`${known} of ${nodes} nodes can be found from the first`))
  const forming = seconds(began)
  const own = {
    id: 'crawler',
    host: '127.0.100.1',
    port: 0,
    privateKey: runtime.entropy(32),
    bootnodes: [],
    log: silent,
  }
  await using endpoint = await DiscoveryEndpoint.open(runtime, { ...versions, ...own })
  const limits = { parallel, rate: 10_000, recheck: 0, known: new Map(), bootnodes: [network.bootnode] }
  const crawler = new Crawler(runtime, { endpoint, ...limits })
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  await crawler.run()
  const time = seconds(start)
  const { user, system } = process.cpuUsage(cpu)
  const answered = network.endpoints.filter(({ local }) => (crawler.nodes.get(local.id)?.lastResponse ?? 0) > 0).length
  const result = {
    ...{ nodes, version, parallel, known: formed, found: answered, formingSeconds: forming, seconds: time },
    nodesPerSecond: Math.round((answered / time) * 10) / 10,
    cpuMsPerNode: Math.round((user + system) / 100 / nodes) / 10,
  }
  report(
    `${version}: ${answered} of ${nodes} nodes in ${time} s, ${result.nodesPerSecond} nodes/s, both sides in one process`,
  )
  if (answered < nodes) throw new Error(`${nodes - answered} nodes were not found`)
  return result
}

const seconds = (since: number) => Math.round(performance.now() - since) / 1_000

/** Waits until every node can be found from the first. @returns how many can */
async function formation({ endpoints }: DiscoveryNetwork, report: (known: number) => void): Promise<number> {
  let last = performance.now()
  for (;;) {
    await sleep(200)
    await caughtUp()
    const named = lookAround(endpoints, 4)
    if (named === endpoints.length) return named
    if (performance.now() - last < 5_000) continue
    last = performance.now()
    report(named)
  }
}
