import { expect } from 'chai'
import { type GossipWatchEvent, type GossipWatchInput, gossipWatchMachine } from '../../machines/gossip-watch.ts'
import { ChartWalk } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('gossip-watch', () => {
  const chart = new ChartWalk(gossipWatchMachine)
  const input: GossipWatchInput = { ports: noPorts, fetches: true }
  const upon = (...events: GossipWatchEvent[]) => steps(input, events)
  const steps = (input: GossipWatchInput, events: GossipWatchEvent[]) => {
    const { state, effects } = chart.from(input, ...events)
    return [state, ...effects.map(([name]) => name)]
  }
  const running: GossipWatchEvent = { type: 'peer.running' }
  const lost: GossipWatchEvent = { type: 'peer.lost', cause: 'it left' }
  const stop: GossipWatchEvent = { type: 'watch.stop' }
  const reading = 'watching.asking.reading'
  const announced: GossipWatchEvent = { type: 'gossip.received', announced: 2, isAnswer: false }
  const nothingNew: GossipWatchEvent = { type: 'gossip.received', announced: 0, isAnswer: false }
  const answer: GossipWatchEvent = { type: 'gossip.received', announced: 0, isAnswer: true }
  const emitted: GossipWatchEvent = { type: 'gossip.emitted' }
  const done: GossipWatchEvent = { type: 'fetch.done' }
  const overdue: GossipWatchEvent = { type: 'fetch.overdue' }
  const rested = chart.elapsed('redial', 'resting')

  it('dials', () => expect(upon()).to.deep.equal(['connecting', 'connect']))
  it('watches a node that runs', () => expect(upon(running)).to.deep.equal([reading, 'running', 'read']))
  it('gives up one that never ran', () => expect(upon(lost)).to.deep.equal(['failed', 'reportFailed']))
  it('rests when a node is lost, and says so', () => {
    expect(upon(running, lost)).to.deep.equal(['resting', 'reportLost'])
    expect(chart.from(input, running, lost).effects[0]![1]).to.include({ cause: 'it left' })
  })
  it('reads one message after another, and asks for what is announced', () => {
    expect(upon(running, announced)).to.deep.equal(['watching.asking.fetching', 'fetch'])
    expect(upon(running, announced, done)).to.deep.equal(['watching.asking.emitting', 'emit'])
    expect(upon(running, announced, done, emitted)).to.deep.equal([reading, 'read'])
    expect(upon(running, nothingNew)).to.deep.equal(['watching.asking.emitting', 'emit'])
  })
  it('asks for nothing unless it is to', () =>
    expect(steps({ ...input, fetches: false }, [running, announced])).to.deep.equal([
      'watching.asking.emitting',
      'emit',
    ]))
  it('denies requests', () => {
    expect(upon(running, { type: 'request.received' })).to.deep.equal([reading, 'deny', 'read'])
    expect(upon(running, announced, overdue, emitted, { type: 'request.received' })).to.deep.equal([
      'watching.sparing.reading',
      'deny',
      'read',
    ])
  })
  it('asks a node that owes an answer for no more, until it comes', () => {
    const owing = [running, announced, overdue]
    expect(upon(...owing)).to.deep.equal(['watching.sparing.emitting', 'emit'])
    expect(upon(...owing, emitted)).to.deep.equal(['watching.sparing.reading', 'read'])
    expect(upon(...owing, emitted, announced)).to.deep.equal(['watching.sparing.emitting', 'emit'])
    expect(upon(...owing, emitted, answer)).to.deep.equal(['watching.asking.emitting', 'emit'])
    expect(upon(...owing, emitted, answer, emitted, announced)[0]).to.equal('watching.asking.fetching')
  })
  it('dials it again, as long as that takes', () => {
    expect(upon(running, lost, rested)).to.deep.equal(['reconnecting', 'connect'])
    expect(upon(running, lost, rested, lost)).to.deep.equal(['resting', 'reportLost'])
    expect(upon(running, lost, rested, running)).to.deep.equal([reading, 'running', 'read'])
  })
  it('rests for 35 s, which is when geth would dial again', () =>
    expect(gossipWatchMachine.implementations.delays.redial).to.equal(35_000))
  for (const [state, ...events] of [
    ['connecting'],
    ['watching.asking.reading', running],
    ['resting', running, lost],
    ['reconnecting', running, lost, rested],
  ] as [string, ...GossipWatchEvent[]][])
    it(`stops while ${state}`, () => {
      expect(upon(...events)[0]).to.equal(state)
      expect(upon(...events, stop)).to.deep.equal(['stopped', 'hangUp'])
    })

  it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
})
