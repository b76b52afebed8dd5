import { expect } from 'chai'
import { type AnyStateMachine, createMachine } from 'xstate'
import { Inspector } from '../../../actors/inspector/inspector.ts'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { doorMachine } from '../drawing/some-charts.ts'
import { OpenPage } from './open-page.ts'

describe('a page that asks for a chart', () => {
  const feed = new Feed()
  let inspector: Inspector
  let page: OpenPage
  before(async () => {
    inspector = await Inspector.open({ feed, id: 'ab'.repeat(32), name: 'Peerchart' })
    page = await OpenPage.at(inspector.address)
  })
  after(async () => {
    page.close()
    await inspector.close()
  })
  const start = (machine: AnyStateMachine) =>
    startActor({ clock: new VirtualClock(), feed }, machine, { id: `${machine.id}/1`, input: undefined as never })
  const pathsOf = async (chart: string) => (await page.ask('chart', { chart })).drawing.states.map(({ path }) => path)
  const refusalOf = (chart: string) => page.ask('chart', { chart }).catch(({ message }: Error) => message)

  it('gets the drawing of ours', async () => expect(await pathsOf('peer')).to.include('greeting.exchanging'))
  it('gets that of a user, also when its actor has ended', async () => {
    expect(await refusalOf('door')).to.equal('there is no chart door')
    start(doorMachine).stop()
    expect(await pathsOf('door')).to.deep.equal(['', 'knocking', 'inside'])
  })
  it('gets the user’s where two have one name', async () => {
    start(createMachine({ id: 'peer', initial: 'mine', states: { mine: {} } }))
    expect(await pathsOf('peer')).to.deep.equal(['', 'mine'])
  })
})
