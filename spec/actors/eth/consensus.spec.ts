import { expect } from 'chai'
import type { Chain } from '../../../actors/chain/chain.ts'
import type { ChainReader, NewBlock } from '../../../actors/chain/chain-reader.ts'
import { getBlockBodies, getBlockHeaders } from '../../../actors/chain/serve.ts'
import type { EthService } from '../../../actors/eth/service.ts'
import { atOnce } from '../../../protocols/chain/at-once.ts'
import { readBody } from '../../../protocols/chain/block.ts'
import { readHeader } from '../../../protocols/chain/header.ts'
import type { EthAnswer, EthRequest } from '../../../protocols/eth/messages.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { LazyList } from '../../../protocols/lib/lazy-list.ts'
import { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { makeBlocks } from '../chain/make-chain.ts'
import { chainOf, forkBlocks, genesis, mainBlocks, type RemoteOptions, World } from './world.ts'

describe('a sync to the head that a consensus client names', () => {
  let world: World
  let full: Chain
  let forked: Chain
  let ours: Chain
  let service: EthService
  before(async () => {
    full = await chainOf(mainBlocks)
    forked = await chainOf([...mainBlocks.slice(0, 500), ...forkBlocks])
  })
  beforeEach(async () => {
    world = new World()
    await have([])
  })

  const have = async (blocks: readonly NewBlock[]) => {
    ours = await chainOf(blocks)
    await ours.followConsensus()
    service = world.service(ours)
    service.start()
  }
  const remote = (options: Partial<RemoteOptions> = {}) => world.remote(service, { chain: full, ...options })
  const at = (number: number) => mainBlocks[number - 1]!.header
  const follow = (number: number, known = true) =>
    service.follow({ hash: at(number).hash, isOurs: false, ...(known && { number: BigInt(number) }) })
  const until = (number: number) => world.until(() => ours.head.number === BigInt(number))
  const expectHead = (header: { readonly hash: Uint8Array }) => expect(ours.head.hash).to.deep.equal(header.hash)

  for (const version of [68, 69, 70, 71, 72] as const)
    it(`fetches up to it and no further at eth/${version}`, async () => {
      const other = world.service(full)
      other.start()
      world.link(service, other, version)
      follow(650)
      await until(650)
      await world.run(60_000)
      expectHead(at(650))
      expect(service.progress).to.deep.include({ isSyncing: false, starting: 0n, highest: 650n })
      await Promise.all([service.stop(), other.stop(), world.run(1_000)])
      expect(world.clock.pending).to.equal(0)
    })

  it('does nothing before a head is named, whichever peer is ahead', async () => {
    const peer = remote()
    await world.run(60_000)
    expect([ours.head.number, peer.heard]).to.deep.equal([0n, []])
  })

  it('asks peers for it when only its hash is known', async () => {
    remote()
    follow(650, false)
    await until(650)
  })

  it('waits for a peer that has it', async () => {
    remote({ chain: await chainOf(mainBlocks.slice(0, 600)) })
    follow(650)
    await world.run(30_000)
    expect(ours.head.number).to.equal(0n)
    remote()
    await until(650)
  })

  it('keeps which columns it said, all before it said any', () => {
    expect(service.custody).to.deep.equal(new Uint8Array(16).fill(0xff))
    const mask = Uint8Array.from({ length: 16 }, (_, i) => i)
    service.updateCustody(mask)
    expect(service.custody).to.deep.equal(mask)
  })

  it('begins when the service does, if it was named before', async () => {
    service = world.service(ours)
    follow(650)
    service.start()
    remote()
    await until(650)
  })

  it('shows nothing on the way: the head is the old one until everything is there', async () => {
    const heads: bigint[] = []
    ours.heads$.subscribe(({ number }) => heads.push(number))
    const reported: bigint[] = []
    service.progress$.subscribe(({ current }) => reported.push(current))
    remote()
    follow(700)
    await until(700)
    expect(heads).to.deep.equal([700n])
    expect(reported.filter((current) => current > 0n && current < 700n)).to.not.deep.equal([])
  })

  it('goes on to the next that is named meanwhile', async () => {
    remote({ latency: 50 })
    follow(600)
    await world.until(() => service.progress.current >= 100n)
    follow(640)
    follow(660)
    await until(660)
    expectHead(at(660))
  })

  it('goes over to another branch, and back', async () => {
    await have(mainBlocks)
    world.remote(service, { chain: forked })
    service.follow({ hash: forkBlocks[99]!.header.hash, isOurs: false })
    await until(600)
    expectHead(forkBlocks[99]!.header)
    await ours.setForkchoice({ head: at(700).hash })
    service.follow({ hash: at(700).hash, isOurs: true })
    await world.run(30_000)
    expectHead(at(700))
  })

  it('takes up what an earlier one has stored', async () => {
    await ours.storeBlocks(mainBlocks.slice(0, 640))
    const peer = remote()
    follow(650)
    await until(650)
    expect(peer.heard.filter(({ kind }) => kind === 'GetBlockBodies')).to.have.length(1)
  })

  it('leaves a peer alone that has the block, and a chain that does not lead to it yet', async () => {
    const late = await chainOf(mainBlocks.slice(0, 600))
    await late.storeBlocks(mainBlocks.slice(600))
    const peer = remote({ chain: late })
    follow(650)
    await world.run(30_000)
    expect([ours.head.number, peer.disconnected]).to.deep.equal([0n, undefined])
    await late.setForkchoice({ head: at(700).hash })
    await until(650)
  })

  it('does not take for it another block of that height that it has', async () => {
    await ours.storeBlocks(mainBlocks)
    await forked.storeBlocks(mainBlocks)
    const named = forkBlocks[149]!.header.hash
    const main = readerOf(mainBlocks)
    const answer = (request: EthRequest, honest: () => EthAnswer) =>
      'origin' in request && typeof request.origin === 'bigint' ? answerFrom(main, request) : honest()
    remote({ chain: forked, answer })
    service.follow({ hash: named, isOurs: false })
    await world.run(30_000)
    expect(ours.head.number).to.equal(0n)
    remote({ chain: forked })
    await until(650)
    expect(ours.head.hash).to.deep.equal(named)
  })

  it('stops when the named head is already ours', async () => {
    remote({ latency: 50 })
    follow(650)
    await world.until(() => service.progress.isSyncing)
    service.follow({ hash: genesis.header.hash, isOurs: true })
    await world.run(30_000)
    expect([ours.head.number, service.progress.isSyncing]).to.deep.equal([0n, false])
  })

  describe('led by a peer that lies', () => {
    type Answer = NonNullable<RemoteOptions['answer']>
    const rivals = readerOf(makeBlocks(genesis, genesis.header, 700, { salt: 5n }))

    /** Has the block that is named, and serves another chain where it is asked by number. */
    const lying =
      (gives: (number: bigint) => boolean): Answer =>
      (request, honest) => {
        const isLie = request.kind === 'GetBlockHeaders' && typeof request.origin === 'bigint' && gives(request.origin)
        const lie = answerFrom(rivals, request)
        return isLie || (lie?.kind === 'BlockBodies' && lie.bodies.count > 0) ? lie : honest()
      }

    /** Honest the first time that it is asked by a number. */
    const afterFirst = (lie: Answer): Answer => {
      let isFirst = true
      return (request, honest) => {
        const isHonest = isFirst
        if (request.kind === 'GetBlockHeaders' && typeof request.origin === 'bigint') isFirst = false
        return isHonest ? honest() : lie(request, honest)
      }
    }

    for (const [what, answer] of [
      ['about every block but that one', lying((number) => number < 650n)],
      ['about that one too', lying(() => true)],
      ['about the lower half', lying((number) => number < 300n)],
      ['about that one, once it was believed', afterFirst((request) => answerFrom(forked, request))],
    ] as const)
      it(`${what} has the right head in the end, and never a wrong one`, async () => {
        const heads: Uint8Array[] = []
        ours.heads$.subscribe(({ hash }) => heads.push(hash))
        remote({ answer })
        follow(650)
        await world.run(60_000)
        expect(heads).to.deep.equal([])
        expect(ours.headerByNumber(1n)).to.equal(undefined)
        remote({ latency: 20 })
        await until(650)
        expect(heads).to.deep.equal([at(650).hash])
      })

    it('with a block that cannot be drops it', async () => {
      const bad = makeBlocks(genesis, at(600), 1, { change: () => ({ baseFee: 1n }) })
      const worse = makeBlocks(genesis, bad[0]!.header, 50)
      const reported = readerOf([...mainBlocks.slice(0, 600), ...bad, ...worse])
      const peer = remote({ answer: (request) => answerFrom(reported, request) })
      service.follow({ hash: worse[49]!.header.hash, isOurs: false })
      await world.until(() => peer.disconnected !== undefined)
      expect([peer.disconnected, ours.head.number]).to.deep.equal([DiscReason.UselessPeer, 0n])
    })
  })
})

/** A chain of any blocks on the genesis, never verified. */
function readerOf(blocks: readonly NewBlock[]): ChainReader {
  const all = [{ header: genesis.header, body: genesis.body }, ...blocks]
  const byHash = new Map(all.map((block) => [bytesToHex(block.header.hash), block]))
  return {
    head: all.at(-1)!.header,
    headerByNumber: (number) => all[Number(number)]?.header,
    headerByHash: (hash) => byHash.get(bytesToHex(hash))?.header,
    canonicalHash: (number) => all[Number(number)]?.header.hash,
    bodyByHash: (hash) => byHash.get(bytesToHex(hash))?.body,
    accessListByHash: () => undefined,
    receiptsByHash: () => undefined,
  }
}

function answerFrom(chain: ChainReader, request: EthRequest): EthAnswer | undefined {
  const { id } = request
  if (request.kind === 'GetBlockHeaders')
    return { kind: 'BlockHeaders', id, headers: LazyList.of(atOnce(getBlockHeaders(chain, request)), readHeader) }
  if (request.kind === 'GetBlockBodies')
    return { kind: 'BlockBodies', id, bodies: LazyList.of(atOnce(getBlockBodies(chain, request.hashes)), readBody) }
  return undefined
}
