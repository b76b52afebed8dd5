import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import { pretty } from '../../../../actors/cli/console/pretty.ts'

describe('a result in the console', () => {
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)))

  it('is the JSON that it was', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(pretty(value, false))).to.deep.equal(value)
      }),
    )
  })
  it('is the same in colours', () => {
    fc.assert(
      fc.property(fc.array(json), (value) => {
        expect(stripVTControlCharacters(pretty(value, true))).to.equal(pretty(value, false))
      }),
    )
  })
  it('has a line for each item', () => {
    expect(pretty({ a: [1, 'x'], b: {}, c: [] }, false)).to.equal(
      '{\n  "a": [\n    1,\n    "x"\n  ],\n  "b": {},\n  "c": []\n}',
    )
  })
  it('shows a person the decimal value of a quantity', () => {
    expect(stripVTControlCharacters(pretty('0x258', true))).to.equal('"0x258"  600')
    expect(pretty('0x258', false)).to.equal('"0x258"')
    expect(stripVTControlCharacters(pretty(`0x${'ab'.repeat(32)}`, true))).to.equal(`"0x${'ab'.repeat(32)}"`)
  })
  it('cannot move the cursor, whatever a remote calls itself', () => {
    const name = 'Geth\u001b[2J\u009b1m\u202e\u2028\n\ud83d\ude00\ud800'
    expect(pretty({ name }, false)).not.to.match(/[\p{C}\u2028](?<!\n)/u)
    expect(JSON.parse(pretty({ name }, false))).to.deep.equal({ name })
  })
  it('is cut where it is too deep for anybody', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)
    expect(pretty(deep, true)).to.contain('"…"')
  })
})
