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
      it(`ends on ${name}, which was not asked for`, () =>
        expect(verdict(upon(message(name)))).to.deep.equal(ended('no matching request')))
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
  it('ends when the peer goes', () =>
    expect(upon({ type: 'session.closed' })).to.deep.include({ state: 'closed', effects: [['leave', undefined]] }))
})
