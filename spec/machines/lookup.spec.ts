import { expect } from 'chai'
import { type LookupEvent, lookupMachine, maxAsked } from '../../machines/lookup.ts'
import { type Enode, toEnode } from '../../protocols/enode/enode.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('a lookup', () => {
  const chart = new ChartWalk(lookupMachine)
  /** The target is 0: a node's distance is its number. */
  const node = (distance: number): Enode => ({
    ...toEnode(new Uint8Array(64), '127.0.0.1', 1),
    id: distance.toString(16).padStart(64, '0'),
  })
  const nodes = (...distances: number[]) => distances.map(node)
  const lookup = (...start: number[]) =>
    chart.from({ ports: noPorts, target: node(0).id, self: node(9_999).id, start: nodes(...start) })
  const answered = (distance: number, ...found: number[]): LookupEvent => ({
    ...{ type: 'node.answered', id: node(distance).id, nodes: nodes(...found) },
  })
  const distanceOf = ({ id }: Enode) => Number.parseInt(id, 16)
  const asked = ({ effects }: Step<typeof lookupMachine>) =>
    effects.flatMap(([name, params]) => (name === 'ask' ? [distanceOf((params as { node: Enode }).node)] : []))
  const named = (effect: string, { effects }: Step<typeof lookupMachine>) =>
    effects.flatMap(([name, params]) =>
      name === effect ? [Object.values(params as { nodes: Enode[] })[0]!.map(distanceOf)] : [],
    )

  it('asks the three closest nodes first', () => {
    const step = lookup(50, 10, 40, 20, 30)
    expect(step.state).to.equal('asking')
    expect(asked(step)).to.deep.equal([10, 20, 30])
  })
  it('asks the closest that was not asked for each that answers, and reports what it had not seen', () => {
    const step = chart.on(lookup(10, 20, 30, 40), answered(20, 5, 5, 10, 9_999, 35))
    expect(asked(step)).to.deep.equal([5])
    expect(named('report', step)).to.deep.equal([[5, 35]])
    expect(asked(chart.on(step, answered(10)))).to.deep.equal([35])
  })
  it('ends when no one is left to ask, with the sixteen closest', () => {
    expect(lookup().state).to.equal('done')
    const found = Array.from({ length: 20 }, (_, i) => 100 + i)
    let step = chart.on(lookup(50), answered(50, ...found))
    for (let waiting = asked(step); waiting.length > 0; ) {
      step = chart.on(step, answered(waiting.shift()!))
      waiting.push(...asked(step))
    }
    expect(step.state).to.equal('done')
    expect(named('conclude', step)).to.deep.equal([[50, ...found.slice(0, 15)]])
  })
  it('takes an answer from none that it did not ask', () =>
    expect(chart.on(lookup(10), answered(20, 5)).effects).to.deep.equal([]))
  it('ends when it is stopped', () =>
    expect(named('conclude', chart.on(lookup(10), { type: 'lookup.stop' }))).to.deep.equal([[10]]))
  it('ends though each answer names a closer node', () => {
    let step = lookup(9_000)
    let count = 0
    for (let [next] = asked(step); next !== undefined; [next] = asked(step)) {
      step = chart.on(step, answered(next, next - 1))
      count++
    }
    expect([step.state, count]).to.deep.equal(['done', maxAsked - 1])
  })
})
