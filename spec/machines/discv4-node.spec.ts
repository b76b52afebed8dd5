import { expect } from 'chai'
import {
  type Discv4NodeEvent,
  type Discv4NodeInput,
  discv4NodeMachine,
  maxQueries,
} from '../../machines/discv4-node.ts'
import { type Enode, toEnode } from '../../protocols/enode/enode.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('a node of discv4', () => {
  const chart = new ChartWalk(discv4NodeMachine)
  const input: Discv4NodeInput = { ports: noPorts, id: '', provenFor: 0, introducedFor: 0, findFails: 0, checks: 0 }
  const day = 24 * 3_600_000
  const node = (change: Partial<Discv4NodeInput>, ...events: Discv4NodeEvent[]) =>
    chart.from({ ...input, ...change }, ...events)
  const known = { provenFor: day, introducedFor: day }

  const ping = { hash: new Uint8Array(32), udp: 30_303, tcp: 30_303, to: undefined }
  const pinged: Discv4NodeEvent = { type: 'ping.received', ping }
  const ponged = (request = 1): Discv4NodeEvent => ({
    ...{ type: 'pong.received', request, pong: { seq: 5n, to: undefined } },
  })
  const findnode = { target: new Uint8Array(64), udp: 30_303 }
  const wantsNodes: Discv4NodeEvent = { type: 'findnode.received', findnode }
  const wantsRecord: Discv4NodeEvent = { type: 'enrrequest.received', request: { hash: new Uint8Array(32), udp: 1 } }
  const check: Discv4NodeEvent = { type: 'check' }
  const query = (query = 1, kind: 'FINDNODE' | 'ENRREQUEST' = 'FINDNODE'): Discv4NodeEvent => ({
    ...{ type: 'query', query, kind },
  })
  const found = (length: number): readonly Enode[] =>
    Array.from({ length }, (_, i) => toEnode(new Uint8Array(64), '127.0.0.1', i))
  const neighbors = (length: number, count = length): Discv4NodeEvent => ({
    ...{ type: 'neighbors.received', nodes: found(length), count },
  })
  const elapsed = (delay: string, state: string) => chart.elapsed(delay, `known.${state}`)
  const noPong = elapsed('responseTimeout', 'ping.awaitingPong')
  const noAnswer = elapsed('responseTimeout', 'query.asking')
  const names = ({ effects }: Step<typeof discv4NodeMachine>) => effects.map(([name]) => name)

  describe('that contacts us', () => {
    it('is answered and pinged at once, and pinged once', () => {
      expect(names(node({}, pinged))).to.deep.equal(['sendPong', 'sendPing'])
      expect(names(node({}, pinged, pinged))).to.deep.equal(['sendPong'])
    })
    it('has proven its endpoint when it names our PING', () => {
      const bonded = node({}, pinged, ponged())
      expect(names(bonded)).to.deep.equal(['noteProof', 'noteContact'])
      expect(bonded.state).to.contain('proof.bonded.renewed')
      expect(names(chart.on(bonded, pinged))).to.deep.equal(['sendPong', 'noteContact'])
    })
    it('has proven nothing by another number, by a PONG that no one waits for, or too late', () => {
      expect(node({}, pinged, ponged(2)).effects).to.deep.equal([])
      expect(node({}, ponged(0)).effects).to.deep.equal([])
      const late = node({}, pinged, noPong, ponged())
      expect(late.effects).to.deep.equal([])
      expect(late.state).to.contain('proof.unknown')
    })
    it('is answered nothing but its PINGs before that', () => {
      for (const steps of [[], [pinged]]) {
        expect(node({}, ...steps, wantsNodes).effects).to.deep.equal([])
        expect(node({}, ...steps, wantsRecord).effects).to.deep.equal([])
      }
    })
    it('is answered for a day, which begins anew with each proof', () => {
      const bonded = node({ provenFor: 7 })
      expect(names(chart.on(bonded, wantsNodes))).to.deep.equal(['sendNeighbors'])
      expect(names(chart.on(bonded, wantsRecord))).to.deep.equal(['sendRecord'])
      expect(chart.on(bonded, check, ponged()).context.provenFor).to.equal(day)
      const lapsed = chart.on(bonded, elapsed('provenFor', 'proof.bonded.renewed'))
      expect(names(lapsed)).to.deep.equal(['noteLapse'])
      expect(names(chart.on(lapsed, pinged))).to.deep.equal(['sendPong', 'sendPing'])
    })
  })

  describe('that is in the table', () => {
    it('is alive when it answers a check, and has proven its endpoint by it, without any contact', () => {
      const alive = node({}, check, ponged())
      expect(alive.effects.at(-1)).to.deep.equal(['reportAlive', { checks: 1, seq: 5n }])
      expect(names(alive)).to.not.include('noteContact')
      expect(alive.state).to.contain('proof.bonded').and.contain('liveness.verified')
      expect(chart.on(alive, check, ponged(2)).effects.at(-1)).to.deep.equal(['reportAlive', { checks: 2, seq: 5n }])
    })
    it('is checked by the PING that is out already', () =>
      expect(names(node({}, pinged, check, ponged()))).to.have.members(['noteProof', 'noteContact', 'reportAlive']))
    it('loses two thirds of what it had when it does not answer, and its place when nothing is left', () => {
      const failing = node({ checks: 7 }, check, noPong)
      expect(failing.effects.at(-1)).to.deep.equal(['reportSilent', { checks: 2 }])
      expect(failing.state).to.contain('liveness.failing')
      const dead = chart.on(failing, check, noPong)
      expect(dead.effects.at(-1)).to.deep.equal(['reportSilent', { checks: 0 }])
      expect(dead.state).to.contain('liveness.unverified')
    })
  })

  describe('that we ask', () => {
    it('is asked at once when it has pinged us', () => {
      expect(node(known, query()).effects).to.deep.equal([['sendQuery', { query: 1 }]])
      expect(names(node({}, pinged, query()))).to.deep.equal(['sendQuery'])
    })
    it('is pinged first when it has not, and asked when it pings us back', () => {
      const pinging = node({}, query())
      expect(names(pinging)).to.deep.equal(['sendPing'])
      expect(names(chart.on(pinging, ponged()))).to.deep.equal(['noteProof'])
      expect(names(chart.on(pinging, ponged(), pinged))).to.deep.equal(['sendPong', 'noteContact', 'sendQuery'])
      expect(names(chart.on(pinging, pinged))).to.deep.equal(['sendPong', 'sendQuery'])
    })
    it('is asked after half a second when it knows us already, and does not ping', () => {
      const asked = node({}, query(), ponged(), elapsed('responseTimeout', 'introduction.listening'))
      expect(names(asked)).to.deep.equal(['sendQuery'])
    })
    it('is not asked when it does not answer a PING', () =>
      expect(node({}, query(), noPong).effects).to.deep.equal([
        ['noteLapse', undefined],
        ['settle', { query: 1, why: 'timeout' }],
        ['noteFindFails', { fails: 1 }],
      ]))
    it('has answered with sixteen nodes, in one packet or several, fit or not', () => {
      const half = node(known, query(), neighbors(12))
      expect(half.effects).to.deep.equal([])
      expect(chart.on(half, neighbors(2, 4)).effects).to.deep.equal([
        ['settle', { query: 1, nodes: [...found(12), ...found(2)] }],
        ['noteFindFails', { fails: 0 }],
      ])
      expect(node(known, query(), neighbors(16), neighbors(16)).effects).to.deep.equal([])
    })
    it('has answered with fewer, too, after half a second', () => {
      expect(node(known, query(), neighbors(3), noAnswer).effects).to.deep.equal([
        ['settle', { query: 1, nodes: found(3) }],
        ['noteFindFails', { fails: 0 }],
      ])
      expect(names(node(known, query(), neighbors(0), noAnswer))).to.deep.equal(['settle', 'noteFindFails'])
    })
    it('gives its record to the query that it names, and nothing else for it', () => {
      const asked = node(known, query(4, 'ENRREQUEST'))
      for (const other of [neighbors(16), { type: 'record.received', query: 3, record: undefined } as const])
        expect(chart.on(asked, other).effects).to.deep.equal([])
      expect(chart.on(asked, { type: 'record.received', query: 4, record: undefined }).effects).to.deep.equal([
        ['settle', { query: 4, record: undefined }],
      ])
      expect(chart.on(asked, noAnswer).effects).to.deep.equal([['settle', { query: 4, why: 'timeout' }]])
    })
    it('takes one query at a time, and sixteen in all', () => {
      const queries = Array.from({ length: maxQueries }, (_, i) => query(i + 1))
      const full = node(known, ...queries)
      expect(full.effects).to.deep.equal([])
      expect(chart.on(full, query(99)).effects).to.deep.equal([['settle', { query: 99, why: 'too many queries' }]])
      expect(names(chart.on(full, neighbors(16)))).to.deep.equal(['settle', 'noteFindFails', 'sendQuery'])
    })
    it('may have forgotten us when it fails six times, and is pinged before the next', () => {
      const failed = node({ ...known, findFails: 5 }, query(), noAnswer)
      expect(failed.effects.at(-1)).to.deep.equal(['noteFindFails', { fails: 6 }])
      expect(names(chart.on(failed, query(2)))).to.deep.equal(['sendPing'])
      expect(names(chart.on(node({ ...known, findFails: 4 }, query(), noAnswer), query(2)))).to.deep.equal([
        'sendQuery',
      ])
    })
    it('is pinged again when it has not pinged us for a day', () => {
      const silent = node(known, elapsed('introducedFor', 'introduction.heard'), query())
      expect(names(silent)).to.deep.equal(['sendPing'])
    })
  })

  it('that is forgotten fails what was asked of it, and is heard no more', () => {
    const forgotten = node(known, query(), { type: 'node.forget' })
    expect(names(forgotten)).to.deep.equal(['abandon'])
    expect(forgotten.state).to.equal('forgotten')
  })
})
