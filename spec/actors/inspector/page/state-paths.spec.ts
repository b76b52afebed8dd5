import { expect } from 'chai'
import { statePaths } from '../../../../actors/inspector/page/state-paths.ts'
import { describeState } from '../../../../machines/names/state-name.ts'

describe('the paths of a state written as text', () => {
  it('are those of every state that is active, outermost first', () => {
    expect(statePaths('running.(keepalive.quiet writing.flowing)')).to.deep.equal([
      'running',
      'running.keepalive',
      'running.keepalive.quiet',
      'running.writing',
      'running.writing.flowing',
    ])
  })
  it('are read as the feed writes them, however deep', () => {
    const label = describeState({ a: { b: { c: 'd', e: { f: 'g', h: 'i' } }, j: 'k' } })
    expect(statePaths(label)).to.deep.equal([
      'a',
      'a.b',
      'a.b.c',
      'a.b.c.d',
      'a.b.e',
      'a.b.e.f',
      'a.b.e.f.g',
      'a.b.e.h',
      'a.b.e.h.i',
      'a.j',
      'a.j.k',
    ])
  })
  it('are none of no state', () => {
    expect(statePaths('')).to.deep.equal([])
  })
})
