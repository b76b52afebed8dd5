import { expect } from 'chai'
import * as charts from '../machines/index.ts'
import { chartCoverage, untouched } from './chart.ts'

// Runs after every other spec (see package.json), for it counts what their walks have touched.

describe('the specs together', () => {
  for (const chart of Object.values(charts)) {
    it(`have entered every state and taken every transition of ${chart.id}`, () => {
      const walked = chartCoverage().get(chart.id)
      expect(walked?.machine, 'a spec walks the chart itself').to.equal(chart)
      expect(untouched(walked!)).to.deep.equal([])
    })
  }
})
