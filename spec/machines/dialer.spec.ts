import { expect } from 'chai'
import fc from 'fast-check'
import { createActor, SimulatedClock } from 'xstate'
import { draw, maxDialHistory } from '../../machines/dial-rules.ts'
import { type DialerEvent, type DialerInput, dialerMachine } from '../../machines/dialer.ts'
import { type Enode, toEnode } from '../../protocols/enode/enode.ts'
import { parseNetlist } from '../../protocols/enode/netlist.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

type DialerStep = Step<typeof dialerMachine>

describe('dialer', () => {
  const chart = new ChartWalk(dialerMachine)
  const input: DialerInput = {
    ...{ ports: noPorts, selfId: 'self', maxDialed: 4, maxActiveDials: 5, seed: 1, staticNodes: [] },
    canResolve: false,
  }
  const dialer = (change: Partial<DialerInput>, ...events: DialerEvent[]) =>
    chart.from({ ...input, ...change }, ...events)

  const node = (i: number, host: string | undefined = `10.0.0.${i}`, tcp = 30303): Enode => ({
    ...toEnode(new Uint8Array(64).fill(i), host, tcp),
    id: `node${i}`,
  })
  const hostless = (i: number): Enode => ({ publicKey: new Uint8Array(64), id: `node${i}`, tcp: 0, udp: 0 })
  const found = (i: number): DialerEvent => ({ type: 'candidate.found', node: node(i) })
  const added = (i: number, dialed = true): DialerEvent => ({ type: 'peer.added', id: `node${i}`, dialed })
  const removed = (i: number, dialed = true, crossed = false): DialerEvent => ({
    ...{ type: 'peer.removed', id: `node${i}`, dialed, crossed },
  })
  const crossingOver = (i: number): DialerEvent => ({ type: 'crossing.over', id: `node${i}` })
  const failed = (i: number): DialerEvent => ({ type: 'connect.failed', id: `node${i}`, error: new Error('refused') })
  const ended = (i: number): DialerEvent => ({ type: 'dial.ended', id: `node${i}` })
  const expired = (i: number): DialerEvent => ({ type: 'history.expired', id: `node${i}` })
  const resolved = (i: number, ip?: string): DialerEvent => ({
    ...{ type: 'dns.resolved', id: `node${i}`, ...(ip !== undefined && { ip }) },
  })
  const addStatic = (node: Enode): DialerEvent => ({ type: 'static.add', node })
  const statsDue = chart.elapsed('statsInterval', 'running.stats.counting')

  const names = ({ effects }: DialerStep) => effects.map(([name]) => name)
  const dials = ({ effects }: DialerStep) =>
    effects.filter(([name]) => name === 'connect').map(([, params]) => (params as { node: Enode }).node.id)
  /** What of the candidates offered, one when one is wanted, is dialed. */
  const offer = (step: DialerStep, from: number, to: number): { step: DialerStep; dialed: string[] } => {
    const dialed: string[] = []
    for (let i = from; i <= to && step.state.includes('wanting'); i++) {
      step = chart.on(step, found(i))
      dialed.push(...dials(step))
    }
    return { step, dialed }
  }

  describe('with candidates', () => {
    const three = () => dialer({}, added(1), added(2), added(3))

    it('asks for one at a time, while it has a slot', () => {
      expect(names(dialer({}))).to.deep.equal(['wantCandidate'])
      expect(names(dialer({}, found(1)))).to.deep.equal(['connect', 'wantCandidate'])
      expect(names(dialer({ maxDialed: 0 }))).to.deep.equal([])
    })
    it('connects within 15 s', () =>
      expect(dialer({}, found(1)).effects[0]).to.deep.equal([
        'connect',
        { node: node(1), ip: '10.0.0.1', origin: 'dyndial', timeout: 15_000 },
      ]))
    it('dials twice as many as it lacks [D1]', () => {
      const { step, dialed } = offer(three(), 4, 9)
      expect(dialed).to.deep.equal(['node4', 'node5'])
      // One was asked for while a slot was left: it is kept until there is one again.
      expect(step.state).to.equal('running.(candidates.full stats.counting)')
    })
    it('dials another one when one fails, and none when it has enough [D2]', () => {
      const { step } = offer(three(), 4, 9)
      const next = chart.on(step, failed(4))
      expect(names(next)).to.deep.equal(['discard', 'wantCandidate'])
      expect(offer(next, 6, 9).dialed).to.deep.equal(['node6'])
      const enough = chart.on(next, added(5), ended(5))
      expect(offer(enough, 6, 9).dialed).to.deep.equal([])
    })
    it('dials no more than it may at a time [D3]', () => {
      const step = chart.on(dialer({}, added(1), added(2), added(3), added(4)), removed(1), removed(2), removed(3))
      expect(offer(step, 10, 19).dialed).to.deep.equal(['node10', 'node11', 'node12', 'node13', 'node14'])
    })
    it('holds a candidate that comes when the last slot went elsewhere', () => {
      const late = dialer({}, added(1), added(2), added(3), added(4), found(5))
      expect(late).to.deep.include({ state: 'running.(candidates.holding stats.counting)', effects: [] })
      expect(dials(chart.on(late, removed(1)))).to.deep.equal(['node5'])
      expect(names(chart.on(late, added(5, false), removed(1)))).to.deep.equal(['discard', 'wantCandidate'])
    })
    it('leaves a node alone that is just coming in [D5]', () => {
      const pending = dialer({}, { type: 'inbound.pending', id: 'node1' }, found(1))
      expect(pending.effects[0]).to.deep.equal(['discard', { id: 'node1', why: 'peer has pending inbound connection' }])
      expect(dials(chart.on(pending, { type: 'inbound.completed', id: 'node1' }, found(1)))).to.deep.equal(['node1'])
    })
    it('dials a node once more when their dials crossed and left neither', () => {
      for (const kept of [true, false]) {
        const left = dialer({}, found(1), added(1, kept), ended(1), removed(1, kept, true))
        expect(dials(chart.on(left, found(1)))).to.deep.equal([])
        const again = chart.on(left, crossingOver(1), found(1))
        expect(dials(again)).to.deep.equal(['node1'])
        // A node that ends each so has one dial more, and its next after 35 s.
        const twice = chart.on(again, added(1, kept), ended(1), removed(1, kept, true), crossingOver(1))
        expect(dials(chart.on(twice, found(1)))).to.deep.equal([])
        expect(dials(chart.on(twice, expired(1), found(1)))).to.deep.equal(['node1'])
      }
    })
    it('dials it at once when its own id is the greater, and gives the other one 3 s if not', () => {
      const clock = new SimulatedClock()
      const record = (selfId: string) => {
        const actor = createActor(dialerMachine, { input: { ...input, selfId }, clock }).start()
        for (const event of [found(1), added(1), ended(1), removed(1, true, true)]) actor.send(event)
        return () => actor.getSnapshot().context.history.get('node1')
      }
      const [greater, lesser] = [record('z'), record('a')]
      clock.increment(0)
      expect([greater(), lesser()]).to.deep.equal(['crossed', 'dialed'])
      clock.increment(2_999)
      expect(lesser()).to.equal('dialed')
      clock.increment(1)
      expect(lesser()).to.equal('crossed')
    })
    it('has no dial more of one that it did not dial', () => {
      const left = dialer({}, added(1, false), removed(1, false, true), crossingOver(1))
      expect(left.context.history.size).to.equal(0)
    })
    it('counts the 35 s of a node from its last dial', () => {
      const clock = new SimulatedClock()
      const actor = createActor(dialerMachine, { input, clock }).start()
      const send = (...events: DialerEvent[]) => {
        for (const event of events) actor.send(event)
      }
      const record = () => actor.getSnapshot().context.history.get('node1')
      send(found(1), added(1), ended(1))
      clock.increment(30_000)
      send(removed(1, true, true))
      clock.increment(0)
      send(found(1))
      clock.increment(34_999)
      expect(record()).to.equal('again')
      clock.increment(1)
      expect(record()).to.equal(undefined)
    })
    for (const [why, candidate, before] of [
      ['is self', { ...node(1), id: 'self' }, []],
      ['node does not provide TCP port', node(1, '10.0.0.1', 0), []],
      ['already dialing', node(1), [found(1)]],
      ['already connected', node(1), [added(1)]],
      ['not contained in netrestrict list', node(1, '11.0.0.1'), []],
      ['recently dialed', node(1), [found(1), failed(1)]],
      ['no IP address', hostless(1), []],
    ] as const)
      it(`discards a candidate: ${why}`, () => {
        const step = dialer({ netRestrict: parseNetlist('10.0.0.0/8') }, ...before, {
          type: 'candidate.found',
          node: candidate,
        })
        expect(step.effects).to.deep.equal([
          ['discard', { id: candidate.id, why }],
          ['wantCandidate', undefined],
        ])
      })
    it(`remembers ${maxDialHistory} dials and dials no more until one is forgotten`, () => {
      const full = dialer({}, found(1), failed(1))
      const history = new Map(Array.from({ length: maxDialHistory }, (_, i) => [`old${i}`, 'dialed']))
      const snapshot = { ...full.snapshot, context: { ...full.context, history } } as DialerStep['snapshot']
      const step = chart.on({ ...full, snapshot }, found(2))
      expect(dials(step)).to.deep.equal([])
      expect(dials(chart.on(step, { type: 'history.expired', id: 'old0' }))).to.deep.equal(['node2'])
    })
  })

  describe('with static nodes', () => {
    it('dials them first, in an order drawn from its seed', () => {
      const staticNodes = [1, 2, 3, 4, 5, 6].map((i) => node(i))
      const first = dials(dialer({ staticNodes }))
      expect(first).to.have.length(5)
      expect(dials(dialer({ staticNodes }))).to.deep.equal(first)
      const orders = new Set([1, 2, 3, 4, 5].map((seed) => dials(dialer({ staticNodes, seed })).join()))
      expect(orders.size).to.be.greaterThan(1)
    })
    it('marks them as static, and asks for a candidate with what is left', () => {
      const step = dialer({ staticNodes: [node(1)] })
      expect(step.effects).to.deep.equal([
        ['connect', { node: node(1), ip: '10.0.0.1', origin: 'staticdial', timeout: 15_000 }],
        ['wantCandidate', undefined],
      ])
    })
    it('dials one that fails again when it is forgotten [D4]', () => {
      const step = dialer({ staticNodes: [node(1)] }, failed(1))
      expect(dials(step)).to.deep.equal([])
      expect(dials(chart.on(step, expired(1)))).to.deep.equal(['node1'])
    })
    it('dials one that leaves at once, unless it was dialed just now', () => {
      const peer = dialer({ staticNodes: [node(1)] }, added(1), ended(1))
      expect(dials(chart.on(peer, removed(1)))).to.deep.equal([])
      expect(dials(chart.on(peer, expired(1), removed(1)))).to.deep.equal(['node1'])
    })
    it('dials one at once when the dials of both crossed', () => {
      const peer = dialer({ staticNodes: [node(1)] }, added(1), ended(1))
      expect(dials(chart.on(peer, removed(1, true, true), crossingOver(1)))).to.deep.equal(['node1'])
    })
    it('dials one that came in and left', () => {
      const inbound = dialer({}, { type: 'inbound.pending', id: 'node1' }, addStatic(node(1)))
      expect(dials(inbound)).to.deep.equal([])
      const peer = chart.on(inbound, added(1, false), { type: 'inbound.completed', id: 'node1' })
      expect(dials(peer)).to.deep.equal([])
      expect(dials(chart.on(peer, removed(1, false)))).to.deep.equal(['node1'])
    })
    it('adds one at any time, and keeps the first address it is given', () => {
      expect(dials(dialer({}, addStatic(node(1))))).to.deep.equal(['node1'])
      const twice = dialer({ staticNodes: [node(1)] }, addStatic(node(1, '10.9.9.9')))
      expect(twice.context.statics.get('node1')!.node.host).to.equal('10.0.0.1')
    })
    it('forgets one that is removed, and lets its dial go on', () => {
      const step = dialer({ staticNodes: [node(1)] }, { type: 'static.remove', id: 'node1' })
      expect(step.context.dialing.size).to.equal(1)
      expect(dials(chart.on(step, failed(1), expired(1)))).to.deep.equal([])
    })
    it('never dials them when it may not dial', () =>
      expect(names(dialer({ maxDialed: 0, staticNodes: [node(1)] }))).to.deep.equal([]))
    it('resolves a host name each time, and dials what DNS says [D6]', () => {
      const named = dialer({ staticNodes: [node(1, 'node.example')] })
      expect(named.effects[0]).to.deep.equal(['lookUp', { id: 'node1', hostname: 'node.example', timeout: 5_000 }])
      const step = chart.on(named, resolved(1, '10.0.0.7'))
      expect(step.effects[0]).to.deep.equal([
        'connect',
        { node: node(1, 'node.example'), ip: '10.0.0.7', origin: 'staticdial', timeout: 15_000 },
      ])
      expect(names(chart.on(step, failed(1), expired(1)))).to.deep.equal(['lookUp'])
    })
    it('dials the last address it knew when DNS is silent, and gives up without one', () => {
      const silent = dialer({ staticNodes: [node(1, 'node.example')] }, resolved(1))
      expect(silent.effects).to.deep.equal([['discard', { id: 'node1', why: 'no IP address' }]])
      const known = chart.on(silent, expired(1), resolved(1, '10.0.0.7'), failed(1), expired(1), resolved(1))
      expect(known.effects[0]![1]).to.include({ ip: '10.0.0.7' })
    })
    it('forgets the address that DNS no longer names', () => {
      const named = dialer({ staticNodes: [node(1, 'node.example')] }, resolved(1, '10.0.0.7'), failed(1), expired(1))
      const moved = chart.on(named, resolved(1, 'fd00::7'), failed(1), expired(1), resolved(1))
      expect(moved.effects[0]![1]).to.include({ ip: 'fd00::7' })
    })
    it('gives up on one without any address, for 35 s, and takes no slot for it', () => {
      const staticNodes = [...Array(200)].map((_, i) => hostless(i))
      const step = dialer({ staticNodes, maxActiveDials: 1 })
      expect(names(step).filter((name) => name === 'discard')).to.have.length(200)
      expect(step.context.dialing.size).to.equal(0)
      expect(names(chart.on(step, expired(7)))).to.deep.equal(['discard'])
    })
    it('does not dial a host name that the networks it is restricted to cannot hold', () =>
      expect(
        names(dialer({ staticNodes: [node(1, 'a.example')], netRestrict: parseNetlist('10.0.0.0/8') })),
      ).to.deep.equal(['wantCandidate']))
  })

  describe('with discovery to ask', () => {
    const asking = (staticNodes: readonly Enode[], ...events: DialerEvent[]) =>
      dialer({ canResolve: true, staticNodes }, ...events)
    const at = (i: number, found?: Enode): DialerEvent => ({
      ...{ type: 'node.resolved', id: `node${i}`, ...(found && { node: found }) },
    })
    const due = (i: number): DialerEvent => ({ type: 'resolve.due', id: `node${i}` })
    const resolve = (node: Enode) => ['resolve', { node }]
    const delayOf = ({ context }: DialerStep) => context.statics.get('node1')!.resolveDelay

    it('asks where a static node is that says no address, and dials it there', () => {
      const step = asking([hostless(1)])
      expect(step.effects[0]).to.deep.equal(resolve(hostless(1)))
      expect(step.context.dialing.size).to.equal(1)
      const dialed = chart.on(step, at(1, node(1, '10.0.0.7')))
      expect(dialed.effects).to.deep.equal([
        ['connect', { node: node(1, '10.0.0.7'), ip: '10.0.0.7', origin: 'staticdial', timeout: 15_000 }],
      ])
      expect(dialed.context.statics.get('node1')!.node.host).to.equal('10.0.0.7')
    })
    it('gives up on one that is not found, and asks again when both its dial and its resolve are due', () => {
      const step = asking([hostless(1)], at(1))
      expect(step.effects).to.deep.equal([['discard', { id: 'node1', why: 'not found by discovery' }]])
      expect(chart.on(step, expired(1)).effects).to.deep.equal([['discard', { id: 'node1', why: 'no IP address' }]])
      expect(chart.on(step, due(1), expired(1)).effects).to.deep.equal([resolve(hostless(1))])
    })
    it('asks half as often each time that it is not found, from a minute on to once an hour', () => {
      let step = asking([hostless(1)], at(1))
      const delays = [delayOf(step)]
      for (let i = 0; i < 6; i++) {
        step = chart.on(step, due(1), expired(1), at(1))
        delays.push(delayOf(step))
      }
      expect(delays.map((ms) => ms! / 60_000)).to.deep.equal([2, 4, 8, 16, 32, 60, 60])
      expect(delayOf(chart.on(step, due(1), expired(1), at(1, node(1))))).to.equal(60_000)
    })
    it('asks where a static node is that cannot be reached, once in a minute', () => {
      const step = asking([node(1)], failed(1))
      expect(step.effects).to.deep.equal([resolve(node(1))])
      const moved = chart.on(step, at(1, node(1, '10.0.0.7')))
      expect(dials(moved)).to.deep.equal(['node1'])
      const again = chart.on(moved, failed(1))
      expect(again.effects).to.deep.equal([['discard', { id: 'node1', why: 'refused' }]])
      expect(again.context.dialing.size).to.equal(0)
      expect(chart.on(again, expired(1)).effects[0]![1]).to.include({ ip: '10.0.0.7' })
    })
    it('never asks for a candidate that cannot be reached', () =>
      expect(names(asking([], found(1), failed(1)))).to.deep.equal(['discard']))
    it('dials a node that has a DNS name where it was found, and asks DNS again the next time', () => {
      const named = node(1, 'node.example')
      const step = asking([named], resolved(1, '10.0.0.7'), failed(1), at(1, node(1, '10.0.0.8')))
      expect(step.effects[0]![1]).to.include({ ip: '10.0.0.8' })
      expect(names(chart.on(step, failed(1), expired(1)))).to.deep.equal(['lookUp'])
    })
    it('does not dial what was found without a port, by a name, or out of the networks it is restricted to', () => {
      for (const wrong of [node(1, '10.0.0.1', 0), node(1, 'a.example'), hostless(1), node(1, '11.0.0.1')]) {
        const change = { canResolve: true, staticNodes: [node(1)], netRestrict: parseNetlist('10.0.0.0/8') }
        expect(names(dialer(change, failed(1), at(1, wrong)))).to.deep.equal(['discard'])
      }
    })
    it('dials one that was removed meanwhile, and remembers nothing of it', () => {
      const step = asking([hostless(1)], { type: 'static.remove', id: 'node1' }, at(1, node(1)), due(1))
      expect(step.context.statics.size).to.equal(0)
      expect(dials(asking([hostless(1)], { type: 'static.remove', id: 'node1' }, at(1, node(1))))).to.deep.equal([
        'node1',
      ])
    })
    it('waits for what it asked when it stops', () => {
      const stopping = asking([hostless(1)], { type: 'dialer.stop' })
      expect(stopping.state).to.equal('stopping')
      expect(chart.on(stopping, at(9)).state).to.equal('stopping')
      expect(chart.on(stopping, at(1)).state).to.equal('stopped')
    })
  })

  describe('on the whole', () => {
    it('says every 10 s that it looks for peers, while it has few', () => {
      const few = dialer({}, found(1), failed(1), added(2), addStatic(node(3)), statsDue)
      expect(few.effects).to.deep.equal([['reportLooking', { peers: 1, tried: 1, statics: 1 }]])
      expect(chart.on(few, statsDue).effects).to.deep.equal([['reportLooking', { peers: 1, tried: 0, statics: 1 }]])
      expect(chart.on(few, added(4), added(5), statsDue).effects).to.deep.equal([])
      expect(dialer({ maxDialed: 1 }, added(1), statsDue).effects).to.deep.equal([])
    })
    it('ignores the end of a dial it does not know', () => {
      for (const event of [
        failed(9),
        ended(9),
        resolved(9, '10.0.0.9'),
        { type: 'node.resolved', id: 'node9' } as const,
      ]) {
        const step = dialer({}, event)
        expect(step.effects).to.deep.equal([])
        expect(step.context.tried).to.equal(0)
      }
    })
    it('stops when its last dial has ended, however that ends', () => {
      expect(dialer({}, { type: 'dialer.stop' })).to.deep.include({
        state: 'stopped',
        effects: [['cancelDials', undefined]],
      })
      const staticNodes = [node(1), node(2), node(3, 'c.example')]
      const stopping = dialer({ staticNodes }, { type: 'dialer.stop' })
      expect(stopping.state).to.equal('stopping')
      expect(chart.on(stopping, failed(1), ended(2)).state).to.equal('stopping')
      expect(chart.on(stopping, failed(1), ended(2), resolved(3)).state).to.equal('stopped')
    })
    it('draws evenly, and the same again from the same seed', () =>
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 8 }), (seed, end) => {
          const draws: number[] = []
          for (let i = 0, next = seed; i < 64 * end; i++) {
            const drawn = draw(next, end)
            draws.push(drawn.value)
            next = drawn.seed
          }
          for (let value = 0; value < end; value++)
            expect(draws.filter((drawn) => drawn === value)).to.have.length.within(20, 140)
          expect(draw(seed, end).value).to.equal(draws[0])
        }),
        { seed: 1, numRuns: 50 },
      ))
  })

  describe('as a whole', () => {
    it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
  })
})
