import { expect } from 'chai'
import { Reclaimer } from '../../../actors/runtime/reclaimer.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'

describe('the reclaimer', () => {
  const mib = 1 << 20
  let clock: VirtualClock
  let collections: number
  let heap: number
  let worked: number
  let reclaimer: Reclaimer
  beforeEach(() => {
    clock = new VirtualClock()
    collections = 0
    heap = 40 * mib
    const collect = () => {
      collections++
      heap -= 10 * mib
    }
    worked = 0
    reclaimer = new Reclaimer(clock, { worked: () => worked, collect, heapBytes: () => heap })
  })

  it('has nothing collected where little passed', async () => {
    reclaimer.passed(31 * mib)
    await clock.run(60_000)
    expect([collections, clock.pending]).to.deep.equal([0, 0])
    reclaimer.passed(mib)
    await clock.run(60_000)
    expect(collections).to.equal(2)
  })
  it('collects what little input has made of garbage, and no heap that stays as it is', async () => {
    const pass = async () => {
      reclaimer.passed(mib)
      await clock.run(60_000)
      return collections
    }
    expect(await pass()).to.equal(0)
    heap += 31 * mib
    expect(await pass()).to.equal(0)
    heap += mib
    expect(await pass()).to.equal(2)
    heap += 31 * mib
    expect(await pass()).to.equal(2)
    heap += mib
    expect(await pass()).to.equal(4)
  })
  it('collects when nothing has come for a while, and once more', async () => {
    for (let i = 0; i < 10; i++) {
      reclaimer.passed(16 * mib)
      await clock.run(1_000)
    }
    expect(collections).to.equal(0)
    await clock.run(2_000)
    expect(collections).to.equal(1)
    await clock.run(2_000)
    expect([collections, clock.pending]).to.deep.equal([2, 0])
    reclaimer.passed(31 * mib)
    await clock.run(60_000)
    expect(collections).to.equal(2)
  })
  it('waits until what has come is done', async () => {
    reclaimer.passed(32 * mib)
    for (let i = 0; i < 6; i++) {
      worked += 100
      await clock.run(2_000)
    }
    expect(collections).to.equal(0)
    await clock.run(2_000)
    expect(collections).to.equal(1)
  })
  it('does not mind the little that always comes', async () => {
    reclaimer.passed(32 * mib)
    for (let i = 0; i < 6; i++) {
      await clock.run(1_000)
      reclaimer.passed(1_000)
    }
    expect(collections).to.equal(2)
  })
  it('waits with the second, too, while more comes', async () => {
    reclaimer.passed(32 * mib)
    await clock.run(4_000)
    expect(collections).to.equal(1)
    reclaimer.passed(2 * mib)
    await clock.run(3_000)
    expect(collections).to.equal(1)
    await clock.run(2_000)
    expect([collections, clock.pending]).to.deep.equal([2, 0])
  })
  it('leaves no timer behind', () => {
    reclaimer.passed(64 * mib)
    reclaimer.close()
    expect(clock.pending).to.equal(0)
  })
})
