import { readBody } from '../../../protocols/chain/block.ts'
import { readHeader } from '../../../protocols/chain/header.ts'
import type { EthMessage } from '../../../protocols/eth/messages.ts'
import { readReceiptList } from '../../../protocols/eth/receipt-messages.ts'
import { readCells } from '../../../protocols/eth/transaction-messages.ts'
import { ethLengths } from '../../../protocols/eth/versions.ts'
import { asItem, HashList, LazyList, Uint32List } from '../../../protocols/lib/lazy-list.ts'
import { emptyPayload } from '../../../protocols/p2p/messages.ts'
import { closes, type Expectation, type Provocation, type Row, staysOpen, table } from '../provocation.ts'
import { unknownHash } from './requests.ts'

const modern = [69, 70, 71, 72] as const
const all = [68, ...modern] as const
const refused = closes('disc 0x10')
const malformed = closes('disc 0x02')

const announcement: EthMessage = {
  kind: 'NewPooledTransactionHashes',
  types: Uint8Array.of(2, 2),
  sizes: Uint32List.of([100]),
  hashes: HashList.of([unknownHash]),
}

const update = (earliest: bigint, latest: bigint, latestHash = unknownHash): EthMessage => ({
  kind: 'BlockRangeUpdate',
  earliest,
  latest,
  latestHash,
})

/** What a node is sent, unasked: answers, announcements, codes that its version does not have. */
export const receiving: readonly Provocation[] = [
  ...table('session', all, [
    says(
      'answer/headers-unasked',
      'BlockHeaders',
      { kind: 'BlockHeaders', id: 7n, headers: LazyList.of([], readHeader) },
      refused,
    ),
    says(
      'answer/bodies-unasked',
      'BlockBodies',
      { kind: 'BlockBodies', id: 7n, bodies: LazyList.of([], readBody) },
      refused,
    ),
    says(
      'answer/receipts-unasked',
      'Receipts',
      { kind: 'Receipts', id: 7n, lastBlockIncomplete: false, receipts: LazyList.of([], readReceiptList(69)) },
      refused,
    ),
    says(
      'answer/pooled-unasked',
      'PooledTransactions, to a node that is not synced',
      { kind: 'PooledTransactions', id: 7n, transactions: LazyList.of([], asItem) },
      staysOpen(),
    ),
    says(
      'tx/empty',
      'Transactions with none',
      { kind: 'Transactions', transactions: LazyList.of([], asItem) },
      staysOpen(),
    ),
    says(
      'announce/lengths-differ',
      'NewPooledTransactionHashes of 2 types, 1 size and 1 hash, to a node that is not synced',
      announcement,
      staysOpen(),
    ),
    sends(
      'tx/garbage',
      'Transactions of `c101`, to a node that is not synced',
      0x02,
      Uint8Array.of(0xc1, 0x01),
      staysOpen(),
    ),
    sends('tx/not-a-list', 'Transactions of `07`, to a node that is not synced', 0x02, Uint8Array.of(7), staysOpen()),
    sends(
      'tx/same-twice',
      'Transactions with the same one twice, to a node that is not synced',
      0x02,
      Uint8Array.of(0xc4, 0xc1, 1, 0xc1, 1),
      staysOpen(),
    ),
    sends(
      'announce/garbage',
      'NewPooledTransactionHashes of `07`, to a node that is not synced',
      0x08,
      Uint8Array.of(7),
      staysOpen(),
    ),
    sends('code/unassigned-0x0b', 'eth code 0x0b', 0x0b, emptyPayload, refused),
    sends('code/unassigned-0x0e', 'eth code 0x0e', 0x0e, emptyPayload, refused),
    sends(
      'code/NewBlockHashes',
      'NewBlockHashes, which is of proof of work',
      0x01,
      Uint8Array.of(0xe3, 0xe2, 0xa0, ...unknownHash, 7),
      refused,
    ),
    sends('code/NewBlock-garbage', 'NewBlock of `c0`, which is of proof of work', 0x07, emptyPayload, refused),
    {
      name: 'code/first-past-eth',
      sends: 'the first code past eth',
      script: (peer) => peer.send(peer.ethCode(ethLengths[peer.version!]), emptyPayload),
      expects: closes(),
    },
    { name: 'code/0x7f', sends: 'code 0x7f', script: (peer) => peer.send(0x7f, emptyPayload), expects: closes() },
    { name: 'code/2^32', sends: 'code 2^32', script: (peer) => peer.send(2 ** 32, emptyPayload), expects: closes() },
  ]),
  ...table('session', modern, [
    {
      name: 'range/ok',
      sends: 'BlockRangeUpdate 0 to the head',
      script: (peer, { head }) => peer.send(update(0n, BigInt(head))),
      expects: staysOpen(),
    },
    says('range/future', 'BlockRangeUpdate of blocks that no one has', update(610n, 2n ** 64n - 1n), staysOpen()),
    says('range/reversed', 'BlockRangeUpdate 10 to 5', update(10n, 5n), refused),
    says('range/hash-zero', 'BlockRangeUpdate with a hash of zeros', update(0n, 5n, new Uint8Array(32)), refused),
    sends('range/garbage', 'BlockRangeUpdate of `c0`', 0x11, emptyPayload, malformed),
  ]),
  ...table(
    'session',
    [70, 71, 72],
    [sends('receipts/incomplete-unasked', "eth/69's Receipts", 0x10, Uint8Array.of(0xc2, 7, 0xc0), malformed)],
  ),
  ...table(
    'session',
    [71, 72],
    [
      says(
        'answer/bals-unasked',
        'BlockAccessLists',
        { kind: 'BlockAccessLists', id: 7n, accessLists: LazyList.of([], asItem) },
        refused,
      ),
    ],
  ),
  ...table(
    'session',
    [72],
    [
      says(
        'answer/cells-unasked',
        'Cells',
        {
          kind: 'Cells',
          id: 7n,
          hashes: HashList.of([]),
          cells: LazyList.of([], readCells),
          mask: new Uint8Array(16),
        },
        refused,
      ),
    ],
  ),
]

function says(name: string, what: string, message: EthMessage, expects: Expectation): Row {
  return { name, sends: what, script: (peer) => peer.send(message), expects }
}

/** @param code relative to eth */
function sends(name: string, what: string, code: number, payload: Uint8Array, expects: Expectation): Row {
  return { name, sends: what, script: (peer) => peer.send(peer.ethCode(code), payload), expects }
}
