import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { FrameCutter } from '../../../actors/rpc/ws-frames.ts'

describe("a client's WebSocket frames", () => {
  type Frame = { readonly first: number; readonly payload: Buffer; readonly isMasked?: boolean }
  const maxBytes = 300_000

  function write({ first, payload, isMasked = true }: Frame): Buffer {
    const { length } = payload
    const size =
      length < 126
        ? Buffer.of(length)
        : length < 65_536
          ? Buffer.of(126, length >> 8, length & 0xff)
          : Buffer.of(127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff)
    size[0]! |= isMasked ? 0x80 : 0
    const mask = isMasked ? randomBytes(4) : Buffer.alloc(0)
    const masked = isMasked ? Buffer.from(payload.map((byte, i) => byte ^ mask[i % 4]!)) : payload
    return Buffer.concat([Buffer.of(first), size, mask, masked])
  }

  function read(bytes: Buffer): Frame[] {
    const frames: Frame[] = []
    for (let at = 0; at < bytes.length; ) {
      const first = bytes[at]!
      const isMasked = bytes[at + 1]! >= 0x80
      const short = bytes[at + 1]! & 0x7f
      const width = short === 127 ? 8 : short === 126 ? 2 : 0
      const length = width === 0 ? short : bytes.readUIntBE(at + 2 + width - Math.min(width, 6), Math.min(width, 6))
      at += 2 + width
      const mask = isMasked ? bytes.subarray(at, at + 4) : Buffer.alloc(4)
      at += isMasked ? 4 : 0
      const payload = Buffer.from(bytes.subarray(at, at + length).map((byte, i) => byte ^ mask[i % 4]!))
      frames.push({ first, payload, isMasked })
      at += length
    }
    return frames
  }

  /** @param sizes of the pieces that the bytes come in, in turn */
  function cut(frames: readonly Frame[], sizes: readonly number[]): Frame[] {
    const bytes = Buffer.concat(frames.map(write))
    const cutter = new FrameCutter(maxBytes)
    const parts: Buffer[] = []
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length]!
      parts.push(...cutter.push(Buffer.from(bytes.subarray(at, at + size))))
      at += size
    }
    return read(Buffer.concat(parts))
  }

  const opcode = (first: number) => first & 0x0f
  const isFinal = (first: number) => first >= 0x80
  const text = (payload: Buffer, first = 0x81): Frame => ({ first, payload })
  /** Data frames put together again, with what stands between them. */
  function joined(frames: readonly Frame[]): string[] {
    const messages: string[] = []
    let parts: Buffer[] = []
    for (const { first, payload } of frames) {
      if (opcode(first) >= 8) messages.push(`${first} ${payload.toString('hex')}`)
      else {
        parts.push(payload)
        if (!isFinal(first)) continue
        messages.push(Buffer.concat(parts).toString('hex'))
        parts = []
      }
    }
    return messages
  }

  it('are short afterwards, whatever their length, and say the same', () => {
    const length = fc.oneof(
      fc.nat(200),
      fc.integer({ min: 32_760, max: 32_780 }),
      fc.integer({ min: 65_530, max: 100_000 }),
    )
    const message = fc.tuple(length, length, fc.constantFrom(1, 2)).map(([one, other, kind]): Frame[] => [
      { first: kind, payload: randomBytes(one) },
      { first: 0x89, payload: randomBytes(one % 126) },
      { first: 0x80, payload: randomBytes(other) },
    ])
    const single = length.map((size): Frame[] => [text(randomBytes(size))])
    const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(fc.oneof(message, single), { minLength: 1, maxLength: 3 }), sizes, (messages, sizes) => {
        const frames = messages.flat()
        const after = cut(frames, sizes.some((size) => size > 500) ? sizes : [...sizes, 30_000])
        expect(joined(after)).to.deep.equal(joined(frames))
        expect(Math.max(...after.map(({ payload }) => payload.length))).to.be.at.most(32_768)
        const kinds = after.filter(({ first }) => opcode(first) < 8).map(({ first }) => opcode(first))
        expect(kinds.filter((kind) => kind === 2)).to.have.length(messages.length)
        expect(kinds.filter((kind) => kind === 1)).to.deep.equal([])
      }),
      { numRuns: 60 },
    )
  })
  it('have their mask taken off, in memory that the system gets back, when they are not whole in one read', () => {
    const bytes = write(text(Buffer.alloc(100_000, 'x')))
    const cutter = new FrameCutter(maxBytes)
    const parts = [...cutter.push(bytes.subarray(0, 60_000)), ...cutter.push(bytes.subarray(60_000))]
    expect(parts).to.have.length(4)
    for (const part of parts) {
      expect(String(part.subarray(8))).to.equal('x'.repeat(part.length - 8))
      expect((part.buffer as ArrayBuffer).resizable).to.equal(true)
    }
  })
  it('come one at a time, however many were read', () => {
    const parts = [...new FrameCutter(maxBytes).push(Buffer.concat(Array(5).fill(write(text(Buffer.from('{}'))))))]
    expect(parts).to.have.length(5)
  })
  it('come as they are, byte by byte, when they are short', () => {
    const frames = [text(Buffer.from('{"id":1}')), { first: 0x8a, payload: Buffer.from('pong') }, text(Buffer.alloc(0))]
    expect(cut(frames, [1])).to.deep.equal(cut(frames, [1_000]))
    expect(joined(cut(frames, [1]))).to.deep.equal(joined(frames))
  })
  for (const [what, frame] of [
    ['no mask', { ...text(randomBytes(40_000)), isMasked: false }],
    ['more than a message may have', text(randomBytes(maxBytes + 1))],
    ['a control frame of 40,000 bytes', { first: 0x89, payload: randomBytes(40_000) }],
  ] as const)
    it(`stay whole with ${what}: that is refused further on`, () => {
      expect(cut([frame], [10_000]).map(({ payload }) => payload.length)).to.deep.equal([frame.payload.length])
    })
})
