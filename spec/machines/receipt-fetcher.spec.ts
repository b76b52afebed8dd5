import { expect } from 'chai'
import { type ReceiptFetcherEvent, receiptFetcherMachine } from '../../machines/receipt-fetcher.ts'
import { ChartWalk } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('receipt-fetcher', () => {
  const chart = new ChartWalk(receiptFetcherMachine)
  const upon = (...events: ReceiptFetcherEvent[]) => {
    const { state, effects } = chart.from({ ports: noPorts, head: 3n }, ...events)
    return [state, ...effects]
  }
  const joined = (peer: number): ReceiptFetcherEvent => ({ type: 'peer.joined', peer })
  const left = (peer: number): ReceiptFetcherEvent => ({ type: 'peer.left', peer })
  const slow = (peer: number): ReceiptFetcherEvent => ({ type: 'peer.slow', peer })
  const none = (peer: number): ReceiptFetcherEvent => ({ type: 'receipts.none', peer })
  const head = (number: bigint): ReceiptFetcherEvent => ({ type: 'chain.head', number })
  const error = new Error('of the spec')
  const lied = (peer: number): ReceiptFetcherEvent => ({ type: 'peer.lied', peer, error })
  const found = (count: number, to = 3n): ReceiptFetcherEvent => ({ type: 'missing.found', count, to })
  const stored = (left: number): ReceiptFetcherEvent => ({ type: 'receipts.stored', left })
  const rested = chart.elapsed('cooldown', 'waiting')
  const ask = (peer: number) => ['ask', { peer }]
  const withdraw = ['withdraw', undefined]
  const select = ['select', undefined]

  it('begins with what it lacks', () => expect(upon()).to.deep.equal(['selecting', select]))
  it('is idle when that is nothing, until there is another head', () => {
    expect(upon(found(0))).to.deep.equal(['idle'])
    expect(upon(found(0), head(4n))).to.deep.equal(['selecting', select])
  })
  it('looks again when the chain went on meanwhile', () =>
    expect(upon(head(4n), found(0))).to.deep.equal(['selecting', select]))
  it('waits for a peer', () => {
    expect(upon(found(2))).to.deep.equal(['waiting'])
    expect(upon(found(2), joined(1))).to.deep.equal(['asking', ask(1)])
    expect(upon(found(2), rested)).to.deep.equal(['waiting'])
  })
  it('asks one peer after the other, as long as blocks are left, and looks again then', () => {
    expect(upon(joined(1), joined(2), found(2))).to.deep.equal(['asking', ask(1)])
    expect(upon(joined(1), joined(2), found(2), stored(1))).to.deep.equal(['asking', ask(2)])
    expect(upon(joined(1), joined(2), found(2), stored(1), stored(1))).to.deep.equal(['asking', ask(1)])
    expect(upon(joined(1), joined(2), found(2), stored(0))).to.deep.equal(['selecting', select])
  })
  it('lets one rest that has none, or does not answer', () => {
    expect(upon(joined(1), found(2), none(1))).to.deep.equal(['waiting'])
    expect(upon(joined(1), found(2), none(1), rested)).to.deep.equal(['asking', ask(1)])
    expect(upon(joined(1), joined(2), found(2), slow(1))).to.deep.equal(['asking', withdraw, ask(2)])
    expect(upon(joined(1), joined(2), found(2), slow(2), stored(1))).to.deep.equal(['asking', ask(1)])
    expect(upon(joined(1), slow(1), found(2))).to.deep.equal(['waiting'])
    expect(upon(joined(1), left(1), slow(1), found(2))).to.deep.equal(['waiting'])
  })
  it('drops one that lies', () => {
    expect(upon(joined(1), found(2), lied(1))).to.deep.equal([
      ...['waiting', ['drop', { type: 'peer.lied', peer: 1, error }], withdraw],
    ])
    expect(upon(joined(1), lied(1))).to.deep.equal(['selecting', ['drop', { type: 'peer.lied', peer: 1, error }]])
  })
  it('asks another when one leaves', () => {
    expect(upon(joined(1), joined(2), found(2), left(1))).to.deep.equal(['asking', withdraw, ask(2)])
    expect(upon(joined(1), joined(2), found(2), left(2))).to.deep.equal(['asking'])
  })
  it('stops', () => expect(upon(joined(1), found(2), { type: 'fetcher.stop' })).to.deep.equal(['stopped', withdraw]))
  it('has every state and transition taken', () => expect(chart.untouched).to.deep.equal([]))
})
