import { expect } from 'chai'
import { SeenSet } from '../../../actors/runtime/seen-set.ts'

// geth-behaviour 20.4, E8.
describe('a set of what was seen', () => {
  const half = () => 0.5
  const names = (count: number) => Array.from({ length: count }, (_, i) => `${i}`)

  it('holds as many as it may, of those added one by one', () => {
    const known = new SeenSet(5, half)
    for (const name of names(10)) known.add(name)
    expect(known.size).to.equal(5)
    expect(known.has('9')).to.equal(true)
    expect(names(10).filter((name) => known.has(name))).to.have.length(5)
  })
  it('never holds more, at no moment', () => {
    const known = new SeenSet(5, half)
    for (const [i, name] of names(10).entries()) {
      known.add(name)
      expect(known.size).to.equal(Math.min(i + 1, 5))
    }
  })
  it('counts what it has once', () => {
    const known = new SeenSet(5, half)
    known.add('a')
    known.add('a')
    expect(known.size).to.equal(1)
  })
  it('forgets any, not the oldest', () => {
    const known = new SeenSet(3, half)
    for (const name of names(4)) known.add(name)
    expect(names(4).filter((name) => known.has(name))).to.deep.equal(['0', '2', '3'])
  })
})
