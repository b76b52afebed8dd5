import { expect } from 'chai'
import * as charts from '../machines/index.ts'
import { untouched } from './chart.ts'
import { walkedCharts } from './walked-charts.ts'

// Runs after every other spec (see .mocharc.test.js), for it counts what their walks have touched.

describe('the specs together', () => {
  for (const chart of Object.values(charts)) {
    it(`have entered every state and taken every transition of ${chart.id}`, () => {
      const walks = walkedCharts().filter(({ id }) => id === chart.id)
      expect(
        walks.some(({ isItself }) => isItself),
        'a spec walks the chart itself',
      ).to.equal(true)
      const entered = new Set(walks.flatMap((walk) => walk.entered))
      const taken = new Set(walks.flatMap((walk) => walk.taken))
      expect(untouched({ machine: chart, entered, taken })).to.deep.equal([])
    })
  }
})
