import { expect } from 'chai'
import { toFilter } from '../../../../actors/inspector/page/filter.ts'
import { peerRowHeight, rowHeight, rowsBetween, treeRows } from '../../../../actors/inspector/page/tree-rows.ts'
import { nodeOf, sceneOf } from './scene-of.ts'

const geth = { actor: 'node-1/peer/1', client: 'Geth/v1.17.5', caps: ['eth/69'], address: '127.0.0.1:30303' }
const scene = sceneOf([...nodeOf('node-1'), ...nodeOf('node-2')], [geth, { actor: 'node-2/peer/1' }])
const names = (search = '', closed: string[] = []) =>
  treeRows(scene, new Set(closed), toFilter(search)).map(({ facts, depth }) => `${'.'.repeat(depth)}${facts.actor}`)

describe('the tree of actors', () => {
  it('has children beneath their parents', () => {
    expect(names().slice(0, 6)).to.deep.equal([
      'node-1/node',
      '.node-1/server',
      '..node-1/peer/1',
      '.node-1/eth',
      '..node-1/peer/1/eth',
      'node-2/node',
    ])
  })
  it('has the server, where the peers are, before what began earlier', () => {
    const rows = treeRows(
      sceneOf([
        { actor: 'eth', chart: 'protocol-manager' },
        { actor: 'server', chart: 'server' },
      ]),
      new Set(),
    )
    expect(rows.map(({ facts }) => facts.actor)).to.deep.equal(['server', 'eth'])
  })
  it('has who is there first, then who left last', () => {
    const peers = [3, undefined, 7].map((stoppedAt, i) => ({
      ...{ actor: `peer/${i}`, chart: 'peer', parent: 'server' },
      ...(stoppedAt !== undefined && { stoppedAt }),
    }))
    const rows = treeRows(sceneOf([{ actor: 'server' }, ...peers]), new Set())
    expect(rows.map(({ facts }) => facts.actor)).to.deep.equal(['server', 'peer/1', 'peer/2', 'peer/0'])
  })
  it('hides what is beneath an actor that is closed', () => {
    expect(names('', ['node-1/server', 'node-2/node'])).to.deep.equal([
      'node-1/node',
      '.node-1/server',
      '.node-1/eth',
      '..node-1/peer/1/eth',
      'node-2/node',
    ])
  })
  for (const search of [
    'geth',
    'client:geth',
    'protocol:eth/69',
    'address:127.0.0.1',
    'node-1 is:peer',
    'eth/69 state:a.b',
  ])
    it(`finds a peer by ${search}, and shows the way to it`, () => {
      expect(names(search)).to.include.members(['node-1/node', '.node-1/server', '..node-1/peer/1'])
      expect(names(search)).not.to.include('..node-2/peer/1')
    })
  it('finds nothing where a word is nowhere', () => {
    expect(names('geth state:closing')).to.deep.equal([])
  })
  it('distinguishes those on their way from those at their end', () => {
    const moving = sceneOf([
      { actor: 'peer/1', chart: 'peer', state: 'greeting.exchanging' },
      { actor: 'peer/2', chart: 'peer', state: 'greeting.exchanging', stoppedAt: 5 },
    ])
    const found = (search: string) => treeRows(moving, new Set(), toFilter(search)).map(({ facts }) => facts.actor)
    expect(found('is:moving')).to.deep.equal(['peer/1'])
    expect(found('is:ended')).to.deep.equal(['peer/2'])
  })
  it('knows which rows are between two heights, peers being taller', () => {
    const rows = treeRows(scene, new Set())
    expect(rows.map(({ top }) => top).slice(0, 4)).to.deep.equal([
      0,
      rowHeight,
      2 * rowHeight,
      2 * rowHeight + peerRowHeight,
    ])
    expect(rowsBetween(rows, 0, rowHeight - 1)).to.deep.equal([0, 1])
    expect(rowsBetween(rows, 2 * rowHeight, 2 * rowHeight + peerRowHeight)).to.deep.equal([2, 4])
    expect(rowsBetween([], 0, 100)).to.deep.equal([0, 1])
  })
})
