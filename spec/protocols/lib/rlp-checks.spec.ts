import { expect } from 'chai'
import fc from 'fast-check'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp, RlpError, readItem, toUint } from '../../../protocols/lib/rlp.ts'
import { bytesOf, fieldsOf, listOf, string, uint } from '../../../protocols/lib/rlp-checks.ts'

describe('a shape of RLP', () => {
  const cases: readonly (readonly [what: string, check: ReturnType<typeof string>, hex: string, fault?: string])[] = [
    ['any string', string(), '83010203'],
    ['any string', string(), 'c0', 'expected a string, got a list'],
    ['any string', string(), '8101', 'non-canonical single byte'],
    ['any string', string(), '', 'unexpected end'],
    ['a string of 2 bytes', bytesOf(2), '820000'],
    ['a string of 2 bytes', bytesOf(2), '83010203', 'a string of 3 bytes'],
    ['a number of 2 bytes', uint(2), '820100'],
    ['a number of 2 bytes', uint(2), '80'],
    ['a number of 2 bytes', uint(2), '7f'],
    ['a number of 2 bytes', uint(2), '00', 'leading zero'],
    ['a number of 2 bytes', uint(2), '820001', 'leading zero'],
    ['a number of 2 bytes', uint(2), '83010000', 'wider than 2 bytes'],
    ['a number of 2 bytes', uint(2), 'c0', 'expected a string'],
    ['a list of numbers', listOf(uint(1)), 'c3010280'],
    ['a list of numbers', listOf(uint(1)), 'c0'],
    ['a list of numbers', listOf(uint(1)), '83010280', 'expected a list, got a string'],
    ['a list of numbers', listOf(uint(1)), 'c3010200', 'leading zero'],
    ['a list of lists', listOf(listOf(uint(1))), 'c3c101c0'],
    ['a list of lists', listOf(listOf(uint(1))), 'c2c2010101', 'larger than its list'],
    ['two fields', fieldsOf([uint(1), bytesOf(1)]), 'c20102'],
    ['two fields', fieldsOf([uint(1), bytesOf(1)]), 'c101', 'unexpected end'],
    ['two fields', fieldsOf([uint(1), bytesOf(1)]), 'c3010203', 'too many list items'],
    ['two fields', fieldsOf([uint(1), bytesOf(2)]), 'c20182ffff', 'larger than its list'],
    ['two fields', fieldsOf([uint(1), bytesOf(2)]), '01', 'expected a list'],
  ]
  for (const [what, check, hex, fault] of cases)
    it(`${hex || 'nothing'} ${fault ? 'is not' : 'is'} ${what}`, () => {
      const bytes = hexToBytes(hex)
      if (fault) expect(() => check(bytes, 0)).to.throw(RlpError, fault)
      else expect(check(bytes, 0)).to.equal(bytes.length)
    })

  it('is found where it begins, and ends where it ends', () => {
    expect(listOf(uint(1))(hexToBytes('80c20102ff'), 1)).to.equal(4)
  })
  it('of a number is what is read as one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (content) => {
        const raw = encodeRlp(content)
        const outcomes = [() => uint(8)(raw, 0), () => toUint(readItem(raw).content)].map((run) => {
          try {
            run()
            return 'sound'
          } catch (error) {
            return (error as Error).message
          }
        })
        expect(outcomes[0]).to.equal(outcomes[1])
      }),
    )
  })
})
