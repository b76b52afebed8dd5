import { expect } from 'chai'
import { type ExecutorEvent, executorMachine, maxRefused } from '../../machines/executor.ts'
import { ChartWalk } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('the executor', () => {
  const chart = new ChartWalk(executorMachine)
  const input = { ports: noPorts }
  const opened = { type: 'executor.opened', states: ['a'] } as const
  const executed = { type: 'block.executed', gone: [] } as const
  const refused = { type: 'block.refused', reason: 'state root', detail: 'of the spec' } as const
  const failed = { type: 'executor.failed', error: new Error('of the spec') } as const
  const stop = { type: 'executor.stop' } as const
  const given = (job: number, hash: string, parent: string): ExecutorEvent => ({
    type: 'block.given',
    job,
    hash,
    parent,
  })
  const valid = { kind: 'valid' }
  const conclude = (job: number, verdict: object) => ['conclude', { job, verdict }]
  const idle = () => chart.from(input, opened)

  it('opens the states first, and keeps what comes meanwhile', () => {
    const step = chart.from(input)
    expect([step.state, step.effects]).to.deep.equal(['opening', [['open', undefined]]])
    const after = chart.on(step, given(1, 'b', 'a'), opened)
    expect([after.state, after.effects]).to.deep.equal(['executing', [['execute', { job: 1 }]]])
  })
  it('executes a block whose parent has its state, one at a time and in the order they come', () => {
    const step = chart.on(idle(), given(1, 'b', 'a'), given(2, 'c', 'b'))
    expect([step.state, step.effects]).to.deep.equal(['executing', []])
    const next = chart.on(step, executed)
    expect(next.effects).to.deep.equal([conclude(1, valid), ['execute', { job: 2 }]])
    expect(chart.on(next, executed).state).to.equal('idle')
  })
  it('knows which states are there no more', () => {
    const step = chart.on(idle(), given(1, 'b', 'a'), { type: 'block.executed', gone: ['a'] })
    expect([...step.context.states]).to.deep.equal(['b'])
    expect(chart.on(step, given(2, 'x', 'a')).effects).to.deep.equal([conclude(2, { kind: 'stateless' })])
  })
  it('does not execute twice: what came of a block is read', () => {
    const step = chart.on(idle(), given(1, 'a', '0'))
    expect([step.state, step.effects]).to.deep.equal(['recalling', [['recall', { job: 1 }]]])
    const after = chart.on(step, executed)
    expect([after.state, after.effects]).to.deep.equal(['idle', [conclude(1, valid)]])
  })
  it('says nothing of a block whose parent has no state', () => {
    const step = chart.on(idle(), given(1, 'c', 'b'))
    expect([step.state, step.effects]).to.deep.equal(['idle', [conclude(1, { kind: 'stateless' })]])
  })
  it('refuses a bad block and its branch: valid is what it stands on', () => {
    const bad = { kind: 'invalid', reason: 'state root', detail: 'of the spec', latestValid: 'a' }
    const step = chart.on(idle(), given(1, 'b', 'a'), refused)
    expect([step.state, step.effects]).to.deep.equal(['idle', [conclude(1, bad)]])
    const child = chart.on(step, given(2, 'c', 'b'))
    expect(child.effects).to.deep.equal([conclude(2, bad)])
    expect(chart.on(child, given(3, 'd', 'c')).effects).to.deep.equal([conclude(3, bad)])
    expect(chart.on(child, given(4, 'e', 'a')).effects).to.deep.equal([['execute', { job: 4 }]])
  })
  it('tries a bad block again when it is given again: the mistake may have been ours', () => {
    const step = chart.on(idle(), given(1, 'b', 'a'), refused, given(2, 'b', 'a'))
    expect(step.effects).to.deep.equal([['execute', { job: 2 }]])
  })
  it('remembers so many bad blocks, and forgets the oldest', () => {
    let step = idle()
    for (let n = 0; n <= maxRefused; n++) step = chart.on(step, given(n, `bad ${n}`, 'a'), refused)
    expect(step.context.refused.size).to.equal(maxRefused)
    expect(chart.on(step, given(9_999, 'c', 'bad 0')).effects).to.deep.equal([conclude(9_999, { kind: 'stateless' })])
  })
  it('begins again at the genesis when the chain has none of its blocks', () => {
    const step = chart.on(idle(), { type: 'chain.lost' })
    expect([step.state, step.effects]).to.deep.equal(['rebuilding', [['rebuild', undefined]]])
    expect(chart.on(step, { type: 'executor.opened', states: ['g'] }, given(1, 'b', 'g')).state).to.equal('executing')
  })
  it('executes on a state that was fetched, and on no other any more', () => {
    const step = chart.on(idle(), { type: 'state.synced', states: ['p'] })
    expect(chart.on(step, given(1, 'q', 'p')).effects).to.deep.equal([['execute', { job: 1 }]])
    expect(chart.on(step, given(1, 'b', 'a')).effects).to.deep.equal([conclude(1, { kind: 'stateless' })])
  })
  it('fails once, and with it all that wait and come', () => {
    const step = chart.on(idle(), given(1, 'b', 'a'), failed)
    expect(step.state).to.equal('failed')
    expect(step.effects).to.deep.equal([['fail', failed], conclude(1, { kind: 'stopped' })])
    expect(chart.on(step, failed).effects).to.deep.equal([])
    expect(chart.on(step, given(2, 'c', 'a')).effects).to.deep.equal([conclude(2, { kind: 'stopped' })])
    expect(chart.on(step, stop).state).to.equal('stopping')
  })
  it('gives up what it is executing when it is stopped', () => {
    const step = chart.on(idle(), given(1, 'b', 'a'), stop)
    expect(step.effects).to.deep.equal([conclude(1, { kind: 'stopped' }), ['close', undefined]])
    expect(chart.on(step, stop, failed, executed).state).to.equal('stopping')
    expect(chart.on(step, given(2, 'c', 'a')).effects).to.deep.equal([conclude(2, { kind: 'stopped' })])
    expect(chart.on(step, { type: 'executor.closed' }).state).to.equal('closed')
  })
})
