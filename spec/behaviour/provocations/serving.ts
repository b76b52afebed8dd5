import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import type { GetBlockHeaders } from '../../../protocols/eth/block-messages.ts'
import type { EthRequest } from '../../../protocols/eth/messages.ts'
import { HashList } from '../../../protocols/lib/lazy-list.ts'
import { closes, type Expectation, type Provocation, type Row, staysOpen, table, type World } from '../provocation.ts'
import { getHeaders, maxUint64, unknownHash } from './requests.ts'

const all = [68, 69, 70, 71, 72] as const
const malformed = closes('disc 0x02')

/** What is asked of a node, rightly or not. Each request has one answer, empty if need be. */
export const serving: readonly Provocation[] = [
  ...table('session', all, [
    headers('amount-0', 'amount 0', { amount: 0n }, 0),
    headers('amount-5000', 'amount 5,000 from 1', { amount: 5_000n }, toHead),
    headers('amount-max', 'amount 2^64 − 1 from 1', { amount: maxUint64 }, toHead),
    headers('ok', '3 from 1', { amount: 3n }, 3),
    // geth counts them in int64 where there are gaps: such an amount is below zero.
    headers('amount-max-skip-1', 'amount 2^64 − 1 from 0, skip 1', { origin: 0n, amount: maxUint64, skip: 1n }, 0),
    headers('amount-2^63-skip-1', 'amount 2^63 from 0, skip 1', { origin: 0n, amount: 1n << 63n, skip: 1n }, 0),
    headers(
      'amount-2^32-skip-30',
      'amount 2^32 from 0, skip 30',
      { origin: 0n, amount: 1n << 32n, skip: 30n },
      ({ head }) => 1 + Math.floor(head / 31),
    ),
    headers('id-zero', 'request id 0', { id: 0n }, 1),
    headers('id-max', 'request id 2^64 − 1', { id: maxUint64 }, 1),
    {
      name: 'headers/same-id-twice',
      sends: 'two requests with one id',
      script: async (peer) => {
        peer.send(getHeaders({ amount: 2n }))
        peer.send(getHeaders({ origin: 5n, amount: 3n }))
      },
      expects: staysOpen('BlockHeaders 2', 'BlockHeaders 3'),
    },
    headers('origin-zero', 'the genesis', { origin: 0n }, 1),
    // geth counts in uint64: the range goes on from the genesis, and what exists of it is served.
    headers('origin-max', '2 from 2^64 − 1', { origin: maxUint64, amount: 2n }, 1),
    headers('origin-max-amount-5', '5 from 2^64 − 1', { origin: maxUint64, amount: 5n }, 4),
    headers('origin-past-head', '5 from 2^40', { origin: 1n << 40n, amount: 5n }, 0),
    headers('origin-max-reverse', '2 from 2^64 − 1, reverse', { origin: maxUint64, amount: 2n, reverse: true }, 0),
    headers('origin-2^63', '2 from 2^63', { origin: 1n << 63n, amount: 2n }, 0),
    headers('skip-max', '3 from 1, skip 2^64 − 1', { amount: 3n, skip: maxUint64 }, 1),
    headers('skip-max-less-1', '3 from 1, skip 2^64 − 2', { amount: 3n, skip: maxUint64 - 1n }, 1),
    headers('skip-max-reverse', '3 from 1, skip 2^64 − 1, reverse', { amount: 3n, skip: maxUint64, reverse: true }, 1),
    headers('reverse-past-genesis', '10 from 2, reverse', { origin: 2n, amount: 10n, reverse: true }, 3),
    headers('unknown-hash', 'an unknown hash', { origin: unknownHash }, 0),
    headers('zero-hash', 'the hash of zeros, which stands for block 0', { origin: new Uint8Array(32), amount: 2n }, 2),
    byHead('head-hash-reverse', '2 from the head by hash, reverse', { amount: 2n, reverse: true }, 2),
    byHead('hash-skip-reverse', '4 from the head by hash, skip 3, reverse', { amount: 4n, skip: 3n, reverse: true }, 4),
    byHead('hash-skip-max', '2 from the head by hash, skip 2^64 − 1', { amount: 2n, skip: maxUint64 }, 1),
    sends('headers/garbage', 'GetBlockHeaders of `c101`', 0x03, [0xc1, 0x01], malformed),
    sends('headers/not-a-list', 'GetBlockHeaders of `07`', 0x03, [0x07], malformed),
    sends(
      'headers/origin-9-bytes',
      'an origin of 9 bytes',
      0x03,
      [0xce, 7, 0xcc, 0x89, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 0x80, 0x80],
      malformed,
    ),
    sends(
      'headers/amount-leading-zero',
      'an amount with a leading zero',
      0x03,
      [0xc8, 7, 0xc6, 1, 0x82, 0, 1, 0x80, 0x80],
      malformed,
    ),
    sends('headers/reverse-2', 'reverse 2, which is no truth value', 0x03, [0xc6, 7, 0xc4, 1, 1, 0x80, 2], malformed),
    sends(
      'headers/trailing-bytes',
      'bytes after the request',
      0x03,
      [0xc6, 7, 0xc4, 1, 1, 0x80, 0x80, 9, 9],
      staysOpen('BlockHeaders 1'),
    ),
    asks('bodies/empty', 'GetBlockBodies of nothing', () => bodies([]), 'BlockBodies 0'),
    asks(
      'bodies/unknown-hashes',
      'GetBlockBodies of 2 unknown hashes',
      () => bodies([unknownHash, unknownHash]),
      'BlockBodies 0',
    ),
    {
      name: 'bodies/head',
      sends: 'GetBlockBodies of the head',
      script: async (peer, world) => peer.send(bodies([await headHash(peer, world)])),
      expects: staysOpen('BlockHeaders 1', 'BlockBodies 1'),
    },
    sends('bodies/short-hash', 'GetBlockBodies of a hash of 2 bytes', 0x05, [0xc5, 7, 0xc3, 0x82, 1, 2], malformed),
    asks(
      'pooled/unknown',
      'GetPooledTransactions of an unknown hash',
      () => ({ kind: 'GetPooledTransactions', id: 7n, hashes: HashList.of([unknownHash]) }),
      'PooledTransactions 0',
    ),
    asks(
      'pooled/unknown-x5000',
      'GetPooledTransactions of 5,000 unknown hashes',
      () => ({ kind: 'GetPooledTransactions', id: 7n, hashes: HashList.of(Array(5_000).fill(unknownHash)) }),
      'PooledTransactions 0',
    ),
    asks('receipts/unknown', 'GetReceipts of an unknown hash', () => receipts(0n), 'Receipts 0'),
  ]),
  ...table(
    'session',
    [70, 71, 72],
    [
      asks(
        'receipts/index-max',
        'GetReceipts of an unknown hash from receipt 2^64 − 1',
        () => receipts(maxUint64),
        'Receipts 0',
      ),
      sends('receipts/old-shape', "eth/69's GetReceipts", 0x0f, [0xe3, 7, 0xe1, 0xa0, ...unknownHash], malformed),
    ],
  ),
  ...table(
    'session',
    [71, 72],
    [
      asks('bals/none', 'GetBlockAccessLists of nothing', () => accessLists([]), 'BlockAccessLists 0'),
      asks(
        'bals/unknown-x3',
        'GetBlockAccessLists of an unknown hash, three times',
        () => accessLists(Array(3).fill(unknownHash)),
        'BlockAccessLists 3',
      ),
      {
        name: 'bals/head',
        sends: 'GetBlockAccessLists of the head, which the node need not have',
        script: async (peer, world) => peer.send(accessLists([await headHash(peer, world)])),
        expects: staysOpen('BlockHeaders 1', 'BlockAccessLists 1'),
      },
      {
        name: 'bals/head-x2000',
        sends: 'GetBlockAccessLists of the head, 2,000 times',
        script: async (peer, world) => peer.send(accessLists(Array(2_000).fill(await headHash(peer, world)))),
        expects: staysOpen('BlockHeaders 1', 'BlockAccessLists 1024'),
      },
      sends('bals/garbage', 'GetBlockAccessLists of `c0`', 0x12, [0xc0], malformed),
    ],
  ),
  ...table(
    'session',
    [72],
    [
      asks('cells/flat-unknown', 'GetCells of an unknown hash', () => cells([unknownHash]), 'Cells 0'),
      asks(
        'cells/unknown-x5000',
        'GetCells of 5,000 unknown hashes',
        () => cells(Array(5_000).fill(unknownHash)),
        'Cells 0',
      ),
      sends(
        'cells/nested',
        'GetCells with one more list around hashes and mask, as geth 1.17.5 had it',
        0x14,
        [0xf5, 7, 0xf3, 0xe1, 0xa0, ...unknownHash, 0x90, 1, ...new Uint8Array(15)],
        malformed,
      ),
      sends(
        'cells/mask-15-bytes',
        'GetCells with a mask of 120 bits',
        0x14,
        [0xd2, 7, 0xc0, 0x8f, ...new Uint8Array(15)],
        malformed,
      ),
      sends(
        'cells/mask-17-bytes',
        'GetCells with a mask of 136 bits',
        0x14,
        [0xd4, 7, 0xc0, 0x91, ...new Uint8Array(17)],
        malformed,
      ),
    ],
  ),
]

function headers(
  name: string,
  what: string,
  fields: Partial<GetBlockHeaders>,
  count: number | ((world: World) => number),
): Row {
  return {
    name: `headers/${name}`,
    sends: `GetBlockHeaders: ${what}`,
    script: (peer) => peer.send(getHeaders(fields)),
    expects: (world) => staysOpen(`BlockHeaders ${typeof count === 'number' ? count : count(world)}`),
  }
}

/** The Status of eth/68 has the head's hash elsewhere, so it is asked for. */
function byHead(name: string, what: string, fields: Partial<GetBlockHeaders>, count: number): Row {
  return {
    name: `headers/${name}`,
    sends: `GetBlockHeaders: ${what}`,
    script: async (peer, world) => peer.send(getHeaders({ origin: await headHash(peer, world), ...fields })),
    expects: staysOpen('BlockHeaders 1', `BlockHeaders ${count}`),
  }
}

function asks(name: string, what: string, request: () => EthRequest, answer: string): Row {
  return { name, sends: what, script: (peer) => peer.send(request()), expects: staysOpen(answer) }
}

/** @param code relative to eth */
function sends(name: string, what: string, code: number, payload: readonly number[], expects: Expectation): Row {
  return { name, sends: what, script: (peer) => peer.send(peer.ethCode(code), Uint8Array.from(payload)), expects }
}

async function headHash(peer: ScriptedPeer, { head }: World): Promise<Uint8Array> {
  const { headers } = await peer.request(getHeaders({ origin: BigInt(head) }))
  return [...headers][0]!.hash
}

function toHead({ head }: World): number {
  return Math.min(head, 1_024)
}

function bodies(hashes: Uint8Array[]): EthRequest {
  return { kind: 'GetBlockBodies', id: 7n, hashes: HashList.of(hashes) }
}

function accessLists(hashes: Uint8Array[]): EthRequest {
  return { kind: 'GetBlockAccessLists', id: 7n, hashes: HashList.of(hashes) }
}

function cells(hashes: Uint8Array[]): EthRequest {
  return { kind: 'GetCells', id: 7n, hashes: HashList.of(hashes), mask: new Uint8Array(16).fill(0xff) }
}

function receipts(firstBlockReceiptIndex: bigint): EthRequest {
  return { kind: 'GetReceipts', id: 7n, firstBlockReceiptIndex, hashes: HashList.of([unknownHash]) }
}
