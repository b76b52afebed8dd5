import { expect } from 'chai'
import { type AnyStateMachine, type AnyTransitionDefinition, createActor, setup } from 'xstate'
import * as charts from '../../../machines/index.ts'
import { edgeName, transitionsOf } from '../../../machines/names/edge-name.ts'
import { nodesOf } from '../../chart.ts'

const namesOf = (machine: AnyStateMachine) => nodesOf(machine.root).flatMap(transitionsOf).map(edgeName)

describe('the names of transitions', () => {
  for (const chart of Object.values(charts) as AnyStateMachine[])
    it(`are unique in the chart ${chart.id}`, () =>
      expect(new Set(namesOf(chart)).size).to.equal(namesOf(chart).length))

  const lamp = setup({
    types: {} as { events: { type: 'pressed' } | { type: 'always' } },
    guards: { isDark: ({ event }) => event.type === 'always', isNight: () => false },
    delays: { rest: 15_000 },
    actions: { warn: () => {} },
  }).createMachine({
    id: 'lamp',
    initial: 'off',
    on: { always: [{ guard: 'isDark', actions: 'warn' }, { guard: 'isDark' }, {}] },
    states: {
      off: { on: { pressed: [{ guard: { type: 'isNight' } }, 'on'] }, always: { guard: 'isNight', target: 'on' } },
      on: { after: { rest: '.dim', 250: '.dim' }, onDone: 'off', initial: 'dim', states: { dim: { type: 'final' } } },
    },
  })
  it('say the state, what sets it off, and the condition', () =>
    expect(namesOf(lamp)).to.deep.equal([
      ...['always [isDark]', 'always [isDark] #2', 'always'],
      ...['off · pressed [isNight]', 'off · pressed', 'off · always [isNight]'],
      ...['on · done', 'on · after 250', 'on · after rest'],
    ]))
  it('are those of the transitions that a running actor takes', () => {
    const taken: AnyTransitionDefinition[] = []
    const inspect = (event: { type: string; _transitions?: AnyTransitionDefinition[] }) =>
      event.type === '@xstate.microstep' && taken.push(...event._transitions!)
    const actor = createActor(lamp, { inspect: inspect as never }).start()
    actor.send({ type: 'pressed' })
    expect(taken.map(edgeName)).to.deep.equal(['off · pressed', 'on · done'])
  })
})
