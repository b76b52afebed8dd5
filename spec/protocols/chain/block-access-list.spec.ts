import { expect } from 'chai'
import fc from 'fast-check'
import {
  type AccessListBounds,
  AccessListError,
  checkAccessList,
  emptyAccessListHash,
} from '../../../protocols/chain/block-access-list.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp, RlpError, type RlpInput } from '../../../protocols/lib/rlp.ts'

/** Block 49 of the chain of geth 1.17.10's eth suite (cmd/devp2p/internal/ethtest/testdata): no transaction, one withdrawal. */
const real = hexToBytes(
  'f90139de9400000961ef480eb55e80d19ad83579a64c007002c0c480010203c0c0c0de94000064d678505ad48f8ccb093bc65613800e8282c0c4' +
    '80010203c0c0c0de940000bbddc7ce488642fb579f8b00f3a590007251c0c480010203c0c0c0de940000bff46984e3725691fa540a8c7589300d' +
    '8282c0c480010203c0c0c0f840940000f90827f1c53a10cb7a02335b175320002935e6e530e3e280a017f3924ab6423e75669046abbcdd695b51' +
    '48f7090267cad5116bec41f97d3948c0c0c0c0f84c94000f3df6d732807ef1319fb7b8bb8522d0beac02f2c98201eac5c4808201eae78221e9e3' +
    'e280a07313b4315dd27586f940f8f2bf8af76825d8f24d2ae2c24d885dcb0cdd8d50f5c0c0c0c0ec94d803681e487e6ac18053afc5a6cd813c86' +
    'ec3e4dc0c0d2d1018fc097ce7bc90715b34b9f274876e800c0c0',
)

describe('a block access list', () => {
  /** Seven accounts, three written slots and sixteen read ones. */
  const realItems = 26n
  const bounds: AccessListBounds = { gasLimit: 100_000_000n, transactions: 2 }
  const check = (raw: Uint8Array, its?: AccessListBounds) => {
    let steps = 0
    for (const _step of checkAccessList(raw, its)) steps++
    return steps
  }
  const listOf = (...accounts: RlpInput[]) => encodeRlp(accounts)
  const at = (byte: number) => new Uint8Array(20).fill(byte)
  type Parts = { writes: RlpInput; reads: RlpInput; balances: RlpInput; nonces: RlpInput; codes: RlpInput }
  const account = (change: Partial<Parts> = {}, address: RlpInput = at(1)): RlpInput => {
    const { writes, reads, balances, nonces, codes } = {
      ...{ writes: [], reads: [], balances: [], nonces: [], codes: [] },
      ...change,
    }
    return [address, writes, reads, balances, nonces, codes]
  }

  it('is taken as geth makes it, within its block', () => {
    check(real)
    check(real, { gasLimit: 100_000_000n, transactions: 0 })
    check(real, { gasLimit: realItems * 2_000n, transactions: 0 })
    expect(() => check(real, { gasLimit: realItems * 2_000n - 1n, transactions: 0 })).to.throw(
      AccessListError,
      'more than 25 addresses and slots',
    )
  })

  it('may be empty: the list with the hash of no list', () => {
    check(listOf(), bounds)
    expect(bytesToHex(emptyAccessListHash)).to.equal('1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347')
  })

  it('has a change of every kind, before, in and after the transactions', () => {
    const writes = [
      ['0x', [[0, '0x'], [1, 5n], [3, 2n ** 256n - 1n]]], // biome-ignore format: one slot a line
      [2n ** 255n, [[2, 7n]]],
    ]
    const codes = [[1, new Uint8Array(65_536)]]
    const full = account({
      writes,
      reads: [1n, 2n ** 256n - 1n],
      balances: [[3, 9n]],
      nonces: [[2, 2n ** 64n - 1n]],
      codes,
    })
    check(listOf(account({}, at(0)), full), bounds)
  })

  const wide = new Uint8Array(33).fill(1)
  for (const [what, list, message] of [
    ['nothing', new Uint8Array(), 'unexpected end'],
    ['a string', Uint8Array.of(0x80), 'expected a list'],
    ['bytes after it', Uint8Array.of(0xc0, 0xc0), 'bytes after the list'],
    ['half of it', real.subarray(0, 200), 'larger than the input'],
    ['an account that is a string', listOf(at(1)), 'expected a list'],
    ['an account of five fields', listOf([at(1), [], [], [], []]), 'unexpected end'],
    ['an account of seven fields', listOf([at(1), [], [], [], [], [], []]), 'too many'],
    ['an address of 19 bytes', listOf(account({}, new Uint8Array(19))), 'expected 20 bytes'],
    ['an address that is a list', listOf(account({}, [])), 'expected a string'],
    ['a written slot of 33 bytes', listOf(account({ writes: [[wide, [[0, 1]]]] })), 'wider than 32'],
    ['a read slot of 33 bytes', listOf(account({ reads: [wide] })), 'wider than 32'],
    ['a slot with a leading zero', listOf(account({ reads: [Uint8Array.of(0, 1)] })), 'leading zero'],
    ['a value with a leading zero', listOf(account({ balances: [[0, Uint8Array.of(0, 1)]] })), 'leading zero'],
    ['a value of 33 bytes', listOf(account({ writes: [[1n, [[0, wide]]]] })), 'wider than 32'],
    ['a nonce of 9 bytes', listOf(account({ nonces: [[0, 2n ** 64n]] })), 'wider than 8'],
    ['an index of 5 bytes', listOf(account({ nonces: [[2n ** 32n, 1]] })), 'wider than 4'],
    ['a code that is a list', listOf(account({ codes: [[0, []]] })), 'expected a string'],
    ['a change of three fields', listOf(account({ balances: [[0, 1, 1]] })), 'too many'],
    ['a change of one field', listOf(account({ balances: [[0]] })), 'unexpected end'],
    ['a written slot of three fields', listOf(account({ writes: [[1n, [[0, 1]], []]] })), 'too many'],
  ] as const)
    it(`is none, whatever its block is, with ${what}`, () => {
      expect(() => check(list)).to.throw(RlpError, message)
      expect(() => check(list, bounds)).to.throw(RlpError, message)
    })

  for (const [what, list, message] of [
    ['accounts in another order', listOf(account({}, at(2)), account({}, at(1))), 'accounts not in'],
    ['an account twice', listOf(account(), account()), 'accounts not in'],
    ['written slots in another order', listOf(account({ writes: [[256n, [[0, 1]]], [2n, [[0, 1]]]] })), 'written slots not'], // biome-ignore format: a case a line
    [
      'a written slot twice',
      listOf(
        account({
          writes: [
            [2n, [[0, 1]]],
            [2n, [[0, 1]]],
          ],
        }),
      ),
      'written slots not',
    ],
    ['a written slot without a change', listOf(account({ writes: [[2n, []]] })), 'without a change'],
    ['read slots in another order', listOf(account({ reads: [2n, 1n] })), 'read slots not'],
    ['a read slot twice', listOf(account({ reads: [2n, 2n] })), 'read slots not'],
    ['a slot both written and read', listOf(account({ writes: [[1n, [[0, 1]]], [3n, [[0, 1]]]], reads: [2n, 3n] })), 'both written and read'], // biome-ignore format: a case a line
    ['the first slot both written and read', listOf(account({ writes: [[0n, [[0, 1]]]], reads: [0n, 3n] })), 'both written and read'], // biome-ignore format: a case a line
    ['an index twice', listOf(account({ balances: [[1, 1], [1, 2]] })), 'indices not'], // biome-ignore format: a case a line
    ['indices in another order', listOf(account({ writes: [[1n, [[2, 1], [0, 2]]]] })), 'indices not'], // biome-ignore format: a case a line
    ['an index after the block', listOf(account({ nonces: [[4, 1]] })), 'index 4, of at most 3'],
    ['code of 65,537 bytes', listOf(account({ codes: [[1, new Uint8Array(65_537)]] })), 'code of 65537 bytes'],
  ] as const)
    it(`breaks a rule with ${what}`, () => {
      check(list)
      expect(() => check(list, bounds)).to.throw(AccessListError, message)
    })

  it('is walked in steps: none is as long as the list', () => {
    const slots = Array.from({ length: 1_000 }, (_, i) => BigInt(i))
    expect(check(listOf(account({ reads: slots })), bounds)).to.be.at.least(1_000)
    expect(check(listOf(...slots.map(() => account())))).to.be.at.least(1_000)
    const changes = slots.map((i) => [i, 1])
    expect(check(listOf(account({ balances: changes })), { ...bounds, transactions: 1_000 })).to.be.at.least(1_000)
  })

  it('ends with one of its two errors, whatever is done to it', () => {
    fc.assert(
      fc.property(fc.nat(real.length - 1), fc.nat(255), fc.nat(real.length), (place, byte, end) => {
        const broken = real.with(place, byte).subarray(0, end)
        try {
          check(broken, bounds)
        } catch (error) {
          if (!(error instanceof RlpError || error instanceof AccessListError)) throw error
        }
      }),
    )
  })
})
