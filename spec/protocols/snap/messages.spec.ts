import { expect } from 'chai'
import fc from 'fast-check'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { MalformedItem } from '../../../protocols/lib/lazy-list.ts'
import { PeerError } from '../../../protocols/lib/peer-error.ts'
import { encodeList } from '../../../protocols/lib/rlp.ts'
import {
  countOf,
  decode,
  encode,
  MalformedSnapMessage,
  type SnapAnswer,
  type SnapMessage,
} from '../../../protocols/snap/messages.ts'
import { isSnapRequest, type SnapMessageName, snapTable, snapVersions } from '../../../protocols/snap/versions.ts'
import { plainAccount, snapVectors } from '../../vectors/snap-messages.ts'
import { mutated, namesIn, plain, walk } from '../messages.ts'
import { anyMessage } from './arbitraries.ts'

const eachMessage = snapVersions.flatMap((version) =>
  namesIn(snapTable(version)).map((name) => [version, name] as const),
)

describe('a snap message', () => {
  for (const { what, versions, message, payload } of snapVectors)
    for (const version of versions)
      it(`of snap/${version} is exact to the byte: ${message.kind}, ${what}`, () => {
        expect(bytesToHex(encode(version, message))).to.equal(payload)
        expect(plain(decode(version, message.kind, hexToBytes(payload)))).to.deep.equal(plain(message))
      })
  it('has a vector', () => {
    const seen = new Set(snapVectors.map(({ message }) => message.kind))
    expect(eachMessage.filter(([, name]) => !seen.has(name))).to.deep.equal([])
  })

  for (const [version, name] of eachMessage) {
    it(`comes back: ${name} of snap/${version}`, () => {
      fc.assert(
        fc.property(anyMessage(name), (message) => {
          const payload = encode(version, message)
          const read = decode(version, name, payload)
          expect(plain(read)).to.deep.equal(plain(message))
          expect(encode(version, read)).to.deep.equal(payload)
          expect(walk(read)).to.equal('sound')
        }),
        { numRuns: 30 },
      )
    })
    it(`is read or refused, whatever its bytes: ${name} of snap/${version}`, () => {
      const payloads = anyMessage(name).map((message) => encode(version, message))
      fc.assert(
        fc.property(mutated(payloads), (payload) => {
          let message: SnapMessage
          try {
            message = decode(version, name, payload)
          } catch (error) {
            expect(error).to.be.instanceOf(MalformedSnapMessage)
            return
          }
          walk(message)
        }),
        { numRuns: 150 },
      )
    })
  }

  const x11 = '11'.repeat(32)
  const cases: readonly (readonly [SnapMessageName, what: string, payload: string, fault: string])[] = [
    ['GetAccountRange', 'nothing', '', 'unexpected end of input'],
    ['GetAccountRange', 'a string', '80', 'expected a list'],
    ['GetAccountRange', 'an id of 9 bytes', `ca89${'01'.repeat(9)}`, 'wider than 8 bytes'],
    ['GetAccountRange', 'a root of 31 bytes', `e1079f${'11'.repeat(31)}`, 'expected 32 bytes, got 31'],
    ['GetAccountRange', 'no limit', `f84307a0${x11}a0${x11}`, 'unexpected end'],
    ['GetAccountRange', 'a sixth field', `f86607a0${x11}a0${x11}a0${x11}8080`, 'too many list items'],
    ['AccountRange', 'no proof', 'c207c0', 'unexpected end'],
    ['AccountRange', 'a string for its accounts', 'c30780c0', 'expected a list'],
    ['AccountRange', 'an account beyond its list', 'c407c1c1c0', 'larger than the input'],
    ['GetStorageRanges', 'a hash of 31 bytes', `f84307a0${x11}e09f${'11'.repeat(31)}`, 'expected 32 bytes'],
    ['GetStorageRanges', 'a list for its origin', `e407a0${x11}c0c0`, 'expected a string'],
    ['GetByteCodes', 'a number for a hash', 'c407c10180', 'expected 32 bytes'],
    ['ByteCodes', 'a third field', 'c307c0c0', 'too many list items'],
    ['GetTrieNodes', 'a string for its paths', `e407a0${x11}8080`, 'expected a list'],
  ]
  for (const [name, what, payload, fault] of cases)
    it(`is malformed: ${name} with ${what}`, () => {
      const code = snapTable(1).codeOf(name)!.toString(16)
      const place = `invalid message: (code ${code}) (size ${payload.length / 2}) `
      expect(() => decode(1, name, hexToBytes(payload)))
        .to.throw(MalformedSnapMessage, fault)
        .that.satisfies(({ message }: Error) => message.startsWith(place))
        .and.includes({ kind: name })
    })
  it('throws no PeerError when it is malformed: geth ends its session with 0x10 and not with 0x02', () => {
    expect(() => decode(1, 'ByteCodes', new Uint8Array(0)))
      .to.throw(MalformedSnapMessage)
      .that.is.not.instanceOf(PeerError)
  })
  it('ends with its first value, whatever comes after', () => {
    expect(decode(1, 'ByteCodes', hexToBytes('c207c0ffff')).id).to.equal(7n)
  })
  it('is none that its version does not have', () => {
    expect(() => decode(2, 'TrieNodes', hexToBytes('c207c0'))).to.throw(RangeError, 'snap/2 has no TrieNodes')
    expect(() => decode(1, 'AccessLists', hexToBytes('c207c0'))).to.throw(RangeError, 'snap/1 has no AccessLists')
  })
  it('is not written with a hash of another length', () => {
    const hash = new Uint8Array(32)
    const query = { kind: 'GetAccountRange', id: 1n, root: hash, origin: hash, bytes: 0n } as const
    expect(() => encode(1, { ...query, limit: new Uint8Array(31) })).to.throw(RangeError, 'expected 32 bytes, got 31')
  })
})

describe('an answer of snap', () => {
  it('reports how many items it holds', () => {
    const counts = snapVectors
      .filter(({ message }) => !isSnapRequest(message.kind))
      .map(({ message }) => `${message.kind} ${countOf(message as SnapAnswer)}`)
    expect(counts).to.deep.equal([
      ...['AccountRange 0', 'AccountRange 1', 'StorageRanges 0', 'StorageRanges 1', 'ByteCodes 2', 'TrieNodes 2'],
      'AccessLists 2',
    ])
  })
  it('has accounts that are whole', () => {
    const payload = snapVectors.find(({ what }) => what.startsWith('an account'))!.payload
    const [{ hash, account } = expect.fail()] = decode(1, 'AccountRange', hexToBytes(payload)).accounts
    expect({ hash: bytesToHex(hash), account }).to.deep.equal({ hash: '11'.repeat(32), account: plainAccount })
  })
  it('counts 10^6 empty items and opens none', () => {
    const many = encodeList([Uint8Array.of(7), encodeList([new Uint8Array(1_000_000).fill(0xc0)]), Uint8Array.of(0xc0)])
    const { accounts } = decode(1, 'AccountRange', many)
    expect(accounts.count).to.equal(1_000_000)
    expect(() => [...accounts]).to.throw(MalformedItem, 'item 0')
  })
  it('blames a malformed item where it stands', () => {
    const { proof } = decode(1, 'AccountRange', hexToBytes('c507c0c201c0'))
    expect(() => [...proof]).to.throw(MalformedItem, 'item 1: expected a string, got a list')
  })
})
