import { expect } from 'chai'
import { TimerWheel } from '../../../actors/runtime/timer-wheel.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'

describe('a timer wheel', () => {
  const setUp = () => {
    const clock = new VirtualClock(12_345)
    const fired: [name: string, after: number][] = []
    const wheel = new TimerWheel(clock)
    const arm = (name: string, delay: number) => wheel.arm(delay, () => fired.push([name, clock.now() - 12_345]))
    return { clock, wheel, fired, arm }
  }

  it('calls each deadline once, in its turn, never early and at most 100 ms late', () => {
    const { clock, fired, arm } = setUp()
    for (const delay of [5_000, 120, 300_000, 121]) arm(`${delay}`, delay)
    clock.advance(400_000)
    expect(fired.map(([name]) => name)).to.deep.equal(['120', '121', '5000', '300000'])
    for (const [name, after] of fired) expect(after - Number(name)).to.be.within(0, 100)
  })

  it('holds one timer of the clock, however many deadlines', () => {
    const { clock, wheel, arm } = setUp()
    for (let i = 0; i < 10_000; i++) arm('one', 1 + i * 30)
    expect(wheel.size).to.equal(10_000)
    expect(clock.pending).to.equal(1)
  })

  it('turns earlier for a nearer deadline', () => {
    const { clock, fired, arm } = setUp()
    arm('far', 10_000)
    arm('near', 200)
    clock.advance(300)
    expect(fired.map(([name]) => name)).to.deep.equal(['near'])
    expect(clock.pending).to.equal(1)
  })

  it('forgets what is disarmed, and rests when nothing is left', () => {
    const { clock, wheel, fired, arm } = setUp()
    const deadlines = [arm('a', 100), arm('b', 200)]
    for (const deadline of [...deadlines, ...deadlines]) wheel.disarm(deadline)
    expect(clock.pending).to.equal(0)
    clock.advance(1_000)
    expect(fired).to.deep.equal([])
  })

  it('takes a deadline that another one arms', () => {
    const { clock, wheel, fired, arm } = setUp()
    wheel.arm(100, () => arm('second', 100))
    clock.advance(1_000)
    expect(fired.map(([name]) => name)).to.deep.equal(['second'])
  })
})
