import { expect } from 'chai'
import { Latencies, percentile } from '../../../actors/gossip-watch/latencies.ts'

describe('latencies', () => {
  it('give percentiles by nearest rank', () => {
    const latencies = new Latencies()
    for (let ms = 1; ms <= 200; ms++) latencies.note(ms)
    expect(latencies).to.deep.include({ count: 200, percentiles: { p50: 100, p99: 198 } })
  })
  it('are rounded to a thousandth of a ms', () => expect(percentile([0.123_456], 99)).to.equal(0.123))
  it('of nothing are none', () => expect(new Latencies()).to.deep.include({ count: 0, percentiles: undefined }))
  it('stay within their bound: percentiles are of the last', () => {
    const latencies = new Latencies(3)
    for (const ms of [900, 800, 1, 2, 3]) latencies.note(ms)
    expect(latencies).to.deep.include({ count: 5, percentiles: { p50: 2, p99: 3 } })
  })
})
