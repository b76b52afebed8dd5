import { expect } from 'chai'
import { formatPlace, moved, type Place, parsePlace } from '../../../../actors/inspector/page/place.ts'

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
  describe('that is left', () => {
    const live: Place = { view: 'messages', actor: 'peer/1', line: 7 }
    const past: Place = { ...live, seq: 12 }
    const lineAfter = (place: Place, change: Partial<Place>) => moved(place, change, 20).line

    it('leaves the line behind that was looked into, when its actor or its moment is left', () => {
      expect(lineAfter(live, { actor: 'peer/2' })).to.equal(undefined)
      expect(lineAfter(live, { seq: 15 })).to.equal(undefined)
      expect(lineAfter(past, { seq: 13 })).to.equal(undefined)
      expect(lineAfter(past, { seq: undefined })).to.equal(undefined)
    })
    it('keeps it in another view, when the picture is held, and at its own moment', () => {
      expect(lineAfter(live, { view: 'chart' })).to.equal(7)
      expect(lineAfter(live, { seq: 20 })).to.equal(7)
      expect(lineAfter(past, { seq: 7, actor: 'peer/1/eth' })).to.equal(7)
      expect(lineAfter(past, { actor: 'peer/2', line: 9 })).to.equal(9)
      expect(moved(past, { view: 'why' }, 20)).to.deep.equal({ ...past, view: 'why' })
    })
  })
})
