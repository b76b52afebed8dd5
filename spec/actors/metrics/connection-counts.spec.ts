import { expect } from 'chai'
import type { EventFromLogic } from 'xstate'
import { ConnectionCounts } from '../../../actors/metrics/connection-counts.ts'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { ethPeerMachine } from '../../../machines/eth-peer.ts'
import { peerMachine } from '../../../machines/peer.ts'
import { serverMachine } from '../../../machines/server.ts'
import { nodeIdOf } from '../../../protocols/enode/enode.ts'
import { StatusError, type StatusFault } from '../../../protocols/eth/status.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { DiscError, DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { encodeDisconnect, HelloError } from '../../../protocols/p2p/messages.ts'
import { noPorts } from '../../no-ports.ts'

type PeerEvent = EventFromLogic<typeof peerMachine>

const publicKey = new Uint8Array(64).fill(7)
const nodeId = bytesToHex(nodeIdOf(publicKey))
const hello = { version: 5, name: 'spec', caps: [], listenPort: 0, id: publicKey }
const limits = { selfId: '', protocolCount: 1, maxPeers: 5, maxDialed: 3, maxPendingPeers: 5 }
/** Nothing is done: what the world would answer, the spec says. */

describe('the counts of connections', () => {
  let clock: VirtualClock
  let feed: Feed
  let counts: ConnectionCounts
  beforeEach(() => {
    clock = new VirtualClock()
    feed = new Feed()
    counts = new ConnectionCounts(clock)
    feed.subscribe((entry, live) => {
      if (entry.type === 'transition') counts.take(entry, live)
      else if (entry.type === 'actor.stopped') counts.stopped(entry.actor)
    })
  })

  const peer = (conn = 1, ...events: PeerEvent[]) => {
    const actor = startActor({ clock, feed }, peerMachine, {
      id: `peer/${conn}`,
      input: { ports: noPorts, protocols: [] },
    })
    for (const event of events) actor.send(event)
    return actor
  }
  const admitted: PeerEvent = { type: 'server.admitted' }
  const secured: PeerEvent[] = [{ type: 'rlpx.secured', id: nodeId }, admitted]
  const greeted: PeerEvent[] = [...secured, { type: 'hello.accepted', hello }]
  const running: PeerEvent[] = [...greeted, admitted, { type: 'protocols.started' }]
  const dial = (conn: number) => {
    const input = { ports: noPorts, ...limits, hasListener: false, trusted: new Set<string>() }
    const server = startActor({ clock, feed }, serverMachine, { id: 'server', input })
    server.send({ type: 'server.start' })
    server.send({ type: 'conn.dialed', conn, id: nodeId })
  }

  const refused = (reason: DiscReason): PeerEvent => ({ type: 'server.refused', reason })
  const left = (reason: DiscReason): PeerEvent => ({ type: 'hello.invalid', error: new DiscError(reason) })
  const lost: PeerEvent = { type: 'stream.closed', error: undefined }
  const wrong: PeerEvent = { type: 'hello.invalid', error: new HelloError('message too big') }
  const fault: PeerEvent = { type: 'read.failed', error: new Error('bad MAC') }
  for (const [what, events, name] of [
    ['refused for too many peers before Hello', [secured[0]!, refused(DiscReason.TooManyPeers)], 'saturated'],
    ['refused for too many peers after Hello', [...greeted, refused(DiscReason.TooManyPeers)], 'saturated'],
    ['refused by the remote for too many peers', [...secured, left(DiscReason.TooManyPeers)], 'saturated'],
    ['with a node that is a peer already', [...greeted, refused(DiscReason.AlreadyConnected)], 'known'],
    ['with ourselves', [secured[0]!, refused(DiscReason.Self)], 'self'],
    ['without a protocol in common', [...greeted, refused(DiscReason.UselessPeer)], 'useless'],
    ['with another than expected', [...secured, left(DiscReason.UnexpectedIdentity)], 'id_unexpected'],
    ['with a Hello that is none', [...secured, wrong], 'rlpx_proto'],
    ['lost before Hello', [...secured, lost], 'rlpx_proto'],
    ['ended by the remote for a reason without a name', [...secured, left(0x42)], 'rlpx_proto'],
    ['lost in the encryption handshake', [lost], 'rlpx_enc'],
    ['that breaks the encryption handshake', [fault], 'rlpx_enc'],
    ['ended at a checkpoint', [secured[0]!, lost], 'other'],
  ] as const)
    it(`call a setup ${what} '${name}'`, () => {
      peer(1, ...events)
      expect(nonZero(counts.inbound.setupErrors)).to.deep.equal({ [name]: 1 })
      expect(nonZero(counts.outbound.setupErrors)).to.deep.equal({})
    })

  it('know where a silent remote was when its time was up', () => {
    peer(1)
    clock.advance(5_000)
    expect(nonZero(counts.inbound.setupErrors)).to.deep.equal({ rlpx_enc: 1 })
    peer(2, ...secured)
    clock.advance(30_000)
    expect(nonZero(counts.inbound.setupErrors)).to.deep.equal({ rlpx_enc: 1, rlpx_proto: 1 })
  })

  it('separate what we dialed from what came to us', () => {
    dial(1)
    peer(1, lost)
    peer(2, lost)
    expect(nonZero(counts.outbound.setupErrors)).to.deep.equal({ rlpx_enc: 1 })
    expect(nonZero(counts.inbound.setupErrors)).to.deep.equal({ rlpx_enc: 1 })
  })

  it('count a peer once, however it ends, and no error of setup with it', () => {
    const one = peer(1, ...running)
    expect([counts.inbound.success, counts.peers(false), counts.peers(true)]).to.deep.equal([1, 1, 0])
    one.send({ type: 'peer.disconnect', reason: DiscReason.Quitting })
    one.send(lost)
    peer(2, ...running, lost)
    expect([counts.inbound.success, counts.peers(false)]).to.deep.equal([2, 0])
    expect(nonZero(counts.inbound.setupErrors)).to.deep.equal({})
  })

  it('count who stayed a minute, even of those that have left since', () => {
    const [long, short] = [peer(1, ...running), peer(2, ...running)]
    clock.advance(59_999)
    short.send(lost)
    counts.countStayed()
    expect(counts.inbound.stayed).to.equal(0)
    clock.advance(1)
    long.send(lost)
    expect(counts.inbound.stayed).to.equal(1)
    counts.countStayed()
    expect(counts.inbound.stayed).to.equal(1)
  })

  for (const [what, events, by, reason] of [
    ['our reason', [{ type: 'peer.disconnect', reason: DiscReason.Quitting }], 'us', 'client quitting'],
    ['theirs', [disconnect(DiscReason.TooManyPeers)], 'remote', 'too many peers'],
    ['one of theirs without a name', [disconnect(0x42)], 'remote', 'unknown'],
    ['none', [lost], 'remote', 'connection lost'],
    ['a breach of a protocol', [{ type: 'protocol.ended', error: new Error('x') }], 'us', 'subprotocol error'],
  ] as const)
    it(`know a peer that ended for ${what}`, () => {
      peer(1, ...running, ...events)
      expect([...counts.ended.values()]).to.deep.equal([{ by, reason, value: 1 }])
    })

  describe('of Status', () => {
    const session = (conn = 1) => {
      const actor = startActor({ clock, feed }, ethPeerMachine, {
        id: `peer/${conn}/eth`,
        input: { ports: noPorts, version: 69 },
      })
      actor.send({ type: 'manager.started' })
      return actor
    }
    for (const fault of ['network', 'version', 'genesis', 'forkid'] satisfies StatusFault[])
      it(`know another ${fault}`, () => {
        dial(2)
        session(1).send({ type: 'fault.found', error: new StatusError(fault, 'not ours') })
        session(2).send({ type: 'fault.found', error: new StatusError(fault, 'not ours') })
        session(2).send({ type: 'fault.found', error: new StatusError(fault, 'not ours') })
        expect(nonZero(counts.inbound.statusErrors)).to.deep.equal({ [fault]: 1 })
        expect(nonZero(counts.outbound.statusErrors)).to.deep.equal({ [fault]: 2 })
      })
    it('know a silent peer from one that leaves or sends nonsense', () => {
      session(1)
      clock.advance(5_000)
      expect(nonZero(counts.inbound.statusErrors)).to.deep.equal({ timeout: 1 })
      session(2).send({ type: 'session.closed' })
      session(3).send({ type: 'Transactions', payload: new Uint8Array() })
      session(4).send({ type: 'fault.found', error: new StatusError('range', 'upside down') })
      expect(nonZero(counts.inbound.statusErrors)).to.deep.equal({ timeout: 1, peer: 3 })
    })
    it('are not of a session that ends later', () => {
      const one = session()
      one.send({ type: 'status.accepted', status: {} as never })
      one.send({ type: 'session.closed' })
      expect(nonZero(counts.inbound.statusErrors)).to.deep.equal({})
    })
  })
})

const nonZero = (counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0))

function disconnect(reason: number): PeerEvent {
  return { type: 'disconnect.received', payload: encodeDisconnect(reason) }
}
