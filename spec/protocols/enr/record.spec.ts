import { expect } from 'chai'
import fc from 'fast-check'
import {
  decodeRecord,
  endpointOf,
  forkIdIn,
  formatRecord,
  parseRecord,
  RecordError,
  signRecord,
} from '../../../protocols/enr/record.ts'
import { bytesToHex, hexToBytes, utf8ToBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeList, encodeRlp, type RlpInput } from '../../../protocols/lib/rlp.ts'
import { compressPublicKey, publicKeyOf, signRecoverable } from '../../../protocols/lib/secp256k1.ts'

/** The example of EIP-778. */
const example = {
  text: 'enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZuOh8R33Ls8RRcy5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QAdpzBQA8yWM0xOIN1ZHCCdl8',
  key: hexToBytes('b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291'),
  id: 'a448f24c6d18e575453db13171562b71999873db5b286df957af199ec94617f7',
}

describe('a node record', () => {
  const key = example.key
  const values = { ip: Uint8Array.of(127, 0, 0, 1), udp: 30_303 }

  it('is read as the example of EIP-778 is', () => {
    const record = parseRecord(example.text)
    expect(record.seq).to.equal(1n)
    expect([...record.pairs.keys()]).to.deep.equal(['id', 'ip', 'secp256k1', 'udp'])
    expect(bytesToHex(keccak256(record.publicKey))).to.equal(example.id)
    expect(endpointOf(record)).to.deep.equal({ ip: Uint8Array.of(127, 0, 0, 1), udp: 30_303 })
    expect(formatRecord(record)).to.equal(example.text)
  })
  it('is signed so that others read it, whatever it holds', () => {
    expect(signRecord(1n, values, key)).to.deep.include({ seq: 1n, publicKey: publicKeyOf(key) })
    const value = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.nat())
    const name = fc
      .string({ minLength: 1, maxLength: 6, unit: 'grapheme-ascii' })
      .filter((name) => name !== '__proto__')
    fc.assert(
      fc.property(
        fc.bigInt(0n, 2n ** 64n - 1n),
        fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true }),
        (seq, values) => {
          const record = signRecord(seq, values, key)
          expect(parseRecord(formatRecord(record))).to.deep.equal(record)
        },
      ),
    )
  })
  it('has keys that look like hex as they are', () =>
    expect([...signRecord(0n, { '0x': 0, ' ': 1 }, key).pairs.keys()]).to.deep.equal([' ', '0x', 'id', 'secp256k1']))
  it('reports where its node is: IPv4 before IPv6', () => {
    const ip6 = Uint8Array.from({ length: 16 }, (_, i) => i + 1)
    const place = (values: Record<string, Uint8Array | number>) => endpointOf(signRecord(1n, values, key))
    expect(place({})).to.deep.equal({})
    expect(place({ ip6, tcp: 1, tcp6: 2 })).to.deep.equal({ ip: ip6, tcp: 1 })
    expect(place({ ip6, tcp6: 2, udp6: 3 })).to.deep.equal({ ip: ip6, tcp: 2, udp: 3 })
    expect(place({ ...values, ip6, tcp6: 2 })).to.deep.equal({ ip: values.ip, udp: 30_303 })
    expect(place({ ip: Uint8Array.of(1, 2, 3), tcp: Uint8Array.of(0, 1), udp: 70_000 })).to.deep.equal({})
  })

  it('names the fork id of its chain, and what is none there is ignored', () => {
    const forkIdOf = (eth: RlpInput) => forkIdIn(signRecord(1n, { eth }, key))
    const hash = Uint8Array.of(1, 2, 3, 4)
    expect(forkIdIn(parseRecord(example.text))).to.equal(undefined)
    expect(forkIdOf([[hash, 7]])).to.deep.equal({ hash, next: 7n })
    expect(forkIdOf([[hash, 0], 'more', []])).to.deep.equal({ hash, next: 0n })
    for (const none of ['', 'text', [], [hash], [[hash]], [[hash, 7, 8]], [[hash.subarray(1), 7]], [[hash, [7]]]])
      expect(forkIdOf(none), String(none)).to.equal(undefined)
  })

  const sign = (...content: Uint8Array[]) =>
    encodeList([encodeRlp(signRecoverable(keccak256(encodeList(content)), key).subarray(0, 64)), ...content])
  const pairs = (...items: (string | Uint8Array | number)[]) => items.map((item) => encodeRlp(item))
  const own = ['id', 'v4', 'secp256k1', compressPublicKey(publicKeyOf(key))] as const
  const one = encodeRlp(1)
  const tampered = parseRecord(example.text).raw.slice()
  tampered[tampered.length - 1]! ^= 1

  for (const [what, raw, complaint] of [
    ['nothing', new Uint8Array(0), 'unexpected end of input'],
    ['a string', encodeRlp('record'), 'not one list'],
    ['an empty list', encodeList([]), 'less than two list elements'],
    ['a signature alone', encodeList([encodeRlp(new Uint8Array(64))]), 'less than two list elements'],
    ['bytes after it', Uint8Array.of(...parseRecord(example.text).raw, 0), 'not one list'],
    ['a key without a value', sign(one, ...pairs(...own, 'tcp')), 'incomplete k/v pair'],
    ['keys out of order', sign(one, ...pairs('udp', 1, ...own)), 'not sorted by key'],
    ['a key twice', sign(one, ...pairs('id', 'v4', ...own)), 'duplicate key'],
    ['a list for a key', sign(one, encodeList([]), one), 'a key of the record is a list'],
    ['a list for a sequence', sign(encodeList([one]), ...pairs(...own)), 'the sequence number of the record is a list'],
    ['a sequence of nine bytes', sign(encodeRlp(new Uint8Array(9).fill(1)), ...pairs(...own)), 'wider than 8 bytes'],
    ['another identity scheme', sign(one, ...pairs('id', 'v5', ...own.slice(2))), 'unknown identity scheme'],
    ['no identity scheme', sign(one, ...pairs(...own.slice(2))), 'unknown identity scheme'],
    ['no key', sign(one, ...pairs('id', 'v4')), 'no valid public key'],
    [
      'a key off the curve',
      sign(one, ...pairs('id', 'v4', 'secp256k1', new Uint8Array(33).fill(2, 0, 1).fill(0xff, 1))),
      'no valid public key',
    ],
    ['a byte changed', tampered, 'invalid signature'],
    ['301 bytes', new Uint8Array(301), 'bigger than 300 bytes'],
  ] as const)
    it(`is refused with ${what}`, () => expect(() => decodeRecord(raw)).to.throw(RecordError, new RegExp(complaint)))

  for (const [text, complaint] of [
    ['', "missing 'enr:' prefix"],
    ['enode://ab', "missing 'enr:' prefix"],
    ['enr:!', 'invalid base64'],
    ['enr:A', 'invalid base64'],
    [`${example.text}=`, 'invalid base64'],
    [`enr:${'A'.repeat(402)}`, 'bigger than 300 bytes'],
  ] as const)
    it(`is not the text "${text.slice(0, 12)}" that says: ${complaint}`, () =>
      expect(() => parseRecord(text)).to.throw(RecordError, complaint))

  it('cannot be signed when it would not fit', () =>
    expect(() => signRecord(1n, { big: new Uint8Array(300) }, key)).to.throw(RecordError, 'bigger than 300 bytes'))
  it('has text for a key of any bytes', () => {
    const record = decodeRecord(sign(one, ...pairs(...own, utf8ToBytes('é'), 1)))
    expect(record.pairs.size).to.equal(3)
  })
})
