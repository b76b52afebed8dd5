import { expect } from 'chai'
import { type SnapPeerEvent, snapPeerMachine } from '../../machines/snap-peer.ts'
import { DiscReason, reasonOf } from '../../protocols/p2p/disconnect-reasons.ts'
import { isSnapRequest, type SnapMessageName, snapAnswerOf } from '../../protocols/snap/versions.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('snap-peer', () => {
  const chart = new ChartWalk(snapPeerMachine)
  const upon = (...events: SnapPeerEvent[]) => chart.from({ ports: noPorts, isBesideEth: true }, ...events)
  const payload = Uint8Array.of(0xc0)
  const message = (type: SnapMessageName) => ({ type, payload }) as SnapPeerEvent
  const verdict = ({ state, effects }: Step<typeof snapPeerMachine>) => {
    const error = (effects.find(([name]) => name === 'end')?.[1] as { error: Error } | undefined)?.error
    return { state, reason: error && reasonOf(error), why: error?.message }
  }
  const ended = (why: string) => ({ state: 'closed', reason: DiscReason.SubprotocolError, why })
  const names = Object.entries(snapAnswerOf).flat() as SnapMessageName[]

  it('serves beside eth at once: it has no handshake', () =>
    expect(upon()).to.deep.include({ state: 'active.flowing', effects: [] }))
  it('ends without eth', () =>
    expect(verdict(chart.from({ ports: noPorts, isBesideEth: false }))).to.deep.equal(
      ended('peer connected on snap without compatible eth support'),
    ))
  for (const name of names)
    if (isSnapRequest(name))
      it(`serves ${name}`, () =>
        expect(upon(message(name))).to.deep.include({
          state: 'active.flowing',
          effects: [['serve', { name, payload }]],
        }))
    else
      it(`opens ${name}`, () =>
        expect(upon(message(name))).to.deep.include({
          state: 'active.flowing',
          effects: [['openAnswer', { name, payload }]],
        }))
  it('ends with what is wrong with a request', () =>
    expect(verdict(upon({ type: 'fault.found', error: new Error('bad request') }))).to.deep.equal(ended('bad request')))
  it('ends on a code of no message', () =>
    expect(verdict(upon({ type: 'code.unknown', code: 6 }))).to.deep.equal(ended('invalid message code: 6')))
  it('ends on more than 10 MiB', () =>
    expect(verdict(upon({ type: 'message.tooLong', size: 10485761 }))).to.deep.equal(
      ended('message too long: 10485761 > 10485760'),
    ))
  it('does not read a remote that does not read its answers', () => {
    const blocked = upon({ type: 'write.blocked' })
    expect(blocked).to.deep.include({ state: 'active.blocked', effects: [['pauseReading', undefined]] })
    expect(chart.on(blocked, { type: 'write.drained' })).to.deep.include({
      state: 'active.flowing',
      effects: [['resumeReading', undefined]],
    })
  })
  const made = { type: 'request.made', id: 7n, caller: 1, name: 'GetByteCodes', count: 2, payload, now: 5 } as const
  const opened = { type: 'answer.opened', id: 7n, want: 'ByteCodes', count: 2, payload } as const
  const cancelled = { type: 'request.cancelled', id: 7n, caller: 1 } as const
  const nextExpiry = (at: number | undefined) => ['watchExpiry', { at }]
  it('sends a request, and hands its answer over', () => {
    const asked = upon(made)
    expect(asked.effects).to.deep.equal([nextExpiry(60_005), ['send', { name: 'GetByteCodes', payload }]])
    expect(chart.on(asked, opened).effects).to.deep.equal([['deliver', { caller: 1, payload }], nextExpiry(undefined)])
  })
  it('refuses a request whose number is taken', () => {
    const { effects } = upon(made, { ...made, caller: 2 })
    expect(effects.map(([name]) => name)).to.deep.equal(['fail'])
    expect((effects[0]![1] as { error: Error }).error.message).to.equal('request ID collision')
  })
  it('takes an answer that no caller waits for any more, and hands it to none', () =>
    expect(upon(made, cancelled, opened).effects).to.deep.equal([nextExpiry(undefined)]))
  it('ends on an answer that was not asked for, is another, or has more than was asked for', () => {
    expect(verdict(upon(opened))).to.deep.equal(ended('no matching request'))
    expect(verdict(upon(made, { ...opened, want: 'TrieNodes' }))).to.deep.equal(
      ended('wrong response code for request'),
    )
    expect(verdict(upon(made, { ...opened, count: 3 }))).to.deep.equal(ended('response is larger than request allows'))
  })
  it('gives up on an answer after a minute: one that comes then ends the session', () => {
    const expired = upon(made, { type: 'requests.elapsed', now: 60_005 })
    expect(expired.effects.map(([name]) => name)).to.deep.equal(['fail', 'watchExpiry'])
    expect(verdict(chart.on(expired, opened))).to.deep.equal(ended('no matching request'))
    expect(upon(made, cancelled, { type: 'requests.elapsed', now: 60_005 }).effects).to.deep.equal([
      nextExpiry(undefined),
    ])
  })
  it('ends when the peer goes', () =>
    expect(upon({ type: 'session.closed' })).to.deep.include({ state: 'closed', effects: [['leave', undefined]] }))
})
