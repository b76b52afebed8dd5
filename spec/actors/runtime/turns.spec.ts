import { expect } from 'chai'
import { Turns } from '../../../actors/runtime/turns.ts'

describe('turns', () => {
  const setUp = () => {
    const later: (() => void)[] = []
    const clock = { now: () => now }
    let now = 0
    function* work(steps: number) {
      for (let i = 0; i < steps; i++) {
        now += 1
        yield
      }
      return steps
    }
    return { later, turns: new Turns(clock, (run) => later.push(run)), work }
  }

  it('finish short work at once', () => {
    const { later, turns, work } = setUp()
    const outcomes: unknown[] = []
    turns.run(work(4), (outcome) => outcomes.push(outcome))
    expect(outcomes).to.deep.equal([{ value: 4 }])
    expect(later).to.have.length(0)
  })
  it('take 5 ms of long work at a time', () => {
    const { later, turns, work } = setUp()
    const outcomes: unknown[] = []
    turns.run(work(12), (outcome) => outcomes.push(outcome))
    let count = 0
    for (let next = later.shift(); next; next = later.shift(), count++) next()
    expect(count).to.equal(2)
    expect(outcomes).to.deep.equal([{ value: 12 }])
  })
  it('tell what work threw', () => {
    const { turns } = setUp()
    const error = new Error('bad')
    const outcomes: unknown[] = []
    // biome-ignore lint/correctness/useYield: it throws before its first step
    function* failing(): Generator<void, never> {
      throw error
    }
    turns.run(failing(), (outcome) => outcomes.push(outcome))
    expect(outcomes).to.deep.equal([{ error }])
  })
})
