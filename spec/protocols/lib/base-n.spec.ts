import { expect } from 'chai'
import { base32, base64Url } from '../../../protocols/lib/base-n.ts'
import { utf8ToBytes } from '../../../protocols/lib/bytes.ts'

describe('base32 and base64 without padding', () => {
  // RFC 4648, 10.
  const vectors: [string, string, string][] = [
    ['', '', ''],
    ['f', 'MY', 'Zg'],
    ['fo', 'MZXQ', 'Zm8'],
    ['foo', 'MZXW6', 'Zm9v'],
    ['foob', 'MZXW6YQ', 'Zm9vYg'],
    ['fooba', 'MZXW6YTB', 'Zm9vYmE'],
    ['foobar', 'MZXW6YTBOI', 'Zm9vYmFy'],
  ]
  it('are those of the RFC', () => {
    for (const [text, in32, in64] of vectors) {
      const bytes = utf8ToBytes(text)
      expect([base32.encode(bytes), base64Url.encode(bytes)]).to.deep.equal([in32, in64])
      expect([base32.decode(in32), base64Url.decode(in64)]).to.deep.equal([bytes, bytes])
    }
  })
  it('are those of Node for any bytes', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 151 + length * 7) & 255)
      const text = base64Url.encode(bytes)
      expect(text).to.equal(Buffer.from(bytes).toString('base64url'))
      expect(base64Url.decode(text)).to.deep.equal(bytes)
      expect(base32.decode(base32.encode(bytes))).to.deep.equal(bytes)
    }
  })
  it('have no other characters, and no lengths that no bytes have', () => {
    for (const text of ['M', 'MZX', 'MZXW6Y', 'my', 'M1', 'MY======', 'M\u{1f600}', 'MY\n'])
      expect(base32.decode(text), text).to.equal(undefined)
    for (const text of ['Z', 'Zm9vY', 'Z+', 'Z/', 'Zg==', 'Z\u{e9}'])
      expect(base64Url.decode(text), text).to.equal(undefined)
  })
})
