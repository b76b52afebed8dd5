import { createMPT } from '@ethereumjs/mpt'
import { expect } from 'chai'
import { decodeBody, encodeBody, encodeBodySteps, joinBlock, splitBlock } from '../../../protocols/chain/block.ts'
import { decodeHeader } from '../../../protocols/chain/header.ts'
import { txEnvelope, txHash, txType } from '../../../protocols/chain/transaction.ts'
import { bytesToHex, concatBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { MalformedItem } from '../../../protocols/lib/lazy-list.ts'
import { encodeList, encodeRlp, RlpError, readItem } from '../../../protocols/lib/rlp.ts'
import { blockVectors } from '../../vectors/eth-blocks.ts'

describe('a block', () => {
  for (const { fork, header, body } of blockVectors)
    it(`of ${fork} comes apart and together again`, () => {
      const halves = { header: hexToBytes(header), body: hexToBytes(body) }
      expect(splitBlock(joinBlock(halves))).to.deep.equal(halves)
    })

  for (const { fork, header, body } of blockVectors)
    it(`of ${fork} has the roots of its header`, async () => {
      const { txRoot, unclesHash, withdrawalsRoot } = decodeHeader(hexToBytes(header))
      const { transactions, uncles, withdrawals } = decodeBody(hexToBytes(body))
      expect(await trieRoot(Array.from(transactions, txEnvelope))).to.deep.equal(txRoot)
      expect(keccak256(uncles.raw)).to.deep.equal(unclesHash)
      expect(await trieRoot(Array.from(withdrawals!, ({ raw }) => raw))).to.deep.equal(withdrawalsRoot)
    })

  it('has uncles that are headers, and no withdrawals before Shanghai', () => {
    const uncle = hexToBytes(blockVectors[0]!.header)
    const body = decodeBody(encodeBody({ transactions: [], uncles: [uncle] }))
    expect(body.withdrawals).to.equal(undefined)
    expect(Array.from(body.uncles, ({ number }) => number)).to.deep.equal([1n])
    expect(body.transactions.count).to.equal(0)
  })
  it('says which uncle is malformed', () => {
    const body = decodeBody(encodeBody({ transactions: [], uncles: [Uint8Array.of(0xc0)] }))
    expect(() => [...body.uncles]).to.throw(MalformedItem, 'item 0: too few header fields')
  })
  it('has no uncles of more bytes than two headers can have, which are not counted', () => {
    const body = encodeBody({ transactions: [], uncles: [new Uint8Array(2 ** 18 + 1).fill(0xc0)] })
    expect(() => decodeBody(body)).to.throw(RlpError, 'uncles of 262145 bytes')
  })
  it('distinguishes an empty list of withdrawals from none', () => {
    const parts = { transactions: [], uncles: [] }
    expect(bytesToHex(encodeBody(parts))).to.equal('c2c0c0')
    expect(bytesToHex(encodeBody({ ...parts, withdrawals: [] }))).to.equal('c3c0c0c0')
    expect(decodeBody(hexToBytes('c3c0c0c0')).withdrawals?.count).to.equal(0)
  })

  it('is written a little at a time where it is long', () => {
    const [many, one] = [
      Array.from({ length: 5_000 }, (_, i) => Uint8Array.of(0xc1, i % 128)),
      [new Uint8Array(2 ** 20)],
    ]
    for (const [transactions, least] of [
      [many, 5],
      [one, 4],
      [[], 0],
    ] as const)
      for (const withdrawals of [undefined, [], many]) {
        const parts = { transactions, uncles: [], withdrawals }
        const steps = encodeBodySteps(parts)
        let count = 0
        let step = steps.next()
        for (; !step.done; step = steps.next()) count++
        expect(bytesToHex(step.value)).to.equal(bytesToHex(encodeBody(parts)))
        expect(count).to.be.above(least)
      }
  })

  for (const [what, hex] of [
    ['one list', 'c1c0'],
    ['four lists', 'c4c0c0c0c0'],
    ['a string for its transactions', 'c280c0'],
    ['a string for its uncles', 'c2c080'],
    ['a string for its withdrawals', 'c3c0c080'],
    ['a list that does not hold its item', 'c3c183c0'],
    ['a string in its place', '82c0c0'],
    ['a byte after it', 'c2c0c000'],
  ] as const)
    it(`has no body in ${what}`, () => expect(() => decodeBody(hexToBytes(hex))).to.throw(RlpError))

  for (const [what, hex] of [
    ['no header', 'c0'],
    ['a string for its header', 'c380c0c0'],
    ['no body', 'c1c0'],
    ['five items', 'c5c0c0c0c0c0'],
    ['a string in its place', '83c0c0c0'],
    ['a byte after it', 'c3c0c0c000'],
  ] as const)
    it(`is none with ${what}`, () => expect(() => splitBlock(hexToBytes(hex))).to.throw(RlpError))
})

describe('a transaction', () => {
  // EIP-155's example.
  const legacy = readItem(
    hexToBytes(
      'f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
    ),
  )
  const string = (...bytes: number[]) => readItem(encodeRlp(Uint8Array.from(bytes)))

  it('of old is the list itself', () => {
    expect(txType(legacy)).to.equal(0)
    expect(txEnvelope(legacy)).to.equal(legacy.raw)
    expect(bytesToHex(txHash(legacy))).to.equal('33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788')
  })
  it('with a type is the string without its prefix', () => {
    const typed = string(0x02, 0xc1, 0x01)
    expect(txType(typed)).to.equal(2)
    expect(bytesToHex(txEnvelope(typed))).to.equal('02c101')
    expect(txHash(typed)).to.deep.equal(keccak256(Uint8Array.of(0x02, 0xc1, 0x01)))
  })
  it('with blobs has the hash that it has without them', () => {
    const body = encodeRlp([1, 2, 3])
    const bare = readItem(encodeRlp(concatBytes(Uint8Array.of(3), body)))
    for (const sidecar of [encodeRlp([[], [], []]), encodeRlp([1, [new Uint8Array(2048)], [], []])]) {
      const pooled = concatBytes(Uint8Array.of(3), encodeList([body, readItem(sidecar).content]))
      expect(txHash(readItem(encodeRlp(pooled)))).to.deep.equal(txHash(bare))
    }
    expect(txHash(bare)).to.deep.equal(keccak256(bare.content))
  })
  it('is none in an empty string', () => {
    expect(() => txType(string())).to.throw(RlpError, 'typed transaction too short')
    expect(() => txHash(string())).to.throw(RlpError)
    expect(() => txHash(string(3))).to.throw(RlpError)
  })
})

/** @returns the root of the trie of `values` by their index */
async function trieRoot(values: readonly Uint8Array[]): Promise<Uint8Array> {
  const trie = await createMPT()
  for (const [i, value] of values.entries()) await trie.put(encodeRlp(i), value)
  return trie.root()
}
