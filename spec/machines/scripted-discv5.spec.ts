import { expect } from 'chai'
import {
  type ScriptedDiscv5Event,
  type ScriptedDiscv5Input,
  scriptedDiscv5Machine,
} from '../../machines/scripted-discv5.ts'
import type { HandshakePacket, WhoareyouPacket } from '../../protocols/discv5/packet.ts'
import { ChartWalk } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('scripted-discv5', () => {
  const chart = new ChartWalk(scriptedDiscv5Machine)
  const upon = (input: Partial<ScriptedDiscv5Input>, ...events: ScriptedDiscv5Event[]) => {
    const usual = { ports: noPorts, through: 'session', answersPings: true, hasKeys: false } as const
    const { state, effects } = chart.from({ ...usual, ...input }, ...events)
    return [state, ...effects.map(([name]) => name)]
  }
  const bare = { through: 'packets' } as const
  const [sent, challenged, agreed] = (['request.sent', 'challenge.sent', 'keys.agreed'] as const).map((type) => ({
    type,
  })) as [ScriptedDiscv5Event, ScriptedDiscv5Event, ScriptedDiscv5Event]
  const whoareyou: ScriptedDiscv5Event = { type: 'whoareyou.received', packet: {} as WhoareyouPacket }
  const handshake: ScriptedDiscv5Event = { type: 'handshake.received', packet: {} as HandshakePacket }
  const unreadable: ScriptedDiscv5Event = { type: 'packet.unreadable', nonce: new Uint8Array(12) }
  const ping: ScriptedDiscv5Event = { type: 'ping.received', requestId: new Uint8Array(1) }
  const state = (keys: string, request: string, challenge: string) =>
    `bound.(keys.${keys} request.${request} challenge.${challenge})`

  it('begins without keys, or with those of another', () => {
    expect(upon({})).to.deep.equal([state('none', 'none', 'none')])
    expect(upon({ hasKeys: true })).to.deep.equal([state('agreed', 'none', 'none')])
  })
  it('proves itself once for a request', () => {
    expect(upon({}, sent, whoareyou)).to.deep.equal([state('none', 'none', 'none'), 'prove'])
    expect(upon({}, sent, agreed)).to.deep.equal([state('agreed', 'none', 'none')])
    expect(upon({}, whoareyou)).to.deep.equal([state('none', 'none', 'none')])
  })
  it('challenges what it cannot open, and takes the handshake that comes', () => {
    expect(upon({}, unreadable)).to.deep.equal([state('none', 'none', 'none'), 'challenge'])
    expect(upon({}, challenged, handshake)).to.deep.equal([state('none', 'none', 'out'), 'accept'])
    expect(upon({}, challenged, agreed)).to.deep.equal([state('agreed', 'none', 'none')])
    expect(upon({}, handshake)).to.deep.equal([state('none', 'none', 'none')])
  })
  it('leaves all that to its script when asked to', () => {
    expect(upon(bare, sent, whoareyou)).to.deep.equal([state('none', 'out', 'none')])
    expect(upon(bare, unreadable)).to.deep.equal([state('none', 'none', 'none')])
    expect(upon(bare, challenged, handshake)).to.deep.equal([state('none', 'none', 'out')])
  })
  it('answers pings, if it may', () => {
    expect(upon(bare, ping)[1]).to.equal('sendPong')
    expect(upon({ answersPings: false }, ping)).to.have.length(1)
  })
  it('closes its socket when its script is done', () =>
    expect(upon({}, { type: 'script.close' })).to.deep.equal(['closed', 'unbind']))
  it('has been in every state, and taken every transition', () => expect(chart.untouched).to.deep.equal([]))
})
