import { expect } from 'chai'
import { txPoolMachine } from '../../machines/tx-pool.ts'
import { ChartWalk } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('the transaction pool', () => {
  const chart = new ChartWalk(txPoolMachine)
  const read = { type: 'journal.read' } as const
  const head = { type: 'head.changed' } as const
  const states = { type: 'states.read' } as const
  const failed = { type: 'states.failed' } as const
  const stop = { type: 'pool.stop' } as const
  const start = () => chart.from({ ports: noPorts })
  const settled = () => chart.on(start(), read, states)
  const names = (effects: readonly (readonly [string, unknown])[]) => effects.map(([name]) => name)
  const open = (head: string) => `open.(head.${head} queue.waiting journal.growing)`

  it('reads its journal first, then the accounts on the head that may have come meanwhile', () => {
    expect([start().state, names(start().effects)]).to.deep.equal(['opening', ['readJournal']])
    const step = chart.on(start(), head, read)
    expect([step.state, names(step.effects)]).to.deep.equal([open('resetting'), ['readStates']])
    expect(chart.on(step, states).state).to.equal(open('settled'))
  })
  it('reads the accounts again for each head, and for the last that came while it read', () => {
    const step = chart.on(settled(), head)
    expect([step.state, names(step.effects)]).to.deep.equal([open('resetting'), ['readStates']])
    const behind = chart.on(step, head, head)
    expect([behind.state, behind.effects]).to.deep.equal([open('behind'), []])
    const again = chart.on(behind, states)
    expect([again.state, names(again.effects)]).to.deep.equal([open('resetting'), ['readStates']])
  })
  it('stays on the head that it has when the states of another are gone, until the next', () => {
    const step = chart.on(settled(), head, failed)
    expect([step.state, step.effects]).to.deep.equal([open('settled'), []])
    expect(names(chart.on(step, head).effects)).to.deep.equal(['readStates'])
    expect(names(chart.on(settled(), head, head, failed).effects)).to.deep.equal(['readStates'])
  })
  it('lets go of what was queued for too long each minute, and writes its journal anew each hour', () => {
    expect(names(chart.on(settled(), chart.elapsed('expiryInterval', 'open.queue.waiting')).effects)).to.deep.equal([
      'expire',
    ])
    expect(names(chart.on(settled(), chart.elapsed('rejournal', 'open.journal.growing')).effects)).to.deep.equal([
      'rotateJournal',
    ])
  })
  it('takes nothing any more once it is stopped, whatever it did', () => {
    for (const step of [start(), settled(), chart.on(settled(), head)]) {
      const closed = chart.on(step, stop)
      expect([closed.state, names(closed.effects)]).to.deep.equal(['closed', ['close']])
    }
  })
  it('has no state and no transition beside these', () => {
    expect(chart.untouched).to.deep.equal([])
  })
})
