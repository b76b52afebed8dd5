import { expect } from 'chai'
import { Reclaimer } from '../../../actors/runtime/reclaimer.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'

describe('the reclaimer', () => {
  const mib = 1 << 20
  let clock: VirtualClock
  let collections: number
  let reclaimer: Reclaimer
  beforeEach(() => {
    clock = new VirtualClock()
    collections = 0
    reclaimer = new Reclaimer(clock, () => collections++)
  })

  it('has nothing collected where little passed', async () => {
    reclaimer.passed(31 * mib)
    expect(clock.pending).to.equal(0)
  })
  it('collects once, when nothing has come for a while', async () => {
    for (let i = 0; i < 10; i++) {
      reclaimer.passed(16 * mib)
      await clock.run(1_000)
    }
    expect(collections).to.equal(0)
    await clock.run(4_000)
    expect([collections, clock.pending]).to.deep.equal([1, 0])
    reclaimer.passed(31 * mib)
    await clock.run(60_000)
    expect(collections).to.equal(1)
  })
  it('does not mind the little that always comes', async () => {
    reclaimer.passed(32 * mib)
    for (let i = 0; i < 6; i++) {
      await clock.run(1_000)
      reclaimer.passed(1_000)
    }
    expect(collections).to.equal(1)
  })
  it('leaves no timer behind', () => {
    reclaimer.passed(64 * mib)
    reclaimer.close()
    expect(clock.pending).to.equal(0)
  })
})
