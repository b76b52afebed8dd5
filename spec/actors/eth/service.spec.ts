import { expect } from 'chai'
import type { Chain } from '../../../actors/chain/chain.ts'
import type { EthService } from '../../../actors/eth/service.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { HashList, Uint32List } from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { chainOf, mainBlocks, type ScriptedRemote, World } from './world.ts'

describe('the eth service', () => {
  let world: World
  let chain: Chain
  beforeEach(async () => {
    world = new World()
    chain = await chainOf(mainBlocks.slice(0, 100))
  })

  const remote = (service: EthService, id?: string, trusted = false) =>
    world.remote(service, { chain, trusted, ...(id !== undefined && { id }) })
  const reasons = (...remotes: ScriptedRemote[]) => remotes.map(({ disconnected }) => disconnected)

  it('offers what geth 1.17 speaks, the highest first', () => {
    const { protocols } = world.service(chain, { versions: [69, 72, 70, 71] })
    expect(protocols.map(({ name, version, length }) => [name, version, length])).to.deep.equal([
      ['eth', 72, 22],
      ['eth', 71, 20],
      ['eth', 70, 18],
      ['eth', 69, 18],
    ])
  })

  it('lets sessions wait until it starts, and says nothing', async () => {
    const service = world.service(chain)
    const early = remote(service)
    await world.run(60_000)
    expect(early.received).to.deep.equal([])
    service.start()
    await world.run(100)
    expect(early.received.map(({ kind }) => kind)).to.deep.equal(['Status'])
    expect(service.peers).to.have.length(1)
  })

  it('sends Status before it has that of the remote', async () => {
    const service = world.service(chain)
    service.start()
    const { received } = world.remote(service, { chain, status: 'silent' })
    await world.run(10)
    expect(received).to.have.length(1)
    expect(received[0]).to.deep.include({
      kind: 'Status',
      version: 69,
      networkId: chain.networkId,
      genesis: chain.genesis.hash,
      range: { earliest: 0n, latest: 100n, latestHash: chain.head.hash },
    })
  })

  it('sends nothing else unasked to a fresh peer', async () => {
    const service = world.service(chain)
    service.start()
    const fresh = remote(service)
    await world.run(2_900)
    expect(fresh.heard).to.deep.equal([])
  })

  it('has no place for more than maxPeers but the trusted, after Status', async () => {
    const service = world.service(chain, { maxPeers: 1 })
    service.start()
    const all = [remote(service), remote(service), remote(service, 'friend', true)]
    await world.run(100)
    expect(reasons(...all)).to.deep.equal([undefined, DiscReason.TooManyPeers, undefined])
    expect(all[1]!.received.map(({ kind }) => kind)).to.deep.equal(['Status'])
  })

  it('has one session with a node', async () => {
    const service = world.service(chain)
    service.start()
    const all = [remote(service, 'twin'), remote(service, 'twin')]
    await world.run(100)
    expect(reasons(...all)).to.deep.equal([undefined, DiscReason.SubprotocolError])
  })

  it('announces its range 32 blocks on, to peers whose version has BlockRangeUpdate', async () => {
    const service = world.service(chain)
    service.start()
    const old = world.remote(service, { chain: await chainOf([]), version: 68 })
    const peer = world.remote(service, { chain: await chainOf([]) })
    await world.run(100)
    await chain.insertBlocks(mainBlocks.slice(100, 131))
    await world.run(100)
    expect(peer.heard).to.deep.equal([])
    await chain.insertBlocks(mainBlocks.slice(131, 132))
    await world.run(100)
    expect(peer.heard).to.deep.equal([
      { kind: 'BlockRangeUpdate', earliest: 0n, latest: 132n, latestHash: chain.head.hash },
    ])
    expect(old.heard).to.deep.equal([])
  })

  it('announces a head below the range of its Status at once, or when the handshake ends', async () => {
    const service = world.service(chain)
    service.start()
    const slow = world.remote(service, { chain: await chainOf([]), status: 'silent' })
    const peer = world.remote(service, { chain: await chainOf([]) })
    await world.run(100)
    await chain.setForkchoice({ head: mainBlocks[94]!.header.hash })
    await world.run(100)
    const update = { kind: 'BlockRangeUpdate', earliest: 0n, latest: 95n, latestHash: chain.head.hash }
    expect([peer.heard, slow.heard]).to.deep.equal([[update], []])
    slow.send(slow.honestStatus)
    await world.run(100)
    expect([peer.heard, slow.heard]).to.deep.equal([[update], [update]])
    const fresh = world.remote(service, { chain: await chainOf([]) })
    await world.run(100)
    expect(fresh.heard).to.deep.equal([])
  })

  it('says of a peer what geth says', async () => {
    const service = world.service(chain)
    service.start()
    const { far, ...peer } = remote(service)
    expect(far.handler?.info?.()).to.equal(undefined)
    await world.run(100)
    expect(far.handler?.info?.()).to.deep.equal({
      version: 69,
      earliestBlock: 0,
      latestBlock: 100,
      latestBlockHash: `0x${Buffer.from(chain.head.hash).toString('hex')}`,
    })
    expect(peer).to.have.property('session')
    expect(service.protocols[0]?.nodeInfo?.()).to.deep.include({
      network: Number(chain.networkId),
      head: `0x${Buffer.from(chain.head.hash).toString('hex')}`,
    })
  })

  it('stores the range that a peer announces', async () => {
    const service = world.service(chain)
    service.start()
    const peer = remote(service)
    await world.run(100)
    const latestHash = new Uint8Array(32).fill(7)
    peer.send({ kind: 'BlockRangeUpdate', earliest: 90n, latest: 95n, latestHash })
    await world.run(100)
    expect(service.peers[0]?.range).to.deep.equal({ earliest: 90n, latest: 95n, latestHash })
  })

  it('takes an announcement of 200,000 transactions, and keeps none of it', async () => {
    const service = world.service(chain, { synced: true })
    service.start()
    const peer = remote(service)
    await world.run(100)
    const hashes = Array.from({ length: 200_000 }, (_, i) => keccak256(encodeRlp(i)))
    const message = {
      ...({ kind: 'NewPooledTransactionHashes', types: new Uint8Array(hashes.length) } as const),
      ...{ sizes: Uint32List.of(Array(hashes.length).fill(100)), hashes: HashList.of(hashes) },
    }
    peer.send(message)
    await world.run(10)
    expect(peer.disconnected).to.equal(undefined)
    peer.send({ ...message, types: new Uint8Array(1) }) // it is looked at
    await world.run(10)
    expect(peer.disconnected).to.equal(DiscReason.SubprotocolError)
  }).timeout(20_000)

  it('drops a peer as useless', async () => {
    const service = world.service(chain)
    service.start()
    const peer = remote(service)
    await world.run(100)
    service.drop(service.peers[0]!)
    await world.run(100)
    expect(peer.disconnected).to.equal(DiscReason.UselessPeer)
    expect(service.peers).to.deep.equal([])
  })

  describe('when it stops', () => {
    it('disconnects its peers, and those that come later', async () => {
      const service = world.service(chain)
      service.start()
      const peer = remote(service)
      await world.run(100)
      const stopped = service.stop()
      await world.run(100)
      await stopped
      const late = remote(service)
      await world.run(100)
      expect(reasons(peer, late)).to.deep.equal([DiscReason.Quitting, DiscReason.Quitting])
      expect(late.received).to.deep.equal([])
      expect(world.clock.pending).to.equal(0)
    })

    it('sends those away who come late until its node is closed', async () => {
      const service = world.service(chain)
      service.start()
      await service.stop()
      const manager = () => world.feed.actors.find(({ chart }) => chart === 'protocol-manager')?.state
      expect(manager()).to.equal('stopped')
      const late = remote(service)
      await world.run(100)
      expect(late.disconnected).to.equal(DiscReason.Quitting)
      service.close()
      expect(manager()).to.equal(undefined)
    })

    it('sends those away who wait for its start', async () => {
      const service = world.service(chain)
      const early = remote(service)
      await service.stop()
      await world.run(100)
      expect(early.disconnected).to.equal(DiscReason.Quitting)
    })

    it('waits for a handshake to end', async () => {
      const service = world.service(chain)
      service.start()
      const silent = world.remote(service, { chain, status: 'silent' })
      await world.run(100)
      let isStopped = false
      const stopped = service.stop().then(() => {
        isStopped = true
      })
      await world.run(1_000)
      expect(isStopped).to.equal(false)
      silent.send(silent.honestStatus)
      await world.run(100)
      await stopped
      expect(silent.disconnected).to.equal(DiscReason.SubprotocolError)
    })
  })
})
