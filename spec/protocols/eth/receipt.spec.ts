import { Bloom, encodeReceipt as encodeByEthereumjs } from '@ethereumjs/vm'
import { expect } from 'chai'
import { decodeReceipt, encodeReceipt, logsOf } from '../../../protocols/eth/receipt.ts'
import { encodeRlp, RlpError, readItem } from '../../../protocols/lib/rlp.ts'

const address = new Uint8Array(20).fill(1)
const topics = [new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)]
const log = [address, topics, Uint8Array.of(4, 5)] as const
const item = (...fields: Parameters<typeof encodeRlp>[0][]) => readItem(encodeRlp(fields))

/** As it stands in the receipt trie, by another's code. */
function oracle(type: 0 | 1 | 2 | 3 | 4, status: 0 | 1): Uint8Array {
  const bloom = new Bloom()
  for (const value of [address, ...topics]) bloom.add(value)
  const receipt = {
    status,
    cumulativeBlockGasUsed: 21_000n,
    bitvector: bloom.bitvector,
    logs: [[address, topics, log[2]]],
  }
  return encodeByEthereumjs(receipt as never, type)
}

describe('a receipt', () => {
  for (const type of [0, 1, 2, 3, 4] as const)
    for (const status of [0, 1] as const) {
      it(`of type ${type} and status ${status} is what the trie holds, from eth/69 on`, () => {
        const receipt = decodeReceipt(item(type, status, 21_000, [[...log] as never]), 69)
        expect(encodeReceipt(receipt)).to.deep.equal(oracle(type, status))
      })
      it(`of type ${type} and status ${status} is what the trie holds, at eth/68`, () => {
        const bytes = oracle(type, status)
        const receipt = decodeReceipt(readItem(type === 0 ? bytes : encodeRlp(bytes)), 68)
        expect(encodeReceipt(receipt)).to.deep.equal(bytes)
      })
    }
  it('has logs, each of an address, topics and data', () => {
    const receipt = decodeReceipt(item(2, 1, 21_000, [[...log] as never]), 72)
    expect(logsOf(receipt)).to.deep.equal([{ address, topics, data: log[2] }])
  })
  it('keeps the state root of the days before Byzantium', () => {
    const root = new Uint8Array(32).fill(9)
    expect(decodeReceipt(item(0, root, 1, []), 70)).to.deep.include({ status: root, cumulativeGasUsed: 1n })
  })
  for (const [what, version, receipt] of [
    ['a string', 69, readItem(encodeRlp(Uint8Array.of(1, 2)))],
    ['too few fields', 69, item(0, 1, 1)],
    ['too many fields', 70, item(0, 1, 1, [], [])],
    ['a type wider than a byte', 69, item(256, 1, 1, [])],
    ['logs that are no list', 71, item(0, 1, 1, 7)],
    ['an empty string', 68, readItem(Uint8Array.of(0x80))],
    ['a bloom of 255 bytes', 68, item(1, 1, new Uint8Array(255), [])],
  ] as const)
    it(`is not ${what}, at eth/${version}`, () => expect(() => decodeReceipt(receipt, version)).to.throw(RlpError))
  it('has no log without an address', () =>
    expect(() => logsOf({ logs: encodeRlp([[new Uint8Array(19), [], new Uint8Array(0)]]) })).to.throw(RlpError))
})
