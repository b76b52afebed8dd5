import { expect } from 'chai'
import { ListenFailed, Server, ServerAlreadyRunning } from '../../../actors/p2p/server.ts'
import type { ServerOptions } from '../../../actors/p2p/server-options.ts'
import { inboundThrottle } from '../../../machines/inbound.ts'
import { formatEnode } from '../../../protocols/enode/enode.ts'
import { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { failureOf } from '../../failure.ts'
import { enode, FakeConnections, FakeNetwork, FakeStream, virtualRuntime } from './fakes.ts'

describe('a server', () => {
  const eth = { name: 'eth', version: 69, length: 18, run: () => ({ message() {}, closed() {} }) }

  function rig(options: Partial<ServerOptions> = {}) {
    const runtime = virtualRuntime()
    const network = new FakeNetwork()
    const { made, connect } = new FakeConnections()
    const server = new Server(runtime, {
      ...{ publicKey: enode(99).publicKey, protocols: [eth], listen: { host: '127.0.0.1', port: 0 }, network, connect },
      ...options,
    })
    const events: string[] = []
    server.events$.subscribe((event) => events.push(`${event.type} ${event.type === 'drop' ? event.error : ''}`.trim()))
    const accept = (address = '127.0.0.1:40000') => {
      const stream = new FakeStream(address)
      network.accept(stream)
      return stream
    }
    return { runtime, network, made, server, events, accept }
  }
  async function started(options: Partial<ServerOptions> = {}) {
    const it = rig(options)
    await it.server.start()
    return it
  }

  describe('starting', () => {
    it('knows its own address once it listens', async () => {
      const { server } = rig()
      expect(formatEnode(server.self())).to.match(/@0\.0\.0\.0:0$/)
      await server.start()
      expect(server.self()).to.deep.equal({ ...enode(99, '127.0.0.1'), tcp: 30303, udp: 0 })
    })
    it('starts once', async () => {
      const { server } = await started()
      const refusal = await failureOf(server.start())
      expect(refusal).to.be.instanceOf(ServerAlreadyRunning).with.property('message', 'server already running')
    })
    it('says in one line that its address is taken', async () => {
      const { server, network } = rig()
      network.fault = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })
      const error = await failureOf(server.start())
      expect(error).to.be.instanceOf(ListenFailed)
      expect(error.message).to.equal('listen tcp 127.0.0.1:0: bind: address already in use')
    })
    it('cannot be started when it was stopped meanwhile', async () => {
      const { server, network } = rig()
      const start = failureOf(server.start())
      await server.stop()
      expect(await start).to.have.property('message', 'server stopped')
      expect(network.isListening).to.equal(false)
    })
    it('dials its static nodes', async () => {
      const { network } = await started({ staticNodes: [enode(1)] })
      expect(network.dials.map(({ address, timeout }) => [address, timeout])).to.deep.equal([
        ['10.0.0.1:30303', 15_000],
      ])
    })
    it('dials no node when it may not', async () => {
      const { network } = await started({ staticNodes: [enode(1)], noDial: true })
      expect(network.dials).to.be.empty
    })
  })

  describe('with peers', () => {
    it('shows them as admin_peers does, and says when they come and go', async () => {
      const { server, made, events, accept } = await started()
      accept('127.0.0.1:40001')
      expect(made[0]!.handshake(enode(1))).to.equal(true)
      expect(server.peerCount).to.equal(1)
      expect(server.peers()).to.deep.equal([
        {
          enode: formatEnode({ ...enode(1, '127.0.0.1'), tcp: 40001, udp: 40001 }),
          id: enode(1).id,
          name: 'Geth',
          caps: ['eth/69'],
          network: {
            ...{ localAddress: '127.0.0.1:30303', remoteAddress: '127.0.0.1:40001' },
            ...{ inbound: true, trusted: false, static: false },
          },
          protocols: { eth: { version: 69 } },
        },
      ])
      made[0]!.leave(new Error('EOF'))
      expect(server.peers()).to.deep.equal([])
      expect(events).to.deep.equal(['add', 'drop EOF'])
    })
    it('has a peer in its list when it says so, and not when it says that it left', async () => {
      const { server, made, accept } = await started()
      const counts: [string, number][] = []
      server.events$.subscribe(({ type }) => queueMicrotask(() => counts.push([type, server.peers().length])))
      accept()
      made[0]!.handshake(enode(1))
      await Promise.resolve()
      made[0]!.leave(new Error('EOF'))
      await Promise.resolve()
      expect(counts).to.deep.equal([
        ['add', 1],
        ['drop', 0],
      ])
    })
    it('shows whom it dialed by the URL it dialed', async () => {
      const { server, network, made, runtime } = await started({ staticNodes: [enode(1)] })
      network.dials[0]!.connect()
      await runtime.clock.run(0)
      made[0]!.handshake(enode(1))
      expect(server.peers()[0]).to.deep.include({ enode: formatEnode(enode(1)) })
      expect(server.peers()[0]!.network).to.deep.include({ inbound: false, static: true })
    })
    it('refuses itself, and who has nothing in common', async () => {
      const { made, accept } = await started()
      accept()
      accept()
      expect(made[0]!.handshake(enode(99))).to.equal(false)
      expect(made[0]!.log).to.deep.equal([`refuse ${DiscReason.Self}`])
      expect(made[1]!.handshake(enode(1), 0)).to.equal(false)
      expect(made[1]!.log).to.deep.equal(['admit', `refuse ${DiscReason.UselessPeer}`])
    })
    it('keeps the first of two connections with one node, dialed and accepted at once', async () => {
      const { made, network, accept, runtime, server } = await started({ staticNodes: [enode(1)] })
      network.dials[0]!.connect()
      await runtime.clock.run(0)
      accept()
      expect([made[0]!, made[1]!].map((connection) => connection.handshake(enode(1)))).to.deep.equal([true, false])
      expect(made[1]!.log).to.deep.equal([`refuse ${DiscReason.AlreadyConnected}`])
      expect(server.peerCount).to.equal(1)
    })
    it('removes a peer, and is done when it is gone [S5]', async () => {
      const { server, made, accept, events } = await started()
      accept()
      made[0]!.handshake(enode(1))
      await server.removePeer(enode(1))
      expect(server.peerCount).to.equal(0)
      expect(events).to.deep.equal(['add', 'drop disconnect requested'])
      await server.removePeer(enode(2))
    })
    it('trusts, and no longer', async () => {
      const { server, made, accept } = await started({ maxPeers: 0, trustedNodes: [enode(1)] })
      accept()
      expect(made[0]!.handshake(enode(1))).to.equal(true)
      const { owner } = made[0]!.parts
      expect(owner.isTrusted(enode(1).id)).to.equal(true)
      server.removeTrustedPeer(enode(1))
      expect(owner.isTrusted(enode(1).id)).to.equal(false)
      server.addTrustedPeer(enode(1))
      expect(owner.isTrusted(enode(1).id)).to.equal(true)
    })
    it('dials a peer that is added, and again 35 s after it failed [D4]', async () => {
      const { server, network, runtime } = await started()
      server.addPeer(enode(1))
      network.dials[0]!.fail('refused')
      await runtime.clock.run(34_999)
      expect(network.dials).to.have.length(1)
      await runtime.clock.run(1)
      expect(network.dials).to.have.length(2)
    })
    it('takes the next one waiting when a setup has failed', async () => {
      const { made, accept } = await started({ maxPendingPeers: 1 })
      const [, second] = [accept(), accept()]
      expect(made).to.have.length(1)
      made[0]!.fail('rlpx enc error: EOF')
      expect(made).to.have.length(2)
      expect(made[1]!.parts.stream).to.equal(second)
    })
    it('closes the socket of a public address that comes again within 30 s, without a byte [S4]', async () => {
      const { made, accept, runtime } = await started()
      accept('8.8.8.8:1000')
      made[0]!.fail('rlpx enc error: EOF')
      await runtime.clock.run(inboundThrottle)
      expect(accept('8.8.8.8:1001').isDestroyed).to.equal(true)
      await runtime.clock.run(1)
      expect(accept('[::ffff:8.8.8.8]:1002').isDestroyed).to.equal(false)
      expect(made).to.have.length(2)
    })
  })

  describe('stopping', () => {
    it('closes the listener, quits every peer, ends setups and dials, and is done when all are gone', async () => {
      const { server, made, network, accept, events } = await started({ staticNodes: [enode(3)] })
      accept()
      accept()
      made[0]!.handshake(enode(1))
      await server.stop()
      expect(network.isListening).to.equal(false)
      expect(made.map(({ log }) => log.at(-1))).to.deep.equal(Array(2).fill(`disconnect ${DiscReason.Quitting}`))
      expect(network.dials[0]!.signal!.aborted).to.equal(true)
      expect(events).to.deep.equal(['add', 'drop client quitting'])
      expect(server.peers()).to.deep.equal([])
      expect(server.peerCount).to.equal(0)
    })
    it('closes a connection that it dialed and that comes too late', async () => {
      const { server, network, made } = await started({ staticNodes: [enode(3)] })
      await server.stop()
      const stream = network.dials[0]!.connect()
      await Promise.resolve()
      expect(stream.isDestroyed).to.equal(true)
      expect(made).to.be.empty
    })
    it('leaves no timer behind', async () => {
      const { server, runtime, network } = await started({ staticNodes: [enode(3)] })
      network.dials[0]!.fail('refused')
      await runtime.clock.run(0)
      await server.stop()
      expect(runtime.clock.pending).to.equal(0)
    })
    it('is quiet before the start and after the end', async () => {
      const { server, network } = rig()
      await server.stop()
      await server.start()
      await Promise.all([server.stop(), server.stop()])
      server.addPeer(enode(1))
      server.addTrustedPeer(enode(1))
      await server.removePeer(enode(1))
      expect(network.dials).to.be.empty
    })
    it('ends its stream of events', async () => {
      const { server } = await started()
      let isComplete = false
      server.events$.subscribe({ complete: () => (isComplete = true) })
      await server.stop()
      expect(isComplete).to.equal(true)
    })
  })
})
