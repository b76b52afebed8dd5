import { expect } from 'chai'
import { Crawler, type CrawlOptions } from '../../../actors/crawler/crawler.ts'
import { DiscoveryEndpoint } from '../../../actors/crawler/discovery-endpoint.ts'
import { silent } from '../../../actors/log/log.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { memoryDatagrams } from '../../../actors/simulation/memory-datagrams.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { itTakesLong } from '../../long.ts'
import { discoveryNetwork, lookAround, nodeOf } from '../../support/discovery-network.ts'
import { someNode } from '../discovery/some-nodes.ts'

describe('a crawl', function () {
  this.timeout(60_000)
  const clock = new VirtualClock(1_800_000_000_000)
  const runtime = processRuntime({ clock, wallClock: () => clock.now() })
  const datagrams = memoryDatagrams()
  const never = { score: 0, firstResponse: 0, lastResponse: 0, lastCheck: 0 }

  async function crawl(versions: { v4: boolean; v5: boolean }, options: Partial<CrawlOptions>) {
    const own = { id: 'crawler', host: '127.0.100.1', port: 0, privateKey: runtime.entropy(32), bootnodes: [] }
    await using endpoint = await DiscoveryEndpoint.open(runtime, { ...versions, ...own, log: silent, datagrams })
    const limits = { parallel: 16, rate: 10_000, recheck: 600_000, known: new Map(), bootnodes: [] }
    const crawler = new Crawler(runtime, { endpoint, ...limits, ...options })
    const over = crawler.run()
    let isOver = false
    void over.then(() => {
      isOver = true
    })
    while (!isOver) await clock.run(100)
    await over
    return crawler
  }

  for (const [name, versions] of [
    ['discv4', { v4: true, v5: false }],
    ['discv5', { v4: false, v5: true }],
  ] as const)
    itTakesLong('25 nodes look for each other first')(
      `finds every node of a network by ${name}, from one`,
      async () => {
        await using network = await discoveryNetwork(24, { runtime, datagrams, ...versions })
        while (lookAround(network.endpoints) < network.endpoints.length) await clock.run(3_000)
        const { nodes, progress } = await crawl(versions, { bootnodes: [network.bootnode] })
        const ids = network.endpoints.map(({ local }) => local.id).sort()
        expect([...nodes.keys()].sort()).to.deep.equal(ids)
        expect(progress).to.deep.equal({ seen: 24, asked: 24, answered: 24 })
        for (const { score, record, lastCheck, firstResponse, reason } of nodes.values())
          expect({ score, reason, isThere: record !== undefined && lastCheck === firstResponse }).to.deep.equal({
            ...{ score: 1, reason: undefined, isThere: true },
          })
      },
    )

  it('goes on from what is known: who answers again counts more, who does not less, who was asked just now is not', async () => {
    await using network = await discoveryNetwork(2, { runtime, datagrams, v5: false })
    const [again, recent] = network.endpoints.map(nodeOf)
    const gone = someNode(7)
    const now = clock.now()
    const known = new Map([
      [again!.id, { ...never, node: again!, score: 4, firstResponse: 1, lastResponse: 2, lastCheck: 2 }],
      [recent!.id, { ...never, node: recent!, score: 9, firstResponse: 1, lastResponse: now, lastCheck: now }],
      [gone.id, { ...never, node: gone, score: 5, firstResponse: 1, lastResponse: 2, lastCheck: 2 }],
    ])
    const { nodes } = await crawl({ v4: true, v5: false }, { known })
    expect(nodes.get(again!.id)).to.deep.include({ score: 5, firstResponse: 1 })
    expect(nodes.get(again!.id)!.lastResponse).to.be.at.least(now)
    expect(nodes.get(recent!.id)).to.deep.equal(known.get(recent!.id))
    expect(nodes.get(gone.id)).to.deep.include({ score: 2, lastResponse: 2, reason: 'timeout' })
  })
  it('dials who answers, and keeps what came of it', async () => {
    await using network = await discoveryNetwork(1, { runtime, datagrams })
    const dialed: string[] = []
    const dial = async ({ id }: { id: string }) => {
      dialed.push(id)
      return { reason: 'full', cause: 'it sent Disconnect 0x04', client: 'Geth/v1' }
    }
    const { nodes } = await crawl({ v4: true, v5: true }, { bootnodes: [network.bootnode, someNode(7)], dial })
    expect(dialed).to.deep.equal([network.bootnode.id])
    expect(nodes.get(network.bootnode.id)).to.deep.include({ reason: 'full', client: 'Geth/v1' })
  })
  it('asks no more nodes at once, nor in a second, than it may', async () => {
    const bootnodes = Array.from({ length: 30 }, (_, i) => someNode(i + 1))
    const began = clock.now()
    const { progress } = await crawl({ v4: true, v5: false }, { bootnodes, parallel: 2, rate: 1_000 })
    expect(progress).to.deep.equal({ seen: 30, asked: 30, answered: 0 })
    // Each is silent for 500 ms.
    expect(clock.now() - began).to.be.at.least(7_500)
    const slow = clock.now()
    await crawl({ v4: true, v5: false }, { bootnodes, parallel: 30, rate: 5 })
    expect(clock.now() - slow).to.be.within(5_500, 7_000)
  })
  it('ends at once when it is stopped', async () => {
    await using endpoint = await DiscoveryEndpoint.open(runtime, {
      ...{ v4: true, v5: true, host: '127.0.100.2', port: 0, privateKey: runtime.entropy(32), bootnodes: [] },
      ...{ log: silent, datagrams },
    })
    const limits = { parallel: 1, rate: 1, recheck: 0, known: new Map() }
    const crawler = new Crawler(runtime, { endpoint, ...limits, bootnodes: [someNode(1), someNode(2)] })
    const over = crawler.run()
    crawler.stop()
    await over
    expect(crawler.progress.asked).to.equal(1)
  })
  it('leaves out what is elsewhere', async () => {
    const { progress } = await crawl({ v4: true, v5: true }, { bootnodes: [someNode(1, '192.0.2.1')] })
    expect(progress.seen).to.equal(0)
  })
})
