import { expect } from 'chai'
import {
  type RpcConnectionEvent,
  type RpcConnectionInput,
  rpcConnectionMachine,
} from '../../machines/rpc-connection.ts'
import { ChartWalk } from '../chart.ts'

describe('rpc-connection', () => {
  const chart = new ChartWalk(rpcConnectionMachine)
  const input: RpcConnectionInput = {
    ports: { ping() {}, pause() {}, resume() {}, hangUp() {} },
    hasPing: true,
    pingInterval: 30_000,
    pongTimeout: 30_000,
    writeTimeout: 10_000,
  }
  const upon = (...events: RpcConnectionEvent[]) => {
    const { state, effects } = chart.from(input, ...events)
    return { state, effects }
  }
  const reported = (...types: Exclude<RpcConnectionEvent['type'], 'client.malformed'>[]) =>
    types.map((type) => ({ type }))
  const elapsed = (delay: string, state: string) => chart.elapsed(delay, `open.${state}`)
  const pingTime = elapsed('pingInterval', 'keepalive.quiet')
  const pongTime = elapsed('pongTimeout', 'keepalive.pinged')
  const writeTime = elapsed('writeTimeout', 'writing.blocked')
  const hungUp = (now: boolean, why: string) => ({ state: 'closed', effects: [['hangUp', { now, why }]] })

  it('pings, and again after the pong', () => {
    expect(upon(pingTime)).to.deep.equal({
      state: 'open.(keepalive.pinged writing.flowing calling.free)',
      effects: [['ping', undefined]],
    })
    expect(upon(pingTime, ...reported('pong.received'), pingTime).effects).to.deep.equal([['ping', undefined]])
  })
  it('hangs up without a pong', () => expect(upon(pingTime, pongTime)).to.deep.equal(hungUp(true, 'no pong')))
  it('does not ping where there are no pings', () =>
    expect(chart.from({ ...input, hasPing: false }, pingTime).effects).to.deep.equal([]))
  it('does not read a client that does not read, and hangs up on it after a while', () => {
    expect(upon(...reported('write.blocked')).effects).to.deep.equal([['pause', undefined]])
    expect(upon(...reported('write.blocked', 'write.blocked')).effects).to.deep.equal([])
    expect(upon(...reported('write.blocked', 'write.drained')).effects).to.deep.equal([['resume', undefined]])
    expect(upon(...reported('write.blocked'), writeTime)).to.deep.equal(hungUp(true, 'does not read'))
  })
  it('hangs up at once when too much waits', () => {
    expect(upon(...reported('write.overflowed'))).to.deep.equal(hungUp(true, 'does not read'))
    expect(upon(...reported('write.blocked', 'write.overflowed'))).to.deep.equal(hungUp(true, 'does not read'))
  })
  it('does not read a client of which as many calls run as may', () => {
    expect(upon(...reported('calls.full')).effects).to.deep.equal([['pause', undefined]])
    expect(upon(...reported('calls.full', 'calls.freed')).effects).to.deep.equal([['resume', undefined]])
  })
  it('reads on only when neither holds it', () => {
    const both = reported('write.blocked', 'calls.full')
    expect(upon(...both, ...reported('write.drained')).effects).to.deep.equal([])
    expect(upon(...both, ...reported('write.drained', 'calls.freed')).effects).to.deep.equal([['resume', undefined]])
    expect(upon(...both, ...reported('calls.freed')).effects).to.deep.equal([])
    expect(upon(...both, ...reported('calls.freed', 'write.drained')).effects).to.deep.equal([['resume', undefined]])
  })
  it('hangs up at once on who holds most of what has begun to come', () =>
    expect(upon(...reported('input.overflowed'))).to.deep.equal(hungUp(true, 'holds too much unfinished input')))
  it('lets go of who sends no JSON, once that was said', () =>
    expect(upon({ type: 'client.malformed', why: 'no JSON' })).to.deep.equal(hungUp(false, 'no JSON')))
  it('ends with its client, and with its server', () => {
    expect(upon(...reported('client.closed'))).to.deep.equal(hungUp(true, 'client closed'))
    expect(upon(...reported('server.closed'))).to.deep.equal(hungUp(false, 'server closed'))
  })

  it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
})
