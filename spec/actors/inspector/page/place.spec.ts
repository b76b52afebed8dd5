import { expect } from 'chai'
import { formatPlace, parsePlace } from '../../../../actors/inspector/page/place.ts'

describe('a place in the inspector', () => {
  it('is read from an address as it was written to it', () => {
    const place = { view: 'chart', actor: 'node-1/peer/2', seq: 12, line: 0, search: 'client:geth & co' } as const
    expect(parsePlace(formatPlace(place))).to.deep.equal(place)
    expect(formatPlace(place)).to.match(/^#chart\?actor=node-1\/peer\/2&seq=12&line=0&/)
  })
  it('is the network at present where the address says nothing', () => {
    const nowhere = { view: 'network', actor: undefined, seq: undefined, line: undefined, search: undefined }
    for (const hash of ['', '#', '#nowhere', '#network?seq=-1&line=1e9&actor='])
      expect(parsePlace(hash)).to.deep.equal(nowhere)
  })
})
