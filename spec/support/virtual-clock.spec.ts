import { expect } from 'chai'
import fc from 'fast-check'
import { VirtualClock } from '../../actors/simulation/virtual-clock.ts'

describe('a virtual clock', () => {
  it('fires timers in the order of their time, then of their setting', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 200 })
    fc.assert(
      fc.property(delays, (delays) => {
        const clock = new VirtualClock()
        const fired: [at: number, index: number][] = []
        for (const [index, delay] of delays.entries()) clock.setTimeout(() => fired.push([clock.now(), index]), delay)
        clock.advance(50)
        const expected = delays
          .map((delay, index) => [delay, index] as const)
          .sort((a, b) => a[0] - b[0] || a[1] - b[1])
        expect(fired).to.deep.equal(expected)
      }),
    )
  })
  it('fires a timer that another one set, at its own time', () => {
    const clock = new VirtualClock()
    const fired: number[] = []
    clock.setTimeout(() => clock.setTimeout(() => fired.push(clock.now()), 500), 1_000)
    clock.advance(5_000)
    expect(fired).to.deep.equal([1_500])
    expect(clock.now()).to.equal(5_000)
  })
  it('forgets what was cleared, however much', () => {
    const clock = new VirtualClock()
    const fired: number[] = []
    const ids = Array.from({ length: 1_000 }, (_, i) => clock.setTimeout(() => fired.push(i), i))
    for (const id of ids.slice(0, 998)) clock.clearTimeout(id)
    expect(clock.pending).to.equal(2)
    clock.advance(1_000)
    expect(fired).to.deep.equal([998, 999])
  })
  it('lets promises settle between timers', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    clock.setTimeout(() => void Promise.resolve().then(() => log.push('promise')), 1)
    clock.setTimeout(() => log.push('timer'), 2)
    await clock.run(2)
    expect(log).to.deep.equal(['promise', 'timer'])
  })
  it('steps from timer to timer', async () => {
    const clock = new VirtualClock()
    clock.setTimeout(() => {}, 7)
    expect(await clock.step()).to.equal(true)
    expect(clock.now()).to.equal(7)
    expect(await clock.step()).to.equal(false)
  })
})
