import { expect } from 'chai'
import * as label from '../../../../actors/inspector/page/labels.ts'

/** A narrow space is shown as a full one here. */
const plain = (text: string) => text.replaceAll('\u202f', ' ')

describe('the labels of the page', () => {
  it('say ages, sizes, latencies and numbers shortly', () => {
    expect([900, 61_000, 7_800_000].map((ms) => plain(label.age(ms)))).to.deep.equal(['0 s', '1 m 01 s', '2 h 10 m'])
    expect([900, 61_000].map((ms) => plain(label.briefAge(ms)))).to.deep.equal(['0 s', '1 m'])
    expect([0, 999, 1_000, 34_500_000].map((size) => plain(label.bytes(size)))).to.deep.equal([
      '0 B',
      '999 B',
      '1.0 kB',
      '35 MB',
    ])
    expect([0.42, 31.2, 2_100].map((ms) => plain(label.latency(ms)))).to.deep.equal(['0.4 ms', '31 ms', '2.1 s'])
    expect(plain(label.count(1_234_567))).to.equal('1 234 567')
    expect([4_120, 125_300].map(label.moment)).to.deep.equal(['4.120', '2:05.300'])
  })
  it('call a client by its name and version', () => {
    expect(label.shortClient('Geth/v1.17.5-stable/linux-amd64/go1.25')).to.equal('Geth/v1.17.5-stable')
    expect(label.shortClient('Peerchart/node-2/v0.1.0/linux-x64/node20')).to.equal('Peerchart/node-2/v0.1.0')
    expect(label.shortClient('anything')).to.equal('anything')
  })
  it('gather the versions of a protocol', () => {
    expect(label.capsLabel(['eth/68', 'eth/69', 'snap/1'])).to.equal('eth/68–69 snap/1')
  })
  it('say events of XState itself as a person would', () => {
    expect(label.eventName('xstate.after.pingInterval.peer.running')).to.equal('after pingInterval')
    expect(label.eventName('server.admitted')).to.equal('server.admitted')
  })
  it('name the outermost state, and a state as far as it is one path', () => {
    const state = 'running.(keepalive.quiet writing.flowing)'
    expect([label.outermost(state), label.briefState(state)]).to.deep.equal(['running', 'running'])
    expect([label.outermost('a.b.c'), label.briefState('a.b.c')]).to.deep.equal(['a', 'a.b.c'])
    expect([label.outermost('(a b)'), label.briefState('(a b)')]).to.deep.equal(['(a b)', '(a b)'])
  })
  it('say where a transition led, also by what came of it', () => {
    const line = {
      ...{ seq: 1, at: 0, type: 'transition' as const, actor: 'peer/1/eth', chart: 'eth-peer', event: 'Status' },
      ...{ from: 'awaitingStatus', to: 'awaitingStatus', effects: ['openStatus'], edges: [] },
    }
    expect(label.whereTo(line)).to.equal('stays')
    expect(label.whereTo({ ...line, to: 'closed' })).to.equal('closed')
    const outcome = { event: 'fault.found', to: 'closed' }
    expect(label.whereTo({ ...line, outcome })).to.equal('closed, by fault.found')
  })
})
