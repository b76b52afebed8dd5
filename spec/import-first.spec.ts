import { expect } from 'chai'

describe('a spec', () => {
  // No other syntax of TypeScript may be in this file: what it has is JavaScript, too, and means something else.
  it('is read as TypeScript where JavaScript would read it otherwise', () => {
    expect([...new Set<string>(['a', 'a'])]).to.deep.equal(['a'])
  })
})
