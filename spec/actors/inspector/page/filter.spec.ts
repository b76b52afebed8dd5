import { expect } from 'chai'
import { paceOf } from '../../../../actors/inspector/page/filter.ts'
import type { ActorFacts } from '../../../../actors/inspector/wire.ts'
import * as charts from '../../../../machines/index.ts'
import { stateFacts } from '../../../../machines/state-facts.ts'

describe('whether an actor is on its way', () => {
  const paceIn = (chart: string, state: string) =>
    paceOf({ actor: 'a', chart, state, count: 0, startedAt: 0 } as ActorFacts)

  // The page has no charts: it goes by names of states, which are held to the tags here.
  for (const chart of Object.values(charts))
    it(`is shown as ${chart.id} says of its states`, () => {
      const states = Object.keys(chart.root.states)
      const said = states.map((state) => {
        const { tags, isFinal } = stateFacts(chart.id, state)!
        return [state, isFinal || tags.has('ended') ? 'ended' : tags.has('moving') ? 'moving' : 'steady']
      })
      expect(states.map((state) => [state, paceIn(chart.id, state)])).to.deep.equal(said)
    })
})
