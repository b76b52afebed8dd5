import type { EthMessage } from '../../../protocols/eth/messages.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { asItem, HashList, LazyList, Uint32List } from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp, type RlpInput } from '../../../protocols/lib/rlp.ts'
import { closes, type Expectation, type Provocation, type Row, staysOpen, table } from '../provocation.ts'
import { unknownHash } from './requests.ts'

const refused = closes('disc 0x10')
const malformed = closes('disc 0x02')

const to = new Uint8Array(20).fill(2)
const legacy = { nonce: 1n, gasPrice: 1n, gas: 21_000n, to, value: 1n, data: '', v: 27n, r: 1n, s: 1n }
const legacyWith = (fields: Partial<typeof legacy>) => encodeRlp(Object.values({ ...legacy, ...fields }))
const accessListWith = (chainId: bigint) => typed(1, [chainId, 1n, 1n, 21_000n, to, 1n, '', [], 0n, 1n, 1n])
const tooWide = 2n ** 256n

/** Transactions and what belongs to them, sent to a node that accepts them. */
export const synced: readonly Provocation[] = [
  ...table(
    'session',
    [69, 70, 71, 72],
    [
      transactions('empty', 'no transaction', [], staysOpen()),
      transactions('legacy', 'a legacy transaction that no one can pay', [legacyWith({})], staysOpen()),
      transactions('same-twice', 'the same one twice', [legacyWith({}), legacyWith({})], refused),
      transactions('none', 'one that is no transaction', [legacyWith({}), Uint8Array.of(0xc1, 1)], refused),
      transactions('legacy-v-257-bits', 'one with 257 bits of v', [legacyWith({ v: tooWide })], refused),
      transactions('legacy-r-257-bits', 'one with 257 bits of r', [legacyWith({ r: tooWide })], refused),
      transactions(
        'legacy-s-257-bits',
        'one with 257 bits of s, second',
        [legacyWith({}), legacyWith({ s: tooWide })],
        refused,
      ),
      transactions(
        'legacy-value-257-bits',
        'one that transfers 2^256 wei',
        [legacyWith({ value: tooWide })],
        staysOpen(),
      ),
      transactions(
        'legacy-price-257-bits',
        'one that pays 2^256 wei a gas',
        [legacyWith({ gasPrice: tooWide })],
        staysOpen(),
      ),
      transactions('chainid-256-bits', 'one for chain 2^256 − 1', [accessListWith(tooWide - 1n)], staysOpen()),
      transactions('chainid-257-bits', 'one for chain 2^256', [accessListWith(tooWide)], refused),
      transactions('blob', 'a blob transaction', [typed(3, [1n])], refused),
      transactions('x5001', '5,001 transactions', Array(5_001).fill(legacyWith({})), refused),
      sends('tx/not-a-list', 'Transactions of `07`', 0x02, Uint8Array.of(7), malformed),
      sends('tx/garbage', 'Transactions of `c101`', 0x02, Uint8Array.of(0xc1, 1), refused),
      sends('announce/garbage', 'NewPooledTransactionHashes of `07`', 0x08, Uint8Array.of(7), malformed),
      says('announce/empty', 'NewPooledTransactionHashes of nothing', announcement([], []), staysOpen()),
      says('announce/lengths-differ', '2 types and 1 hash', announcement([2, 2], [unknownHash]), refused),
      says('announce/type-0x7f', 'a type that there is not', announcement([0x7f], [unknownHash]), staysOpen()),
      says(
        'answer/pooled-unasked',
        'PooledTransactions',
        { kind: 'PooledTransactions', id: 7n, transactions: LazyList.of([], asItem) },
        refused,
      ),
    ],
  ),
  ...table(
    'session',
    [69, 70, 71],
    [
      sends(
        'announce/mask',
        'an announcement with a mask',
        0x08,
        encodeRlp(['', [], [], new Uint8Array(16)]),
        malformed,
      ),
    ],
  ),
  ...table(
    'session',
    [72],
    [
      sends('announce72/mask-empty', 'a mask of no bytes', 0x08, encodeRlp(['', [], [], '']), malformed),
      sends('announce72/mask-none', 'no mask', 0x08, encodeRlp(['', [], []]), malformed),
      sends(
        'announce72/mask-15-bytes',
        'a mask of 120 bits',
        0x08,
        encodeRlp(['', [], [], new Uint8Array(15)]),
        malformed,
      ),
      says(
        'announce72/mask-zero',
        'a blob transaction of which it has no cell',
        announcement([3], [unknownHash]),
        staysOpen(),
      ),
    ],
  ),
]

function transactions(name: string, what: string, items: readonly Uint8Array[], expects: Expectation): Row {
  return says(
    `tx/${name}`,
    `Transactions: ${what}`,
    { kind: 'Transactions', transactions: LazyList.of(items, asItem) },
    expects,
  )
}

function announcement(types: readonly number[], hashes: readonly Uint8Array[]): EthMessage {
  return {
    kind: 'NewPooledTransactionHashes',
    types: Uint8Array.from(types),
    sizes: Uint32List.of(hashes.map(() => 100)),
    hashes: HashList.of(hashes),
  }
}

function typed(type: number, fields: readonly RlpInput[]): Uint8Array {
  return encodeRlp(concatBytes(Uint8Array.of(type), encodeRlp([...fields])))
}

function says(name: string, what: string, message: EthMessage, expects: Expectation): Row {
  return { name, sends: what, script: (peer) => peer.send(message), expects }
}

/** @param code relative to eth */
function sends(name: string, what: string, code: number, payload: Uint8Array, expects: Expectation): Row {
  return { name, sends: what, script: (peer) => peer.send(peer.ethCode(code), payload), expects }
}
