import { expect } from 'chai'
import { Node, type NodeOptions, type Service, type ServiceContext } from '../../actors/node.ts'
import type { Protocol } from '../../actors/p2p/protocol.ts'
import { ListenFailed, Server } from '../../actors/p2p/server.ts'
import { enode, FakeConnections, FakeNetwork, virtualRuntime } from './p2p/fakes.ts'

describe('a node', () => {
  const runtime = virtualRuntime()
  const failure = <T>(promise: Promise<T>) =>
    promise.then(
      () => undefined,
      (error: Error) => error,
    )

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
    const node = new Node(runtime, { createServer })
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
    return { node, log, network, service }
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
      ...['start a', 'start b', 'stop b', 'stop a', 'close database'],
    ])
  })
  it('wakes everybody who waits when it has closed, and nobody before', async () => {
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
    expect(await failure(node.start())).to.have.property('message', 'node already running')
    await node.close()
    for (const call of [node.close(), node.close(), node.start()])
      expect(await failure(call)).to.have.property('message', 'node not started')
    const unstarted = rig().node
    await unstarted.close()
    expect(await failure(unstarted.close())).to.have.property('message', 'node not started')
  })
  it('unwinds what had started when a service fails [N2]', async () => {
    const { node, log, network, service } = rig()
    for (const name of ['a', 'b', 'c']) node.register(() => service(name))
    node.register(() => service('d', { start: 'no disk' }))
    const error = await failure(node.start())
    expect(error).to.have.property('message', 'no disk')
    expect(log.slice(1)).to.deep.equal(['start a', 'start b', 'start c', 'start d', 'stop c', 'stop b', 'stop a'])
    expect(network.isListening).to.equal(false)
    await node.wait()
    expect(await failure(node.start())).to.have.property('message', 'node not started')
  })
  it('starts no service when p2p fails, and still closes what it owns', async () => {
    const { node, log, network, service } = rig()
    node.register(() => service('a'))
    node.own({ close: () => void log.push('close database') })
    network.fault = Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
    expect(await failure(node.start())).to.be.instanceOf(ListenFailed)
    expect(log.slice(1)).to.deep.equal(['close database'])
  })
  it('stops every service even if one cannot, and says which [N3]', async () => {
    const { node, log, service } = rig()
    node.register(() => service('a'))
    node.register(() => service('b', { stop: 'lost' }))
    await node.start()
    const error = await failure(node.close())
    expect(error).to.have.property('message', 'server: <nil>, services: map[b:lost]')
    expect(log.slice(-2)).to.deep.equal(['stop b', 'stop a'])
  })
  it('gives the errors of services and resources together', async () => {
    const { node, service } = rig()
    node.register(() => service('a', { stop: 'lost' }))
    node.own({ close: () => Promise.reject(new Error('still open')) })
    await node.start()
    const error = await failure(node.close())
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
