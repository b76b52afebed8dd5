import { expect } from 'chai'
import type { Chain } from '../../../actors/chain/chain.ts'
import type { EthService } from '../../../actors/eth/service.ts'
import { encodeBody, readBody } from '../../../protocols/chain/block.ts'
import type { Header } from '../../../protocols/chain/header.ts'
import type { EthAnswer, EthMessage, EthRequest } from '../../../protocols/eth/messages.ts'
import { LazyList } from '../../../protocols/lib/lazy-list.ts'
import { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { makeBlocks } from '../chain/make-chain.ts'
import { chainOf, forkBlocks, genesis, mainBlocks, type RemoteOptions, World } from './world.ts'

describe('a sync', () => {
  let world: World
  let full: Chain
  let ours: Chain
  let service: EthService
  before(async () => {
    full = await chainOf(mainBlocks)
  })
  beforeEach(async () => {
    world = new World()
    await have(0)
  })

  const have = async (blocks: number, more = forkBlocks.slice(0, 0)) => {
    ours = await chainOf([...mainBlocks.slice(0, blocks), ...more])
    service = world.service(ours)
    service.start()
  }
  const remote = (options: Partial<RemoteOptions> = {}) => world.remote(service, { chain: full, ...options })
  const isThere = () => ours.head.number === full.head.number
  const expectSame = (chain = full) => expect(ours.head.hash).to.deep.equal(chain.head.hash)

  for (const version of [68, 69, 70, 71, 72] as const)
    it(`fetches 700 blocks from another node at eth/${version}`, async () => {
      const other = world.service(full)
      other.start()
      world.link(service, other, version)
      await world.until(isThere)
      expectSame()
      expect(service.progress).to.deep.include({ isSyncing: false, current: 700n, highest: 700n })
      await Promise.all([service.stop(), other.stop(), world.run(1_000)])
      expect(world.clock.pending).to.equal(0)
    })

  it('shares the work between its peers', async () => {
    const peers = [remote({ latency: 20 }), remote({ latency: 20 }), remote({ latency: 20 })]
    await world.until(isThere)
    for (const { heard } of peers) {
      const bodies = heard.filter(({ kind }) => kind === 'GetBlockBodies')
      expect(bodies.length).to.be.greaterThan(0)
    }
  })

  it('asks for at most 192 headers and 192 bodies, and no peer for two things at once', async () => {
    let pending = 0
    const peer = remote({
      answer: (request, honest) => {
        if (request.kind === 'GetBlockHeaders') expect(request.amount <= 192n).to.equal(true)
        if (request.kind === 'GetBlockBodies') expect(request.hashes.count).to.be.at.most(192)
        expect(++pending).to.equal(1)
        world.clock.setTimeout(() => {
          pending--
          peer.send(honest())
        }, 5)
        return undefined
      },
    })
    await world.until(isThere)
  })

  it('reports its progress', async () => {
    const reported: bigint[] = []
    service.progress$.subscribe(({ current }) => reported.push(current))
    remote()
    await world.until(isThere)
    expect(reported).to.deep.equal([...reported].sort((a, b) => Number(a - b)))
    expect(reported.length).to.be.greaterThan(4)
    expect(service.progress.blocksPerSecond).to.be.greaterThan(0)
  })

  it('goes on from where it is', async () => {
    await have(650)
    const peer = remote()
    await world.until(isThere)
    expect(peer.heard.filter(({ kind }) => kind === 'GetBlockBodies')).to.have.length(1)
  })

  it('leaves a fork that is shorter', async () => {
    await have(500, forkBlocks.slice(0, 150))
    remote()
    await world.until(isThere)
    expectSame()
  })

  it('follows a reorg of a peer', async () => {
    await have(700)
    const forked = await chainOf([...mainBlocks.slice(0, 500), ...forkBlocks])
    world.remote(service, { chain: forked })
    await world.until(() => ours.head.number === 750n)
    expectSame(forked)
    expect(ours.headerByNumber(600n)?.hash).to.deep.equal(forked.headerByNumber(600n)?.hash)
  })

  it('leaves a fork at the very first block', async () => {
    ours = await chainOf(makeBlocks(genesis, genesis.header, 300, { salt: 3n }))
    service = world.service(ours)
    service.start()
    remote()
    await world.until(isThere)
    expectSame()
  })

  describe('among peers that fail', () => {
    type Answer = NonNullable<RemoteOptions['answer']>
    const headers = (list: readonly Header[], request: EthRequest): EthMessage => ({
      kind: 'BlockHeaders',
      id: request.id,
      headers: LazyList.of(
        list.map(({ raw }) => raw),
        () => undefined as never,
      ),
    })
    const wrongHeaders =
      (change: (list: Header[]) => Header[]): Answer =>
      (request, honest) => {
        const answer = honest()
        if (answer.kind !== 'BlockHeaders' || answer.headers.count < 100) return answer
        return headers(change([...answer.headers]), request)
      }
    const wrongBodies =
      (change: (raw: Uint8Array[]) => Uint8Array[]): Answer =>
      (request, honest) => {
        const answer = honest()
        if (answer.kind !== 'BlockBodies') return answer
        const items = change(Array.from(answer.bodies.items(), ({ raw }) => raw))
        return { kind: 'BlockBodies', id: request.id, bodies: LazyList.of(items, readBody) }
      }
    const strange = forkBlocks[0]!.header
    const empty = encodeBody({ transactions: [], uncles: [] })

    for (const [what, answer, reason] of [
      ['a header that breaks the links', wrongHeaders((list) => list.with(50, strange)), DiscReason.UselessPeer],
      ['headers in another order', wrongHeaders((list) => list.reverse()), DiscReason.UselessPeer],
      ['bodies of other blocks', wrongBodies((raw) => raw.reverse()), DiscReason.UselessPeer],
      ['empty bodies', wrongBodies((raw) => raw.map(() => empty)), DiscReason.UselessPeer],
      ['bodies that are none', wrongBodies((raw) => raw.map(() => Uint8Array.of(0x07))), DiscReason.SubprotocolError],
      [
        'a wrong body, and behind it one that is none',
        wrongBodies((raw) => [empty, Uint8Array.of(0x07), ...raw.slice(2)]),
        DiscReason.SubprotocolError,
      ],
      [
        'bodies of more transactions than their bytes hold',
        wrongBodies((raw) => [...raw.slice(0, -1), encodeBody({ transactions: [Uint8Array.of(0xc0)], uncles: [] })]),
        DiscReason.SubprotocolError,
      ],
      ['more bodies than asked for', wrongBodies((raw) => [...raw, empty]), DiscReason.SubprotocolError],
      ['more headers than asked for', wrongHeaders((list) => [...list, strange]), DiscReason.SubprotocolError],
      [
        'headers that are none',
        ((request: EthRequest, honest: () => EthAnswer) =>
          request.kind === 'GetBlockHeaders' && request.amount > 100n
            ? headers([{ raw: Uint8Array.of(0xc0) } as Header], request)
            : honest()) as Answer,
        DiscReason.SubprotocolError,
      ],
    ] as const)
      it(`drops one that gives ${what}, and finishes with the others`, async () => {
        const honest = [remote({ latency: 5 }), remote({ latency: 5 })]
        const liar = remote({ answer })
        await world.until(isThere)
        expectSame()
        expect(liar.disconnected).to.equal(reason)
        for (const { disconnected } of honest) expect(disconnected).to.equal(undefined)
      })

    for (const version of [68, 69] as const)
      it(`takes all blocks of one that gives no headers with gaps, at eth/${version}`, async () => {
        // @ethereumjs/client: nothing, where the numbers would go past its head, were they one gap further.
        const peer = remote({
          version,
          answer: (request, honest) => {
            if (request.kind !== 'GetBlockHeaders' || typeof request.origin !== 'bigint') return honest()
            const { origin, amount, skip } = request
            return origin + amount * skip > full.head.number ? headers([], request) : honest()
          },
        })
        await world.until(isThere)
        expectSame()
        expect(peer.disconnected).to.equal(undefined)
        const skeletons = peer.heard.filter((message) => message.kind === 'GetBlockHeaders' && message.skip > 0n)
        expect(skeletons).to.have.length(1)
      })

    it('drops one that gives no header at all of those that its range holds', async () => {
      const liar = remote({
        answer: (request, honest) =>
          request.kind === 'GetBlockHeaders' && request.origin !== 0n ? headers([], request) : honest(),
      })
      await world.until(() => liar.disconnected !== undefined, 1_000)
      expect(liar.disconnected).to.equal(DiscReason.UselessPeer)
      const asked = liar.heard.map((message) => (message.kind === 'GetBlockHeaders' ? message.origin : message.kind))
      expect(asked).to.deep.equal([0n, 192n, 1n])
    })

    it('drops one whose headers do not go on from the block that it shares', async () => {
      await have(10)
      const liar = remote({
        answer: (request, honest) => {
          if (request.kind !== 'GetBlockHeaders' || request.amount === 1n) return honest()
          if (request.skip > 0n) return headers([], request)
          return headers(
            makeBlocks(genesis, mainBlocks[8]!.header, 20, { salt: 5n })
              .slice(1)
              .map(({ header }) => header),
            request,
          )
        },
      })
      await world.until(() => liar.disconnected !== undefined, 1_000)
      expect(liar.disconnected).to.equal(DiscReason.UselessPeer)
    })

    it('drops one that has not what its range holds', async () => {
      const short = await chainOf(mainBlocks.slice(0, 300))
      const liar = world.remote(service, {
        chain: short,
        status: (status) => ({ ...status, range: { ...status.range, latest: 900n } }),
      })
      await world.until(() => liar.disconnected !== undefined)
      expect(liar.disconnected).to.equal(DiscReason.UselessPeer)
    })

    it('drops one whose blocks cannot be', async () => {
      const bad = makeBlocks(genesis, genesis.header, 200, {
        change: ({ number }) => (number === 100n ? { gasUsed: 10n ** 12n } : {}),
      })
      const byNumber = new Map(bad.map((block) => [block.header.number, block]))
      const liar = remote({
        status: (status) => ({ ...status, range: { ...status.range, latest: 200n } }),
        answer: (request, honest) => {
          if (request.kind === 'GetBlockHeaders' && typeof request.origin === 'bigint') {
            const step = request.skip + 1n
            const numbers = Array.from(
              { length: Number(request.amount) },
              (_, i) => (request.origin as bigint) + BigInt(i) * step,
            )
            return numbers[0] === 0n
              ? honest()
              : headers(
                  numbers.flatMap((n) => byNumber.get(n)?.header ?? []),
                  request,
                )
          }
          if (request.kind !== 'GetBlockBodies') return honest()
          const bodies = Array.from(request.hashes, (hash) => bad.find(({ header }) => equal(header.hash, hash))!.body)
          return { kind: 'BlockBodies', id: request.id, bodies: LazyList.of(bodies, readBody) }
        },
      })
      await world.until(() => liar.disconnected !== undefined)
      expect(liar.disconnected).to.equal(DiscReason.UselessPeer)
      expect(ours.head.number < 100n).to.equal(true)
    })

    it('takes the task from one that is slow, and keeps the peer', async () => {
      const slow = remote({ answer: () => undefined })
      await world.run(100)
      remote()
      await world.until(isThere)
      expect(slow.disconnected).to.equal(undefined)
    })

    it('asks one that is slow for nothing else, and drops it after two minutes', async () => {
      const slow = remote({ answer: () => undefined })
      await world.run(119_000)
      expect(slow.heard).to.have.length(1)
      expect(slow.disconnected).to.equal(undefined)
      await world.run(2_000)
      expect(slow.disconnected).to.equal(DiscReason.UselessPeer)
    })

    it('ignores what a slow one says at last', async () => {
      const slow = remote({
        answer: (_, honest) => {
          const answer = honest()
          world.clock.setTimeout(() => slow.send(answer), 15_000)
          return undefined
        },
      })
      await world.run(60_000)
      expect(slow.disconnected).to.equal(undefined)
      remote()
      await world.until(isThere)
    })

    it('asks others for what one has not', async () => {
      const pruned = remote({
        answer: (request, honest) =>
          request.kind === 'GetBlockBodies'
            ? { kind: 'BlockBodies', id: request.id, bodies: LazyList.of([], readBody) }
            : honest(),
      })
      remote({ latency: 5 })
      await world.until(isThere)
      expect(pruned.disconnected).to.equal(undefined)
    })

    it('takes what one has, piece by piece', async () => {
      remote({ answer: wrongBodies((raw) => raw.slice(0, 50)) })
      await world.until(isThere)
      expectSame()
    })

    it('goes on without one that vanishes', async () => {
      const vanishing = remote({
        answer: (request, honest) => {
          if (request.kind === 'GetBlockBodies') vanishing.session.vanish()
          return honest()
        },
      })
      remote({ latency: 5 })
      await world.until(isThere)
      expectSame()
    })
  })

  it('ends an import under way with the last peer that has its chain', async () => {
    const only = remote()
    let signal: AbortSignal | undefined
    ours.insertBlocks = (_, wanted) => {
      signal = wanted!
      only.session.vanish()
      return new Promise((_, reject) => wanted!.addEventListener('abort', () => reject(wanted!.reason)))
    }
    await world.until(() => signal?.aborted === true)
    await world.run(100)
    expect(service.progress.isSyncing).to.equal(false)
  })

  describe('at the head', () => {
    it('asks nothing of a fresh peer', async () => {
      await have(700)
      const peer = remote()
      await world.run(5_900)
      expect(peer.heard).to.deep.equal([])
      await world.run(200)
      expect(peer.heard.map(({ kind }) => kind)).to.deep.equal(['GetBlockHeaders'])
    })

    it('stays there, block by block', async () => {
      const growing = await chainOf(mainBlocks.slice(0, 10))
      ours = await chainOf(mainBlocks.slice(0, 10))
      service = world.service(ours, { headPollInterval: 250 })
      service.start()
      world.remote(service, { chain: growing })
      for (let n = 10; n < 20; n++) {
        await growing.insertBlocks([mainBlocks[n]!])
        await world.run(1_000)
        expect(ours.head.number).to.equal(BigInt(n + 1))
      }
    })

    it('does not chase an announced range that no peer can have', async () => {
      await have(700)
      const peer = remote()
      await world.run(100)
      peer.send({ kind: 'BlockRangeUpdate', earliest: 610n, latest: 750n, latestHash: new Uint8Array(32).fill(7) })
      await world.run(2_000)
      expect(peer.heard).to.deep.equal([])
      expect(peer.disconnected).to.equal(undefined)
    })
  })
})

const equal = (a: Uint8Array, b: Uint8Array) => a.every((byte, i) => byte === b[i])
