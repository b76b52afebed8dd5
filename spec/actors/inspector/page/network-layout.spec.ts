import { expect } from 'chai'
import { networkOf } from '../../../../actors/inspector/page/network-layout.ts'
import { nodeOf, sceneOf } from './scene-of.ts'

describe('the network of a scene', () => {
  it('has one tie for the two ends of a connection between two of our nodes', () => {
    const peers = [
      { actor: 'node-1/peer/1', isNode: 'node-2', received: [10, 1], sent: [5, 1] },
      { actor: 'node-2/peer/1', isNode: 'node-1', received: [5, 1], sent: [10, 1] },
    ] as const
    const { spots, ties, left } = networkOf(sceneOf([...nodeOf('node-1'), ...nodeOf('node-2')], peers))
    expect(spots.map(({ name, degree, isOurs }) => [name, degree, isOurs])).to.deep.equal([
      ['node-1', 1, true],
      ['node-2', 1, true],
    ])
    expect(ties).to.have.lengthOf(1)
    expect(ties[0]).to.include({ from: 'node-1', to: 'node-2', traffic: 15 })
    expect(ties[0]!.peers).to.deep.equal(['node-1/peer/1', 'node-2/peer/1'])
    expect(left).to.equal(0)
  })
  it('has strangers where there is room, and counts the others', () => {
    const actors = Array.from({ length: 100 }, (_, i) => ({ actor: `peer/${i}`, chart: 'peer', parent: 'server' }))
    const scene = sceneOf(
      [{ actor: 'node' }, { actor: 'server', chart: 'server', parent: 'node' }, ...actors],
      actors.map(({ actor }) => ({ actor, client: 'Geth/v1.17.5' })),
    )
    const { spots, ties, left } = networkOf(scene)
    expect(spots).to.have.lengthOf(73)
    expect(ties.length + left).to.equal(100)
    expect(spots[0]).to.include({ name: 'this node', degree: 100, x: 0 })
    for (const { x, y } of spots) expect(Math.hypot(x, y)).to.be.at.most(1)
    expect(networkOf(scene).spots, 'the same again').to.deep.equal(spots)
  })
  it('has one home for scripts, that play a node where there is none', () => {
    const watches = [1, 2].map((i) => ({ actor: `watch/${i}`, chart: 'gossip-watch', state: 'watching' }))
    const peers = watches.map(({ actor: parent }, i) => ({
      actor: `scripted-peer/${i}`,
      chart: 'scripted-peer',
      parent,
    }))
    const { spots, ties } = networkOf(sceneOf([...watches, ...peers], peers))
    expect(spots.map(({ isOurs, degree }) => [isOurs, degree])).to.deep.equal([
      [true, 2],
      [false, 1],
      [false, 1],
    ])
    expect(ties).to.have.lengthOf(2)
  })
  it('has one curve for two of our nodes that know each other by discovery, with the steps of both', () => {
    const of = (node: string, knows: string, more: object = {}) => ({
      ...{ actor: `${node}/discv4/node/${knows}/1`, node, knows, chart: 'discv4-node', count: 3, ...more },
    })
    const scene = sceneOf([
      ...[...nodeOf('node-1'), ...nodeOf('node-2'), ...nodeOf('node-3')],
      ...[of('node-2', 'node-1'), of('node-1', 'node-2'), of('node-1', 'node-1')],
      of('node-1', 'node-2', { actor: 'node-1/discv5/session/7', chart: 'discv5-session', count: 4 }),
      of('node-1', 'node-3', { stoppedAt: 5 }),
    ])
    expect(networkOf(scene).acquaintances).to.deep.equal([
      {
        ...{ id: 'node-1 node-2', from: 'node-1', to: 'node-2', by: ['discv4', 'discv5'], steps: 10 },
        actors: ['node-2/discv4/node/node-1/1', 'node-1/discv4/node/node-2/1', 'node-1/discv5/session/7'],
      },
    ])
  })
  it('leaves out who is gone', () => {
    const gone = { actor: 'peer/1', chart: 'peer', parent: 'node', stoppedAt: 3 }
    expect(networkOf(sceneOf([{ actor: 'node' }, gone], [gone])).ties).to.deep.equal([])
  })
})
