import { expect } from 'chai'
import fc from 'fast-check'
import { decode, encode, MalformedMessage, type MessageOf, peekAnswer } from '../../../protocols/eth/messages.ts'
import {
  type AnswerName,
  type EthVersion,
  ethVersions,
  isAnswer,
  type MessageName,
  messageTable,
} from '../../../protocols/eth/versions.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { MalformedItem } from '../../../protocols/lib/lazy-list.ts'
import { encodeList } from '../../../protocols/lib/rlp.ts'
import { ethVectors, repeat } from '../../vectors/eth-messages.ts'
import { mutated, namesIn, plain, walk } from '../messages.ts'
import { anyMessage } from './arbitraries.ts'

const eachMessage = ethVersions.flatMap((version) =>
  namesIn(messageTable(version)).map((name) => [version, name] as const),
)

describe('an eth message', () => {
  for (const { what, versions, message, payload } of ethVectors)
    for (const version of versions)
      it(`of eth/${version} is exact to the byte: ${message.kind}, ${what}`, () => {
        expect(bytesToHex(encode(version, message))).to.equal(payload)
        expect(plain(decode(version, message.kind, hexToBytes(payload)))).to.deep.equal(plain(message))
      })

  it('has vectors for all but the old', () => {
    const seen = new Set(ethVectors.map(({ message }) => message.kind))
    const unseen = namesIn(messageTable(72)).filter((name) => !seen.has(name))
    expect(unseen).to.deep.equal(['Transactions', 'GetBlockBodies', 'GetPooledTransactions', 'GetBlockAccessLists'])
  })

  for (const [version, name] of eachMessage)
    it(`comes back: ${name} of eth/${version}`, () => {
      fc.assert(
        fc.property(anyMessage(version, name), (message) => {
          const payload = encode(version, message)
          const read = decode(version, name, payload)
          expect(plain(read)).to.deep.equal(plain(message))
          expect(encode(version, read)).to.deep.equal(payload)
          expect(walk(read)).to.equal('sound')
        }),
        { numRuns: 30 },
      )
    })

  for (const [version, name] of eachMessage)
    it(`is read or refused, whatever its bytes: ${name} of eth/${version}`, () => {
      fc.assert(
        fc.property(mutated(payloads(version, name)), (payload) => {
          let message: MessageOf<MessageName>
          try {
            message = decode(version, name, payload)
          } catch (error) {
            expect(error).to.be.instanceOf(MalformedMessage)
            return
          }
          walk(message)
        }),
        { numRuns: 150 },
      )
    })

  const x11 = '11'.repeat(32)
  const cases: readonly (readonly [MessageName, EthVersion, what: string, payload: string, fault: string])[] = [
    ['Transactions', 69, 'nothing', '', 'unexpected end of input'],
    ['Transactions', 69, 'a string', '80', 'expected a list'],
    ['Transactions', 69, 'a list beyond the end', 'c3c0', 'larger than the input'],
    ['Transactions', 69, 'an item beyond its list', 'c2c083', 'larger than the input'],
    ['GetBlockHeaders', 69, 'no id', 'c5c480018001', 'expected a string, got a list'],
    ['GetBlockHeaders', 69, 'an id of 9 bytes', `cf89${'01'.repeat(9)}c480018001`, 'wider than 8 bytes'],
    ['GetBlockHeaders', 69, 'an id with a leading zero', 'c600c480018001', 'leading zero'],
    ['GetBlockHeaders', 69, 'no query', 'c107', 'unexpected end'],
    ['GetBlockHeaders', 69, 'a query of three', 'c507c3800180', 'unexpected end'],
    ['GetBlockHeaders', 69, 'a query of five', 'c707c58001800180', 'too many list items'],
    ['GetBlockHeaders', 69, 'a third field', 'c707c48001800180', 'too many list items'],
    ['GetBlockHeaders', 69, 'reverse 2', 'c607c480018002', 'expected a boolean'],
    ['GetBlockHeaders', 69, 'reverse 00', 'c607c480018000', 'leading zero'],
    ['GetBlockHeaders', 69, 'an origin of 9 bytes', `cf07cd89${'01'.repeat(9)}018080`, 'invalid input size 9'],
    ['GetBlockHeaders', 69, 'an origin of 31 bytes', `e507e39f${'01'.repeat(31)}018080`, 'invalid input size 31'],
    ['GetBlockHeaders', 69, 'an origin of 33 bytes', `e707e5a1${'01'.repeat(33)}018080`, 'invalid input size 33'],
    ['GetBlockHeaders', 69, 'an origin that is a list', 'c607c4c0018080', 'expected a string, got a list'],
    ['GetBlockHeaders', 69, 'an origin with a leading zero', 'c807c6820001018080', 'leading zero'],
    ['BlockHeaders', 69, 'a string for its headers', 'c20780', 'expected a list'],
    ['BlockHeaders', 69, 'a third field', 'c307c0c0', 'too many list items'],
    ['GetBlockBodies', 69, 'a hash of 31 bytes', `e207e09f${'11'.repeat(31)}`, 'expected 32 bytes'],
    ['GetBlockBodies', 69, 'a number for a hash', 'c307c101', 'expected 32 bytes'],
    ['GetReceipts', 69, 'an index before eth/70', `e40703e1a0${x11}`, 'expected a list'],
    ['GetReceipts', 70, 'no index', `e307e1a0${x11}`, 'expected a string'],
    ['Receipts', 69, 'a flag before eth/70', 'c40780c1c0', 'expected a list'],
    ['Receipts', 70, 'no flag', 'c207c0', 'expected a string'],
    ['Receipts', 70, 'a flag of 2', 'c30702c0', 'expected a boolean'],
    ['NewPooledTransactionHashes', 68, 'a list of hashes, as in eth/67', `e1a0${x11}`, 'unexpected end'],
    ['NewPooledTransactionHashes', 71, 'a mask before eth/72', `d480c0c090${'00'.repeat(16)}`, 'too many list items'],
    ['NewPooledTransactionHashes', 72, 'no mask', 'c380c0c0', 'unexpected end'],
    ['NewPooledTransactionHashes', 72, 'a mask of 17 bytes', `d580c0c091${'00'.repeat(17)}`, 'expected 16 bytes'],
    ['NewPooledTransactionHashes', 69, 'a list for its types', 'c3c0c0c0', 'expected a string'],
    ['NewPooledTransactionHashes', 69, 'a size of 5 bytes', 'c901c6850100000000c0', 'wider than 4 bytes'],
    ['BlockRangeUpdate', 69, 'a hash of 31 bytes', `e201029f${'22'.repeat(31)}`, 'expected 32 bytes'],
    ['BlockRangeUpdate', 69, 'a fourth field', `e40102a0${'22'.repeat(32)}01`, 'too many list items'],
    ['GetCells', 72, 'a mask of 15 bytes', `d207c08f${'00'.repeat(15)}`, 'expected 16 bytes'],
    ['GetCells', 72, 'one more list, as before geth 1.17.6', `d407d2c090${'00'.repeat(16)}`, 'expected 32 bytes'],
    ['Cells', 72, 'no mask', 'c307c0c0', 'unexpected end'],
    ['Cells', 72, 'one more list, as before geth 1.17.6', `d507d3c0c090${'00'.repeat(16)}`, 'expected 32 bytes'],
    ['NewBlock', 68, 'a string for its block', 'c28001', 'expected a list'],
  ]
  for (const [name, version, what, payload, fault] of cases)
    it(`is malformed: ${name} of eth/${version} with ${what}`, () => {
      const code = messageTable(version).codeOf(name)!.toString(16)
      const place = `invalid message: (code ${code}) (size ${payload.length / 2}) `
      expect(() => decode(version, name, hexToBytes(payload)))
        .to.throw(MalformedMessage, fault)
        .that.satisfies(({ message }: Error) => message.startsWith(place))
        .and.includes({ code: 'invalid message', kind: name })
    })

  it('ends with its first value, whatever comes after', () => {
    expect(decode(69, 'GetBlockHeaders', hexToBytes('c807c682270f058080ffff')).origin).to.equal(9999n)
  })
  it('is none that its version does not have', () => {
    expect(() => decode(69, 'NewBlock', hexToBytes('c2c001'))).to.throw(RangeError, 'eth/69 has no NewBlock')
    expect(() => encode(71, { kind: 'GetCells' } as MessageOf<'GetCells'>)).to.throw(RangeError)
  })
  it('is not written with fixed bytes of another length', () => {
    const query = { kind: 'GetBlockHeaders', id: 1n, amount: 1n, skip: 0n, reverse: false } as const
    expect(() => encode(69, { ...query, origin: repeat(1, 31) })).to.throw(RangeError, 'expected 32 bytes, got 31')
  })
})

describe('GetBlockHeaders', () => {
  const originOf = (hex: string) => decode(69, 'GetBlockHeaders', hexToBytes(hex)).origin

  it('takes a hash of zeros for the number 0', () => {
    expect(originOf(`e607e4a0${'00'.repeat(32)}018080`)).to.equal(0n)
  })
  it('takes 8 bytes for a number', () => {
    expect(originOf('ce07cc88ffffffffffffffff018080')).to.equal(2n ** 64n - 1n)
  })
  for (const value of [0n, 1n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n])
    it(`keeps ${value} in every field`, () => {
      const query = { kind: 'GetBlockHeaders', id: value, origin: value, amount: value, skip: value } as const
      for (const reverse of [false, true])
        expect(decode(72, 'GetBlockHeaders', encode(72, { ...query, reverse }))).to.deep.equal({ ...query, reverse })
    })
})

describe('an answer', () => {
  it('gives its id and count before any item is opened', () => {
    const three = 'c380c001'
    const answers: readonly (readonly [AnswerName, EthVersion, payload: string])[] = [
      ['BlockHeaders', 69, `c507${three}`],
      ['BlockBodies', 69, `c507${three}`],
      ['PooledTransactions', 69, `c507${three}`],
      ['Receipts', 69, `c507${three}`],
      ['Receipts', 70, `c60701${three}`],
      ['BlockAccessLists', 71, `c507${three}`],
      ['Cells', 72, `d707c0${three}90${'00'.repeat(16)}`],
    ]
    for (const [name, version, payload] of answers)
      expect(peekAnswer(version, name, hexToBytes(payload)), name).to.deep.equal({ id: 7n, count: 3 })
    expect(new Set(answers.map(([name]) => name))).to.deep.equal(new Set(namesIn(messageTable(72)).filter(isAnswer)))
  })
  it('counts 10^6 empty items and opens none', () => {
    const payload = encodeList([Uint8Array.of(7), encodeList([new Uint8Array(1_000_000).fill(0xc0)])])
    expect(peekAnswer(69, 'BlockHeaders', payload)).to.deep.equal({ id: 7n, count: 1_000_000 })
    expect(() => [...decode(69, 'BlockHeaders', payload).headers]).to.throw(MalformedItem, 'item 0')
  })
  it('blames a malformed item where it stands', () => {
    const { bodies } = decode(69, 'BlockBodies', hexToBytes('c707c5c2c0c0c180'))
    expect(bodies.count).to.equal(2)
    expect(() => [...bodies]).to.throw(MalformedItem, 'item 1: expected a list')
  })
  it('distinguishes an access list that is not available from an empty one', () => {
    const { accessLists } = decode(71, 'BlockAccessLists', hexToBytes('c407c280c0'))
    expect(Array.from(accessLists, ({ isList }) => isList)).to.deep.equal([false, true])
  })
  it('has cells of 2048 bytes', () => {
    const short = decode(72, 'Cells', hexToBytes(`d807c0c4c20101c090${'00'.repeat(16)}`))
    expect(short.cells.count).to.equal(2)
    const [group] = short.cells
    expect(() => [...group!]).to.throw(MalformedItem, 'expected a cell of 2048 bytes')
  })
})

const payloads = (version: EthVersion, name: MessageName) =>
  anyMessage(version, name).map((message) => encode(version, message))
