import { expect } from 'chai'
import { method } from '../../../actors/rpc/api.ts'
import { dashboard, metricsIn, queries, variables } from './dashboard.ts'
import { startNode, stopNodes, synced } from './nodes.ts'
import { type Scrape, samplesOf, typesOf } from './scrape.ts'

describe('the dashboard', () => {
  /** Labels of each metric that a node has exported in a short life. `instance` is Prometheus' own. */
  let exported: Map<string, Set<string>>
  before(async () => {
    const [near, far] = [await startNode({ metrics: { port: 0 } }), await startNode({}, 3)]
    near.metrics!.meterApis([{ namespace: 'lamp', methods: { shine: method([], () => 'light') } }])
    near.addPeer(far.enode)
    await synced(near, far)
    await near.removePeer(far.enode)
    const text = await near.metrics!.text()
    exported = labelsOf(samplesOf(text))
    // A histogram has no samples before something happened: here, a collection of garbage.
    for (const [name, type] of typesOf(text)) if (type === 'histogram') exported.set(`${name}_sum`, new Set())
  })
  after(stopNodes)

  for (const { panel, query } of queries)
    it(`asks in '${panel}' for what is exported: ${query}`, () => {
      const metrics = metricsIn(query)
      expect(metrics).not.to.deep.equal([])
      for (const { metric, labels } of metrics) {
        const known = [...exported].filter(([name]) => metric.test(name))
        const fits = known.filter(([, its]) => labels.every((label) => label === 'instance' || its.has(label)))
        expect(fits, `${metric} with ${labels}`).not.to.deep.equal([])
      }
    })

  it('lets one choose among nodes and charts that are there', () => {
    expect(variables.map(({ label }) => label)).to.deep.equal(['instance', 'chart'])
    for (const { metric, label } of variables) expect([...(exported.get(metric) ?? []), 'instance']).to.include(label)
  })

  it('shows all that only we have, and what geth has of peers and handshakes', () => {
    const asked = queries.flatMap(({ query }) => metricsIn(query).map(({ metric }) => metric))
    const own = [...exported.keys()].filter((name) => /^(peerchart|p2p|eth)_/.test(name))
    const more = /_packets$|^(p2p_wait|eth_downloader)_\w+_(sum|count)$/ // said by others
    expect(own.filter((name) => !more.test(name) && !asked.some((metric) => metric.test(name)))).to.deep.equal([])
  })

  it('has no two panels of one title', () => {
    const titles = dashboard.panels.map(({ title }) => title)
    expect(new Set(titles).size).to.equal(titles.length)
  })
})

function labelsOf(samples: Scrape): Map<string, Set<string>> {
  const labels = new Map<string, Set<string>>()
  for (const sample of samples.keys()) {
    const [, name, rest = ''] = sample.match(/^(\w+)(?:\{(.*)\})?$/)!
    const known = labels.get(name!) ?? new Set()
    for (const [, label] of rest.matchAll(/(\w+)="/g)) known.add(label!)
    labels.set(name!, known)
  }
  return labels
}
