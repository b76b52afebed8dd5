import { expect } from 'chai'
import { Subject } from 'rxjs'
import { type Logger, silent } from '../../../actors/log/log.ts'
import { Dialer, type DialerOptions } from '../../../actors/p2p/dialer.ts'
import type { Enode } from '../../../protocols/enode/enode.ts'
import { enode, FakeNetwork, virtualRuntime } from './fakes.ts'

describe('a dialer', () => {
  function rig(options: Partial<DialerOptions> = {}) {
    const runtime = virtualRuntime()
    const network = new FakeNetwork()
    const log: string[] = []
    const connected: string[] = []
    const dialer = new Dialer(runtime, {
      ...{ id: 'dialer', parent: 'server', selfId: 'self', maxDialed: 4, maxActiveDials: 5, staticNodes: [], network },
      lookUp: async () => [],
      log: {
        ...silent,
        info: (message) => log.push(message),
        trace: (_, fields) => log.push(`${fields?.err}`),
      } as Logger,
      setUp: (_, { id }, origin) => connected.push(`${origin} ${id}`),
      stopped: () => log.push('stopped'),
      ...options,
    })
    return { runtime, network, dialer, log, connected, settle: () => runtime.clock.run(0) }
  }
  const named = enode(1, 'node.example')

  it('hands a connected stream over, and dials no node twice at once', async () => {
    const { network, connected, settle, dialer } = rig({ staticNodes: [enode(1)] })
    network.dials[0]!.connect()
    dialer.send({ type: 'static.add', node: enode(1) })
    await settle()
    expect(connected).to.deep.equal([`staticdial ${enode(1).id}`])
    expect(network.dials).to.have.length(1)
  })
  it('dials a static node again 35 s after it was dialed, whatever came of it [D4]', async () => {
    const { network, runtime } = rig({ staticNodes: [enode(1)] })
    network.dials[0]!.fail('connection refused')
    for (const seconds of [16, 16]) await runtime.clock.run(seconds * 1_000)
    expect(network.dials).to.have.length(1)
    await runtime.clock.run(16_000)
    expect(network.dials).to.have.length(2)
  })

  describe('given a source of candidates', () => {
    function sourced() {
      const offers = new Subject<Enode>()
      let wanted = 0
      const it = rig({
        candidates: (asked) => {
          asked.subscribe(() => wanted++)
          return offers
        },
      })
      return { ...it, offers, asked: () => wanted }
    }

    it('asks for one node at a time, and for none while it has enough', async () => {
      const { offers, asked, network, dialer } = sourced()
      expect(asked()).to.equal(1)
      for (const i of [1, 2, 3, 4, 5]) offers.next(enode(i))
      expect(asked()).to.equal(5)
      expect(network.dials).to.have.length(5)
      dialer.send({ type: 'dial.ended', id: enode(1).id })
      expect(asked()).to.equal(6)
    })
    it('keeps one that comes without being asked for until there is room', () => {
      const { offers, network, dialer } = sourced()
      for (const i of [1, 2, 3, 4]) dialer.send({ type: 'peer.added', id: `${i}`, dialed: true })
      offers.next(enode(6))
      expect(network.dials).to.be.empty
      dialer.send({ type: 'peer.removed', id: '1', dialed: true, crossed: false })
      expect(network.dials.map(({ address }) => address)).to.deep.equal(['10.0.0.6:30303'])
    })
    it('lets go of it when it stops', () => {
      const { offers, dialer } = sourced()
      dialer.send({ type: 'dialer.stop' })
      expect(offers.observed).to.equal(false)
    })
  })

  describe('given a host name', () => {
    it('dials its first IPv4 address [D6]', async () => {
      const { network, settle } = rig({ staticNodes: [named], lookUp: async () => ['fd00::1', '10.0.0.8', '10.0.0.9'] })
      await settle()
      expect(network.dials.map(({ address }) => address)).to.deep.equal(['10.0.0.8:30303'])
    })
    it('dials its IPv6 address when it has no other', async () => {
      const { network, settle } = rig({ staticNodes: [named], lookUp: async () => ['what', 'fd00::1'] })
      await settle()
      expect(network.dials.map(({ address }) => address)).to.deep.equal(['fd00::1:30303'])
    })
    it('waits 5 s for its address', async () => {
      const { network, log, runtime } = rig({ staticNodes: [named], lookUp: () => new Promise(() => {}) })
      await runtime.clock.run(4_999)
      expect(log).to.be.empty
      await runtime.clock.run(1)
      expect(log).to.deep.equal(['no IP address'])
      expect(network.dials).to.be.empty
    })
    it('gives up for now when there is none', async () => {
      const { log, settle } = rig({ staticNodes: [named], lookUp: () => Promise.reject(new Error('ENOTFOUND')) })
      await settle()
      expect(log).to.deep.equal(['no IP address'])
    })
  })

  describe('with discovery', () => {
    const nameless: Enode = { publicKey: enode(1).publicKey, id: enode(1).id, tcp: 0, udp: 0 }

    it('dials a static node without an address where discovery finds it', async () => {
      const { network, settle, connected } = rig({ staticNodes: [nameless], resolve: async () => enode(1) })
      await settle()
      expect(network.dials.map(({ address }) => address)).to.deep.equal(['10.0.0.1:30303'])
      network.dials[0]!.connect()
      await settle()
      expect(connected).to.deep.equal([`staticdial ${enode(1).id}`])
    })
    it('gives up for now when it finds another, none, or fails', async () => {
      for (const resolve of [async () => enode(2), async () => undefined, () => Promise.reject(new Error('closed'))]) {
        const { log, settle, network } = rig({ staticNodes: [nameless], resolve })
        await settle()
        expect(log).to.deep.equal(['not found by discovery'])
        expect(network.dials).to.be.empty
      }
    })
    it('asks it again when two minutes are over', async () => {
      let asked = 0
      const resolve = async () => void asked++
      const { runtime } = rig({ staticNodes: [nameless], resolve })
      await runtime.clock.run(119_000)
      expect(asked).to.equal(1)
      await runtime.clock.run(41_000)
      expect(asked).to.equal(2)
    })
    it('waits for no answer of it when it stops', async () => {
      const { dialer, log, settle } = rig({ staticNodes: [nameless], resolve: () => new Promise(() => {}) })
      dialer.send({ type: 'dialer.stop' })
      await settle()
      expect(log).to.deep.equal(['stopped'])
    })
  })

  describe('stopping', () => {
    it('gives up connects and lookups, and leaves no timer behind', async () => {
      const { dialer, log, network, settle, runtime, connected } = rig({
        staticNodes: [enode(2), named],
        lookUp: () => new Promise(() => {}),
      })
      dialer.send({ type: 'dialer.stop' })
      expect(log.at(-1)).to.equal('stopped')
      expect(network.dials[0]!.signal!.aborted).to.equal(true)
      expect(runtime.clock.pending).to.equal(0)
      const late = network.dials[0]!.connect()
      await settle()
      expect(late.isDestroyed).to.equal(true)
      expect(connected).to.be.empty
    })
    it('waits for setups in progress', async () => {
      const { dialer, log, network, settle } = rig({ staticNodes: [enode(1)] })
      network.dials[0]!.connect()
      await settle()
      dialer.send({ type: 'dialer.stop' })
      expect(log).to.deep.equal([])
      dialer.send({ type: 'dial.ended', id: enode(1).id })
      expect(log).to.deep.equal(['stopped'])
    })
  })

  it('says every 10 s that it looks for peers, until it has three', async () => {
    const { log, runtime, dialer } = rig()
    await runtime.clock.run(20_000)
    expect(log).to.deep.equal(['Looking for peers', 'Looking for peers'])
    for (const id of ['a', 'b', 'c']) dialer.send({ type: 'peer.added', id, dialed: true })
    await runtime.clock.run(20_000)
    expect(log).to.have.length(2)
  })
})
