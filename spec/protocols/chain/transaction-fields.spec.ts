import type { TypedTransaction } from '@ethereumjs/tx'
import { expect } from 'chai'
import fc from 'fast-check'
import { atOnce } from '../../../protocols/chain/at-once.ts'
import {
  type AccessTuple,
  checkBlockTransaction,
  decodeTransaction,
  hashTransaction,
  legacyChainId,
  type Transaction,
} from '../../../protocols/chain/transaction-fields.ts'
import { bytesToHex, concatBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp, RlpError, type RlpInput, readItem, toUint } from '../../../protocols/lib/rlp.ts'
import { anyData, anyPrivateKey, chainId, itemOf, sign } from '../eth/make-transactions.ts'

const kinds = [
  ['legacy', 0, false],
  ['replay-protected legacy', 0, true],
  ['access-list', 1, true],
  ['dynamic-fee', 2, true],
  ['blob', 3, true],
  ['set-code', 4, true],
] as const

describe('a transaction', () => {
  for (const [kind, type, isProtected] of kinds)
    it(`that is a ${kind} one says what @ethereumjs/tx made it from`, () => {
      fc.assert(
        fc.property(anyData(type), anyPrivateKey, (data, privateKey) => {
          const theirs = sign(data, privateKey, isProtected)
          const ours = decodeTransaction(itemOf(theirs))
          const { hash, unsigned: _, ...fields } = ours
          expect(bytesToHex(hash)).to.equal(bytesToHex(theirs.hash()))
          expect(plain(fields)).to.deep.equal(plain(fieldsOf(theirs)))
          if (type === 0) expect(legacyChainId(ours.v)).to.equal(isProtected ? chainId : undefined)
        }),
        { numRuns: 60 },
      )
    })

  it('is for any chain with v 27 and 28, and else for the chain that v holds, counted in uint64', () => {
    expect([27n, 28n].map(legacyChainId)).to.deep.equal([undefined, undefined])
    expect([37n, 38n, 35n, 36n].map(legacyChainId)).to.deep.equal([1n, 1n, undefined, undefined])
    expect([0n, 1n].map(legacyChainId)).to.deep.equal([0x7fff_ffff_ffff_ffeen, 0x7fff_ffff_ffff_ffefn])
    expect(legacyChainId(2n ** 70n + 35n)).to.equal(2n ** 69n)
  })

  const to = new Uint8Array(20).fill(2)
  const hash = new Uint8Array(32).fill(3)
  const legacy: RlpInput[] = [0, 1, 21_000, to, 5, '', 27, 1, 1]
  const blob: RlpInput[] = [1, 0, 1, 1, 21_000, to, 0, '', [[to, [hash]]], 1, [hash], 0, 1, 1]
  const setCode: RlpInput[] = [1, 0, 1, 1, 21_000, to, 0, '', [], [[1, to, 0, 1, 1, 1]], 0, 1, 1]
  const put = (fields: readonly RlpInput[], at: number, value: RlpInput) => fields.with(at, value)
  const typed = (type: number, fields: RlpInput) => encodeRlp(concatBytes(Uint8Array.of(type), encodeRlp(fields)))

  it('of the shortest kinds is read', () => {
    for (const raw of [encodeRlp(legacy), typed(3, blob), typed(4, setCode)])
      expect(decodeTransaction(readItem(raw)).gas).to.equal(21_000n)
  })

  const wrong: readonly (readonly [what: string, raw: Uint8Array, message: string])[] = [
    ['nothing', encodeRlp(''), 'typed transaction too short'],
    ['a type alone', encodeRlp(Uint8Array.of(2)), 'unexpected end of input'],
    ['an unknown type', typed(5, legacy), 'transaction type not supported'],
    ['type 0 in a string', typed(0, legacy), 'transaction type not supported'],
    ['a type before a string', typed(2, hash), 'expected a list, got a string'],
    [
      'bytes after the list',
      encodeRlp(concatBytes(Uint8Array.of(3), encodeRlp(blob), hash)),
      'bytes after the transaction',
    ],
    ['a field too few', encodeRlp(legacy.slice(0, -1)), 's: unexpected end of input'],
    ['a field too many', encodeRlp([...legacy, 1]), 'too many list items'],
    ['a recipient of 19 bytes', encodeRlp(put(legacy, 3, to.subarray(1))), 'to: expected 20 bytes or none, got 19'],
    ['a recipient that is an empty list', encodeRlp(put(legacy, 3, [])), 'to: expected a string, got a list'],
    ['a nonce of 9 bytes', encodeRlp(put(legacy, 0, 2n ** 64n)), 'nonce: integer wider than 8 bytes'],
    ['a value of 33 bytes', encodeRlp(put(legacy, 4, 2n ** 256n)), 'value: integer wider than 32 bytes'],
    [
      'a value with a leading zero',
      encodeRlp(put(legacy, 4, hexToBytes('0001'))),
      'value: integer with a leading zero',
    ],
    ['a blob transaction with its blobs', typed(3, [blob, [], [], []]), 'chainId: expected a string, got a list'],
    ['a blob transaction without recipient', typed(3, put(blob, 5, '')), 'to: expected 20 bytes, got 0'],
    ['a set-code transaction without recipient', typed(4, put(setCode, 5, '')), 'to: expected 20 bytes, got 0'],
    [
      'a blob hash of 31 bytes',
      typed(3, put(blob, 10, [hash.subarray(1)])),
      'blobVersionedHashes: expected 32 bytes, got 31',
    ],
    ['blob hashes that are lists', typed(3, put(blob, 10, [[]])), 'blobVersionedHashes: expected a string, got a list'],
    ['an access list that is a string', typed(3, put(blob, 8, '')), 'accessList: expected a list, got a string'],
    ['an access tuple that is a string', typed(3, put(blob, 8, [to])), 'accessList: expected a list, got a string'],
    ['an access tuple of three', typed(3, put(blob, 8, [[to, [], []]])), 'accessList: too many list items'],
    [
      'a y parity of two bytes in an authorization',
      typed(4, put(setCode, 9, [[1, to, 0, 256, 1, 1]])),
      'authorizationList: integer wider than 1 bytes',
    ],
    [
      'an authorization of five',
      typed(4, put(setCode, 9, [[1, to, 0, 1, 1]])),
      'authorizationList: unexpected end of input',
    ],
  ]
  for (const [what, raw, message] of wrong)
    it(`is not ${what}`, () => {
      expect(() => decodeTransaction(readItem(raw))).to.throw(RlpError, message)
    })

  const seeds = [legacy, blob, setCode].map((fields, i) => (i === 0 ? encodeRlp(fields) : typed(i + 2, fields)))
  const damaged = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }))
    .map(([seed, changes]) => {
      const bytes = seed.slice()
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      return bytes
    })

  it('is looked at in a block as it is read: the same is refused, and of the others the blobs are counted', () => {
    const outcome = <T>(run: () => T) => {
      try {
        return run()
      } catch (error) {
        expect(error).to.be.instanceOf(RlpError)
        return 'refused'
      }
    }
    const wide = [put(legacy, 1, 2n ** 256n), put(legacy, 4, 2n ** 256n)].map((fields) => encodeRlp(fields))
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 100 }), fc.constantFrom(...seeds, ...wide)), (bytes) => {
        const looked = outcome(() => atOnce(checkBlockTransaction(readItem(bytes))))
        const read = outcome(() => decodeTransaction(readItem(bytes)).blobVersionedHashes?.length ?? 0)
        expect(looked).to.equal(read)
      }),
      { numRuns: 2_000 },
    )
    for (const raw of wide) expect(() => atOnce(checkBlockTransaction(readItem(raw)))).to.throw(RlpError, 'wider')
    expect(atOnce(checkBlockTransaction(readItem(seeds[1]!)))).to.be.above(0)
  })

  describe('of a peer', () => {
    const access: RlpInput[] = [1, 0, 1, 21_000, to, 0, '', [], 0, 1, 1]
    const fee: RlpInput[] = [1, 0, 1, 1, 21_000, to, 0, '', [], 0, 1, 1]
    const hashOf = (raw: Uint8Array) => bytesToHex(atOnce(hashTransaction(readItem(raw))))
    const kinds = [encodeRlp(legacy), typed(1, access), typed(2, fee), typed(3, blob), typed(4, setCode)]

    it('has the hash that it has in a block', () => {
      for (const raw of kinds) expect(hashOf(raw)).to.equal(bytesToHex(decodeTransaction(readItem(raw)).hash))
    })
    it('is what it is in a block, or refused with an RlpError', () => {
      fc.assert(
        fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 100 })), (bytes) => {
          const [ours, theirs] = [() => hashOf(bytes), () => bytesToHex(decodeTransaction(readItem(bytes)).hash)].map(
            (read) => {
              try {
                return read()
              } catch (error) {
                expect(error).to.be.instanceOf(RlpError)
                return undefined
              }
            },
          )
          // Four damaged bytes do not make an amount wide.
          expect(ours).to.equal(theirs)
        }),
        { numRuns: 3_000 },
      )
    })
    it('may pay and transfer more than there is, in types 0 to 2: that is for the pool to refuse', () => {
      for (const bits of [256n, 65_536n])
        for (const raw of [
          ...[1, 4].map((at) => encodeRlp(put(legacy, at, 2n ** bits))),
          ...[2, 5].map((at) => typed(1, put(access, at, 2n ** bits))),
          ...[2, 3, 6].map((at) => typed(2, put(fee, at, 2n ** bits))),
        ])
          expect(hashOf(raw)).to.have.length(64)
      for (const at of [2, 3, 6])
        for (const raw of [typed(3, put(blob, at, 2n ** 256n)), typed(4, put(setCode, at, 2n ** 256n))])
          expect(() => hashOf(raw)).to.throw(RlpError, 'integer wider than 32 bytes')
      expect(() => hashOf(encodeRlp(put(legacy, 4, hexToBytes('0001'))))).to.throw(RlpError, 'leading zero')
    })
    for (const [name, at] of [
      ['v', -3],
      ['r', -2],
      ['s', -1],
    ] as const)
      it(`has 256 bits of ${name} at most`, () => {
        for (const [fields, wrap] of [
          [legacy, encodeRlp],
          ...([access, fee, blob, setCode] as const).map((fields, i) => {
            return [fields, (changed: RlpInput[]) => typed(i + 1, changed)] as const
          }),
        ] as const) {
          const index = fields.length + at
          expect(hashOf(wrap(put(fields, index, 2n ** 256n - 1n)))).to.have.length(64)
          expect(() => hashOf(wrap(put(fields, index, 2n ** 256n)))).to.throw(
            RlpError,
            `${name}: integer wider than 32`,
          )
        }
      })
    it('has 256 bits of its chain id at most', () => {
      for (const [i, fields] of [access, fee, blob, setCode].entries()) {
        expect(hashOf(typed(i + 1, put(fields, 0, 2n ** 256n - 1n)))).to.have.length(64)
        expect(() => hashOf(typed(i + 1, put(fields, 0, 2n ** 256n)))).to.throw(RlpError, 'chainId: integer wider')
      }
    })
  })

  it('is read from any bytes or refused with an RlpError', () => {
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        try {
          decodeTransaction(readItem(bytes))
        } catch (error) {
          expect(error).to.be.instanceOf(RlpError)
        }
      }),
      { numRuns: 3_000 },
    )
  })
})

type Theirs = Record<string, unknown> & {
  accessList?: [Uint8Array, Uint8Array[]][]
  authorizationList?: Uint8Array[][]
}

/** What @ethereumjs/tx holds, under our names. */
function fieldsOf(tx: TypedTransaction): Record<string, unknown> {
  const { gasLimit, to, accessList, authorizationList, blobVersionedHashes, ...theirs } = tx as unknown as Theirs
  const names = ['nonce', 'value', 'data', 'gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas', 'maxFeePerBlobGas']
  const copied = Object.fromEntries([...names, 'v', 'r', 's'].map((name) => [name, theirs[name]]))
  return {
    ...copied,
    type: tx.type,
    ...(tx.type > 0 && { chainId: theirs.chainId }),
    gas: gasLimit,
    to: (to as { bytes: Uint8Array } | undefined)?.bytes,
    accessList: accessList?.map(([address, storageKeys]): AccessTuple => ({ address, storageKeys })),
    blobVersionedHashes: (blobVersionedHashes as string[] | undefined)?.map((hash) => hexToBytes(hash.slice(2))),
    authorizationList: authorizationList?.map(([chainId, address, nonce, yParity, r, s]) => ({
      chainId: toUint(chainId!, 32),
      address,
      nonce: toUint(nonce!),
      yParity: toUint(yParity!),
      r: toUint(r!, 32),
      s: toUint(s!, 32),
    })),
  }
}

/** For comparison: bytes as hex, without what is undefined. */
const plain = (fields: Partial<Transaction> | Record<string, unknown>): unknown =>
  JSON.parse(
    JSON.stringify(fields, (_, value) =>
      value instanceof Uint8Array ? bytesToHex(value) : typeof value === 'bigint' ? `${value}n` : value,
    ),
  )
