import { expect } from 'chai'
import {
  type Discv5SessionEvent,
  type Discv5SessionInput,
  discv5SessionMachine,
  maxCalls,
} from '../../machines/discv5-session.ts'
import type { HandshakePacket } from '../../protocols/discv5/packet.ts'
import { ChartWalk } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('discv5-session', () => {
  const chart = new ChartWalk(discv5SessionMachine)
  const input: Discv5SessionInput = { ports: noPorts, id: '' }
  const upon = (...events: Discv5SessionEvent[]) => {
    const { state, effects } = chart.from(input, ...events)
    return { state, effects }
  }
  const active = (keys: string, challenge: string, call: string) =>
    `active.(keys.${keys} challenge.${challenge} call.${call})`
  const elapsed = (delay: string, state: string) => chart.elapsed(delay, `active.${state}`)

  const unreadable: Discv5SessionEvent = { type: 'packet.unreadable', nonce: 'ff' }
  const packet = { kind: 'handshake' } as HandshakePacket
  const answered: Discv5SessionEvent = { type: 'handshake.received', packet }
  const [accepted, refused]: Discv5SessionEvent[] = [{ type: 'answer.accepted' }, { type: 'answer.refused' }]
  const whoareyou: Discv5SessionEvent = { type: 'whoareyou.received' }
  const responded: Discv5SessionEvent = { type: 'response.received' }
  const callEnded: Discv5SessionEvent = { type: 'call.ended' }
  const call = (call: number): Discv5SessionEvent => ({ type: 'call.made', call })
  const challengeTime = elapsed('challengeTimeout', 'challenge.sent')
  const responseTime = (state: 'asked' | 'proven') => elapsed('responseTimeout', `call.${state}`)

  describe('that is asked', () => {
    it('challenges whose packet it cannot read', () =>
      expect(upon(unreadable)).to.deep.equal({
        state: active('none', 'sent', 'none'),
        effects: [['challenge', { nonce: 'ff' }]],
      }))
    it('repeats its challenge as long as it is to be answered', () =>
      expect(upon(unreadable, { ...unreadable, nonce: 'ee' }).effects).to.deep.equal([['repeatChallenge', undefined]]))
    it('takes the keys of who answers it', () => {
      expect(upon(unreadable, answered).effects).to.deep.equal([['checkAnswer', { packet }]])
      expect(upon(unreadable, answered, accepted!)).to.deep.equal({
        state: active('agreed', 'none', 'none'),
        effects: [
          ['dropChallenge', undefined],
          ['takeKeys', undefined],
        ],
      })
    })
    it('forgets who answers it wrongly, or not in time', () => {
      const forgotten = {
        state: 'closed',
        effects: [
          ['dropChallenge', undefined],
          ['forget', undefined],
        ],
      }
      expect(upon(unreadable, answered, refused!)).to.deep.equal(forgotten)
      expect(upon(unreadable, challengeTime)).to.deep.equal(forgotten)
    })
    it('takes no handshake that it did not ask for', () =>
      expect(upon(unreadable, answered, accepted!, answered)).to.deep.equal({
        state: active('agreed', 'none', 'none'),
        effects: [],
      }))
    it('keeps its keys until the remote, which has lost them, has made others', () => {
      const established = [unreadable, answered, accepted!]
      expect(upon(...established, unreadable)).to.deep.equal({
        state: active('agreed', 'sent', 'none'),
        effects: [['challenge', { nonce: 'ff' }]],
      })
      for (const end of [refused!, challengeTime])
        expect(upon(...established, unreadable, end)).to.deep.equal({
          state: active('agreed', 'none', 'none'),
          effects: [['dropChallenge', undefined]],
        })
      expect(upon(...established, unreadable, accepted!).effects.at(-1)).to.deep.equal(['takeKeys', undefined])
    })
  })

  describe('that asks', () => {
    it('begins with what the remote cannot read, and proves itself when challenged', () => {
      expect(upon(call(1))).to.deep.equal({
        state: active('none', 'none', 'asked'),
        effects: [['sendRandom', { call: 1 }]],
      })
      expect(upon(call(1), whoareyou)).to.deep.equal({
        state: active('agreed', 'none', 'proven'),
        effects: [['sendHandshake', { call: 1 }]],
      })
    })
    it('does not prove itself twice for one call', () =>
      expect(upon(call(1), whoareyou, whoareyou).effects).to.deep.equal([]))
    it('uses the keys that it has, and makes others when the remote has lost them', () => {
      const established = [call(1), whoareyou, callEnded]
      expect(upon(...established, call(2))).to.deep.equal({
        state: active('agreed', 'none', 'asked'),
        effects: [['sendCall', { call: 2 }]],
      })
      expect(upon(...established, call(2), whoareyou).effects).to.deep.equal([['sendHandshake', { call: 2 }]])
    })
    it('asks one thing at a time', () => {
      expect(upon(call(1), call(2), call(3)).effects).to.deep.equal([])
      expect(upon(call(1), call(2), call(3), whoareyou, callEnded)).to.deep.equal({
        state: active('agreed', 'none', 'asked'),
        effects: [['sendCall', { call: 2 }]],
      })
      expect(upon(call(1), whoareyou, callEnded, call(2), call(3), callEnded).effects).to.deep.equal([
        ['sendCall', { call: 3 }],
      ])
      expect(upon(call(1), callEnded)).to.deep.equal({ state: 'closed', effects: [['forget', undefined]] })
      expect(upon(call(1), call(2), callEnded).effects).to.deep.equal([['sendRandom', { call: 2 }]])
    })
    it('has so many calls at a time and no more', () => {
      const calls = Array.from({ length: maxCalls }, (_, i) => call(i))
      for (const before of [calls, [call(0), whoareyou, ...calls.slice(1)]])
        expect(upon(...before, call(maxCalls)).effects).to.deep.equal([
          ['failCall', { call: maxCalls, why: 'queue full' }],
        ])
    })
    it('waits for each of several responses as long', () => {
      expect(upon(call(1), responded).state).to.equal(active('none', 'none', 'asked'))
      expect(upon(call(1), whoareyou, responded).state).to.equal(active('agreed', 'none', 'proven'))
    })
    it('gives up who does not respond, and forgets who it has no keys of', () => {
      expect(upon(call(1), responseTime('asked'))).to.deep.equal({
        state: 'closed',
        effects: [
          ['failCall', { call: 1, why: 'timeout' }],
          ['forget', undefined],
        ],
      })
      expect(upon(call(1), whoareyou, responseTime('proven'))).to.deep.equal({
        state: active('agreed', 'none', 'none'),
        effects: [['failCall', { call: 1, why: 'timeout' }]],
      })
      expect(upon(call(1), call(2), responseTime('asked')).effects).to.deep.equal([
        ['failCall', { call: 1, why: 'timeout' }],
        ['sendRandom', { call: 2 }],
      ])
    })
  })

  describe('that asks and is asked', () => {
    it('does both at the same time', () => {
      expect(upon(call(1), unreadable).state).to.equal(active('none', 'sent', 'asked'))
      // Neither end forgets what the other is about.
      expect(upon(call(1), unreadable, callEnded).state).to.equal(active('none', 'sent', 'none'))
      for (const end of [refused!, challengeTime])
        expect(upon(call(1), unreadable, end).state).to.equal(active('none', 'none', 'asked'))
      expect(upon(unreadable, call(1)).effects).to.deep.equal([['sendRandom', { call: 1 }]])
      expect(upon(call(1), unreadable, answered, accepted!, callEnded, call(2)).effects).to.deep.equal([
        ['sendCall', { call: 2 }],
      ])
      expect(upon(call(1), whoareyou, callEnded, call(2), whoareyou, call(3), callEnded).effects).to.deep.equal([
        ['sendCall', { call: 3 }],
      ])
      expect(upon(call(1), unreadable, call(2), answered, accepted!, callEnded).effects).to.deep.equal([
        ['sendCall', { call: 2 }],
      ])
    })
    it('ends with its table, and all that it was asked for fails', () =>
      expect(upon(call(1), call(2), { type: 'session.end' })).to.deep.equal({
        state: 'closed',
        effects: [
          ['failCalls', { why: 'closed' }],
          ['forget', undefined],
        ],
      }))

    it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
  })
})
