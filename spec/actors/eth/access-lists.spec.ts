import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import type { EthService } from '../../../actors/eth/service.ts'
import type { EthAnswer, EthRequest, MessageOf } from '../../../protocols/eth/messages.ts'
import { equalBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { asItem, LazyList } from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { accessListOf, amsterdamAtOnce, genesisOf, makeBlocks } from '../chain/make-chain.ts'
import { type RemoteOptions, type ScriptedRemote, World } from './world.ts'

describe('a sync of blocks with access lists', () => {
  const genesis = genesisOf(amsterdamAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 600)
  let full: Chain
  let world: World
  let ours: Chain
  let service: EthService
  before(async () => {
    full = await chainOf(blocks)
  })
  beforeEach(async () => {
    world = new World()
    ours = await chainOf([])
    service = world.service(ours)
    service.start()
  })

  const chainOf = async (blocks: readonly NewBlock[]) => {
    const chain = await Chain.open({ genesis })
    await chain.insertBlocks(blocks)
    return chain
  }
  const remote = (options: Partial<RemoteOptions> = {}) =>
    world.remote(service, { chain: full, version: 71, ...options })
  const isThere = () => ours.head.number === 600n
  /** Block numbers whose lists we have. */
  const stored = () =>
    blocks.flatMap(({ header, accessList }) => {
      const list = ours.accessListByHash(header.hash)
      if (list) expect(list).to.deep.equal(accessList)
      return list ? [Number(header.number)] : []
    })
  const all = blocks.map(({ header }) => Number(header.number))
  const asked = ({ heard }: ScriptedRemote) =>
    heard.filter((message): message is MessageOf<'GetBlockAccessLists'> => message.kind === 'GetBlockAccessLists')

  /** An honest remote but for lists. */
  type Answer = NonNullable<RemoteOptions['answer']>
  const says =
    (answer: (lists: Uint8Array[], request: EthRequest) => readonly Uint8Array[] | undefined): Answer =>
    (request, honest) => {
      const message = honest()
      if (message.kind !== 'BlockAccessLists') return message
      const items = answer(
        Array.from(message.accessLists.items(), ({ raw }) => raw),
        request,
      )
      return items && lists(request, items)
    }
  const lists = ({ id }: EthRequest, items: readonly Uint8Array[]): EthAnswer => {
    return { kind: 'BlockAccessLists', id, accessLists: LazyList.of(items, asItem) }
  }
  const none = Uint8Array.of(0x80)

  it('stores every list with its block, and asks for each once', async () => {
    const peer = remote()
    await world.until(isThere)
    expect(stored()).to.deep.equal(all)
    expect(asked(peer).map(({ hashes }) => hashes.count)).to.deep.equal([128, 64, 128, 64, 128, 64, 24])
  })

  it('asks no peer below eth/71, and goes on without', async () => {
    const peer = remote({ version: 70 })
    await world.until(isThere)
    expect([stored(), asked(peer)]).to.deep.equal([[], []])
  })

  it('asks for none that is empty', async () => {
    const bare = makeBlocks(genesis, genesis.header, 20, {
      change: ({ number }) => (number % 2n === 0n ? { balHash: keccak256(Uint8Array.of(0xc0)) } : {}),
    }).map(({ header, body }) => ({ header, body }))
    const peer = remote({ chain: await chainOf(bare) })
    await world.until(() => ours.head.number === 20n)
    expect(asked(peer).map(({ hashes }) => hashes.count)).to.deep.equal([10])
  })

  it('stores lists that come after their blocks were imported', async () => {
    const kept: (() => void)[] = []
    let bodies = 0
    const peer = remote({
      answer: (request, honest) => {
        if (request.kind === 'GetBlockAccessLists') kept.push(() => peer.send(honest()))
        else if (request.kind !== 'GetBlockBodies' || ++bodies === 1) return honest()
        return undefined
      },
    })
    await world.until(() => ours.head.number === 192n)
    expect(stored()).to.deep.equal([])
    for (const send of kept.splice(0)) send()
    await world.until(() => stored().length >= 192)
    expect(stored()).to.deep.equal(all.slice(0, 192))
  })

  it('stores lists that come after it has ended', async () => {
    const kept: (() => void)[] = []
    const peer = remote({
      answer: (request, honest) => {
        if (request.kind !== 'GetBlockAccessLists') return honest()
        kept.push(() => peer.send(honest()))
        return undefined
      },
    })
    await world.until(isThere)
    await world.run(10)
    for (const send of kept.splice(0)) send()
    await world.until(() => stored().length >= 192)
    expect(stored()).to.deep.equal(all.slice(0, 192))
  })

  describe('is not held up by a peer', () => {
    const helper = () => remote({ latency: 5 })

    it('that has no list: it is asked for each once, and stays', async () => {
      const peer = remote({ answer: says((items) => items.map(() => none)) })
      await world.until(isThere)
      expect(stored()).to.deep.equal([])
      expect(asked(peer).reduce((sum, { hashes }) => sum + hashes.count, 0)).to.equal(600)
      expect(peer.disconnected).to.equal(undefined)
    })

    it('that answers with nothing: it is asked for each once, and stays', async () => {
      const peer = remote({ answer: says(() => []) })
      await world.until(isThere)
      expect(asked(peer).reduce((sum, { hashes }) => sum + hashes.count, 0)).to.equal(600)
      expect(peer.disconnected).to.equal(undefined)
    })

    it('that has some: the others are asked of the next', async () => {
      const peers = [remote({ answer: says((items) => items.map((item, i) => (i % 2 ? none : item))) }), helper()]
      await world.until(isThere)
      await world.run(1_000)
      expect(stored().length).to.be.greaterThan(300)
      expect(asked(peers[1]!).length).to.be.greaterThan(0)
      for (const { disconnected } of peers) expect(disconnected).to.equal(undefined)
    })

    it('that gives half of what it was asked for: the rest is asked again', async () => {
      remote({ latency: 1, answer: says((items) => items.slice(0, Math.ceil(items.length / 2))) })
      await world.until(isThere)
      expect(stored().length).to.be.greaterThan(300)
    })

    it('that never answers: nothing else is kept from it', async () => {
      const peer = remote({ answer: says(() => undefined) })
      await world.until(isThere, 9_000)
      expect([stored(), peer.disconnected]).to.deep.equal([[], undefined])
      expect(asked(peer)).to.have.length(2)
    })

    it('that never answers for them, and is asked for bodies as ever', async () => {
      const peer = remote({
        answer: (request, honest) => {
          if (request.kind === 'GetBlockAccessLists') return undefined
          if (request.kind !== 'GetBlockBodies') return honest()
          world.clock.setTimeout(() => peer.send(honest()), 4_000)
          return undefined
        },
      })
      await world.until(() => ours.head.number >= 192n)
      await world.until(isThere, 15_000)
      expect(asked(peer)).to.have.length(2)
      expect(peer.disconnected).to.equal(undefined)
    })

    it('that never answers while the sync goes on: others are asked, and it goes after 2 minutes', async () => {
      const peer = remote({
        answer: (request, honest) => {
          if (request.kind === 'GetBlockAccessLists') return undefined
          if (request.kind === 'GetBlockBodies') world.clock.setTimeout(() => peer.send(honest()), 60_000)
          return request.kind === 'GetBlockBodies' ? undefined : honest()
        },
      })
      await world.run(30_000)
      expect(asked(peer)).to.have.length(2)
      await world.until(() => peer.disconnected !== undefined, 120_000)
      expect(peer.disconnected).to.equal(DiscReason.UselessPeer)
    })

    const other = accessListOf(9_999n)
    const large = encodeRlp([[new Uint8Array(20), [], [], [], [], [[0, new Uint8Array(9 << 20)]]]])
    for (const [what, answer] of [
      ['lists of other blocks', says((items) => items.toReversed())],
      ['one wrong list, the last', says((items) => items.with(-1, other))],
      ['a string where a list should be', says((items) => items.with(3, encodeRlp(new Uint8Array(40).fill(7))))],
      ['one byte where a list should be', says((items) => items.with(0, Uint8Array.of(0x07)))],
      ['an empty list where a list should be', says((items) => items.with(0, Uint8Array.of(0xc0)))],
      ['one list more than was asked for', says((items) => [...items, other])],
      ['a list of 9 MiB', says(() => [large])],
      ['a million entries', says(() => Array(1_000_000).fill(none))],
    ] as const)
      it(`that gives ${what}: it is disconnected (0x10), and others finish`, async () => {
        const liar = remote({ answer })
        const honest = [helper(), helper()]
        await world.until(isThere)
        await world.run(1_000)
        expect(liar.disconnected).to.equal(DiscReason.SubprotocolError)
        for (const { disconnected } of honest) expect(disconnected).to.equal(undefined)
        expect(stored().length).to.be.greaterThan(400)
      })
  })

  it('refuses a chain whose headers name what is no list, or none that its block may have', async () => {
    for (const [what, reason] of [
      [Uint8Array.of(0xc1, 0x01), DiscReason.SubprotocolError],
      [encodeRlp([[new Uint8Array(20), [], [2n, 1n], [], [], []]]), DiscReason.UselessPeer],
    ] as const) {
      const bad = makeBlocks(genesis, genesis.header, 700, {
        change: ({ number }) => (number === 650n ? { balHash: keccak256(what) } : {}),
      })
      const reader = await chainOf(bad.map(({ header, body }) => ({ header, body })))
      const liar = remote({
        chain: reader,
        answer: says((_, request) =>
          request.kind === 'GetBlockAccessLists'
            ? Array.from(request.hashes, (hash) => {
                const block = bad.find(({ header }) => equalBytes(header.hash, hash))!
                return block.header.number === 650n ? what : block.accessList!
              })
            : undefined,
        ),
      })
      await world.until(() => liar.disconnected !== undefined)
      expect(liar.disconnected).to.equal(reason)
      expect(ours.head.number < 650n).to.equal(true)
    }
  })
})
