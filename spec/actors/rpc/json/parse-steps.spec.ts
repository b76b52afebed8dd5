import { expect } from 'chai'
import fc from 'fast-check'
import { LongText, pieceBytes } from '../../../../actors/rpc/json/long-text.ts'
import { parseSteps } from '../../../../actors/rpc/json/parse-steps.ts'
import { checkJson, JsonSyntaxError } from '../../../../protocols/lib/json-scanner.ts'
import { failureOf } from '../../../failure.ts'

describe('a long text', () => {
  /** @returns its value, and how many steps that took */
  function read(text: string, ...cuts: number[]): { value: unknown; steps: number } {
    const reading = parseSteps([0, ...cuts].map((cut, i) => text.slice(cut, cuts[i])))
    for (let steps = 0; ; steps++) {
      const { done, value } = reading.next()
      if (done) return { value: value.json, steps }
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
  it('is read alike, wherever it is cut', () => {
    const text = '[ {"a\\u0041\\n\\"":"\\ud83d\\ude00 x\\\\"} , -12.5e3,true ,null,[],"",{"id":1.0} ] '
    for (let at = 1; at < text.length; at++) expect(read(text, at).value).to.deep.equal(JSON.parse(text))
    const everywhere = Array.from({ length: text.length - 1 }, (_, i) => i + 1)
    expect(read(text, ...everywhere).value).to.deep.equal(JSON.parse(text))
  })
  it('has no number of more than 1,024 characters: one is NaN', () => {
    expect(read(`[${'1'.repeat(1_024)},${'0.'.padEnd(1_025, '1')},-${'2'.repeat(40_000)}e1,7]`).value).to.deep.equal([
      ...[Number.POSITIVE_INFINITY, Number.NaN, Number.NaN, 7],
    ])
  })
  it('has its bytes read as UTF-8, wherever they are cut', () => {
    const text = '{"é€😀":["\\u00e9","x é"],"a":"€"}'
    const bytes = Buffer.from(text)
    for (let at = 1; at < bytes.length; at++) {
      const reading = parseSteps([bytes.subarray(0, at), bytes.subarray(at)])
      let step = reading.next()
      while (!step.done) step = reading.next()
      expect(step.value.json).to.deep.equal(JSON.parse(text))
    }
  })
  it('keeps a string of more than 1,048,576 characters in pieces, and of a key of so many the beginning', () => {
    const long = `é\n${'x'.repeat(1_048_576)}`
    const value = read(JSON.stringify({ a: 'x'.repeat(1_048_576), b: long, [long]: 1 })).value as Record<
      string,
      unknown
    >
    expect(value.a).to.have.length(1_048_576)
    expect(Object.values(value)).to.include(1)
    expect(Object.keys(value)[2]).to.have.length.below(100)
    const { b } = value as { b: LongText }
    expect(b).to.be.instanceOf(LongText)
    expect(b.length).to.equal(Buffer.byteLength(long))
    const pieces: Buffer[] = []
    for (let at = 0; at < b.length; at += pieceBytes) pieces.push(b.pieceAt(at))
    expect(Buffer.concat(pieces).toString() === long).to.equal(true)
  })
  it('of more than 1,048,576 values is refused', async () => {
    const text = (values: number) => `[${'0,'.repeat(values - 2)}0]`
    expect(read(text(1_048_576)).value).to.have.length(1_048_575)
    const error = await failureOf(Promise.resolve().then(() => read(text(1_048_577))))
    expect(error).to.be.instanceOf(JsonSyntaxError)
  })
  it('keeps ids as they are written', () => {
    const reading = parseSteps([
      '[{"id":1.0},{"id":12345678901234567890},{"id":1},{"id":1.0,"id":"x"},{"\\u0069d":1e0}]',
    ])
    let step = reading.next()
    while (!step.done) step = reading.next()
    const { json, ids } = step.value
    expect((json as object[]).map((one) => ids.get(one))).to.deep.equal([
      ...['1.0', '12345678901234567890', undefined, undefined, '1e0'],
    ])
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
