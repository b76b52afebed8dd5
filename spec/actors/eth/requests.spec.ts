import { expect } from 'chai'
import type { Chain } from '../../../actors/chain/chain.ts'
import type { EthPeer } from '../../../actors/eth/eth-peer.ts'
import type { EthService } from '../../../actors/eth/service.ts'
import { limits } from '../../../protocols/eth/limits.ts'
import type { EthMessage, EthRequest } from '../../../protocols/eth/messages.ts'
import { HashList, LazyList } from '../../../protocols/lib/lazy-list.ts'
import { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { chainOf, mainBlocks, type RemoteOptions, World } from './world.ts'

describe('requests to an eth peer', () => {
  let world: World
  let chain: Chain
  let service: EthService
  before(async () => {
    chain = await chainOf(mainBlocks.slice(0, 300))
  })
  beforeEach(() => {
    world = new World()
    service = world.service(chain, { headPollInterval: 10 ** 9 })
    service.start()
  })

  const connect = async (options: Partial<RemoteOptions> = {}) => {
    const remote = world.remote(service, { chain, ...options })
    await world.run(100)
    return { remote, peer: service.peers[0] as EthPeer }
  }
  const query = { origin: 1n, amount: 3n, skip: 0n, reverse: false }
  const outcome = (promise: Promise<unknown>) =>
    promise.then(
      () => 'answered',
      (error: Error) => error.name,
    )
  const silent = { answer: () => undefined }
  const noHeaders = (id: bigint): EthMessage => {
    return { kind: 'BlockHeaders', id, headers: LazyList.of([], () => undefined as never) }
  }

  it('bring headers and bodies', async () => {
    const { peer } = await connect()
    const headers = peer.getBlockHeaders(query)
    const bodies = peer.getBlockBodies([mainBlocks[0]!.header.hash, mainBlocks[1]!.header.hash])
    await world.run(100)
    expect((await headers).map(({ number }) => number)).to.deep.equal([1n, 2n, 3n])
    expect(await bodies).to.deep.equal([mainBlocks[0]!.body, mainBlocks[1]!.body])
  })

  it('may be answered in any order', async () => {
    const asked: EthRequest[] = []
    const { remote, peer } = await connect({
      answer: (request) => {
        asked.push(request)
        return undefined
      },
    })
    const answers = [peer.getBlockHeaders(query), peer.getBlockHeaders(query)]
    await world.run(100)
    for (const { id } of asked.reverse()) remote.send(noHeaders(id))
    await world.run(100)
    expect(await Promise.all(answers)).to.deep.equal([[], []])
    expect(asked[0]!.id).not.to.equal(asked[1]!.id)
  })

  it('end with the session', async () => {
    const { remote, peer } = await connect(silent)
    const asked = outcome(peer.getBlockHeaders(query))
    remote.session.vanish()
    await world.run(100)
    expect(await asked).to.equal('PeerGone')
    expect(await outcome(peer.getBlockHeaders(query))).to.equal('PeerGone')
    expect(world.clock.pending).to.equal(1) // the next poll
  })

  it('are cancelled when the timeout of the caller ends, and the late answer is ignored', async () => {
    const asked: EthRequest[] = []
    const { remote, peer } = await connect({
      answer: (request) => {
        asked.push(request)
        return undefined
      },
    })
    const impatient = outcome(peer.getBlockHeaders(query, { timeout: 1_000 }))
    await world.run(2_000)
    expect(await impatient).to.equal('RequestTimeout')
    remote.send(noHeaders(asked[0]!.id))
    await world.run(100)
    expect(remote.disconnected).to.equal(undefined)
    remote.send(noHeaders(asked[0]!.id))
    await world.run(100)
    expect(remote.disconnected).to.equal(DiscReason.SubprotocolError)
  })

  it('expire after 5 minutes without an end of the session, and an answer from then on ends it', async () => {
    const asked: EthRequest[] = []
    const { remote, peer } = await connect({
      answer: (request) => {
        asked.push(request)
        return undefined
      },
    })
    const expired = outcome(peer.getBlockHeaders(query))
    await world.run(limits.requestTimeout + 1_000)
    expect(await expired).to.equal('RequestExpired')
    expect(remote.disconnected).to.equal(undefined)
    remote.send(noHeaders(asked[0]!.id))
    await world.run(100)
    expect(remote.disconnected).to.equal(DiscReason.SubprotocolError)
  })

  it('are not served to a remote that has hung up', async () => {
    const chain = await chainOf(mainBlocks.slice(0, 10))
    const { hash } = chain.head
    let reads = 0
    const bodyByHash = chain.bodyByHash.bind(chain)
    chain.bodyByHash = (hash) => {
      reads++
      return bodyByHash(hash)
    }
    const service = world.service(chain)
    service.start()
    const remote = world.remote(service, { chain })
    await world.run(10)
    const ask = async (id: bigint) => {
      remote.send({ kind: 'GetBlockBodies', id, hashes: HashList.of([hash]) })
      await world.run(10)
      return [reads, remote.heard.length]
    }
    expect(await ask(1n)).to.deep.equal([1, 1])
    remote.far.isGone = true
    expect(await ask(2n)).to.deep.equal([1, 1])
  })

  it('are served even with one id for all, and with id 0', async () => {
    const { remote } = await connect()
    for (const [id, origin] of [
      [1234n, 1n],
      [1234n, 33n],
      [0n, 0n],
    ] as const)
      remote.send({ kind: 'GetBlockHeaders', id, ...query, origin })
    await world.run(100)
    const firsts = remote.heard.map((answer) => {
      if (answer.kind !== 'BlockHeaders') throw new Error(answer.kind)
      return [answer.id, [...answer.headers][0]?.number]
    })
    expect(firsts).to.deep.equal([
      [1234n, 1n],
      [1234n, 33n],
      [0n, 0n],
    ])
  })

  describe('in floods', () => {
    it('stop when the remote does not read its answers, and go on when it does', async () => {
      const { remote } = await connect()
      remote.far.highWater = 64 * 1024
      remote.session.pause()
      for (let id = 0n; id < 500n; id++) remote.send({ kind: 'GetBlockHeaders', id, ...query, amount: 192n })
      await world.run(1_000)
      expect(remote.far.isPaused).to.equal(true)
      expect(remote.session.unread).to.be.below(256 * 1024)
      remote.session.resume()
      await world.run(10_000)
      expect(remote.heard).to.have.length(500)
      expect(remote.disconnected).to.equal(undefined)
    })

    it('of announcements cost nothing while we are not synced', async () => {
      const { remote } = await connect()
      const before = process.memoryUsage().heapUsed
      const garbage = new Uint8Array(100_000).fill(0xc0)
      for (let i = 0; i < 2_000; i++) remote.sendRaw(8, garbage)
      await world.run(100)
      expect(remote.disconnected).to.equal(undefined)
      expect(process.memoryUsage().heapUsed - before).to.be.below(50 * 2 ** 20)
    })
  })
})
