import { expect } from 'chai'
import { type PeerEvent, type PeerInput, peerMachine } from '../../machines/peer.ts'
import { nodeIdOf } from '../../protocols/enode/enode.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { PeerError } from '../../protocols/lib/peer-error.ts'
import { DiscError, DiscReason, ProtocolReturned } from '../../protocols/p2p/disconnect-reasons.ts'
import type { Hello } from '../../protocols/p2p/messages.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('peer', () => {
  const chart = new ChartWalk(peerMachine)
  const input: PeerInput = { ports: noPorts, protocols: [{ name: 'eth', version: 72, length: 22 }] }
  const key = new Uint8Array(64).fill(7)
  const id = bytesToHex(nodeIdOf(key))
  const hello: Hello = { version: 5, name: 'Geth', caps: [{ name: 'eth', version: 72 }], listenPort: 0, id: key }

  const upon = (...events: PeerEvent[]) => chart.from(input, ...events)
  const admitted: PeerEvent = { type: 'server.admitted' }
  const refused = (reason: DiscReason): PeerEvent => ({ type: 'server.refused', reason })
  const failed: PeerEvent = { type: 'read.failed', error: new Error('bad frame MAC') }
  const gone: PeerEvent = { type: 'stream.closed', error: undefined }
  const leave: PeerEvent = { type: 'peer.disconnect', reason: DiscReason.Quitting }

  const toSecured: PeerEvent[] = [{ type: 'rlpx.secured', id }]
  const toGreeting: PeerEvent[] = [...toSecured, admitted]
  const toHello: PeerEvent[] = [...toGreeting, { type: 'hello.accepted', hello }]
  const toAdmitted: PeerEvent[] = [...toHello, admitted]
  const toRunning: PeerEvent[] = [...toAdmitted, { type: 'protocols.started' }]
  const running = 'running.(keepalive.quiet writing.flowing)'

  const parting = ({ state, effects }: Step<typeof peerMachine>) => ({
    state,
    sent: (effects.find(([name]) => name === 'part')?.[1] as { reason: DiscReason | undefined } | undefined)?.reason,
  })
  const silently = { state: 'closing', sent: undefined }
  const withReason = (sent: DiscReason) => ({ state: 'closing', sent })

  describe('while securing', () => {
    it('begins with the encryption handshake', () => {
      expect(upon().state).to.equal('securing.handshaking')
      expect(upon().effects).to.deep.equal([['secure', undefined]])
    })
    it('asks the server once it knows who is there, before any Hello', () => {
      const step = upon(...toSecured)
      expect(step.state).to.equal('securing.checkpoint')
      expect(step.effects.at(-1)).to.deep.equal(['askServer', { checkpoint: 'posthandshake', id, matching: 0 }])
    })
    it('disconnects a refused peer with the reason', () =>
      expect(parting(upon(...toSecured, refused(DiscReason.TooManyPeers)))).to.deep.equal(
        withReason(DiscReason.TooManyPeers),
      ))
    it('hangs up on a broken handshake without a word', () => expect(parting(upon(failed))).to.deep.equal(silently))
    it('gives auth and ack 5 s', () =>
      expect(parting(upon(chart.elapsed('encHandshakeTimeout', 'securing.handshaking')))).to.deep.equal(silently))
    it('hangs up without a word when the server stops', () => expect(parting(upon(leave))).to.deep.equal(silently))
    it('ends when the remote goes', () => expect(upon(gone).state).to.equal('closed'))
  })

  describe('while greeting', () => {
    it('sends its Hello at once', () => {
      expect(upon(...toGreeting)).to.deep.include({ state: 'greeting.exchanging' })
      expect(upon(...toGreeting).effects.map(([name]) => name)).to.deep.equal(['exchangeHello'])
    })
    it('opens the first message', () => {
      const payload = Uint8Array.of(0xc0)
      expect(upon(...toGreeting, { type: 'first.received', code: 0, payload }).effects).to.have.nested.property(
        '[0][0]',
        'openHello',
      )
    })
    it('adopts the version of the Hello, and asks the server again', () => {
      expect(upon(...toHello).state).to.equal('greeting.checkpoint')
      expect(upon(...toHello).effects).to.deep.equal([
        ['adoptVersion', hello],
        ['askServer', { checkpoint: 'addpeer', id, matching: 1 }],
      ])
    })
    it('names an identity that the handshake did not prove', () =>
      expect(
        parting(upon(...toGreeting, { type: 'hello.accepted', hello: { ...hello, id: key.with(0, 8) } })),
      ).to.deep.equal(withReason(DiscReason.UnexpectedIdentity)))
    for (const error of [new DiscError(DiscReason.TooManyPeers), new PeerError('invalid message', 'no RLP')])
      it(`hangs up without a word on ${error.name} instead of a Hello`, () =>
        expect(parting(upon(...toGreeting, { type: 'hello.invalid', error }))).to.deep.equal(silently))
    it('remembers that the remote asked for the end', () => {
      const error = new DiscError(DiscReason.TooManyPeers)
      expect(upon(...toGreeting, { type: 'hello.invalid', error }).context.outcome).to.deep.equal({
        error,
        remoteRequested: true,
      })
    })
    it('gives Hello 30 s', () =>
      expect(parting(upon(...toGreeting, chart.elapsed('frameReadTimeout', 'greeting.exchanging')))).to.deep.equal(
        silently,
      ))
    it('hangs up on a bad frame without a word', () =>
      expect(parting(upon(...toGreeting, failed))).to.deep.equal(silently))
    it('disconnects a useless peer with that reason', () =>
      expect(parting(upon(...toHello, refused(DiscReason.UselessPeer)))).to.deep.equal(
        withReason(DiscReason.UselessPeer),
      ))
    it('hangs up without a word when the server stops', () =>
      expect(parting(upon(...toHello, leave))).to.deep.equal(silently))
    it('ends when the remote goes', () => expect(upon(...toHello, gone).state).to.equal('closed'))
  })

  describe('once admitted', () => {
    it('starts the matched protocols before it reads', () =>
      expect(upon(...toAdmitted)).to.deep.include({ state: 'admitted', effects: [['startProtocols', hello]] }))
    it('runs when they have started', () =>
      expect(upon(...toRunning)).to.deep.include({ state: running, effects: [['startReading', undefined]] }))
    it('ends with a protocol that does not start', () =>
      expect(parting(upon(...toAdmitted, { type: 'protocol.ended', error: new Error('no') }))).to.deep.equal(
        withReason(DiscReason.SubprotocolError),
      ))
    it('says goodbye when the server stops', () =>
      expect(parting(upon(...toAdmitted, leave))).to.deep.equal(withReason(DiscReason.Quitting)))
    it('ends its protocols when the remote goes', () =>
      expect(upon(...toAdmitted, gone).effects.map(([name]) => name)).to.deep.equal(['endProtocols', 'reportPeerEnd']))
  })

  describe('while running', () => {
    it('pings every 15 s', () => {
      const ping = chart.elapsed('pingInterval', 'running.keepalive.quiet')
      expect(upon(...toRunning, ping, ping)).to.deep.include({ state: running, effects: [['sendPing', undefined]] })
    })
    it('answers a ping', () =>
      expect(upon(...toRunning, { type: 'ping.received' })).to.deep.include({
        state: running,
        effects: [['sendPong', undefined]],
      }))
    for (const [what, payload, reason] of [
      ['as a list', [0xc1, 0x08], 0x08],
      ['as a bare byte', [0x08], 0x08],
      ['that says nothing', [0xc0], 0xff],
    ] as const)
      it(`echoes a Disconnect ${what}`, () => {
        const step = upon(...toRunning, { type: 'disconnect.received', payload: Uint8Array.from(payload) })
        expect(parting(step)).to.deep.equal(withReason(reason))
        expect(step.context.outcome?.remoteRequested).to.equal(true)
      })
    it('never sends NetworkError', () =>
      expect(
        parting(upon(...toRunning, { type: 'disconnect.received', payload: Uint8Array.of(0xc1, 0x01) })),
      ).to.deep.equal(silently))
    for (const [error, reason] of [
      [new PeerError('invalid message', 'no RLP'), DiscReason.ProtocolError],
      [new Error('unknown code'), DiscReason.SubprotocolError],
      [new DiscError(DiscReason.ReadTimeout), DiscReason.ReadTimeout],
      [new ProtocolReturned(), DiscReason.Quitting],
    ] as const)
      it(`sends ${reason} when a protocol ends with ${error.name}`, () =>
        expect(parting(upon(...toRunning, { type: 'protocol.ended', error }))).to.deep.equal(withReason(reason)))
    it('hangs up on a bad frame without a word', () =>
      expect(parting(upon(...toRunning, failed))).to.deep.equal(silently))
    it('gives a remote that does not read 20 s', () => {
      expect(upon(...toRunning, { type: 'write.blocked' }).state).to.equal('running.(keepalive.quiet writing.blocked)')
      expect(upon(...toRunning, { type: 'write.blocked' }, { type: 'write.drained' }).state).to.equal(running)
      expect(
        parting(
          upon(...toRunning, { type: 'write.blocked' }, chart.elapsed('frameWriteTimeout', 'running.writing.blocked')),
        ),
      ).to.deep.equal(silently)
    })
    it('ends as a peer from the moment it is in the peer set, and as a setup before', () => {
      const ends = [toSecured, toGreeting, toAdmitted, toRunning].map(
        (events) => upon(...events, gone).effects.at(-1)![0],
      )
      expect(ends).to.deep.equal(['reportSetupEnd', 'reportSetupEnd', 'reportPeerEnd', 'reportPeerEnd'])
    })
    it('leaves when asked to', () =>
      expect(parting(upon(...toRunning, leave))).to.deep.equal(withReason(DiscReason.Quitting)))
    it('ends its protocols when the remote goes', () =>
      expect(upon(...toRunning, gone)).to.deep.include({ state: 'closed' }))
  })

  describe('while closing', () => {
    it('reports what ended it, once the stream is closed', () =>
      expect(upon(...toRunning, leave, gone)).to.deep.include({
        state: 'closed',
        effects: [['reportPeerEnd', { error: new DiscError(DiscReason.Quitting), remoteRequested: false }]],
      }))
    it('waits 1 s for its last word to leave', () =>
      expect(
        upon(...toRunning, leave, chart.elapsed('disconnectWriteTimeout', 'closing')).effects.map(([name]) => name),
      ).to.deep.equal(['abandon', 'reportPeerEnd']))
    it('holds to the first reason', () =>
      expect(upon(...toRunning, leave, failed, refused(3)).context.reason).to.equal(DiscReason.Quitting))
  })

  describe('as a whole', () => {
    it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
  })
})
