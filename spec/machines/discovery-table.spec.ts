import { expect } from 'chai'
import { type DiscoveryTableEvent, discoveryTableMachine } from '../../machines/discovery-table.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('the upkeep of the table', () => {
  const chart = new ChartWalk(discoveryTableMachine)
  const start = () => chart.from({ ports: noPorts, seed: 1 })
  const ended: DiscoveryTableEvent = { type: 'lookup.ended' }
  const wanted: DiscoveryTableEvent = { type: 'walk.wanted' }
  const elapsed = (delay: string, state: string) => chart.elapsed(delay, `running.${state}`)
  const names = ({ effects }: Step<typeof discoveryTableMachine>) => effects.map(([name]) => name)
  const ready = () => chart.on(start(), ended, ended, ended, ended)

  it('begins with seeds, looks for itself, then three times for anybody, and is then open to who contacts it', () => {
    const [first, second, third] = [start(), chart.on(start(), ended), chart.on(start(), ended, ended)]
    expect(names(first)).to.include.members(['loadSeeds', 'lookUpSelf'])
    expect(names(second)).to.deep.equal(['lookUpRandom'])
    expect(names(third)).to.deep.equal(['lookUpRandom'])
    expect(names(chart.on(third, ended))).to.deep.equal(['lookUpRandom'])
    expect(names(ready())).to.deep.equal(['openTable'])
  })
  it('does it again within half an hour, and when it is asked to', () => {
    for (const again of [elapsed('refreshDelay', 'refresh.resting'), { type: 'refresh.wanted' } as const])
      expect(names(chart.on(ready(), again))).to.deep.equal(['loadSeeds', 'lookUpSelf'])
    const { refreshDelay } = ready().context
    expect(refreshDelay).to.be.within(15 * 60_000, 30 * 60_000)
  })
  it('checks nodes that never answered every 1.5 to 3 s, the others a third as often', () => {
    const { fastDelay, slowDelay } = start().context
    expect([fastDelay, slowDelay / 3].every((delay) => delay >= 1_500 && delay <= 3_000)).to.equal(true)
    const [fast, slow] = [elapsed('fastDelay', 'unverified.waiting'), elapsed('slowDelay', 'verified.waiting')]
    expect(chart.on(start(), fast).effects).to.deep.equal([['checkOne', { list: 'fast' }]])
    expect(chart.on(start(), slow).effects).to.deep.equal([['checkOne', { list: 'slow' }]])
    expect(chart.on(start(), fast).context.fastDelay).to.not.equal(fastDelay)
  })
  it('walks for the dialer once a second at most', () => {
    const walking = chart.on(ready(), wanted)
    expect(names(walking)).to.deep.equal(['walk'])
    expect(names(chart.on(walking, wanted))).to.deep.equal([])
    const rested = chart.on(walking, { type: 'walk.ended', seen: 3 }, elapsed('walkPause', 'walk.resting'))
    expect(names(rested)).to.deep.equal(['reportRested'])
    expect(names(chart.on(rested, wanted))).to.deep.equal(['walk'])
  })
  it('begins anew when a walk sees no node, and walks again after a while', () => {
    const empty = chart.on(ready(), wanted, { type: 'walk.ended', seen: 0 })
    expect(names(empty)).to.deep.equal(['loadSeeds', 'lookUpSelf'])
    expect(names(chart.on(empty, elapsed('emptyPause', 'walk.empty')))).to.deep.equal(['reportRested'])
  })
  it('stops', () => expect(chart.on(start(), { type: 'discovery.stop' }).state).to.equal('stopped'))
})
