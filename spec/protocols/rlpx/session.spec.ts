import { expect } from 'chai'
import fc from 'fast-check'
import SnappyJS from 'snappyjs'
import { concatBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { type RlpxMessage, RlpxSession } from '../../../protocols/rlpx/session.ts'
import { maxMessageBytes } from '../../../protocols/rlpx/snappy.ts'
import { ReferenceSession } from './reference-session.ts'
import { bytesOf, ciphers, drain, errorCodeOf, secretsPair, shakeHands, withSessions } from './session-pair.ts'

describe('an RLPx session', () => {
  for (const snappy of [false, true])
    describe(snappy ? 'with snappy' : 'without snappy', () => {
      it('carries messages of every size around its buffers, both ways', () => {
        withSessions({ snappy }, (a, b) => {
          for (const size of [0, 1, 15, 16, 17, 1007, 1024, 1056, 2048, 65_519, 65_535, 65_536, 65_537, 300_000])
            for (const [from, to] of [
              [a, b],
              [b, a],
            ] as const) {
              const payload = bytesOf(size)
              const wire = from.write(size, payload)
              const output = from.takeOutput()!
              expect(output.length).to.equal(wire)
              to.push(output)
              expect(codesAndPayloads(drain(to))).to.deep.equal([[size, payload]])
            }
        })
      })

      it('decodes the same however the stream is split', () => {
        const message = fc.tuple(fc.nat(200), fc.oneof(fc.uint8Array(), fc.nat(70_000).map(zeros)))
        fc.assert(
          fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 20 }), (messages, cuts) =>
            withSessions({ snappy }, (a, b) => {
              for (const [code, payload] of messages) a.write(code, payload)
              const got = chunksOf(a.takeOutput() ?? zeros(0), cuts).flatMap((chunk) => {
                b.push(chunk)
                return drain(b)
              })
              expect(codesAndPayloads(got)).to.deep.equal(messages)
              expect(b.bufferedBytes).to.equal(0)
            }),
          ),
          { numRuns: 200 },
        )
      })

      it('agrees to the byte with a session made of noble hashes and node ciphers', () => {
        const [ours, theirs] = secretsPair()
        const session = new RlpxSession(ours, ciphers)
        const reference = new ReferenceSession(theirs)
        if (snappy) session.enableSnappy()
        for (let i = 0; i < 60; i++) {
          const payload = bytesOf([0, 1, 32, 100, 1024, 5000, 70_000][i % 7]!, i + 1)
          session.write(i, payload)
          const data = reference.open(session.takeOutput()!)
          expect(data[0]).to.equal(i === 0 ? 0x80 : i)
          expect(snappy ? SnappyJS.uncompress(data.subarray(1)) : data.subarray(1)).to.deep.equal(payload)
          const compressed = snappy ? SnappyJS.compress(payload) : payload
          session.push(reference.seal(concatBytes(Uint8Array.of(7), compressed)))
          const [message] = drain(session)
          expect(message).to.deep.equal({ code: 7, payload, wireSize: compressed.length })
        }
        session.free()
      })
    })

  it('is written 64 KiB at a time, to the same bytes', () => {
    const [secrets] = secretsPair()
    const [a, b] = [new RlpxSession(secrets, ciphers), new RlpxSession(secrets, ciphers)]
    for (const session of [a, b]) session.enableSnappy()
    for (const size of [100, 2 ** 20, 70_000]) {
      const payload = bytesOf(size, 3)
      a.write(20, payload)
      const steps = [...b.writeSteps(20, payload)].length
      expect(b.takeOutput()).to.deep.equal(a.takeOutput())
      expect(steps).to.be.at.least(2 * Math.floor(size / 65_536)) // compressed, and sealed
    }
    expect(() => b.writeSteps(20, new Uint8Array(2 ** 24))).to.throw('message length >= 16MB')
    a.free()
    b.free()
  })

  it('follows a handshake', () => {
    const { initiator, responder } = shakeHands()
    const [a, b] = [new RlpxSession(initiator.secrets, ciphers), new RlpxSession(responder.secrets, ciphers)]
    a.write(0, Uint8Array.of(1, 2, 3))
    b.push(a.takeOutput()!)
    expect(codesAndPayloads(drain(b))).to.deep.equal([[0, Uint8Array.of(1, 2, 3)]])
    a.free()
    b.free()
  })

  it('decodes one frame split at every byte', () => {
    withSessions({ snappy: true }, (a, b) => {
      const payload = bytesOf(200)
      for (let split = 1; split < 256; split++) {
        a.write(300, payload)
        const frame = a.takeOutput()!
        expect(frame.length).to.equal(256)
        b.push(frame.subarray(0, split))
        expect(drain(b)).to.deep.equal([])
        expect(b.hasWork).to.equal(false)
        b.push(frame.subarray(split))
        expect(codesAndPayloads(drain(b))).to.deep.equal([[300, payload]])
      }
    })
  })

  it('hands out everything written since the last time, in one piece', () => {
    withSessions({ snappy: true }, (a, b) => {
      expect(a.takeOutput()).to.equal(undefined)
      const sizes = Array.from({ length: 100 }, (_, i) => a.write(i, bytesOf(i)))
      const sum = sizes.reduce((total, size) => total + size)
      expect(a.outputBytes).to.equal(sum)
      const output = a.takeOutput()!
      expect(output.length).to.equal(sum)
      expect(a.takeOutput()).to.equal(undefined)
      b.push(output)
      expect(drain(b).length).to.equal(100)
    })
  })

  it('leaves payloads alone that it gave out, while other sessions go on', () => {
    withSessions({ snappy: true }, (a, b) => {
      const payloads = [bytesOf(10), bytesOf(1000), bytesOf(70_000), zeros(65_536)]
      for (const payload of payloads) a.write(1, payload)
      b.push(a.takeOutput()!)
      const got = drain(b)
      withSessions({ seed: 2 }, (c, d) => {
        c.write(1, bytesOf(65_536, 7))
        d.push(c.takeOutput()!)
        drain(d)
      })
      expect(got.map(({ payload }) => payload)).to.deep.equal(payloads)
    })
  })

  it('shares its memory with other sessions that are each in the middle of a frame', () => {
    withSessions({ snappy: true, seed: 1 }, (a, b) =>
      withSessions({ snappy: true, seed: 2 }, (c, d) => {
        const [one, other] = [bytesOf(150_000, 1), bytesOf(150_000, 2)]
        const got: RlpxMessage[][] = [[], []]
        for (let round = 0; round < 3; round++) {
          a.write(1, one)
          c.write(2, other)
        }
        const streams = [a.takeOutput()!, c.takeOutput()!]
        for (let at = 0; at < streams[0]!.length; at += 1009)
          for (const [i, session] of [b, d].entries()) {
            session.push(streams[i]!.subarray(at, at + 1009))
            got[i]!.push(...drain(session))
          }
        expect(got[0]!.map(({ payload }) => payload)).to.deep.equal([one, one, one])
        expect(got[1]!.map(({ payload }) => payload)).to.deep.equal([other, other, other])
      }),
    )
  })

  it('carries codes to 2^53 − 1 and refuses what is no code', () => {
    withSessions({}, (a, b) => {
      for (const code of [0, 1, 127, 128, 255, 256, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
        a.write(code, zeros(0))
        b.push(a.takeOutput()!)
        expect(drain(b)[0]!.code).to.equal(code)
      }
      for (const code of [-1, 1.5, Number.NaN, 2 ** 53]) expect(() => a.write(code, zeros(0))).to.throw(RangeError)
    })
  })

  for (const [what, data] of [
    ['no data', ''],
    ['a code of 2^53', '8720000000000000'],
    ['a code of 2^64 − 1', '88ffffffffffffffff'],
    ['a code of nine bytes', '89010000000000000000'],
    ['a code with a leading zero', '8200ff'],
    ['a code of one zero byte', '00'],
    ['a code that is not canonical', '8101'],
    ['a code that is cut', '82ff'],
    ['a list for a code', 'c101'],
  ] as const)
    it(`refuses a frame with ${what}`, () => expect(receiving(hexToBytes(data))).to.equal('bad message code'))

  for (const [what, block, code] of [
    ['nothing where snappy should be', '', 'snappy'],
    ['garbage where snappy should be', 'ffffffffffff', 'snappy'],
    ['snappy that claims 17 MiB', '8080c00800', 'message length >= 16MB'],
    ['snappy that claims 2^32 − 1', 'ffffffff0f00', 'message length >= 16MB'],
    ['snappy that is cut', '0a0c010203', 'snappy'],
    ['snappy that has more than it claims', '010801020304', 'snappy'],
  ] as const)
    it(`refuses ${what}`, () =>
      expect(receiving(concatBytes(Uint8Array.of(2), hexToBytes(block)), { snappy: true })).to.equal(code))

  it('refuses a frame with any byte of its header, its header MAC, its body or its MAC changed, and every later call', () => {
    for (let at = 0; at < 96; at++)
      withSessions({}, (a, b) => {
        a.write(1, bytesOf(40))
        const frame = a.takeOutput()!
        expect(frame.length).to.equal(96)
        frame[at]! ^= 1
        b.push(frame)
        const expected = at < 32 ? 'bad header MAC' : 'bad frame MAC'
        expect(errorCodeOf(() => b.next())).to.equal(expected)
        expect(errorCodeOf(() => b.next())).to.equal(expected)
      })
  })

  it('refuses a big frame with a wrong MAC before it decrypts or inflates', () => {
    withSessions({ snappy: true }, (a, b) => {
      a.write(1, bytesOf(400_000))
      const frame = a.takeOutput()!
      frame[200_000]! ^= 1
      b.push(frame)
      expect(errorCodeOf(() => drain(b))).to.equal('bad frame MAC')
    })
  })

  it('refuses frames above a limit by their header alone, and takes them once it is lifted', () => {
    withSessions({}, (a, b) => {
      b.limitFrames(2049)
      a.write(0, zeros(2048))
      b.push(a.takeOutput()!)
      expect(drain(b).length).to.equal(1)
      b.limitFrames(undefined)
      a.write(0, zeros(2049))
      b.push(a.takeOutput()!)
      expect(drain(b).length).to.equal(1)
      b.limitFrames(2049)
      a.write(0, zeros(2049))
      b.push(a.takeOutput()!.subarray(0, 32))
      expect(errorCodeOf(() => b.next())).to.equal('message too big')
    })
  })

  it('refuses to write what is too long for a message, and goes on', () => {
    withSessions({ snappy: true }, (a, b) => {
      expect(errorCodeOf(() => a.write(1, zeros(maxMessageBytes + 1)))).to.equal('message length >= 16MB')
      expect(errorCodeOf(() => a.write(1, incompressible(maxMessageBytes)))).to.equal('message length >= 16MB')
      expect(a.outputBytes).to.equal(0)
      a.write(1, zeros(maxMessageBytes))
      b.push(a.takeOutput()!)
      expect(drain(b)[0]!.payload.length).to.equal(maxMessageBytes)
    })
  }).timeout(30_000)

  it('holds no more of a stalled frame of 2^24 − 1 bytes than what has come and 64 KiB, and says so', () => {
    withSessions({}, (a, b) => {
      a.write(1, zeros(maxMessageBytes - 1))
      const frame = a.takeOutput()!
      b.push(frame.subarray(0, 32))
      expect(drain(b)).to.deep.equal([])
      const atFirst = b.bufferedBytes
      expect(atFirst).to.be.at.most(131_072)
      for (let came = 32; came < frame.length - 1; came += 100_000) {
        b.push(frame.subarray(came, Math.min(came + 100_000, frame.length - 1)))
        expect(drain(b)).to.deep.equal([])
        expect(b.bufferedBytes).to.be.within(came - 32, Math.max(atFirst, came + 100_000 + 65_536))
      }
      b.discardInput()
      expect(b.bufferedBytes).to.equal(0)
    })
  })

  it('takes a frame of 16 MiB in 64 KiB chunks, in steps of bounded work', () => {
    withSessions({ snappy: true }, (a, b) => {
      a.write(1, zeros(maxMessageBytes))
      a.write(2, incompressible(12_000_000))
      const output = a.takeOutput()!
      let steps = 0
      const got: number[] = []
      for (let at = 0; at < output.length; at += 65_536) {
        b.push(output.subarray(at, at + 65_536))
        do {
          steps++
          const message = b.next()
          if (message) got.push(message.code, message.payload.length)
        } while (b.hasWork)
      }
      expect(got).to.deep.equal([1, maxMessageBytes, 2, 12_000_000])
      expect(steps).to.be.greaterThan(maxMessageBytes / 65_536 + output.length / 65_536)
    })
  }).timeout(30_000)

  it('throws loudly when it is used after it is freed', () => {
    withSessions({}, (a, b) => {
      a.write(1, zeros(10))
      b.push(a.takeOutput()!)
      a.free()
      b.free()
      expect(() => a.write(1, zeros(10))).to.throw('after free')
      expect(() => b.next()).to.throw('after free')
      a.free()
    })
  })
})

/** What a session says of one frame with `data`. */
function receiving(data: Uint8Array, { snappy = false } = {}): string | undefined {
  const [ours, theirs] = secretsPair()
  const session = new RlpxSession(ours, ciphers)
  if (snappy) session.enableSnappy()
  session.push(new ReferenceSession(theirs).seal(data))
  try {
    return errorCodeOf(() => drain(session))
  } finally {
    session.free()
  }
}

const zeros = (size: number): Uint8Array => new Uint8Array(size)
const codesAndPayloads = (messages: RlpxMessage[]) => messages.map(({ code, payload }) => [code, payload])

/** Cuts `bytes` at `cuts`, taken modulo the length. */
function chunksOf(bytes: Uint8Array, cuts: number[]): Uint8Array[] {
  const sorted = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)
  return [...sorted, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : sorted[i - 1], end))
}

function incompressible(size: number): Uint8Array {
  const block = bytesOf(65_536)
  return Uint8Array.from({ length: size }, (_, i) => block[i % 65_536]! ^ (i >> 16))
}
