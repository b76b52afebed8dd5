import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { expect } from 'chai'
import { bytesToHex, utf8ToBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256, keccak256Steps } from '../../../protocols/lib/keccak.ts'
import { allot, memory, release } from '../../../protocols/lib/sponge.ts'
import { itTakesLong } from '../../long.ts'
import { projectRoot } from '../../support/project.ts'
import { compileSponge } from './sponge.build.ts'

describe('keccak256', () => {
  for (const [text, digest] of [
    ['', 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'],
    ['abc', '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45'],
    ['testing', '5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02'],
  ] as const)
    it(`gives the published digest of "${text}"`, () =>
      expect(bytesToHex(keccak256(utf8ToBytes(text)))).to.equal(digest))

  it('agrees with @noble/hashes at every length to 600 bytes and around its 64 KiB buffer', () => {
    const lengths = [...Array(601).keys(), 65_535, 65_536, 65_537, 131_072, 200_000]
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) ^ (i >> 8))
    const wrong = lengths.filter((length) => {
      const input = bytes.subarray(0, length)
      return bytesToHex(keccak256(input)) !== bytesToHex(keccak_256(input))
    })
    expect(wrong).to.deep.equal([])
  })

  it('goes 64 KiB at a time, while others hash', () => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) ^ (i >> 8))
    for (const cuts of [[0], [1], [65_535], [65_536], [65_537], [200_000], [0, 7, 65_536, 65_537, 196_608, 200_000]]) {
      const parts = cuts.map((cut, i) => bytes.subarray(cuts[i - 1] ?? 0, cut))
      const steps = keccak256Steps(...parts)
      let count = 0
      let step = steps.next()
      for (; !step.done; step = steps.next(), count++) keccak256(Uint8Array.of(count))
      expect(count).to.equal(Math.max(0, Math.ceil(cuts.at(-1)! / 65_536) - 1))
      expect(step.value).to.deep.equal(keccak_256(bytes.subarray(0, cuts.at(-1)!)))
    }
  })

  it('does not keep what it returned in memory that the next call uses', () => {
    const first = keccak256(Uint8Array.of(1))
    keccak256(Uint8Array.of(2))
    expect(first).to.deep.equal(keccak_256(Uint8Array.of(1)))
  })

  it('works on while the memory grows for a thousand sessions, whose places are used again', () => {
    const before = memory().length
    const sessions = Array.from({ length: 1000 }, allot)
    expect(memory().length).to.be.greaterThan(before)
    expect(new Set(sessions).size).to.equal(1000)
    expect(keccak256(Uint8Array.of(1))).to.deep.equal(keccak_256(Uint8Array.of(1)))
    for (const session of sessions) release(session)
    const grown = memory().length
    for (const session of Array.from({ length: 1000 }, allot)) release(session)
    expect(memory().length).to.equal(grown)
  })
})

describe('the committed WASM module', () => {
  itTakesLong('the compiler is loaded')(
    'is what sponge.as.ts compiles to (else: npm run build:wasm)',
    async function () {
      this.timeout(60_000)
      const committed = await readFile(join(projectRoot, 'protocols/lib/sponge.wasm.ts'), 'utf8')
      expect((await compileSponge()) === committed).to.equal(true)
    },
  )
})
