import { expect } from 'chai'
import { BlockRangeError, checkRange, shouldSend } from '../../../protocols/eth/block-range.ts'

const latestHash = new Uint8Array(32).fill(1)
const range = (earliest: bigint, latest: bigint) => ({ earliest, latest, latestHash })

describe('a block range', () => {
  it('may be of one block', () => expect(checkRange(range(7n, 7n))).to.equal(undefined))
  it('may not begin after it ends', () => {
    expect(checkRange(range(10n, 8n)))
      .to.be.instanceOf(BlockRangeError)
      .with.property('message', 'earliest > latest')
  })
  it('may not end with a hash of zeros', () => {
    const zero = { ...range(0n, 0n), latestHash: new Uint8Array(32) }
    expect(checkRange(zero)).to.be.instanceOf(BlockRangeError).with.property('message', 'zero latest hash')
  })

  for (const [sent, next, expected] of [
    [100n, 131n, false],
    [100n, 132n, true],
    [100n, 100n, false],
    [100n, 99n, true],
    [0n, 2n ** 64n - 1n, true],
  ] as const)
    it(`${expected ? 'is' : 'is not'} announced again when ${sent} becomes ${next}`, () => {
      expect(shouldSend(range(0n, sent), range(0n, next))).to.equal(expected)
    })
})
