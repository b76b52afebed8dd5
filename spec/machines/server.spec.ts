import { expect } from 'chai'
import { defaultMaxPeers, maxDialedOf } from '../../machines/admission.ts'
import { acceptWaiting, inboundThrottle, maxBacklog, maxInboundHistory } from '../../machines/inbound.ts'
import type { ServerEvent, ServerInput } from '../../machines/server.ts'
import { serverMachine } from '../../machines/server.ts'
import { toEnode } from '../../protocols/enode/enode.ts'
import { parseNetlist } from '../../protocols/enode/netlist.ts'
import { DiscError, DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import { ChartWalk, type Effect } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('server', () => {
  const chart = new ChartWalk(serverMachine)
  const input: ServerInput = {
    ports: noPorts,
    selfId: 'self',
    hasListener: true,
    protocolCount: 1,
    maxPeers: 3,
    maxDialed: 1,
    maxPendingPeers: 2,
    trusted: new Set(),
  }
  const server = (change: Partial<ServerInput> = {}) => ({
    upon: (...events: ServerEvent[]) => chart.from({ ...input, ...change }, ...toRunning, ...events),
  })
  const upon = (...events: ServerEvent[]) => server().upon(...events)

  const toRunning: ServerEvent[] = [{ type: 'server.start' }, { type: 'listener.opened' }]
  const stop: ServerEvent = { type: 'server.stop' }
  const accepted = (conn: number, ip = '127.0.0.1', now = 0): ServerEvent => ({ type: 'conn.accepted', conn, ip, now })
  const dialed = (conn: number, id: string): ServerEvent => ({ type: 'conn.dialed', conn, id })
  const secured = (conn: number, id: string, inbound = true): ServerEvent => ({
    type: 'posthandshake.reached',
    ...{ conn, id, inbound },
  })
  const greeted = (conn: number, id: string, { inbound = true, matching = 1 } = {}): ServerEvent => ({
    type: 'addpeer.reached',
    ...{ conn, id, inbound, matching },
  })
  const ended = (conn: number, id?: string, added = false, now = 0): ServerEvent => ({
    type: 'setup.ended',
    ...{ conn, added, now, ...(id !== undefined && { id }) },
  })
  const addresses = { local: '127.0.0.1:30303', remote: '127.0.0.1:40000' }
  const gone = (conn: number, id: string): ServerEvent => ({
    type: 'peer.ended',
    ...{ conn, id, error: new Error('EOF'), ...addresses },
  })
  const inboundPeer = (conn: number, id: string): ServerEvent[] => [
    accepted(conn),
    secured(conn, id),
    greeted(conn, id),
    ended(conn, id, true),
  ]
  const dialedPeer = (conn: number, id: string): ServerEvent[] => [
    dialed(conn, id),
    secured(conn, id, false),
    greeted(conn, id, { inbound: false }),
    ended(conn, id, true),
  ]
  const trust = (id: string, trusted = true): ServerEvent => ({ type: 'trust.change', id, trusted })
  const refusal = (conn: number, reason: DiscReason): Effect[] => [['refuse', { conn, reason }]]

  describe('when started', () => {
    it('listens, and runs once the listener is open', () => {
      expect(chart.from(input, { type: 'server.start' }).effects).to.deep.equal([['listen', undefined]])
      expect(upon()).to.deep.include({
        state: 'running',
        effects: [
          ['reportStart', {}],
          ['startDialer', undefined],
        ],
      })
    })
    it('runs at once when it is not to listen', () =>
      expect(chart.from({ ...input, hasListener: false }, { type: 'server.start' }).state).to.equal('running'))
    it('ends when it cannot listen, and says why', () => {
      const error = new Error('address already in use')
      const step = chart.from(input, { type: 'server.start' }, { type: 'listener.failed', error })
      expect(step.state).to.equal('stopped')
      expect(step.effects[0]![1]).to.include({ error })
    })
    it('closes a listener that opens when it is no longer wanted', () => {
      const unwanted: ServerEvent[] = [{ type: 'server.start' }, stop]
      const [[name, outcome]] = chart.from(input, ...unwanted).effects as [Effect]
      expect(name).to.equal('reportStart')
      expect(outcome).to.have.nested.property('error.message', 'server stopped')
      const opened = chart.from(input, ...unwanted, { type: 'listener.opened' })
      expect(opened.effects).to.deep.equal([['closeListener', undefined]])
      expect(chart.on(opened, { type: 'listener.closed' }).state).to.equal('stopped')
      const failed = chart.from(input, ...unwanted, { type: 'listener.failed', error: new Error() })
      expect(failed.state).to.equal('stopped')
    })
  })

  describe('accepting', () => {
    it('sets up what comes while a slot is free', () =>
      expect(upon(accepted(1)).effects).to.deep.equal([['setUp', { conn: 1 }]]))
    it('leaves what comes without a free slot unread, and takes it when a setup ends', () => {
      const full = upon(accepted(1), accepted(2), accepted(3))
      expect(full.effects).to.deep.equal([])
      expect(chart.on(full, ended(1)).effects).to.deep.equal([['setUp', { conn: 3 }]])
    })
    it('gives the slot back when the setup ends, not when the peer leaves', () =>
      expect(upon(...inboundPeer(1, 'a'), ...inboundPeer(2, 'b'), accepted(3)).effects).to.deep.equal([
        ['setUp', { conn: 3 }],
      ]))
    it('counts no dialed connection among the slots', () =>
      expect(upon(dialed(1, 'a'), dialed(2, 'b'), accepted(3), accepted(4)).effects).to.deep.equal([
        ['setUp', { conn: 4 }],
      ]))
    it(`closes what comes when ${maxBacklog} wait`, () => {
      const waiting = Array.from({ length: maxBacklog }, (_, i) => accepted(10 + i))
      const full = upon(accepted(1), accepted(2), ...waiting)
      expect(full.context.backlog).to.have.length(maxBacklog)
      expect(chart.on(full, accepted(999)).effects).to.deep.equal([['closeStream', { conn: 999, why: 'backlog full' }]])
    })
    it('turns a public address away that comes again within 30 s [S4]', () => {
      const first = upon(accepted(1, '8.8.8.8', 0), ended(1))
      const tooSoon = chart.on(first, accepted(2, '8.8.8.8', inboundThrottle))
      expect(tooSoon.effects).to.deep.equal([['closeStream', { conn: 2, why: 'too many attempts' }]])
      expect(chart.on(first, accepted(2, '8.8.4.4', 1)).effects).to.deep.equal([['setUp', { conn: 2 }]])
    })
    it('does not hold a throttled attempt against it', () => {
      const tried = upon(accepted(1, '8.8.8.8', 0), ended(1), accepted(2, '8.8.8.8', inboundThrottle - 1))
      const again = chart.on(tried, accepted(3, '8.8.8.8', inboundThrottle + 1))
      expect(again.effects).to.deep.equal([['setUp', { conn: 3 }]])
    })
    for (const ip of ['127.0.0.1', '10.1.2.3', '192.168.0.9', '169.254.1.1', '::1', 'fd00::1', 'fe80::1'])
      it(`never throttles ${ip}, of the local network`, () =>
        expect(upon(accepted(1, ip), ended(1), accepted(2, ip)).effects).to.deep.equal([['setUp', { conn: 2 }]]))
    it('never throttles a pipe', () => {
      const pipe = (conn: number): ServerEvent => ({ type: 'conn.accepted', conn, now: 0 })
      expect(upon(pipe(1), pipe(2)).effects).to.deep.equal([['setUp', { conn: 2 }]])
    })
    it('lets in only the networks it is restricted to, before it looks at anything else', () => {
      const inside = server({ netRestrict: parseNetlist('10.0.0.0/8') })
      expect(inside.upon(accepted(1, '10.9.9.9')).effects).to.deep.equal([['setUp', { conn: 1 }]])
      const rejected = inside.upon(accepted(1, '127.0.0.1'))
      expect(rejected.effects).to.deep.equal([['closeStream', { conn: 1, why: 'not in netrestrict list' }]])
      expect(rejected.context.inboundHistory.size).to.equal(0)
    })
    it(`remembers ${maxInboundHistory} addresses, the oldest least`, () => {
      const ip = (i: number) => `8.8.${i >> 8}.${i & 0xff}`
      const backlog = Array.from({ length: maxInboundHistory + 1 }, (_, conn) => ({ conn, ip: ip(conn) }))
      const { inboundHistory } = acceptWaiting({ backlog, inboundHistory: new Map() }, backlog.length, 0)
      expect(inboundHistory.size).to.equal(maxInboundHistory)
      expect(inboundHistory.has(ip(0))).to.equal(false)
      expect(inboundHistory.has(ip(1))).to.equal(true)
    })
    it('takes the next of those waiting when the first is turned away', () => {
      const two = upon(accepted(1, '8.8.8.8'), accepted(2), accepted(3, '8.8.8.8'), accepted(4, '8.8.8.8'), accepted(5))
      expect(chart.on(two, ended(2)).effects).to.deep.equal([
        ['closeStream', { conn: 3, why: 'too many attempts' }],
        ['closeStream', { conn: 4, why: 'too many attempts' }],
        ['setUp', { conn: 5 }],
      ])
    })
  })

  describe('at the checkpoints', () => {
    it('admits an inbound connection, and the dialer leaves its node alone meanwhile', () =>
      expect(upon(accepted(1), secured(1, 'a')).effects).to.deep.equal([
        ['notifyDialer', { type: 'inbound.pending', id: 'a' }],
        ['admit', { conn: 1 }],
      ]))
    it('admits a dialed connection', () =>
      expect(upon(dialed(1, 'a'), secured(1, 'a', false)).effects).to.deep.equal([['admit', { conn: 1 }]]))
    it('adds the peer before it answers', () => {
      const step = upon(accepted(1), secured(1, 'a'), greeted(1, 'a'))
      expect(step.effects).to.deep.equal([
        ['notifyDialer', { type: 'peer.added', id: 'a', dialed: false }],
        ['admit', { conn: 1 }],
      ])
      expect([...step.context.peers]).to.deep.equal([['a', { conn: 1, inbound: true }]])
    })
    it('has as many peers as it may, dialed and inbound', () => {
      const inboundFull = upon(...inboundPeer(1, 'a'), ...inboundPeer(2, 'b'))
      expect(chart.on(inboundFull, accepted(3), secured(3, 'c')).effects).to.deep.equal(
        refusal(3, DiscReason.TooManyPeers),
      )
      const full = chart.on(inboundFull, ...dialedPeer(3, 'c'))
      expect(full.context.peers.size).to.equal(3)
      expect(chart.on(full, dialed(4, 'd'), secured(4, 'd', false)).effects).to.deep.equal(
        refusal(4, DiscReason.TooManyPeers),
      )
    })
    it('counts again at addpeer', () => {
      const two = upon(...inboundPeer(1, 'a'), accepted(2), secured(2, 'b'), accepted(3), secured(3, 'c'))
      const step = chart.on(two, greeted(2, 'b'), greeted(3, 'c'))
      expect(step.effects).to.deep.equal(refusal(3, DiscReason.TooManyPeers))
      const full = chart.on(two, ...dialedPeer(4, 'd'), greeted(2, 'b'), greeted(3, 'c', { inbound: false }))
      expect(full.effects).to.deep.equal(refusal(3, DiscReason.TooManyPeers))
    })
    it('lets the trusted past the limits, as long as they are trusted [S1]', () => {
      const none = server({ maxPeers: 0, maxDialed: 0 })
      const untrusted = none.upon(accepted(1), secured(1, 'a'))
      expect(untrusted.effects).to.deep.equal(refusal(1, DiscReason.TooManyPeers))
      const trusted = none.upon(trust('a'), accepted(1), secured(1, 'a'))
      expect(trusted.effects.at(-1)).to.deep.equal(['admit', { conn: 1 }])
      const noMore = none.upon(trust('a'), trust('a', false), accepted(1), secured(1, 'a'))
      expect(noMore.effects).to.deep.equal(refusal(1, DiscReason.TooManyPeers))
    })
    it('asks a trusted peer too for a protocol in common [S2]', () => {
      const none = server({ maxPeers: 0, maxDialed: 0 })
      const events = [dialed(1, 'a'), secured(1, 'a', false), greeted(1, 'a', { inbound: false, matching: 0 })]
      expect(none.upon(trust('a'), ...events).effects).to.deep.equal(refusal(1, DiscReason.UselessPeer))
    })
    it('goes by the trust of the first checkpoint at the second', () => {
      const none = server({ maxPeers: 0, maxDialed: 0 })
      const step = none.upon(trust('a'), accepted(1), secured(1, 'a'), trust('a', false), greeted(1, 'a'))
      expect(step.effects.at(-1)).to.deep.equal(['admit', { conn: 1 }])
    })
    it('turns a second connection of one node away, whichever came first', () => {
      const inFirst = upon(accepted(1), secured(1, 'a'), dialed(2, 'a'), secured(2, 'a', false), greeted(1, 'a'))
      expect(chart.on(inFirst, greeted(2, 'a', { inbound: false })).effects).to.deep.equal(
        refusal(2, DiscReason.AlreadyConnected),
      )
      const outFirst = chart.on(upon(...dialedPeer(1, 'a')), accepted(2), secured(2, 'a'))
      expect(outFirst.effects).to.deep.equal(refusal(2, DiscReason.AlreadyConnected))
    })
    it('does not speak with itself, nor trusts itself [S3]', () => {
      expect(upon(accepted(1), secured(1, 'self')).effects).to.deep.equal(refusal(1, DiscReason.Self))
      expect(upon(trust('self'), accepted(1), secured(1, 'self')).effects).to.deep.equal(refusal(1, DiscReason.Self))
      expect(upon(accepted(1), greeted(1, 'self')).effects).to.deep.equal(refusal(1, DiscReason.Self))
    })
    it('gives "too many peers" before "self", and "useless" before all', () => {
      const none = server({ maxPeers: 0, maxDialed: 0 })
      expect(none.upon(accepted(1), secured(1, 'self')).effects).to.deep.equal(refusal(1, DiscReason.TooManyPeers))
      expect(none.upon(accepted(1), greeted(1, 'self', { matching: 0 })).effects).to.deep.equal(
        refusal(1, DiscReason.UselessPeer),
      )
    })
    it('finds no peer useless when it runs no protocol itself', () => {
      const step = server({ protocolCount: 0 }).upon(accepted(1), secured(1, 'a'), greeted(1, 'a', { matching: 0 }))
      expect(step.effects.at(-1)).to.deep.equal(['admit', { conn: 1 }])
    })
  })

  describe('when a setup ends', () => {
    it('notifies the dialer of an inbound one whose node is known, added or not', () => {
      const completed: Effect[] = [['notifyDialer', { type: 'inbound.completed', id: 'a' }]]
      expect(upon(accepted(1), secured(1, 'a'), ended(1, 'a')).effects).to.deep.equal(completed)
      expect(upon(...inboundPeer(1, 'a')).effects).to.deep.equal(completed)
      expect(upon(accepted(1), ended(1)).effects).to.deep.equal([])
    })
    it('notifies the dialer of a dialed one, whether its node was known or not', () =>
      expect(upon(dialed(1, 'a'), ended(1)).effects).to.deep.equal([['notifyDialer', { type: 'dial.ended', id: 'a' }]]))
    it('takes back a peer that was added and died before it ran', () => {
      const step = upon(dialed(1, 'a'), secured(1, 'a', false), greeted(1, 'a', { inbound: false }), ended(1, 'a'))
      expect(step.effects).to.deep.equal([
        ['notifyDialer', { type: 'dial.ended', id: 'a' }],
        ['notifyDialer', { type: 'peer.removed', id: 'a', dialed: true, crossed: false }],
      ])
      expect(step.context.peers.size).to.equal(0)
    })
  })

  describe('while peers come and go', () => {
    it('says so', () => {
      const came = upon(...inboundPeer(1, 'a'), { type: 'peer.added', conn: 1, id: 'a', ...addresses })
      expect(came.effects).to.deep.equal([['emitPeerEvent', { type: 'add', conn: 1, peer: 'a', ...addresses }]])
      const left = chart.on(came, gone(1, 'a'))
      expect(left.effects).to.deep.equal([
        ['notifyDialer', { type: 'peer.removed', id: 'a', dialed: false, crossed: false }],
        ['emitPeerEvent', { type: 'drop', conn: 1, peer: 'a', error: 'EOF', ...addresses }],
      ])
      expect(left.context.peers.size).to.equal(0)
    })
    it('reports to the dialer a peer for which we are connected already, which crossed dials leave without either', () => {
      const left = upon(...inboundPeer(1, 'a'), {
        ...{ type: 'peer.ended', conn: 1, id: 'a', ...addresses },
        error: new DiscError(DiscReason.AlreadyConnected),
      })
      expect(left.effects[0]).to.deep.equal([
        'notifyDialer',
        { type: 'peer.removed', id: 'a', dialed: false, crossed: true },
      ])
    })
    it('hears only the connection that is the peer', () =>
      expect(upon(...inboundPeer(1, 'a'), gone(2, 'a')).effects).to.deep.equal([]))
    it('keeps a static node dialed until it is removed, with "requested" [S5]', () => {
      const node = toEnode(new Uint8Array(64).fill(1), '10.0.0.1', 30303)
      expect(upon({ type: 'peer.add', node }).effects).to.deep.equal([['notifyDialer', { type: 'static.add', node }]])
      expect(upon({ type: 'peer.remove', id: 'a' }).effects).to.deep.equal([
        ['notifyDialer', { type: 'static.remove', id: 'a' }],
      ])
      expect(upon(...dialedPeer(1, 'a'), { type: 'peer.remove', id: 'a' }).effects).to.deep.equal([
        ['notifyDialer', { type: 'static.remove', id: 'a' }],
        ['disconnect', { conn: 1, reason: DiscReason.Requested }],
      ])
    })
  })

  describe('when stopped', () => {
    const busy = [...inboundPeer(1, 'a'), ...dialedPeer(2, 'b'), accepted(3), accepted(4), accepted(5)]
    const disconnect = (conn: number): Effect => ['disconnect', { conn, reason: DiscReason.Quitting }]

    it('stops listening, then ends the peers, and turns away who waits', () =>
      expect(upon(...busy, stop)).to.deep.include({
        state: 'stopping.draining',
        effects: [
          ['closeListener', undefined],
          ['closeStream', { conn: 5, why: 'server stopped' }],
          disconnect(1),
          disconnect(2),
          ['stopSetup', { conn: 3 }],
          ['stopSetup', { conn: 4 }],
        ],
      }))
    it('waits for peers, setups and listener, then for the dialer', () => {
      const draining = upon(...busy, stop, gone(1, 'a'), gone(2, 'b'), ended(3), ended(4))
      expect(draining.state).to.equal('stopping.draining')
      const drained = chart.on(draining, { type: 'listener.closed' })
      expect(drained).to.deep.include({ state: 'stopping.stoppingDialer', effects: [['stopDialer', undefined]] })
      expect(chart.on(drained, { type: 'dialer.stopped' }).state).to.equal('stopped')
    })
    it('notifies the dialer of no peer that leaves now', () =>
      expect(upon(...busy, stop, gone(1, 'a')).effects.map(([name]) => name)).to.deep.equal(['emitPeerEvent']))
    it('admits no peer any more', () => {
      const stopping = upon(...inboundPeer(1, 'a'), stop)
      const effects = (event: ServerEvent) => chart.on(stopping, event).effects
      expect(effects(accepted(7))).to.deep.equal([['closeStream', { conn: 7, why: 'server stopped' }]])
      expect(effects(dialed(7, 'c'))).to.deep.equal([
        ['closeStream', { conn: 7, why: 'server stopped' }],
        ['notifyDialer', { type: 'dial.ended', id: 'c' }],
      ])
      expect(effects(secured(7, 'c'))).to.deep.equal([['stopSetup', { conn: 7 }]])
      expect(effects(greeted(7, 'c'))).to.deep.equal([['stopSetup', { conn: 7 }]])
      for (const event of [trust('c'), { type: 'peer.remove', id: 'a' } as const]) expect(effects(event)).to.be.empty
    })
  })

  describe('as to its numbers', () => {
    for (const [limits, dialed] of [
      [{ maxPeers: defaultMaxPeers }, 16],
      [{ maxPeers: 1 }, 1],
      [{ maxPeers: 0 }, 0],
      [{ maxPeers: 50, noDial: true }, 0],
      [{ maxPeers: 10, dialRatio: 2 }, 5],
      [{ maxPeers: 10, dialRatio: 0 }, 3],
    ] as const)
      it(`dials ${dialed} for ${JSON.stringify(limits)}`, () => expect(maxDialedOf(limits)).to.equal(dialed))
  })

  describe('as a whole', () => {
    it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
  })
})
