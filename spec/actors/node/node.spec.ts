import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import { silent } from '../../../actors/log/log.ts'
import { Node, type NodeOptions, type Service, type ServiceContext } from '../../../actors/node/node.ts'
import type { Protocol } from '../../../actors/p2p/protocol.ts'
import { ListenFailed, Server } from '../../../actors/p2p/server.ts'
import type { TransitionEntry } from '../../../actors/trace/entries.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { failureOf } from '../../failure.ts'
import { enode, FakeConnections, FakeNetwork, virtualRuntime } from '../p2p/fakes.ts'

describe('a node', () => {
  const runtime = virtualRuntime()

  function rig() {
    const log: string[] = []
    const network = new FakeNetwork()
    const createServer: NodeOptions['createServer'] = (protocols, parent) => {
      log.push(`server with ${protocols.map(({ name }) => name).join()} under ${parent}`)
      return new Server(runtime, {
        ...{ parent, publicKey: enode(1).publicKey, protocols, network, connect: new FakeConnections().connect },
        listen: { host: '127.0.0.1', port: 0 },
      })
    }
    const rpc: { fault?: string } = {}
    const createRpc: NodeOptions['createRpc'] = async (apis) => ({
      start: async () => {
        log.push(`serve ${apis.map(({ namespace }) => namespace).join()}`)
        if (rpc.fault) throw new Error(rpc.fault)
      },
      stop: async () => void log.push('serve no more'),
    })
    const warnings: unknown[] = []
    const warner = { ...silent, warn: (...said: unknown[]) => warnings.push(said) }
    const feed = new Feed()
    const entries: TransitionEntry[] = []
    feed.subscribe((entry) => {
      if (entry.type === 'transition' && entry.chart === 'node') entries.push(entry)
    })
    /** What moved the node, where to, and what it did there. */
    const transitions = () =>
      entries
        .filter(({ effects }) => effects.some((effect) => !/^(note|add)/.test(effect)))
        .map(({ event, to, effects }) => `${event}: ${to} (${effects.filter((one) => !/^note/.test(one)).join(' ')})`)
    const node = new Node({ ...runtime, feed }, { createServer, createRpc, log: warner })
    const service = (name: string, faults: { start?: string; stop?: string } = {}): Service => ({
      name,
      protocols: [{ name: `${name}-protocol` } as Protocol],
      start: async () => {
        log.push(`start ${name}`)
        if (faults.start) throw new Error(faults.start)
      },
      stop: () => {
        log.push(`stop ${name}`)
        if (faults.stop) throw new Error(faults.stop)
      },
    })
    return { node, log, network, service, rpc, transitions, warnings }
  }

  it('starts p2p with every protocol, then the services, and ends them in reverse', async () => {
    const { node, log, network, service } = rig()
    node.register(() => service('a'))
    node.register(() => service('b'))
    node.own({ close: () => void log.push('close database') })
    await node.start()
    expect(network.isListening).to.equal(true)
    expect(node.server.self().tcp).to.equal(30303)
    await node.close()
    expect(network.isListening).to.equal(false)
    expect(log).to.deep.equal([
      'server with a-protocol,b-protocol under node',
      ...['serve ', 'start a', 'start b', 'serve no more', 'stop b', 'stop a', 'close database'],
    ])
  })
  it('wakes everybody who waits when it has closed, and no one before', async () => {
    const { node } = rig()
    const woken: number[] = []
    for (const waiter of [1, 2]) void node.wait().then(() => woken.push(waiter))
    await node.start()
    expect(woken).to.deep.equal([])
    await node.close()
    await node.wait()
    expect(woken).to.deep.equal([1, 2])
  })
  it('starts once and closes once [N1]', async () => {
    const { node } = rig()
    await node.start()
    expect(await failureOf(node.start())).to.have.property('message', 'node already running')
    await node.close()
    for (const call of [node.close(), node.close(), node.start()])
      expect(await failureOf(call)).to.have.property('message', 'node not started')
    const unstarted = rig().node
    await unstarted.close()
    expect(await failureOf(unstarted.close())).to.have.property('message', 'node not started')
  })
  it('unwinds what had started when a service fails [N2]', async () => {
    const { node, log, network, service } = rig()
    for (const name of ['a', 'b', 'c']) node.register(() => service(name))
    node.register(() => service('d', { start: 'no disk' }))
    const error = await failureOf(node.start())
    expect(error).to.have.property('message', 'no disk')
    expect(log.slice(1)).to.deep.equal([
      ...['serve ', 'start a', 'start b', 'start c', 'start d'],
      ...['serve no more', 'stop c', 'stop b', 'stop a'],
    ])
    expect(network.isListening).to.equal(false)
    await node.wait()
    expect(await failureOf(node.start())).to.have.property('message', 'node not started')
  })
  it('shows in its transitions how it unwinds: RPC, the services that had started in reverse, p2p [N2]', async () => {
    const { node, service, transitions } = rig()
    for (const name of ['a', 'b']) node.register(() => service(name))
    node.register(() => service('c', { start: 'no disk' }))
    await failureOf(node.start())
    expect(transitions()).to.deep.equal([
      'node.start: starting.p2p (startServer)',
      'server.started: starting.rpc (startRpc)',
      'rpc.started: starting.services.current (startService)',
      'service.started: starting.services.current (startService)',
      'service.started: starting.services.current (startService)',
      'service.failed: closing.rpc (stopRpc)',
      'rpc.stopped: closing.services.current (stopService)',
      'service.stopped: closing.services.current (stopService)',
      'service.stopped: closing.p2p (stopServer)',
      'server.stopped: closing.releasing (release)',
      'node.released: closed (reportClosed settle)',
    ])
  })
  it('waits for a service that hangs in its stop, stops nothing behind its back, and names it', async () => {
    const { node, log, service, transitions, warnings } = rig()
    node.register(() => service('a'))
    let letGo = () => {}
    node.register(() => ({
      ...service('b'),
      stop: () =>
        new Promise<void>((resolve) => {
          letGo = resolve
        }),
    }))
    await node.start()
    const closed = node.close()
    await setImmediate()
    await runtime.clock.advance(10_000)
    expect(transitions().at(-1)).to.match(/^xstate\.after\..*: closing\.services\.current \(reportSlow\)$/)
    expect(warnings).to.deep.equal([['Still waiting for a service to stop', { service: 'b' }]])
    expect(log).not.to.include('stop a')
    letGo()
    await closed
    expect(log.at(-1)).to.equal('stop a')
  })
  it('goes on past a service that throws in its stop, in the order of its transitions [N3]', async () => {
    const { node, service, transitions } = rig()
    node.register(() => service('a'))
    node.register(() => service('b', { stop: 'lost' }))
    await node.start()
    await failureOf(node.close())
    expect(transitions().slice(-6)).to.deep.equal([
      'node.close: closing.rpc (stopRpc)',
      'rpc.stopped: closing.services.current (stopService)',
      'service.stopped: closing.services.current (stopService)',
      'service.stopped: closing.p2p (stopServer)',
      'server.stopped: closing.releasing (release)',
      'node.released: closed (reportClosed settle)',
    ])
  })
  it('serves the APIs of its services between p2p and the services, and stops serving them first', async () => {
    const { node, log, service } = rig()
    node.register(() => ({ ...service('a'), apis: [{ namespace: 'a', methods: {} }] }))
    await node.start()
    await node.close()
    expect(log.slice(1)).to.deep.equal(['serve a', 'start a', 'serve no more', 'stop a'])
  })
  it('stops RPC and p2p when an endpoint cannot be opened', async () => {
    const { node, log, network, service, rpc } = rig()
    node.register(() => service('a'))
    rpc.fault = 'address already in use'
    expect(await failureOf(node.start())).to.have.property('message', 'address already in use')
    expect(log.slice(1)).to.deep.equal(['serve ', 'serve no more'])
    expect(network.isListening).to.equal(false)
  })
  it('starts no service when p2p fails, and still closes what it owns', async () => {
    const { node, log, network, service } = rig()
    node.register(() => service('a'))
    node.own({ close: () => void log.push('close database') })
    network.fault = Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
    expect(await failureOf(node.start())).to.be.instanceOf(ListenFailed)
    expect(log.slice(1)).to.deep.equal(['close database'])
  })
  it('stops every service even if one cannot, and says which [N3]', async () => {
    const { node, log, service } = rig()
    node.register(() => service('a'))
    node.register(() => service('b', { stop: 'lost' }))
    await node.start()
    const error = await failureOf(node.close())
    expect(error).to.have.property('message', 'server: <nil>, services: map[b:lost]')
    expect(log.slice(-2)).to.deep.equal(['stop b', 'stop a'])
  })
  it('gives the errors of services and resources together', async () => {
    const { node, service } = rig()
    node.register(() => service('a', { stop: 'lost' }))
    node.own({ close: () => Promise.reject(new Error('still open')) })
    await node.start()
    const error = await failureOf(node.close())
    expect(error).to.have.property('message', '[server: <nil>, services: map[a:lost] still open]')
  })
  it('gives a service those registered before it, by class', async () => {
    const { node } = rig()
    const chain = node.register(() => new Chain())
    const eth = node.register((context) => new Eth(context))
    expect(eth.chain).to.equal(chain)
    expect(() => rig().node.register((context) => new Eth(context))).to.throw('unknown service: Chain')
    expect(() => eth.context.server()).to.throw('node not started')
    await node.start()
    expect(eth.context.server()).to.equal(node.server)
    await node.close()
  })
  it('takes services before the start only, each name once', async () => {
    const { node, service } = rig()
    node.register(() => service('a'))
    expect(() => node.register(() => service('a'))).to.throw('attempt to register lifecycle a more than once')
    await node.start()
    expect(() => node.register(() => service('b'))).to.throw("can't register lifecycle on running/stopped node")
    await node.close()
    expect(() => node.register(() => service('b'))).to.throw("can't register lifecycle on running/stopped node")
  })

  class Chain implements Service {
    readonly name = 'chain'
    start(): void {}
    stop(): void {}
  }
  class Eth implements Service {
    readonly name = 'eth'
    readonly chain: Chain
    readonly context: ServiceContext
    constructor(context: ServiceContext) {
      this.context = context
      this.chain = context.service(Chain)
    }
    start(): void {}
    stop(): void {}
  }
})
