import { expect } from 'chai'
import { type CandidateMixEvent, candidateMixMachine } from '../../machines/candidate-mix.ts'
import { toEnode } from '../../protocols/enode/enode.ts'
import { ChartWalk } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('candidate-mix', () => {
  const chart = new ChartWalk(candidateMixMachine)
  const mix = (...events: CandidateMixEvent[]) =>
    chart.from({ ports: noPorts, sources: ['dns', 'v4', 'v5'] }, ...events)
  const node = (i: number) => toEnode(new Uint8Array(64).fill(i), `10.0.0.${i}`)
  const wanted: CandidateMixEvent = { type: 'candidate.wanted' }
  const offered = (source: string, i = 1): CandidateMixEvent => ({ type: 'candidate.offered', source, node: node(i) })
  const late = chart.elapsed('turnTimeout', 'turn')
  const ask = (source: string) => ['ask', { source }]
  const deliver = (i: number) => ['deliver', { node: node(i) }]

  it('asks no source before the dialer wants a node, then the one whose turn it is', () => {
    expect(mix()).to.deep.include({ state: 'idle', effects: [] })
    expect(mix(wanted)).to.deep.include({ state: 'turn', effects: [ask('dns')] })
  })
  it('gives each source its turn', () => {
    const first = mix(wanted, offered('dns', 1))
    expect(first).to.deep.include({ state: 'idle', effects: [deliver(1)] })
    const second = chart.on(first, wanted)
    expect(second.effects).to.deep.equal([ask('v4')])
    expect(chart.on(second, offered('v4', 2), wanted).effects).to.deep.equal([ask('v5')])
    expect(chart.on(second, offered('v4', 2), wanted, offered('v5', 3), wanted).effects).to.deep.equal([ask('dns')])
  })
  it('takes from any source when the one whose turn it is has none in time', () => {
    const anyone = mix(wanted, late)
    expect(anyone).to.deep.include({ state: 'anyone', effects: [ask('v4'), ask('v5')] })
    expect(chart.on(anyone, offered('v5', 3))).to.deep.include({ state: 'idle', effects: [deliver(3)] })
  })
  it('waits half as long for a source that was late, and as before once it is in time', () => {
    const timeout = (step: ReturnType<typeof mix>) => step.context.timeouts.get('dns')
    const round = [offered('v5', 3), wanted, offered('v4', 2), wanted, offered('v5', 3), wanted]
    const again = chart.on(mix(wanted, late), ...round)
    expect(timeout(again)).to.equal(50)
    expect(timeout(chart.on(again, late))).to.equal(25)
    expect(timeout(chart.on(again, offered('dns')))).to.equal(undefined)
  })
  it('keeps one offer of each source, which its turn finds there', () => {
    const step = mix(wanted, late, offered('v4', 2), offered('v5', 3), offered('v5', 4))
    expect([...step.context.offers.keys()]).to.deep.equal(['v5'])
    expect(chart.on(step, wanted, offered('v4', 5), wanted).effects).to.deep.equal([deliver(3)])
  })
  it('takes nothing from a source that was not asked', () => {
    const step = mix(offered('v4', 2), wanted)
    expect(step.context.offers.size).to.equal(0)
    expect(step.effects).to.deep.equal([ask('dns')])
  })
  it('lets none of the sources fill the dialer: of thirty nodes each gives ten, however fast one is', () => {
    const given: Record<string, number> = {}
    let step = mix()
    for (let i = 0; i < 30; i++) {
      step = chart.on(step, wanted)
      const [[, params] = []] = step.effects as unknown as [string, { source: string }][]
      const { source } = params!
      step = chart.on(step, offered('v4', 2), offered(source, 1))
      given[source] = (given[source] ?? 0) + 1
    }
    expect(given).to.deep.equal({ dns: 10, v4: 10, v5: 10 })
  })
  it('delivers one node for each that is wanted', () => {
    const step = mix(wanted, wanted, offered('dns', 1))
    expect(step).to.deep.include({ state: 'turn', effects: [deliver(1), ask('v4')] })
  })
  it('stops', () => {
    expect(mix({ type: 'mix.stop' }).state).to.equal('stopped')
    expect(mix(wanted, { type: 'mix.stop' }).state).to.equal('stopped')
  })

  describe('as a whole', () => {
    it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
  })
})
