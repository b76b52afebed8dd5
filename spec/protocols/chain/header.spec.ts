import { expect } from 'chai'
import { decodeHeader, encodeHeader, type HeaderFields } from '../../../protocols/chain/header.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp, RlpError } from '../../../protocols/lib/rlp.ts'
import { blockVectors } from '../../vectors/eth-blocks.ts'
import { mainnet } from '../../vectors/eth-fork-ids.ts'
import { repeat } from '../../vectors/eth-messages.ts'

const hash = (byte: number) => repeat(byte, 32)
const emptyRoot = hexToBytes('56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421')

/** Mainnet's genesis. */
const frontier: HeaderFields = {
  parentHash: hash(0),
  unclesHash: hexToBytes('1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347'),
  coinbase: repeat(0, 20),
  stateRoot: hexToBytes('d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544'),
  txRoot: emptyRoot,
  receiptsRoot: emptyRoot,
  bloom: repeat(0, 256),
  difficulty: 17_179_869_184n,
  number: 0n,
  gasLimit: 5000n,
  gasUsed: 0n,
  time: 0n,
  extraData: hexToBytes('11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa'),
  mixHash: hash(0),
  nonce: hexToBytes('0000000000000042'),
}
const later: readonly (readonly [fork: string, fields: Partial<HeaderFields>])[] = [
  ['London', { baseFee: 2n ** 256n - 1n }],
  ['Shanghai', { withdrawalsRoot: hash(1) }],
  ['Cancun', { blobGasUsed: 131_072n, excessBlobGas: 2n ** 64n - 1n, parentBeaconRoot: hash(2) }],
  ['Prague', { requestsHash: hash(3) }],
  ['Amsterdam', { balHash: hash(4), slotNumber: 0n }],
]

describe('a header', () => {
  it("of mainnet's genesis has its known hash", () => {
    expect(bytesToHex(decodeHeader(encodeHeader(frontier)).hash)).to.equal(mainnet.genesisHash)
  })
  for (const { fork, hash, header } of blockVectors)
    it(`of ${fork} has its known hash and comes back to the byte`, () => {
      const read = decodeHeader(hexToBytes(header))
      expect(bytesToHex(read.hash)).to.equal(hash)
      expect(read.hash).to.equal(read.hash)
      expect(bytesToHex(encodeHeader(read))).to.equal(header)
    })

  let fields = frontier
  for (const [fork, added] of [['Frontier', {}] as const, ...later]) {
    fields = { ...fields, ...added }
    const expected = fields
    it(`of ${fork} comes back in every field`, () => {
      const header = decodeHeader(encodeHeader(expected))
      for (const name of Object.keys({ ...frontier, ...Object.assign({}, ...later.map(([, add]) => add)) }))
        expect(header[name as keyof HeaderFields], name).to.deep.equal(expected[name as keyof HeaderFields])
    })
  }

  const items = (change: Partial<Record<number, unknown>> = {}, count = 23) =>
    Object.values({ ...allFields(), ...change }).slice(0, count)
  const raw = (change: Partial<Record<number, unknown>>, count?: number) => encodeRlp(items(change, count) as never)
  for (const [what, bytes, fault] of [
    ['14 fields', raw({}, 14), 'too few header fields'],
    ['24 fields', raw({ 23: 1n }, 24), 'too many header fields'],
    ['a hash of 31 bytes', raw({ 0: repeat(1, 31) }), 'parentHash: expected 32 bytes, got 31'],
    ['a coinbase of 32 bytes', raw({ 2: hash(1) }), 'coinbase: expected 20 bytes'],
    ['a short bloom', raw({ 6: repeat(0, 255) }), 'bloom: expected 256 bytes'],
    ['a difficulty of 33 bytes', raw({ 7: 2n ** 256n }), 'difficulty: integer wider than 32 bytes'],
    ['a number of 9 bytes', raw({ 8: 2n ** 64n }), 'number: integer wider than 8 bytes'],
    ['a gas limit with a leading zero', raw({ 9: hexToBytes('0001') }), 'gasLimit: integer with a leading zero'],
    ['a list for its extra data', raw({ 12: [] }), 'extraData: expected a string, got a list'],
    ['a list for a hash', raw({ 0: new Array(32).fill([]) }), 'parentHash: expected a string, got a list'],
    ['an empty withdrawals root', raw({ 16: new Uint8Array() }), 'withdrawalsRoot: expected 32 bytes, got 0'],
    ['a string in its place', hexToBytes('83010203'), 'expected a list'],
    ['nothing in it', hexToBytes('c0'), 'too few header fields'],
    ['a byte after it', hexToBytes(`${bytesToHex(raw({}))}00`), 'bytes after the header'],
  ] as const)
    it(`is none with ${what}`, () => expect(() => decodeHeader(bytes)).to.throw(RlpError, fault))

  for (const [what, wrong] of [
    ['a hash of 31 bytes', { parentHash: repeat(1, 31) }],
    ['a negative number', { number: -1n }],
    ['a time of 9 bytes', { time: 2n ** 64n }],
    ['a withdrawals root without a base fee', { withdrawalsRoot: hash(1) }],
  ] as const)
    it(`is not written with ${what}`, () => {
      expect(() => encodeHeader({ ...frontier, ...wrong })).to.throw(RangeError)
    })

  function allFields(): unknown[] {
    return Object.values({ ...frontier, ...Object.assign({}, ...later.map(([, added]) => added)) })
  }
})
