import { expect } from 'chai'
import { type TapEvent, type TapInput, tapMachine } from '../../machines/gossip-watch.ts'
import { ChartWalk } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('tap', () => {
  const chart = new ChartWalk(tapMachine)
  const input: TapInput = { ports: noPorts }
  const upon = (...events: TapEvent[]) => {
    const { state, effects } = chart.from(input, ...events)
    return [state, ...effects.map(([name]) => name)]
  }
  const running: TapEvent = { type: 'peer.running' }
  const lost: TapEvent = { type: 'peer.lost', cause: 'it left' }
  const stop: TapEvent = { type: 'tap.stop' }
  const rested = { type: 'xstate.after.redial.tap.resting' } as unknown as TapEvent

  it('dials', () => expect(upon()).to.deep.equal(['connecting', 'connect']))
  it('watches a node that runs', () => expect(upon(running)).to.deep.equal(['watching', 'watch']))
  it('gives up one that never ran', () => expect(upon(lost)).to.deep.equal(['failed', 'reportFailed']))
  it('rests when a node is lost, and says so', () => {
    expect(upon(running, lost)).to.deep.equal(['resting', 'reportLost'])
    expect(chart.from(input, running, lost).effects[0]![1]).to.deep.equal({ cause: 'it left' })
  })
  it('dials it again, as long as that takes', () => {
    expect(upon(running, lost, rested)).to.deep.equal(['reconnecting', 'connect'])
    expect(upon(running, lost, rested, lost)).to.deep.equal(['resting', 'reportLost'])
    expect(upon(running, lost, rested, running)).to.deep.equal(['watching', 'watch'])
  })
  it('rests for 35 s, which is when geth would dial again', () =>
    expect(tapMachine.implementations.delays.redial).to.equal(35_000))
  for (const [state, ...events] of [
    ['connecting'],
    ['watching', running],
    ['resting', running, lost],
    ['reconnecting', running, lost, rested],
  ] as [string, ...TapEvent[]][])
    it(`stops while ${state}`, () => {
      expect(upon(...events)[0]).to.equal(state)
      expect(upon(...events, stop)).to.deep.equal(['stopped', 'hangUp'])
    })

  it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
})
