import { expect } from 'chai'
import fc from 'fast-check'
import {
  emptyCodeHash,
  emptyRoot,
  encodeAccount,
  encodeSlimAccount,
  noAccount,
  readSlimAccount,
} from '../../../protocols/chain/account.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { RlpError, RlpReader, readItem } from '../../../protocols/lib/rlp.ts'
import { repeat } from '../../vectors/eth-messages.ts'
import { anyAccount } from '../snap/arbitraries.ts'

describe('an account', () => {
  const read = (hex: string) => readSlimAccount(readItem(hexToBytes(hex)))
  const x11 = '11'.repeat(32)

  it("has the Yellow Paper's hashes for no code and no storage", () => {
    expect(bytesToHex(emptyCodeHash)).to.equal('c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
    expect(bytesToHex(emptyRoot)).to.equal('56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421')
  })
  it('leaves what is empty out of its slim form', () => {
    expect(bytesToHex(encodeSlimAccount(noAccount))).to.equal('c480808080')
    expect(read('c480808080')).to.deep.equal(noAccount)
  })
  it('keeps a root and a code that it has', () => {
    const contract = { nonce: 1n, balance: 256n, storageRoot: repeat(0x11, 32), codeHash: emptyCodeHash }
    expect(bytesToHex(encodeSlimAccount(contract))).to.equal(`e601820100a0${x11}80`)
    expect(read(`e601820100a0${x11}80`)).to.deep.equal(contract)
  })
  it('comes back from its slim form, whatever it holds', () =>
    fc.assert(
      fc.property(anyAccount, (account) => {
        expect(readSlimAccount(readItem(encodeSlimAccount(account)))).to.deep.equal(account)
      }),
    ))
  it('stands whole in its trie', () => {
    const fields = RlpReader.open(encodeAccount(noAccount))
    expect([fields.uint(), fields.uint(32)]).to.deep.equal([0n, 0n])
    expect([fields.bytes(32), fields.bytes(32)]).to.deep.equal([emptyRoot, emptyCodeHash])
    fields.end()
  })
  for (const [what, hex, fault] of [
    ['three fields', 'c3808080', /unexpected end/],
    ['five fields', 'c58080808080', /too many list items/],
    ['a nonce of 9 bytes', `cd89${'01'.repeat(9)}808080`, /wider than 8 bytes/],
    ['a balance of 33 bytes', `e580a1${'01'.repeat(33)}8080`, /wider than 32 bytes/],
    ['a nonce with a leading zero', 'c400808080', /leading zero/],
    ['a root of 31 bytes', `e380809f${'11'.repeat(31)}80`, /expected 32 bytes or none, got 31/],
    ['a code hash of one byte', 'c480808001', /expected 32 bytes or none, got 1/],
    ['a list for its balance', 'c480c08080', /expected a string/],
    ['a string in its place', '80', /expected a list/],
  ] as const)
    it(`is none with ${what}`, () => expect(() => read(hex)).to.throw(RlpError, fault))
  it('is not written with a hash of another length', () => {
    expect(() => encodeSlimAccount({ ...noAccount, codeHash: repeat(1, 31) })).to.throw(RangeError)
    expect(() => encodeAccount({ ...noAccount, storageRoot: repeat(1, 33) })).to.throw(RangeError)
  })
})
