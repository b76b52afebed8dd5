import { expect } from 'chai'
import { type TxFetcherEvent, txFetcherMachine } from '../../machines/tx-fetcher.ts'
import { ChartWalk } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('tx-fetcher', () => {
  const chart = new ChartWalk(txFetcherMachine)
  const upon = (...events: TxFetcherEvent[]) => {
    const { state, effects } = chart.from({ ports: noPorts }, ...events)
    return [state, ...effects.map(([name]) => name)]
  }
  const announced = (wait?: number): TxFetcherEvent => ({ type: 'txs.announced', wait })
  const elapsed = (wait?: number): TxFetcherEvent => ({ type: 'wait.elapsed', wait })
  const queued: TxFetcherEvent = { type: 'queue.changed' }
  const sent: TxFetcherEvent = { type: 'request.sent' }
  const none: TxFetcherEvent = { type: 'request.none' }
  const taken: TxFetcherEvent = { type: 'answer.taken' }
  const failed: TxFetcherEvent = { type: 'request.failed' }
  const arrival = chart.elapsed('arrival', 'active.arrivals.waiting')
  const timeout = chart.elapsed('fetchTimeout', 'active.retrieval.asked')
  const arrivals = (state: string) => `active.(arrivals.${state} retrieval.idle)`
  const retrieval = (state: string) => `active.(arrivals.none retrieval.${state})`

  it('waits for what is announced to come whole', () => {
    expect(upon()).to.deep.equal(['active.(arrivals.none retrieval.idle)'])
    expect(upon(announced(500))).to.deep.equal([arrivals('waiting')])
    expect(upon(announced(500), announced(300))).to.deep.equal([arrivals('waiting')])
    expect(upon(announced(500), arrival)).to.deep.equal([arrivals('releasing'), 'release'])
  })
  it('waits for as long as it is said', () => {
    const { context } = chart.from({ ports: noPorts }, announced(432))
    expect(context.wait).to.equal(432)
    const later = chart.from({ ports: noPorts }, announced(432), arrival, elapsed(77))
    expect([later.state, later.context.wait]).to.deep.equal([arrivals('waiting'), 77])
  })
  it('does not wait for what comes by request alone, or is asked for already', () =>
    expect(upon(announced())).to.deep.equal([arrivals('none')]))
  it('waits no more once nothing is left', () =>
    expect(upon(announced(500), arrival, elapsed())).to.deep.equal([arrivals('none')]))
  it('asks a peer once something may be asked for', () => {
    expect(upon(queued)).to.deep.equal([retrieval('choosing'), 'request'])
    expect(upon(queued, none)).to.deep.equal([retrieval('idle')])
    expect(upon(queued, sent)).to.deep.equal([retrieval('asked')])
  })
  it('asks one thing at a time, and the next when the answer is taken', () => {
    expect(upon(queued, sent, queued)).to.deep.equal([retrieval('asked')])
    expect(upon(queued, sent, taken)).to.deep.equal([retrieval('choosing'), 'request'])
  })
  it('asks others when it does not answer, and asks it nothing until it has', () => {
    expect(upon(queued, sent, timeout)).to.deep.equal([retrieval('slow'), 'expire'])
    expect(upon(queued, sent, timeout, queued)).to.deep.equal([retrieval('slow')])
    expect(upon(queued, sent, timeout, failed)).to.deep.equal([retrieval('slow')])
    expect(upon(queued, sent, timeout, taken)).to.deep.equal([retrieval('choosing'), 'request'])
  })
  it('forgets what it announced when it cannot be asked', () =>
    expect(upon(queued, sent, failed)).to.deep.equal([retrieval('idle'), 'forget']))
  it('forgets it when the peer leaves', () => {
    expect(upon({ type: 'peer.left' })).to.deep.equal(['gone', 'forget'])
    expect(upon(announced(500), queued, sent, { type: 'peer.left' })).to.deep.equal(['gone', 'forget'])
  })
  it('has every state and transition taken', () => expect(chart.untouched).to.deep.equal([]))
})
