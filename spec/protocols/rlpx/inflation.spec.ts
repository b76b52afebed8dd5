import { expect } from 'chai'
import fc from 'fast-check'
import SnappyJS from 'snappyjs'
import { atOnce } from '../../../protocols/chain/at-once.ts'
import { address, memory } from '../../../protocols/lib/sponge.ts'
import { Inflation } from '../../../protocols/rlpx/inflation.ts'
import {
  compress,
  compressInside,
  inflateInside,
  maxCompressedBytes,
  readClaim,
} from '../../../protocols/rlpx/snappy.ts'
import { bytesOf, errorCodeOf } from './session-pair.ts'

/** Both decoders: the stepwise one in steps so small that every element pauses. They must agree. */
function inflate(block: Uint8Array, budget = 1): Uint8Array {
  const outcomes = [stepwise, inside].map((decode) => {
    let bytes: Uint8Array | undefined
    const error = errorCodeOf(() => {
      bytes = decode(block, budget)
    })
    return { error, bytes }
  })
  expect(outcomes[0]).to.deep.equal(outcomes[1])
  return outcomes[0]!.bytes ?? stepwise(block, budget)
}

function stepwise(block: Uint8Array, budget: number): Uint8Array {
  const inflation = new Inflation(block, readClaim(block))
  for (;;) {
    const bytes = inflation.run(budget)
    if (bytes) return bytes
  }
}

function inside(block: Uint8Array): Uint8Array {
  memory().set(block, address.frame)
  const after = memory().slice(address.source + 65_536, address.frame)
  const here = memory().subarray(address.frame, address.frame + block.length)
  const bytes = inflateInside(here, readClaim(here))
  expect(memory().slice(address.source + 65_536, address.frame)).to.deep.equal(after)
  return bytes
}

describe('a snappy block', () => {
  for (const [what, block, plain] of [
    ['of nothing', [0], []],
    ['of one literal', [3, 2 << 2, 1, 2, 3], [1, 2, 3]],
    ['with a literal of a one-byte length', [3, 60 << 2, 2, 1, 2, 3], [1, 2, 3]],
    ['with a literal of a four-byte length', [3, 63 << 2, 2, 0, 0, 0, 1, 2, 3], [1, 2, 3]],
    ['with a copy that overlaps itself', [6, 0, 9, 1 | (1 << 2), 1], [9, 9, 9, 9, 9, 9]],
    ['with a two-byte offset', [4, 1 << 2, 1, 2, 2 | (1 << 2), 2, 0], [1, 2, 1, 2]],
    ['with a four-byte offset', [4, 1 << 2, 1, 2, 3 | (1 << 2), 2, 0, 0, 0], [1, 2, 1, 2]],
  ] as const)
    it(`${what} inflates`, () => expect([...inflate(Uint8Array.from(block))]).to.deep.equal(plain))

  for (const [what, block] of [
    ['without a length', []],
    ['whose length does not end', [0x80, 0x80]],
    ['whose length takes six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0]],
    ['whose length is 2^32', [0x80, 0x80, 0x80, 0x80, 0x10]],
    ['that claims more than it has', [5, 2 << 2, 1, 2, 3]],
    ['that claims less than it has', [2, 2 << 2, 1, 2, 3]],
    ['that claims nothing and has something', [0, 0, 1]],
    ['cut in a literal', [3, 2 << 2, 1, 2]],
    ["cut in a literal's length", [3, 61 << 2, 2]],
    ['with a literal of 2^32 bytes', [3, 63 << 2, 255, 255, 255, 255, 1, 2, 3]],
    ['cut in an offset', [4, 1 << 2, 1, 2, 2 | (1 << 2), 2]],
    ['with an offset of 0', [4, 1 << 2, 1, 2, 2 | (1 << 2), 0, 0]],
    ['with an offset before its start', [4, 1 << 2, 1, 2, 2 | (1 << 2), 3, 0]],
    ['with an offset of 2^32 − 1', [4, 1 << 2, 1, 2, 3 | (1 << 2), 255, 255, 255, 255]],
    ['that begins with a copy', [4, 1, 1]],
    ['of garbage', [0xff, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff].slice(5)],
    ['denser than any block can be', [0xff, 0xff, 0x07, 0, 1]],
  ] as const)
    it(`${what} is refused`, () => expect(errorCodeOf(() => inflate(Uint8Array.from(block)))).to.equal('snappy'))

  for (const [claim, block] of [
    ['2^24', [0x80, 0x80, 0x80, 0x08]],
    ['17 MiB', [0x80, 0x80, 0xc0, 0x08]],
    ['2^32 − 1', [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ] as const)
    it(`that claims ${claim} bytes is refused before anything is inflated`, () =>
      expect(errorCodeOf(() => readClaim(Uint8Array.from(block)))).to.equal('message length >= 16MB'))

  it('of any bytes ends in an error or in what it claims, as snappyjs has it', () => {
    const mostlyValid = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.uint8Array({ maxLength: 24 }))
    fc.assert(
      fc.property(mostlyValid, fc.integer({ min: 1, max: 50 }), ([claim, elements], budget) => {
        const block = Uint8Array.of(claim, ...elements)
        let ours: Uint8Array | undefined
        const error = errorCodeOf(() => {
          ours = inflate(block, budget)
        })
        if (error) expect(error).to.equal('snappy')
        else expect([...ours!]).to.deep.equal([...SnappyJS.uncompress(block)])
      }),
      { numRuns: 3000 },
    )
  })

  it('of ours is read by snappyjs, and of snappyjs by us', () => {
    const runs = fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 300 })))
    fc.assert(
      fc.property(runs, (parts) => {
        const plain = Uint8Array.from(
          parts.flatMap(([bytes, times]) =>
            Array(times)
              .fill([...bytes])
              .flat(),
          ),
        )
        if (plain.length > 65_536) return
        expect(SnappyJS.uncompress(compressed(plain))).to.deep.equal(plain)
        expect(inflate(SnappyJS.compress(plain), 100)).to.deep.equal(plain)
      }),
      { numRuns: 300 },
    )
  })

  it('of any length of random bytes takes no more room than a frame has for it', () => {
    for (const length of [0, 1, 15, 16, 17, 59, 60, 61, 255, 256, 257, 4096, 65_535, 65_536]) {
      const plain = bytesOf(length)
      const block = compressed(plain)
      expect(block.length).to.be.at.most(length + 8 + length / 6)
      expect(SnappyJS.uncompress(block)).to.deep.equal(plain)
    }
  })
})

/** By both ways, which must agree. */
function compressed(plain: Uint8Array): Uint8Array {
  const insideOne = memory().slice(address.frame, compressInside(plain, address.frame))
  const to = new Uint8Array(maxCompressedBytes(plain.length))
  expect(to.subarray(0, atOnce(compress(plain, to, 0)))).to.deep.equal(insideOne)
  return insideOne
}
