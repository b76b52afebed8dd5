import { expect } from 'chai'
import { settledWithin } from '../../../actors/runtime/settled-within.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'

describe('work that has so much time', () => {
  let clock: VirtualClock
  beforeEach(() => {
    clock = new VirtualClock()
  })

  for (const [how, work] of [
    ['done', () => Promise.resolve(1)],
    ['failed', () => Promise.reject(new Error('planted'))],
  ] as const)
    it(`is over when it has ${how}, and leaves no timer`, async () => {
      await settledWithin(clock, 1_000, work())
      expect(clock.pending).to.equal(0)
    })
  it('is over with its time', async () => {
    let isOver = false
    const over = settledWithin(clock, 1_000, new Promise(() => {})).then(() => {
      isOver = true
    })
    clock.advance(999)
    await Promise.resolve()
    expect(isOver).to.equal(false)
    clock.advance(1)
    await over
  })
})
