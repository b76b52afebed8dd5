import { expect } from 'chai'
import type { Chain } from '../../../actors/chain/chain.ts'
import type { EthService } from '../../../actors/eth/service.ts'
import type { EthMessage } from '../../../protocols/eth/messages.ts'
import type { Status69 } from '../../../protocols/eth/status.ts'
import type { EthVersion } from '../../../protocols/eth/versions.ts'
import { bytesToHex, concatBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { HashList, LazyList, Uint32List } from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { chainOf, mainBlocks, type ScriptedRemote, World } from './world.ts'

// What geth 1.17.10 did when provoked: one fresh session per case, watched for 1.5 s unless a time is given.

describe('an eth session, provoked as geth was', () => {
  let world: World
  let chain: Chain
  let service: EthService
  before(async () => {
    chain = await chainOf(mainBlocks.slice(0, 600))
  })
  beforeEach(() => {
    world = new World()
    service = world.service(chain)
    service.start()
  })

  const open = (version: EthVersion) => world.remote(service, { chain, version })
  const headOf = () => chain.head
  const unknown = new Uint8Array(32).fill(0xee)
  const none = { headers: LazyList.of([], () => undefined as never), bodies: LazyList.of([], () => undefined as never) }
  const maxUint64 = 2n ** 64n - 1n
  const getHeaders = (
    origin: bigint | Uint8Array,
    amount: bigint,
    options: { skip?: bigint; reverse?: boolean } = {},
  ) =>
    ({
      kind: 'GetBlockHeaders',
      id: 5n,
      origin,
      amount,
      skip: options.skip ?? 0n,
      reverse: options.reverse ?? false,
    }) as const
  const getBodies = (...hashes: Uint8Array[]): EthMessage => ({
    kind: 'GetBlockBodies',
    id: 5n,
    hashes: HashList.of(hashes),
  })
  const code = (number: number, payload: string) => (remote: ScriptedRemote) =>
    remote.sendRaw(number, hexToBytes(payload))
  const say = (message: EthMessage | (() => EthMessage)) => (remote: ScriptedRemote) =>
    remote.send(typeof message === 'function' ? message() : message)
  const announceOfUnequalLengths = say({
    kind: 'NewPooledTransactionHashes',
    types: Uint8Array.of(2, 2),
    sizes: Uint32List.of([100]),
    hashes: HashList.of([unknown]),
  })

  describe('keeps what is harmless', () => {
    for (const [name, provoke] of [
      ['announce/lengths-differ', announceOfUnequalLengths],
      ['range/ok', say(() => ({ kind: 'BlockRangeUpdate', earliest: 0n, latest: 600n, latestHash: headOf().hash }))],
      ['tx/empty', code(2, 'c0')],
    ] as const)
      for (const version of [69, 70, 71] as const)
        it(`${name} at eth/${version}`, async () => {
          const remote = open(version)
          await world.run(100)
          provoke(remote)
          await world.run(1_500)
          expect(remote.disconnected).to.equal(undefined)
          expect(remote.heard).to.deep.equal([])
        })
  })

  describe('answers', () => {
    const range = (from: bigint, to: bigint) => {
      const step = from <= to ? 1n : -1n
      return Array.from({ length: Number(from <= to ? to - from : from - to) + 1 }, (_, i) => from + step * BigInt(i))
    }
    for (const [name, request, numbers] of [
      ['headers/ok', getHeaders(1n, 3n), range(1n, 3n)],
      ['headers/amount-0', getHeaders(1n, 0n), []],
      ['headers/amount-5000', getHeaders(1n, 5_000n), range(1n, 600n)],
      ['headers/amount-max', getHeaders(1n, maxUint64), range(1n, 600n)],
      [
        'headers/hash-skip-reverse',
        () => getHeaders(headOf().hash, 4n, { skip: 3n, reverse: true }),
        [600n, 596n, 592n, 588n],
      ],
      ['headers/head-hash-reverse', () => getHeaders(headOf().hash, 2n, { reverse: true }), [600n, 599n]],
      ['headers/id-zero', { ...getHeaders(0n, 2n), id: 0n }, [0n, 1n]],
      ['headers/origin-max', getHeaders(maxUint64, 2n), [0n]],
      ['headers/reverse-past-genesis', getHeaders(2n, 10n, { reverse: true }), [2n, 1n, 0n]],
      ['headers/skip-max', getHeaders(1n, 3n, { skip: maxUint64 }), [1n]],
      ['headers/unknown-hash', getHeaders(unknown, 2n), []],
      // geth 20.4 E6, on a chain of 600 blocks.
      ['headers/1034 back from below the head', getHeaders(599n, 1_034n, { reverse: true }), range(599n, 0n)],
      ['headers/skip-max-minus-1', getHeaders(1n, 3n, { skip: maxUint64 - 1n }), [1n]],
    ] as const)
      it(name, async () => {
        const remote = open(69)
        await world.run(100)
        const message = typeof request === 'function' ? request() : request
        remote.send(message)
        await world.run(1_500)
        const [answer] = remote.heard
        if (answer?.kind !== 'BlockHeaders') throw new Error(`got ${answer?.kind}`)
        expect(answer.id).to.equal(message.id)
        expect(Array.from(answer.headers, ({ number }) => number)).to.deep.equal(numbers)
        expect(remote.disconnected).to.equal(undefined)
      })

    for (const [name, request, count] of [
      ['bodies/empty', () => getBodies(), 0],
      ['bodies/head', () => getBodies(headOf().hash), 1],
      ['bodies/unknown-hashes', () => getBodies(unknown, unknown), 0],
    ] as const)
      it(name, async () => {
        const remote = open(69)
        await world.run(100)
        remote.send(request())
        await world.run(1_500)
        const [answer] = remote.heard
        if (answer?.kind !== 'BlockBodies') throw new Error(`got ${answer?.kind}`)
        expect(answer.bodies.count).to.equal(count)
        expect(remote.disconnected).to.equal(undefined)
      })

    for (const [version, message, answer] of [
      [69, { kind: 'GetPooledTransactions', id: 7n, hashes: HashList.of([unknown]) }, 'c207c0'],
      [69, { kind: 'GetReceipts', id: 7n, firstBlockReceiptIndex: 0n, hashes: HashList.of([unknown]) }, 'c207c0'],
      [70, { kind: 'GetReceipts', id: 7n, firstBlockReceiptIndex: 3n, hashes: HashList.of([unknown]) }, 'c30780c0'],
      [71, { kind: 'GetBlockAccessLists', id: 7n, hashes: HashList.of([unknown]) }, 'c307c180'],
      [
        72,
        { kind: 'GetCells', id: 7n, hashes: HashList.of([unknown]), mask: new Uint8Array(16).fill(1, 0, 1) },
        `d407c0c09001${'00'.repeat(15)}`,
      ],
    ] as const)
      it(`${message.kind} at eth/${version} with nothing, in the right shape`, async () => {
        const remote = open(version)
        const payloads: Uint8Array[] = []
        await world.run(100)
        const { message: receive, ...handler } = remote.session.handler!
        remote.session.handler = {
          ...handler,
          message(code, payload) {
            payloads.push(payload)
            receive(code, payload)
          },
        }
        remote.send(message)
        await world.run(1_500)
        expect(payloads.map(bytesToHex)).to.deep.equal([answer])
        expect(remote.disconnected).to.equal(undefined)
      })
  })

  describe('disconnects for the same reason', () => {
    for (const [name, provoke, reason, version = 69] of [
      ['answer/bodies-unasked', say({ kind: 'BlockBodies', id: 9n, bodies: none.bodies }), 0x10],
      ['answer/headers-unasked', say({ kind: 'BlockHeaders', id: 9n, headers: none.headers }), 0x10],
      [
        'answer/receipts-unasked',
        say({
          kind: 'Receipts',
          id: 9n,
          lastBlockIncomplete: false,
          receipts: LazyList.of([], () => undefined as never),
        }),
        0x10,
      ],
      ['code/NewBlock-garbage', code(7, 'c0'), 0x10],
      ['code/NewBlockHashes', code(1, 'c0'), 0x10],
      ['code/unassigned-0x0b', code(0x0b, 'c0'), 0x10],
      ['frame/zero-bomb-9MB', (remote: ScriptedRemote) => remote.sendRaw(3, new Uint8Array(9 * 2 ** 20)), 0x02],
      ['a message of 10 MiB and a byte', (remote: ScriptedRemote) => remote.sendRaw(3, new Uint8Array(10485761)), 0x10],
      ['headers/garbage', code(3, 'c101'), 0x02],
      ['headers/not-a-list', code(3, '07'), 0x02],
      ['range/garbage', code(0x11, 'c0'), 0x02],
      [
        'range/reversed',
        say(() => ({ kind: 'BlockRangeUpdate', earliest: 10n, latest: 5n, latestHash: headOf().hash })),
        0x10,
      ],
      [
        'range/zero-hash',
        say({ kind: 'BlockRangeUpdate', earliest: 1n, latest: 5n, latestHash: new Uint8Array(32) }),
        0x10,
      ],
      ['status/twice', (remote: ScriptedRemote) => remote.send(remote.honestStatus), 0x10],
      // An old shape, at a version that has another.
      ['code/first-past-eth at 72', code(0x12, 'c0'), 0x02, 72],
      ['receipts of eth/69 at 70', code(0x10, 'c207c0'), 0x02, 70],
    ] as readonly (readonly [string, (remote: ScriptedRemote) => void, number, EthVersion?])[])
      it(name, async () => {
        const remote = open(version)
        await world.run(100)
        expect(remote.disconnected).to.equal(undefined)
        provoke(remote)
        await world.run(1_500)
        expect(remote.disconnected).to.equal(reason)
        expect(service.peers).to.deep.equal([])
      })
  })

  describe('judges Status as geth', () => {
    const broken = (change: (status: Status69) => Status69) => ({ status: change })
    for (const [name, options, reason] of [
      ['status/ok', {}, undefined],
      ['status/fork-next-future', broken((s) => ({ ...s, forkId: { ...s.forkId, next: 2n ** 40n } })), undefined],
      [
        'status/earliest-above-latest',
        broken((s) => ({ ...s, range: { ...s.range, earliest: s.range.latest + 1n } })),
        0x10,
      ],
      [
        'status/latest-hash-zero',
        broken((s) => ({ ...s, range: { ...s.range, latestHash: new Uint8Array(32) } })),
        0x10,
      ],
      [
        'status/fork-hash-unknown',
        broken((s) => ({ ...s, forkId: { hash: Uint8Array.of(0, 1, 2, 3), next: 0n } })),
        0x10,
      ],
      ['status/genesis', broken((s) => ({ ...s, genesis: unknown })), 0x10],
      ['status/network', broken((s) => ({ ...s, networkId: 999n })), 0x10],
      ['status/version-other', broken((s) => ({ ...s, version: 70 })), 0x10],
    ] as const)
      it(name, async () => {
        const remote = world.remote(service, { chain, ...options })
        await world.run(1_500)
        expect(remote.disconnected).to.equal(reason)
        expect(remote.received.map(({ kind }) => kind)).to.deep.equal(['Status'])
        expect(service.peers).to.have.length(reason === undefined ? 1 : 0)
      })

    const silent = () => world.remote(service, { chain, status: 'silent' })
    for (const [name, provoke, reason] of [
      ['nostatus/request-first', say(getHeaders(1n, 1n)), 0x10],
      ['nostatus/status-garbage', code(0, 'c3010203'), 0x02],
      [
        'status/extra-field',
        (remote: ScriptedRemote) => {
          const { version, networkId, genesis, forkId, range } = remote.honestStatus
          const { earliest, latest, latestHash } = range
          const fork = [forkId.hash, forkId.next]
          remote.sendRaw(0, encodeRlp([version, networkId, genesis, fork, earliest, latest, latestHash, 1n]))
        },
        0x02,
      ],
      [
        'a first message of 10 MiB and a byte',
        (remote: ScriptedRemote) => remote.sendRaw(0, new Uint8Array(10485761)),
        0x10,
      ],
    ] as const)
      it(name, async () => {
        const remote = silent()
        provoke(remote)
        await world.run(1_500)
        expect(remote.disconnected).to.equal(reason)
      })

    it('nostatus/silence: after 5 s', async () => {
      const remote = silent()
      await world.run(4_990)
      expect(remote.received).to.have.length(1)
      expect(remote.disconnected).to.equal(undefined)
      await world.run(20)
      expect(remote.disconnected).to.equal(0x0b)
    })
  })

  describe('checks transactions once it is synced', () => {
    const legacyOf = ({ value = 1n, r = 1n }) =>
      encodeRlp([1n, 1n, 21_000n, new Uint8Array(20), value, new Uint8Array(), 27n, r, 1n])
    const legacy = legacyOf({})
    const accessList = (chainId: bigint) =>
      encodeRlp(
        concatBytes(
          Uint8Array.of(1),
          encodeRlp([chainId, 1n, 1n, 21_000n, new Uint8Array(20), 1n, new Uint8Array(), [], 0n, 1n, 1n]),
        ),
      )
    const blob = encodeRlp(concatBytes(Uint8Array.of(3), encodeRlp([1n])))
    const list = (...items: Uint8Array[]): EthMessage => {
      return { kind: 'Transactions', transactions: LazyList.of(items, () => undefined as never) }
    }
    for (const [name, provoke, reason] of [
      ['no transaction', say(list()), undefined],
      ['a transaction', say(list(legacy)), undefined],
      ['the same one twice', say(list(legacy, legacy)), 0x10],
      ['a blob transaction', say(list(blob)), 0x10],
      ['an empty one', code(2, 'c180'), 0x10],
      ['one that is no transaction', say(list(legacy, Uint8Array.of(0xc1, 0x01))), 0x10],
      ['one that transfers 2^256 wei', say(list(legacyOf({ value: 2n ** 256n }))), undefined],
      ['one with a signature of 257 bits', say(list(legacy, legacyOf({ r: 2n ** 256n }))), 0x10],
      ['one for a chain of 256 bits', say(list(accessList(2n ** 256n - 1n))), undefined],
      ['one for a chain of 257 bits', say(list(accessList(2n ** 256n))), 0x10],
      ['5,001 of them', say(() => list(...Array<Uint8Array>(5_001).fill(legacy))), 0x10],
      ['a string', code(2, '07'), 0x02],
      ['an announcement whose lengths differ', announceOfUnequalLengths, 0x10],
      ['pooled transactions that were not requested', code(0x0a, 'c207c0'), 0x10],
    ] as const)
      it(name, async () => {
        service = world.service(chain, { synced: true })
        service.start()
        const remote = open(69)
        await world.run(100)
        provoke(remote)
        await world.run(1_500)
        expect(remote.disconnected).to.equal(reason)
      })
  })

  for (const [name, code] of [
    ['NewBlockHashes', 1],
    ['NewBlock', 7],
  ] as const)
    it(`disconnects an eth/68 peer for ${name}`, async () => {
      const remote = open(68)
      await world.run(100)
      remote.sendRaw(code, hexToBytes('c0'))
      await world.run(1_500)
      expect(remote.disconnected).to.equal(0x10)
    })
})
