import { expect } from 'chai'
import fc from 'fast-check'
import { parseSteps } from '../../../../actors/rpc/json/parse-steps.ts'
import { checkJson, JsonSyntaxError } from '../../../../protocols/lib/json-scanner.ts'
import { failureOf } from '../../../failure.ts'

describe('a long text', () => {
  /** @returns its value, and how many steps that took */
  function read(text: string): { value: unknown; steps: number } {
    const reading = parseSteps(text)
    for (let steps = 0; ; steps++) {
      const { done, value } = reading.next()
      if (done) return { value, steps }
    }
  }

  it('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (json, space) => {
        const text = JSON.stringify(JSON.parse(json), undefined, space)
        expect(read(text).value).to.deep.equal(JSON.parse(text))
      }),
    )
  })
  for (const text of [
    '{"__proto__":{"a":1},"constructor":2,"":[],"\\u0061\\n\\"\\\\":"\\ud83d\\ude00"}',
    ' [ 1.0 , -0 , 1e400 , 12345678901234567890 , true , false , null , [ ] , { } ] \n',
    '"\\\\"',
    '-1.5e-3',
    `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)},"a":1}`,
  ])
    it(`is read like ${text.slice(0, 60)}`, () => {
      const [ours, theirs] = [read(text).value, JSON.parse(text)]
      expect(JSON.stringify(ours)).to.equal(JSON.stringify(theirs))
      if (!text.includes('[[')) expect(ours).to.deep.equal(theirs)
    })
  for (const [what, text] of [
    ['a string', `"${'x'.repeat(1_000_000)}"`],
    ['a string of escapes', `"${'\\u0041\\n'.repeat(100_000)}"`],
    ['numbers', `[${Array(200_000).fill(1).join()}]`],
    ['fields', `{${Array.from({ length: 50_000 }, (_, i) => `"${i}":[]`).join()}}`],
    ['space', `[${' '.repeat(1_000_000)}]${' '.repeat(1_000_000)}`],
  ] as const)
    it(`of ${what} takes steps by its length`, () => {
      const { value, steps } = read(text)
      expect(steps).to.be.above(1.4 * (text.length / 16_384))
      expect(JSON.stringify(value) === JSON.stringify(JSON.parse(text))).to.equal(true)
    })
  for (const text of [
    '',
    ' ',
    '[1',
    '[1,]',
    '{"a" 1}',
    '"\n"',
    '1 2',
    `[]${' '.repeat(40_000)}x`,
    '['.repeat(10_001),
    'nul',
  ])
    it(`is refused as a short one is: ${text.slice(0, 20).trim() || 'nothing'}`, async () => {
      const error = await failureOf(Promise.resolve().then(() => read(text)))
      expect(error).to.be.instanceOf(JsonSyntaxError)
      const short = await failureOf(Promise.resolve().then(() => checkJson(text)))
      expect(error.message).to.equal(short.message)
    })
})
