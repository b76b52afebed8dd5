import { expect } from 'chai'
import { type ProtocolManagerEvent, protocolManagerMachine } from '../../machines/protocol-manager.ts'
import { DiscReason, reasonOf } from '../../protocols/p2p/disconnect-reasons.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('protocol-manager', () => {
  const chart = new ChartWalk(protocolManagerMachine)
  const upon = (...events: ProtocolManagerEvent[]) => chart.from({ ports: noPorts, maxPeers: 2 }, ...events)
  const hash = new Uint8Array(32).fill(9)
  const range = (latest: bigint, earliest = 0n) => ({ earliest, latest, latestHash: hash })

  const arrive = (session: number): ProtocolManagerEvent => ({ type: 'session.arrived', session })
  const end = (session: number): ProtocolManagerEvent => ({ type: 'session.ended', session })
  const register = (
    session: number,
    options: { id?: string; trusted?: boolean; announcedLatest?: bigint } = {},
  ): ProtocolManagerEvent => {
    const { id = `${session}`, trusted = false, announcedLatest } = options
    return { type: 'peer.register', session, id, trusted, range: range(5n), headHash: hash, announcedLatest }
  }
  const joined = (session: number) => [arrive(session), register(session)]
  const head = (latest: bigint): ProtocolManagerEvent => ({ type: 'chain.head', range: range(latest) })
  const start: ProtocolManagerEvent = { type: 'manager.start', range: range(100n) }
  const stop: ProtocolManagerEvent = { type: 'manager.stop' }
  const synced: ProtocolManagerEvent = { type: 'chain.synced' }
  const refusals = ({ effects }: Step<typeof protocolManagerMachine>) =>
    effects
      .filter(([name]) => name === 'refuse')
      .map(([, params]) => params as { session: number; error: Error })
      .map(({ session, error }) => ({ session, reason: reasonOf(error), why: error.message }))

  describe('before its start', () => {
    it('lets sessions wait', () => {
      expect(upon(arrive(1), arrive(2))).to.deep.include({ state: 'created', effects: [] })
    })
    it('lets them begin when it starts', () =>
      expect(upon(arrive(1), arrive(2), end(1), start)).to.deep.include({
        state: 'running.syncing',
        effects: [['admit', { session: 2 }]],
      }))
    it('sends them away when it stops', () => {
      const step = upon(arrive(1), stop)
      expect(step.state).to.equal('stopping')
      expect(refusals(step)).to.deep.equal([{ session: 1, reason: DiscReason.Quitting, why: 'client quitting' }])
    })
  })

  describe('while running', () => {
    it('lets a session begin at once', () =>
      expect(upon(start, arrive(1)).effects).to.deep.equal([['admit', { session: 1 }]]))
    it('registers a peer, and reports that it joined', () => {
      const { effects, context } = upon(start, ...joined(1))
      expect(effects.map(([name]) => name)).to.deep.equal(['confirm', 'reportJoined'])
      expect(context.peers.get(1)).to.equal('1')
    })
    it('has no place for more than maxPeers', () =>
      expect(refusals(upon(start, ...joined(1), ...joined(2), ...joined(3)))).to.deep.equal([
        { session: 3, reason: DiscReason.TooManyPeers, why: 'too many peers' },
      ]))
    it('has a place for the trusted', () =>
      expect(
        upon(start, ...joined(1), ...joined(2), arrive(3), register(3, { trusted: true })).context.peers.size,
      ).to.equal(3))
    it('has one place for a node', () =>
      expect(refusals(upon(start, ...joined(1), arrive(2), register(2, { id: '1' })))).to.deep.equal([
        { session: 2, reason: DiscReason.SubprotocolError, why: 'peer already registered' },
      ]))
    it('reports when a peer has left', () =>
      expect(upon(start, ...joined(1), end(1))).to.deep.include({ effects: [['reportLeft', { session: 1 }]] }))
    it('reports nothing of a session that was no peer', () =>
      expect(upon(start, arrive(1), end(1))).to.deep.include({ effects: [] }))
    it('drops a peer that is of no use', () =>
      expect(upon(start, ...joined(1), { type: 'peer.remove', session: 1 }).effects).to.deep.equal([
        ['disconnect', { session: 1, reason: DiscReason.UselessPeer }],
      ]))
    it('drops no peer that is gone', () =>
      expect(upon(start, { type: 'peer.remove', session: 1 }).effects).to.deep.equal([]))
  })

  describe('with transactions', () => {
    const confirmed = (session: number, isSynced: boolean) => ['confirm', { session, isSynced }]

    it('has sessions drop them until the chain is synced', () =>
      expect(upon(start, ...joined(1)).effects[0]).to.deep.equal(confirmed(1, false)))
    it('has every session of the peer set accept them from then on', () => {
      const step = upon(start, ...joined(1), ...joined(2), arrive(3), synced)
      expect(step).to.deep.include({
        state: 'running.synced',
        effects: [1, 2].map((session) => ['accept', { session }]),
      })
      expect(chart.on(step, synced).effects).to.deep.equal([])
    })
    it('has a session accept them that comes later', () =>
      expect(upon(start, synced, ...joined(1)).effects[0]).to.deep.equal(confirmed(1, true)))
  })

  describe('with block ranges', () => {
    const sent = (latest: bigint, ...sessions: number[]) =>
      sessions.map((session) => ['sendRange', { session, range: range(latest) }])

    it('announces its range to every peer 32 blocks on', () => {
      expect(upon(start, ...joined(1), head(131n)).effects).to.deep.equal([])
      expect(upon(start, ...joined(1), ...joined(2), head(132n)).effects).to.deep.equal(sent(132n, 1, 2))
      expect(upon(start, ...joined(1), head(132n), head(163n)).effects).to.deep.equal([])
      expect(upon(start, ...joined(1), head(132n), head(164n)).effects).to.deep.equal(sent(164n, 1))
    })
    it('announces a rollback at once', () => {
      expect(upon(start, ...joined(1), head(99n)).effects).to.deep.equal(sent(99n, 1))
      expect(upon(start, ...joined(1), head(99n), head(98n)).effects).to.deep.equal(sent(98n, 1))
      expect(upon(start, ...joined(1), head(131n), head(100n)).effects).to.deep.equal([])
    })
    it('announces a rollback at once, too, when only the Status sent to a peer had more', () => {
      const reported = upon(start, head(125n), arrive(1), register(1, { announcedLatest: 125n }))
      expect(chart.on(reported, head(126n), head(110n)).effects).to.deep.equal(sent(110n, 1))
      expect(chart.on(reported, head(110n), head(111n)).effects).to.deep.equal([])
      expect(chart.on(reported, head(125n)).effects).to.deep.equal([])
    })
    it('announces a rollback during a handshake to that peer alone, when it is registered', () => {
      const late = [...joined(1), arrive(2), head(105n), register(2, { announcedLatest: 120n })]
      expect(upon(start, ...late).effects.slice(2)).to.deep.equal(sent(105n, 2))
      const exact = [arrive(2), head(105n), register(2, { announcedLatest: 105n })]
      expect(upon(start, ...exact).effects.map(([name]) => name)).to.deep.equal(['confirm', 'reportJoined'])
    })
    it('remembers no announcement that went to no peer', () => {
      const step = upon(start, head(132n))
      expect(step.effects).to.deep.equal([])
      expect(chart.on(step, ...joined(1), head(133n)).effects).to.deep.equal(sent(133n, 1))
    })
  })

  describe('while stopping', () => {
    it('takes leave of every peer', () => {
      const step = upon(start, ...joined(1), ...joined(2), stop)
      expect(step.state).to.equal('stopping')
      expect(step.effects).to.deep.equal(
        [1, 2].map((session) => ['disconnect', { session, reason: DiscReason.Quitting }]),
      )
    })
    it('refuses a new session', () =>
      expect(refusals(upon(start, ...joined(1), stop, arrive(2)))).to.deep.equal([
        { session: 2, reason: DiscReason.Quitting, why: 'client quitting' },
      ]))
    it('has closed its peer set to those in their handshake', () =>
      expect(refusals(upon(start, arrive(1), stop, register(1)))).to.deep.equal([
        { session: 1, reason: DiscReason.SubprotocolError, why: 'peerset closed' },
      ]))
    it('waits for every session to end', () => {
      expect(upon(start, ...joined(1), arrive(2), stop, end(1)).state).to.equal('stopping')
      expect(upon(start, ...joined(1), arrive(2), stop, end(1), end(2)).state).to.equal('stopped')
    })
    it('stops at once without sessions', () =>
      expect(upon(start, stop)).to.deep.include({ state: 'stopped', effects: [['reportStopped', undefined]] }))
    it('refuses a session that comes when it has stopped', () =>
      expect(refusals(upon(start, stop, arrive(2)))).to.deep.equal([
        { session: 2, reason: DiscReason.Quitting, why: 'client quitting' },
      ]))
    it('is over when its node is closed', () =>
      expect(upon(start, stop, { type: 'manager.release' }).state).to.equal('released'))
  })

  describe('as a whole', () => {
    it('has entered every state and taken every transition', () => expect(chart.untouched).to.deep.equal([]))
  })
})
