import { expect } from 'chai'
import fc from 'fast-check'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import {
  countItems,
  encodeList,
  encodeRlp,
  RlpError,
  RlpReader,
  readItem,
  skipItem,
  toUint,
} from '../../../protocols/lib/rlp.ts'

describe('reading RLP', () => {
  for (const [what, hex, fault] of [
    ['nothing', '', 'unexpected end'],
    ['a string beyond the end', '83ffff', 'larger than the input'],
    ['a list beyond the end', 'c3ffff', 'larger than the input'],
    ['a length beyond the end', 'b9ff', 'larger than the input'],
    ['a length of 2^64−1', 'bfffffffffffffffff', 'larger than the input'],
    ['a list of 2^40 bytes', 'fd010000000000', 'larger than the input'],
    ['a length that fits one byte less', `b90038${'00'.repeat(56)}`, 'length with a leading zero'],
    ['a length under 56 in long form', `b837${'00'.repeat(55)}`, 'non-canonical length'],
    ['a list length under 56 in long form', `f837${'c0'.repeat(55)}`, 'non-canonical length'],
    ['a byte under 0x80 with a prefix', '817f', 'non-canonical single byte'],
  ] as const)
    it(`refuses ${what}`, () => {
      expect(() => readItem(hexToBytes(hex))).to.throw(RlpError, fault)
      expect(() => skipItem(hexToBytes(hex))).to.throw(RlpError, fault)
    })

  for (const [what, hex] of [
    ['00', '00'],
    ['a leading zero', '0001'],
    ['nine bytes', '010000000000000000'],
  ] as const)
    it(`takes ${what} for no uint64`, () => expect(() => toUint(hexToBytes(hex))).to.throw(RlpError))

  for (const value of [0n, 1n, 0x7fn, 0x80n, 2n ** 32n - 1n, 2n ** 48n - 1n, 2n ** 48n, 2n ** 63n, 2n ** 64n - 1n])
    it(`reads ${value} as it was written`, () => {
      expect(new RlpReader(encodeRlp(value)).uint()).to.equal(value)
    })

  it('refuses what is not of the kind that is asked for', () => {
    const fields = () => RlpReader.open(hexToBytes('c4c0820100'))
    expect(() => fields().bytes()).to.throw(RlpError, 'expected a string')
    expect(() => new RlpReader(hexToBytes('02')).bool()).to.throw(RlpError, 'expected a boolean')
    expect(() => new RlpReader(hexToBytes('02')).list()).to.throw(RlpError, 'expected a list')
    expect(() => new RlpReader(hexToBytes('820100')).bytes(3)).to.throw(RlpError, 'expected 3 bytes, got 2')
    expect(() => RlpReader.open(hexToBytes('80'))).to.throw(RlpError, 'expected a list')
    expect(() => fields().end()).to.throw(RlpError, 'too many list items')
  })
  it('ignores bytes after the first value', () => {
    expect(RlpReader.open(hexToBytes('c101ffff')).uint()).to.equal(1n)
  })
  it('gives views and copies nothing', () => {
    const bytes = hexToBytes('c3820102')
    expect(RlpReader.open(bytes).bytes().buffer).to.equal(bytes.buffer)
  })

  it('counts 10^6 empty items without opening them', () => {
    expect(countItems(new Uint8Array(1_000_000).fill(0xc0))).to.equal(1_000_000)
  })
  it('reads a list nested 10^5 deep one level at a time', () => {
    let depth = 0
    for (let bytes = nested(100_000); countItems(bytes) === 1; bytes = readItem(bytes).content) depth++
    expect(depth).to.equal(100_000)
  })

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (strings) => {
        const list = encodeList(strings.map((bytes) => encodeRlp(bytes)))
        expect(list).to.deep.equal(encodeRlp(strings))
        expect(Array.from(RlpReader.open(list).rest(), ({ content }) => content)).to.deep.equal(strings)
        expect(countItems(readItem(list).content)).to.equal(strings.length)
      }),
    )
  })
  it('reads any bytes or throws an RlpError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          expect(readItem(bytes).raw.length).to.be.within(1, bytes.length)
          countItems(bytes)
        } catch (error) {
          if (!(error instanceof RlpError)) throw error
        }
      }),
      { numRuns: 5000 },
    )
  })
})

/** @returns a list in a list in a list … */
function nested(depth: number): Uint8Array {
  const bytes: number[] = []
  for (let i = 0; i < depth; i++) {
    const { length } = bytes
    const digits = [length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff].slice(
      0,
      Math.ceil(bitLength(length) / 8),
    )
    bytes.push(...(length < 56 ? [0xc0 + length] : [...digits, 0xf7 + digits.length]))
  }
  return Uint8Array.from(bytes.reverse())
}

const bitLength = (value: number) => 32 - Math.clz32(value)
