import { expect } from 'chai'
import { jsonText } from '../../../protocols/lib/json-text.ts'

describe('the text of a foreign JSON value', () => {
  for (const [what, text] of [
    ['a number', '1'],
    ['an object', '{"a":[1,"two",null,true]}'],
    ['nothing', 'null'],
  ] as const)
    it(`is JSON's own, of ${what}`, () => expect(jsonText(JSON.parse(text))).to.equal(text))
  it('says what JSON has no word for', () => {
    expect(jsonText(undefined)).to.equal('undefined')
    expect(jsonText({ a: 1n })).to.equal('{"a":"1"}')
  })
  it('is cut, however long or deep the value is', () => {
    expect(jsonText('x'.repeat(100), 5)).to.equal('"xxxx')
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
    expect(jsonText(deep)).to.equal(`${'['.repeat(64)}"…"${']'.repeat(64)}`)
  })
})
