import { expect } from 'chai'
import type { AnyStateMachine } from 'xstate'
import { chartOf, statesOf } from '../../../actors/drawing/chart.ts'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { edgeName } from '../../../machines/names/edge-name.ts'
import { chainOf, mainBlocks, World } from '../eth/world.ts'
import { doorMachine, ownCharts } from './some-charts.ts'

describe('the transitions that a feed reports', () => {
  const namesIn = (machine: AnyStateMachine) =>
    statesOf(chartOf(machine).root).flatMap(({ transitions }) => transitions.map(({ name }) => name))
  const recorded = (world: World) => {
    const taken = new Map<string, Set<string>>()
    world.feed.subscribe((entry, live) => {
      if (entry.type !== 'transition') return
      for (const one of live.taken ?? []) {
        const names = taken.get(entry.chart) ?? new Set()
        taken.set(entry.chart, names.add(edgeName(one)))
      }
    })
    return taken
  }

  it('are in the drawings of their charts by the same names, while two nodes meet and sync', async () => {
    const world = new World()
    const taken = recorded(world)
    const [empty, full] = [await chainOf([]), await chainOf(mainBlocks.slice(0, 20))]
    const [near, far] = [world.service(empty), world.service(full)]
    near.start()
    far.start()
    world.link(near, far)
    await world.until(() => empty.head.number === 20n)
    const stopped = Promise.all([near.stop(), far.stop()])
    await world.run(100)
    await stopped
    expect([...taken.keys()]).to.have.members(['protocol-manager', 'eth-peer', 'downloader'])
    for (const [chart, names] of taken)
      expect(namesIn(ownCharts.find(({ id }) => id === chart)!), chart).to.include.members([...names])
    expect([...taken.get('eth-peer')!])
      .to.include('awaitingStatus · status.accepted')
      .and.to.include('active · BlockHeaders')
  })
  it('are so in a chart of the user', () => {
    const world = new World()
    const taken = recorded(world)
    const door = startActor(world.runtime, doorMachine, { id: 'door/1', input: undefined as never })
    door.send({ type: 'Knock' })
    door.send({ type: 'Answer' })
    expect([...taken.get('door')!])
      .to.deep.equal(['Knock', 'knocking · Answer'])
      .and.to.deep.equal(namesIn(doorMachine))
  })
})
