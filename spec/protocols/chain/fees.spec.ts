import { createBlock } from '@ethereumjs/block'
import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { expect } from 'chai'
import fc from 'fast-check'
import { type BlobRules, blobBaseFee, nextBaseFee, nextExcessBlobGas } from '../../../protocols/chain/fees.ts'

describe('the fees of the next block', () => {
  it('are what @ethereumjs/block says, whatever the parent used', () => {
    const common = new Common({ chain: Mainnet, hardfork: Hardfork.London })
    const parent = fc
      .record({ gasLimit: fc.bigInt(5_000n, 2n ** 32n), part: fc.nat(100), baseFee: fc.bigInt(7n, 2n ** 50n) })
      .map(({ gasLimit, part, baseFee }) => ({ gasLimit, gasUsed: (gasLimit * BigInt(part)) / 100n, baseFee }))
    fc.assert(
      fc.property(parent, ({ gasLimit, gasUsed, baseFee }) => {
        const header = { number: 20_000_000n, difficulty: 0n, gasLimit, gasUsed, baseFeePerGas: baseFee }
        const theirs = createBlock({ header }, { common, skipConsensusFormatValidation: true })
        expect(nextBaseFee({ gasLimit, gasUsed, baseFee })).to.equal(theirs.header.calcNextBaseFee())
      }),
    )
  })

  it('rise by one wei at least when more than the target was used', () => {
    expect(nextBaseFee({ gasLimit: 30_000_000n, gasUsed: 15_000_001n, baseFee: 7n })).to.equal(8n)
    expect(nextBaseFee({ gasLimit: 30_000_000n, gasUsed: 15_000_000n, baseFee: 7n })).to.equal(7n)
    expect(nextBaseFee({ gasLimit: 30_000_000n, gasUsed: 0n, baseFee: 7n })).to.equal(7n)
  })

  it('for blobs rise by e for each update fraction of excess', () => {
    const fraction = 3_338_477n // EIP-4844
    expect(blobBaseFee(0n, fraction)).to.equal(1n)
    expect(blobBaseFee(2_314_057n, fraction)).to.equal(1n) // the last excess below a price of 2
    expect(blobBaseFee(2_314_058n, fraction)).to.equal(2n)
    expect(blobBaseFee(10n * fraction, fraction)).to.equal(22_026n)
  })

  it('for blobs are unknown where they would not fit in 256 bits, and are refused at once', () => {
    expect(blobBaseFee(177n * 3_338_477n, 3_338_477n)! > 2n ** 255n).to.equal(true)
    expect(blobBaseFee(178n * 3_338_477n, 3_338_477n)).to.equal(undefined)
    expect(blobBaseFee(2n ** 64n - 1n, 3_338_477n)).to.equal(undefined)
  })

  describe('as to how much blob gas is too much', () => {
    const schedule = { target: 6n, max: 9n, baseFeeUpdateFraction: 5_007_716n } // EIP-7691
    const prague: BlobRules = { ...schedule, hasReservePrice: false }
    const osaka: BlobRules = { ...schedule, hasReservePrice: true }

    for (const [hardfork, rules] of [
      [Hardfork.Prague, prague],
      [Hardfork.Osaka, osaka],
    ] as const)
      it(`are what @ethereumjs/block says under ${hardfork}`, () => {
        const common = new Common({ chain: Mainnet, hardfork })
        const parent = fc.record({
          baseFeePerGas: fc.bigInt(7n, 2n ** 40n),
          excessBlobGas: fc.bigInt(0n, 2n ** 27n),
          blobGasUsed: fc.bigInt(0n, 9n).map((blobs) => blobs * 131_072n),
        })
        fc.assert(
          fc.property(parent, ({ baseFeePerGas, ...blobs }) => {
            const header = { number: 20_000_000n, difficulty: 0n, gasLimit: 30_000_000n, baseFeePerGas, ...blobs }
            const theirs = createBlock({ header }, { common, skipConsensusFormatValidation: true })
            const ours = nextExcessBlobGas(rules, { baseFee: baseFeePerGas, ...blobs })
            expect(ours).to.equal(theirs.header.calcNextExcessBlobGas(theirs.common))
          }),
        )
      })

    it('begin with none after a block that knew no blobs', () =>
      expect(nextExcessBlobGas(prague, { baseFee: 7n })).to.equal(0n))

    it('wrap as uint64 do', () =>
      expect(nextExcessBlobGas(prague, { blobGasUsed: 131_072n, excessBlobGas: 2n ** 64n - 1n })).to.equal(0n))

    it('are nothing where no blob fits', () => {
      const none: BlobRules = { ...osaka, target: 0n, max: 0n }
      expect(nextExcessBlobGas(none, { baseFee: 1_000_000n, blobGasUsed: 0n, excessBlobGas: 0n })).to.equal(0n)
    })
  })
})
