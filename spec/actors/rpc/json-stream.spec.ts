import { expect } from 'chai'
import fc from 'fast-check'
import { JsonStream } from '../../../actors/rpc/json-stream.ts'
import { checkJson, firstValue, JsonSyntaxError } from '../../../protocols/lib/json-scanner.ts'

describe('a stream of JSON', () => {
  const cut = (bytes: Uint8Array, sizes: readonly number[]) => {
    const parts: Uint8Array[] = []
    let at = 0
    for (let i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length]!
      parts.push(bytes.subarray(at, at + size))
      at += size
    }
    return parts
  }
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })

  it('is cut into its values, however it comes in', () =>
    fc.assert(
      fc.property(fc.array(fc.json()), sizes, (texts, sizes) => {
        const stream = new JsonStream()
        const bytes = Buffer.from(`${texts.join(' ')} `)
        const values = cut(bytes, sizes).flatMap((part) => Array.from(stream.push(part), (parts) => parts.join('')))
        expect(values.map((text) => JSON.parse(text))).to.deep.equal(texts.map((text) => JSON.parse(text)))
        expect(stream.held).to.equal(0)
      }),
      { seed: 1, numRuns: 300 },
    ))
  it('breaks where JSON does, and nowhere else', () =>
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom(...'{}[]",:0-.eE+tfnu\\ \u0001x'), (text, at, char) => {
        const index = at % (text.length + 1)
        const spoiled = text.slice(0, index) + char + text.slice(index)
        expect(isWhole(spoiled)).to.equal(isJson(spoiled), spoiled)
      }),
      { seed: 2, numRuns: 3_000 },
    ))
  it('begins with a value that anything may follow', () => {
    expect([firstValue(' {"a":1} x'), firstValue('01'), firstValue('5')]).to.deep.equal([' {"a":1}', '0', '5'])
    for (const text of ['', ' ', '{"a"', '"\\u00']) expect(() => firstValue(text)).to.throw(JsonSyntaxError)
  })
  it('knows what has begun, and forgets space', () => {
    const stream = new JsonStream()
    const push = (text: string) => Array.from(stream.push(Buffer.from(text)), (parts) => parts.join(''))
    expect([push(' \n '), stream.held]).to.deep.equal([[], 0])
    expect([push('{"a'), stream.held]).to.deep.equal([[], 3])
    expect([push('":1}5'), stream.held]).to.deep.equal([['{"a":1}'], 1])
    expect([push('\n'), stream.held]).to.deep.equal([['5'], 0])
  })
  it('gives what came whole before what is none', () => {
    const given: string[] = []
    const read = () => {
      for (const value of new JsonStream().push(Buffer.from('[1]{x}'))) given.push(value.join(''))
    }
    expect(read).to.throw(JsonSyntaxError, "invalid character 'x' looking for beginning of object key string")
    expect(given).to.deep.equal(['[1]'])
  })
  it('reads a long value in small pieces in time', () => {
    const stream = new JsonStream()
    const piece = Buffer.from('x'.repeat(1_000))
    const given = [...stream.push(Buffer.from('"'))]
    for (let i = 0; i < 10_000; i++) given.push(...stream.push(piece))
    given.push(...stream.push(Buffer.from('"\n')))
    expect(given.map((parts) => parts.join('').length)).to.deep.equal([10_000_002])
  })
})

/** Whether `text` is one JSON value and space. */
function isWhole(text: string): boolean {
  try {
    checkJson(text)
    return true
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false
    throw error
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
