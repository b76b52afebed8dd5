import { expect } from 'chai'
import { lanesOf } from '../../../../actors/inspector/page/lanes.ts'
import type { ShownLine } from '../../../../actors/inspector/wire.ts'
import { nodeOf, sceneOf } from './scene-of.ts'

const scene = sceneOf(nodeOf('node-1'), [{ actor: 'node-1/peer/1', isNode: 'node-2', inbound: true }])
const status: ShownLine = {
  ...{ seq: 1, at: 0, type: 'message.received', actor: 'node-1/peer/1', protocol: 'eth', version: 69 },
  ...{ code: 0, size: 80, name: 'Status' },
}
const transition = (actor: string, chart: string, event: string, from: string, to: string): ShownLine => ({
  ...{ seq: 2, at: 0, type: 'transition', actor, chart, event, from, to, effects: [], edges: [] },
})

describe('the lanes of the messages of a node', () => {
  const { lanes, step } = lanesOf(scene, 'node-1/node', [status])
  it('are the node and its peers', () => {
    expect(lanes.map(({ title, note }) => [title, note])).to.deep.equal([
      ['node-1', 'us'],
      ['node-2', 'peer/1, dialed us'],
    ])
  })
  it('have a message go from whom it came from', () => {
    expect(step(status)).to.deep.equal({ kind: 'message', from: 1, to: 0, name: 'Status', isEnd: false })
    expect(step({ ...status, type: 'message.sent' })).to.include({ from: 0, to: 1 })
  })
  it('mark how a Disconnect ends it', () => {
    expect(step({ ...status, protocol: 'p2p', code: 1, name: 'Disconnect' })).to.include({ isEnd: true })
  })
  it('call a message without a name by its code', () => {
    const { name: _, ...nameless } = status
    expect(step({ ...nameless, code: 0x1f } as ShownLine)).to.include({ name: 'eth/69 0x1f' })
  })
  it('have no place for the messages of somebody who was forgotten', () => {
    expect(step({ ...status, actor: 'node-1/peer/0' } as ShownLine)).to.equal(undefined)
  })
  it('are of those peers who took part last, where there are many', () => {
    const peers = Array.from({ length: 60 }, (_, i) => ({ actor: `peer/${i}`, chart: 'peer', parent: 'node' }))
    const crowd = sceneOf([{ actor: 'node' }, ...peers], peers)
    const said = peers.slice(30, 33).map(({ actor }, seq) => ({ ...status, actor, seq }) as ShownLine)
    expect(lanesOf(crowd, 'node', said).lanes.map(({ id }) => id)).to.deep.equal([
      'node',
      'peer/30',
      'peer/31',
      'peer/32',
    ])
  })
})

describe('the lanes of the messages of a peer', () => {
  const { lanes, step } = lanesOf(scene, 'node-1/peer/1', [])
  it('are our actors and the remote', () => {
    expect(lanes.map(({ title }) => title)).to.deep.equal(['server', 'peer/1', 'eth', 'node-2'])
  })
  it('have a message of a protocol go to its session, and a base message to the connection', () => {
    expect(step(status)).to.include({ from: 3, to: 2 })
    expect(step({ ...status, protocol: 'p2p', name: 'Hello' })).to.include({ from: 3, to: 1 })
  })
  it('show an event that the server sends the connection', () => {
    const admitted = transition('node-1/peer/1', 'peer', 'server.admitted', 'greeting.checkpoint', 'admitted')
    expect(step(admitted)).to.deep.equal({ kind: 'cause', from: 0, to: 1, name: 'server.admitted', state: 'admitted' })
  })
  it('have auth and ack go between the connection and the remote', () => {
    const auth = { ...status, protocol: 'rlpx', version: 4, name: 'auth' }
    expect(step(auth)).to.include({ kind: 'message', from: 3, to: 1, name: 'auth' })
    expect(step({ ...auth, type: 'message.sent', code: 1, name: 'ack' })).to.include({ from: 1, to: 3, isEnd: false })
  })
  it('show an event of the stream where there is no message', () => {
    const closed = transition('node-1/peer/1', 'peer', 'stream.closed', 'securing.handshaking', 'closed')
    const cause = { kind: 'cause', name: 'the stream closed', state: 'closed' }
    expect(step(closed)).to.deep.equal({ ...cause, from: 3, to: 1 })
    expect(lanesOf(scene, 'node-1/node', []).step(closed)).to.deep.equal({ ...cause, from: 1, to: 0 })
  })
  it('weigh a mark by how far it leads', () => {
    const weight = (from: string, to: string) => step(transition('node-1/peer/1/eth', 'eth-peer', 'x', from, to))
    expect(weight('waiting', 'active.flowing')).to.deep.equal({
      kind: 'mark',
      at: 2,
      name: 'active',
      weight: 'milestone',
    })
    expect(weight('active.a', 'active.b')).to.include({ name: 'x', weight: 'change' })
    expect(weight('active.a', 'active.a')).to.include({ weight: 'event' })
  })
  it('leave the server out where there is no room', () => {
    expect(lanesOf(scene, 'node-1/peer/1', [], true).lanes.map(({ title }) => title)).to.deep.equal([
      'peer/1',
      'eth',
      'node-2',
    ])
  })
})

describe('the lanes of what discovery has for a node', () => {
  const actor = 'node-1/discv4/node/ab/1'
  const known = sceneOf([...nodeOf('node-1'), { actor, chart: 'discv4-node', parent: 'node-1/node' }], [])
  const ping: ShownLine = {
    ...{ seq: 1, at: 0, type: 'message.received', actor, protocol: 'discv4', version: 4 },
    ...{ code: 1, size: 130, name: 'PING' },
  }
  it('are its actor and the node, between which its datagrams go', () => {
    const { lanes, step } = lanesOf(known, actor, [])
    expect(lanes.map(({ title }) => title)[1]).to.equal('the node')
    expect(step(ping)).to.include({ kind: 'message', from: 1, to: 0, name: 'PING' })
    expect(step({ ...ping, type: 'message.sent' })).to.include({ from: 0, to: 1 })
    expect(step({ ...ping, actor: 'node-1/node' })).to.equal(undefined)
  })
  it('are one of the whole node’s, on which they are marks', () => {
    const { step } = lanesOf(known, 'node-1/node', [])
    expect(step(ping)).to.deep.equal({ kind: 'mark', at: 0, name: 'gets PING', weight: 'event' })
    expect(step({ ...ping, type: 'message.sent' })).to.include({ name: 'sends PING' })
  })
})
