import { expect } from 'chai'
import { LineWindow } from '../../../../actors/inspector/page/line-window.ts'
import type { Changes, ShownLine } from '../../../../actors/inspector/wire.ts'
import { nodeOf, sceneOf } from './scene-of.ts'

const none: Changes = {
  ...{ push: 'changes', now: { seq: 2, at: 50 }, oldest: { seq: 1, at: 0 }, dropped: 0 },
  ...{
    started: [],
    stopped: [],
    forgotten: [],
    states: [],
    peers: [],
    lines: [],
    endings: [],
    bugs: [],
    departures: [],
  },
}

describe('a scene', () => {
  it('follows the changes that it gets', () => {
    const scene = sceneOf(nodeOf('node-1'))
    scene.apply({
      ...none,
      states: [
        ['node-1/peer/1', 'closing', 9],
        ['no one', 'x', 1],
      ],
      stopped: ['node-1/peer/1/eth'],
    })
    expect(scene.actors.get('node-1/peer/1')).to.include({ state: 'closing', count: 9 })
    expect(scene.actors.get('node-1/peer/1/eth')).to.include({ stoppedAt: 50 })
    expect(scene.actors.has('no one')).to.equal(false)
    const { shape } = scene
    scene.apply({ ...none, forgotten: ['node-1/peer/1/eth'] })
    expect(scene.actors.has('node-1/peer/1/eth')).to.equal(false)
    expect(scene.shape).to.be.above(shape)
  })
  it('knows to which peer an actor belongs, and what is beneath one', () => {
    const scene = sceneOf(nodeOf('node-1'), [{ actor: 'node-1/peer/1', id: 'ab' }])
    expect(scene.peerOf('node-1/peer/1/eth')).to.include({ id: 'ab' })
    expect(scene.peerOf('node-1/server')).to.equal(undefined)
    expect(scene.beneath('node-1/server', 10)).to.deep.equal(['node-1/server', 'node-1/peer/1', 'node-1/peer/1/eth'])
    expect(scene.beneath('node-1/eth', 10)).to.deep.equal(['node-1/eth', 'node-1/peer/1/eth'])
    expect(scene.beneath('node-1/peer/1', 10)).to.deep.equal(['node-1/peer/1', 'node-1/peer/1/eth'])
    for (const scope of ['node-1/peer/1/eth', 'node-1/eth', 'node-1/peer/1', 'node-1/server', 'node-1/node'])
      expect(scene.isWithin('node-1/peer/1/eth', scope), scope).to.equal(true)
    expect(scene.isWithin('node-1/peer/1', 'node-1/eth')).to.equal(false)
    expect(scene.isWithin('node-1/eth', 'node-1/server')).to.equal(false)
    expect(scene.beneath('node-1/node', 2)).to.have.lengthOf(2)
    scene.apply({ ...none, stopped: ['node-1/peer/1', 'node-1/peer/1/eth'] })
    expect(scene.beneath('node-1/server', 10, true), 'that live').to.deep.equal(['node-1/server'])
  })
})

describe('a stretch of lines', () => {
  const lines = (...seqs: number[]) =>
    seqs.map((seq): ShownLine => ({ seq, at: seq, type: 'actor.stopped', actor: 'a', chart: 'a' }))
  const seqsOf = (all: readonly ShownLine[]) => all.map(({ seq }) => seq)

  it('takes newer and older ones once each, in order', () => {
    const stretch = new LineWindow()
    stretch.append(lines(5, 6))
    stretch.append(lines(6, 7))
    stretch.prepend(lines(3, 4, 5))
    expect(seqsOf(stretch.lines)).to.deep.equal([3, 4, 5, 6, 7])
    expect(stretch.hasMore).to.equal(true)
    stretch.prepend([])
    expect(stretch.hasMore).to.equal(false)
  })
  it('ends at a moment', () => {
    const stretch = new LineWindow()
    stretch.append(lines(2, 4, 6))
    expect(seqsOf(stretch.until(5))).to.deep.equal([2, 4])
    expect(seqsOf(stretch.until(1))).to.deep.equal([])
    expect(seqsOf(stretch.until(undefined))).to.deep.equal([2, 4, 6])
  })
  it('is bounded: the oldest fall out', () => {
    const stretch = new LineWindow()
    for (let i = 0; i < 30; i++) stretch.append(lines(...Array.from({ length: 1_000 }, (_, j) => i * 1_000 + j + 1)))
    expect(stretch.lines).to.have.lengthOf(20_000)
    expect(stretch.lines.at(-1)!.seq).to.equal(30_000)
  })
})
