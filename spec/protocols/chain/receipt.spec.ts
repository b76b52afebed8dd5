import { Bloom, encodeReceipt as encodeByEthereumjs } from '@ethereumjs/vm'
import { expect } from 'chai'
import { encodeReceipt } from '../../../protocols/chain/receipt.ts'
import { decode } from '../../../protocols/eth/messages.ts'
import { decodeReceipt } from '../../../protocols/eth/receipt-messages.ts'
import type { EthVersion } from '../../../protocols/eth/versions.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { MalformedItem } from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp, RlpError, type RlpInput, readItem } from '../../../protocols/lib/rlp.ts'

const address = new Uint8Array(20).fill(1)
const topics = [2, 3, 4, 5].map((byte) => new Uint8Array(32).fill(byte))
const data = Uint8Array.of(4, 5)
const log: RlpInput = [address, topics, data]
const root = new Uint8Array(32).fill(9)
const bloom = new Uint8Array(256)
const item = (...fields: RlpInput[]) => readItem(encodeRlp(fields))
const string = (...parts: Uint8Array[]) => readItem(encodeRlp(concatBytes(...parts)))
/** Of eth/68. */
const typed = (type: number, ...fields: RlpInput[]) => string(Uint8Array.of(type), encodeRlp(fields))

/** As it stands in the receipt trie, by another's code. */
function oracle(type: 0 | 1 | 2 | 3 | 4, status: 0 | 1): Uint8Array {
  const bloom = new Bloom()
  for (const value of [address, ...topics]) bloom.add(value)
  const receipt = {
    status,
    cumulativeBlockGasUsed: 21_000n,
    bitvector: bloom.bitvector,
    logs: [[address, topics, data]],
  }
  return encodeByEthereumjs(receipt as never, type)
}

describe('a receipt', () => {
  for (const type of [0, 1, 2, 3, 4] as const)
    for (const status of [0, 1] as const) {
      it(`of type ${type} and status ${status} is what the trie holds, from eth/69 on`, () => {
        const receipt = decodeReceipt(item(type, status, 21_000, [log]), 69)
        expect(receipt).to.include({ type, status, cumulativeGasUsed: 21_000n })
        expect(encodeReceipt(receipt)).to.deep.equal(oracle(type, status))
      })
      it(`of type ${type} and status ${status} is what the trie holds, at eth/68`, () => {
        const bytes = oracle(type, status)
        const receipt = decodeReceipt(readItem(type === 0 ? bytes : encodeRlp(bytes)), 68)
        expect(receipt).to.include({ type, status, cumulativeGasUsed: 21_000n })
        expect(encodeReceipt(receipt)).to.deep.equal(bytes)
      })
    }
  it('has logs, each of an address, topics and data', () => {
    const { logs } = decodeReceipt(item(2, 1, 21_000, [log, [address, [], new Uint8Array(0)]]), 72)
    expect([...logs]).to.deep.equal([
      { address, topics, data },
      { address, topics: [], data: new Uint8Array(0) },
    ])
  })
  it('has a bloom up to eth/68, and it is as it came', () => {
    const receipt = decodeReceipt(item(1, 21_000, bloom, [log]), 68)
    expect(receipt.logsBloom).to.deep.equal(bloom)
    expect(encodeReceipt(receipt)).not.to.deep.equal(oracle(0, 1))
    expect(decodeReceipt(item(0, 1, 21_000, [log]), 69)).not.to.have.property('logsBloom')
  })
  it('has a state root in place of its status before Byzantium', () => {
    const [old, since69] = [decodeReceipt(item(root, 1, bloom, []), 68), decodeReceipt(item(0, root, 1, []), 70)]
    for (const receipt of [old, since69]) expect(receipt).to.deep.include({ root }).and.not.have.property('status')
    expect(encodeReceipt(since69)).to.deep.equal(encodeReceipt(old))
  })

  const noStatus = 'expected a status of 0 or 1, or 32 bytes'
  for (const [what, version, receipt, fault] of [
    ['a string', 69, string(Uint8Array.of(1, 2)), 'expected a list'],
    ['a list', 69, item([], 1, 1, []), 'expected a string, got a list'],
    ['too few fields', 69, item(0, 1, 1), 'unexpected end of input'],
    ['too many fields', 70, item(0, 1, 1, [], []), 'too many list items'],
    ['a bloom', 72, item(0, 1, 1, bloom, []), 'expected a list, got a string'],
    ['a type wider than a byte', 69, item(256, 1, 1, []), 'integer wider than 1 bytes'],
    ['a type of 0x80', 69, item(0x80, 1, 1, []), 'receipt of type 128'],
    ['a status of 2', 69, item(0, 2, 1, []), noStatus],
    ['a status of 2 bytes', 71, item(0, 256, 1, []), noStatus],
    ['a status of zero, as a byte', 72, item(0, Uint8Array.of(0), 1, []), noStatus],
    ['a state root of 31 bytes', 69, item(0, root.subarray(1), 1, []), noStatus],
    ['a state root of 33 bytes', 68, item(concatBytes(root, root.subarray(31)), 1, bloom, []), noStatus],
    ['gas of 9 bytes', 69, item(0, 1, 2n ** 64n, []), 'integer wider than 8 bytes'],
    ['logs that are no list', 71, item(0, 1, 1, 7), 'expected a list, got a string'],
    ['an empty string', 68, string(), 'typed receipt too short'],
    ['a type and nothing else', 68, string(Uint8Array.of(2)), 'unexpected end of input'],
    ['a legacy receipt in an envelope', 68, typed(0, 1, 1, bloom, []), 'receipt of type 0'],
    ['an envelope of type 0x80', 68, typed(0x80, 1, 1, bloom, []), 'receipt of type 128'],
    ['an envelope that is cut off', 68, string(Uint8Array.of(2, 0xc2, 1)), 'value larger than the input'],
    ['an envelope and a byte', 68, string(typed(2, 1, 1, bloom, []).content, root.subarray(31)), 'bytes after the'],
    ['an envelope of a string', 68, string(Uint8Array.of(2), encodeRlp(root)), 'expected a list'],
    ['a bloom of 255 bytes', 68, typed(1, 1, 1, bloom.subarray(1), []), 'expected 256 bytes, got 255'],
    ['without a bloom', 68, item(1, 1, []), 'expected a string, got a list'],
  ] as const)
    it(`is none: ${what}, at eth/${version}`, () =>
      expect(() => decodeReceipt(receipt, version)).to.throw(RlpError, fault))

  for (const [what, wrong, fault] of [
    ['a string', 7, 'expected a list'],
    ['of 19 bytes of address', [address.subarray(1), [], ''], 'expected 20 bytes, got 19'],
    ['of a topic of 31 bytes', [address, [root.subarray(1)], ''], 'expected 32 bytes'],
    ['of five topics', [address, [...topics, root], ''], 'log of 5 topics'],
    ['of topics in a string', [address, root, ''], 'expected a list, got a string'],
    ['without data', [address, []], 'unexpected end of input'],
    ['of data in a list', [address, [], []], 'expected a string, got a list'],
    ['of a fourth field', [address, [], '', ''], 'too many list items'],
  ] as const)
    it(`has no log ${what}`, () => {
      const receipt = decodeReceipt(item(0, 1, 1, [log, wrong as RlpInput]), 69)
      expect(() => [...receipt.logs]).to.throw(MalformedItem, `item 1: ${fault}`)
      expect(() => encodeReceipt(receipt)).to.throw(MalformedItem, `item 1: ${fault}`)
    })
})

describe("an answer's receipts", () => {
  const answer = (version: EthVersion, ...blocks: RlpInput[]) =>
    decode(version, 'Receipts', encodeRlp([7, ...(version >= 70 ? [0] : []), blocks])).receipts

  it('are counted, and none is opened before it is asked for', () => {
    const receipts = answer(72, [[0, 1, 1, []]], [[0, 2, 1, []]], 7)
    expect(receipts.count).to.equal(3)
    const [first] = receipts
    expect(Array.from(first!, ({ status }) => status)).to.deep.equal([1])
  })
  it('are read in the encoding of their version', () => {
    const legacy = [1, 21_000, bloom, []]
    const [old] = answer(68, [legacy, concatBytes(Uint8Array.of(3), encodeRlp(legacy))])
    expect(Array.from(old!, ({ type }) => type)).to.deep.equal([0, 3])
    for (const version of [69, 70, 71, 72] as const) {
      const [block] = answer(version, [[3, 1, 21_000, []]])
      expect(Array.from(block!, ({ type }) => type)).to.deep.equal([3])
      const [other] = answer(version, [legacy])
      expect(() => [...other!]).to.throw(MalformedItem, 'item 0: ')
    }
  })
  it('are blamed where they stand, as other malformed items are', () => {
    const [, block] = answer(70, [], [[0, 1, 2n ** 40n, []], []])
    expect(() => [...block!]).to.throw(MalformedItem, 'item 1: unexpected end of input')
    expect(() => [...answer(70, [], 7)]).to.throw(MalformedItem, 'item 1: expected a list, got a string')
  })
  it('are no more than fit into their bytes', () => {
    const short = [0, 1, 1, []] // the least a receipt can have, 5 bytes
    for (const version of [69, 70, 71, 72] as const) {
      const [sound] = answer(version, [short, short])
      expect(sound!.count).to.equal(2)
      expect(() => [...answer(version, [], [short, []])]).to.throw(MalformedItem, 'item 1: 2 items in 6 bytes')
    }
  })
})
