import { expect } from 'chai'
import {
  type Automatism,
  type ScriptedPeerEvent,
  type ScriptedPeerInput,
  scriptedPeerMachine,
} from '../../machines/scripted-peer.ts'
import { ChartWalk } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('scripted-peer', () => {
  const chart = new ChartWalk(scriptedPeerMachine)
  const as = (input: Partial<ScriptedPeerInput> = {}): ScriptedPeerInput => ({
    ...{ ports: noPorts, isDialing: true, through: 'status', hasStatus: false, answersPings: true },
    ...input,
  })
  const upon = (input: Partial<ScriptedPeerInput>, ...events: ScriptedPeerEvent[]) => {
    const { state, effects } = chart.from(as(input), ...events)
    return [state, ...effects.map(([name]) => name)]
  }
  const through = (through: Automatism) => ({ through })

  const opened: ScriptedPeerEvent = { type: 'stream.opened', remote: '127.0.0.1:30303' }
  const secured: ScriptedPeerEvent = { type: 'rlpx.secured', id: 'ab' }
  const helloSent: ScriptedPeerEvent = { type: 'hello.sent' }
  const statusSent: ScriptedPeerEvent = { type: 'status.sent' }
  const statusHeard: ScriptedPeerEvent = { type: 'status.received' }
  const hello = (speaksEth = true): ScriptedPeerEvent => ({ type: 'hello.received', speaksEth })
  const bare = [opened, { type: 'script.secure' }, secured] as const

  describe('by itself', () => {
    it('connects', () => expect(upon({})).to.deep.equal(['dialing', 'connect']))
    it('waits for who comes', () => expect(upon({ isDialing: false })).to.deep.equal(['listening']))
    for (const isDialing of [true, false])
      it(`agrees on keys ${isDialing ? 'with whom it dialed' : 'with who came'}`, () =>
        expect(upon({ isDialing }, opened)).to.deep.equal(['securing.agreeing', 'secure']))
    it('says Hello at once, as geth', () =>
      expect(upon({}, opened, secured)).to.deep.equal(['greeting.said', 'sayHello']))
    it('hears their Hello', () => expect(upon({}, opened, secured, hello())).to.deep.equal(['handshaking.unsaid']))
    it('answers their Status, and runs when it has', () => {
      expect(upon({}, opened, secured, hello(), statusHeard)).to.deep.equal(['handshaking.heard', 'sayStatus'])
      expect(upon({}, opened, secured, hello(), statusHeard, statusSent)).to.deep.equal(['running'])
    })
    it('says its Status first, when it has one', () => {
      expect(upon({ hasStatus: true }, opened, secured, hello())).to.deep.equal(['handshaking.said', 'sayStatus'])
      expect(upon({ hasStatus: true }, opened, secured, hello(), statusHeard)).to.deep.equal(['running'])
    })
    it('runs without Status where eth is not matched', () =>
      expect(upon({}, opened, secured, hello(false))).to.deep.equal(['running']))
    it('answers Pings at any stage', () =>
      expect(upon({}, opened, secured, { type: 'ping.received' })).to.deep.equal(['greeting.said', 'sendPong']))
    it('answers no Pings when asked not to', () =>
      expect(upon({ answersPings: false }, opened, secured, { type: 'ping.received' })).to.deep.equal([
        'greeting.said',
      ]))
  })

  describe('led by a script', () => {
    it('stops after the step that it was to go through', () => {
      expect(upon(through('tcp'), opened)).to.deep.equal(['securing.bare'])
      expect(upon(through('rlpx'), opened, secured)).to.deep.equal(['greeting.unsaid'])
      expect(upon(through('hello'), opened, secured, hello())).to.deep.equal(['handshaking.unsaid'])
      expect(upon({ ...through('hello'), hasStatus: true }, opened, secured, hello())[0]).to.equal('handshaking.unsaid')
      expect(upon(through('hello'), opened, secured, hello(), statusHeard)).to.deep.equal(['handshaking.heard'])
    })
    it('goes on when the script does', () => {
      expect(upon(through('tcp'), opened, { type: 'script.secure' })).to.deep.equal(['securing.agreeing', 'secure'])
      expect(upon(through('tcp'), ...bare, helloSent)).to.deep.equal(['greeting.said'])
      expect(upon(through('tcp'), ...bare, helloSent, hello(), statusSent)).to.deep.equal(['handshaking.said'])
      expect(upon(through('tcp'), ...bare, helloSent, hello(), statusSent, statusHeard)).to.deep.equal(['running'])
    })
    it('lets it hear first and speak later', () => {
      expect(upon(through('tcp'), ...bare, hello())).to.deep.equal(['greeting.heard'])
      expect(upon(through('tcp'), ...bare, hello(), helloSent)).to.deep.equal(['handshaking.unsaid'])
      expect(upon(through('tcp'), ...bare, hello(false), helloSent)).to.deep.equal(['running'])
      expect(upon(through('tcp'), ...bare, hello(), helloSent, statusHeard, statusSent)).to.deep.equal(['running'])
    })
    it('forbids it nothing: a Status too many changes nothing', () =>
      expect(upon({}, opened, secured, hello(), statusHeard, statusSent, statusHeard)).to.deep.equal(['running']))
  })

  describe('ends', () => {
    const endOf = (...events: ScriptedPeerEvent[]) => {
      const { state, context } = chart.from(as(), ...events)
      return { state, by: context.endedBy, reason: context.reason, error: context.error?.message }
    }
    it('when nothing listens there', () =>
      expect(endOf({ type: 'dial.failed', error: new Error('refused') })).to.deep.equal({
        ...{ state: 'closed', by: 'them', reason: undefined, error: 'refused' },
      }))
    it('when they hang up, and knows the reason that they gave', () =>
      expect(
        endOf(opened, secured, { type: 'disconnect.received', reason: 4 }, { type: 'stream.closed' }),
      ).to.deep.equal({ state: 'closed', by: 'them', reason: 4, error: undefined }))
    it('when what they send is no frame', () =>
      expect(endOf(opened, { type: 'stream.closed', error: new Error('bad header MAC') })).to.include({
        by: 'them',
        error: 'bad header MAC',
      }))
    it('when the script has enough', () => {
      expect(endOf(opened, { type: 'script.close' })).to.include({ state: 'closed', by: 'us' })
      expect(upon({}, opened, { type: 'script.close' })).to.deep.equal(['closed', 'hangUp'])
    })
  })

  // Behind the others: mocha runs the specs of a suite before its suites.
  describe('on the whole', () => {
    it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
  })
})
