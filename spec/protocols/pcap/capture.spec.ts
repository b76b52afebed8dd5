import { expect } from 'chai'
import fc from 'fast-check'
import { CaptureError } from '../../../protocols/pcap/capture.ts'
import { type Format, writeCapture } from './capture-writer.ts'
import { readCapture } from './read-whole.ts'

describe('a capture file', () => {
  const packets = [
    { at: 1_700_000_000_000.25, bytes: Uint8Array.of(1, 2, 3) },
    { at: 1_700_000_000_001, bytes: new Uint8Array(0) },
    { at: 1_700_000_000_999.5, bytes: new Uint8Array(1_500).fill(7) },
  ]
  const formats: Format[] = [
    'pcap',
    'pcap of nanoseconds',
    'pcap, big-endian',
    'pcapng',
    'pcapng of nanoseconds, big-endian',
  ]

  for (const format of formats) {
    it(`is read as ${format}`, () => {
      const read = [...readCapture(writeCapture(packets, format, 113))]
      expect(read).to.deep.equal(packets.map((packet) => ({ ...packet, linkType: 113 })))
    })
    it(`is read as ${format} in pieces of any size`, () => {
      const whole = writeCapture(packets, format, 113)
      const read = [...readCapture(whole)]
      for (const size of [1, 7, 100, 1_500]) expect([...readCapture(whole, size)]).to.deep.equal(read)
    })
    it(`is read as ${format} up to where it was cut off`, () => {
      const whole = writeCapture(packets, format)
      for (const cut of [whole.length - 1, whole.length - 700, 30]) {
        const read: unknown[] = []
        expect(() => {
          for (const packet of readCapture(whole.subarray(0, cut))) read.push(packet)
        }).to.throw(CaptureError, /cut off|not described/)
        expect(read.length).to.be.below(4)
      }
    })
  }
  for (const [what, bytes] of [
    ['nothing', new Uint8Array(0)],
    ['three bytes', Uint8Array.of(0xd4, 0xc3, 0xb2)],
    ['text', new TextEncoder().encode('GET / HTTP/1.1')],
  ] as const)
    it(`is not ${what}`, () => expect(() => [...readCapture(bytes)]).to.throw(CaptureError, 'no pcap or pcapng'))

  it('has no packet of 16 MiB and more, and nothing waits for one', () => {
    const heading = writeCapture([], 'pcap')
    const claim = new Uint8Array(16)
    new DataView(claim.buffer).setUint32(8, 17 << 20, true)
    expect(() => [...readCapture(Uint8Array.of(...heading, ...claim))]).to.throw(
      CaptureError,
      'a record at byte 24 is said to have 17825808 bytes, more than any has',
    )
  })
  it('of any bytes is refused or read, and never read for ever', () => {
    const headings = formats.map((format) => writeCapture([], format).subarray(0, 28))
    fc.assert(
      fc.property(fc.constantFrom(...headings), fc.uint8Array({ maxLength: 300 }), (heading, rest) => {
        try {
          for (const { bytes } of readCapture(Uint8Array.of(...heading, ...rest))) expect(bytes.length).to.be.below(330)
        } catch (error) {
          expect(error).to.be.instanceOf(CaptureError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
