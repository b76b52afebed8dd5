import { expect } from 'chai'
import { Subject } from 'rxjs'
import { Candidates } from '../../../actors/discovery/candidates.ts'
import type { DiscoveredNode } from '../../../actors/discovery/discovered-node.ts'
import { signRecord } from '../../../protocols/enr/record.ts'
import { keyOf, someNode } from './some-nodes.ts'

describe('candidates for the dialer', () => {
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  let wanted: Subject<void>
  let dialed: string[]
  let asked: string[]
  let walks: number
  let candidates: Candidates

  beforeEach(() => {
    wanted = new Subject()
    dialed = []
    asked = []
    walks = 0
    candidates = new Candidates(({ record }) => record !== undefined)
    candidates.source(wanted).subscribe(({ id }) => dialed.push(id))
  })
  const attach = () =>
    candidates.attach({
      want: () => void walks++,
      resolve: async (node) => {
        asked.push(node.id)
        return node
      },
    })
  const ours = (i: number): DiscoveredNode => ({ ...someNode(i), record: signRecord(1n, {}, keyOf(i)) })
  const idOf = (i: number) => someNode(i).id

  it('are looked for when one is wanted, and not before', async () => {
    attach()
    expect(walks).to.equal(0)
    wanted.next()
    expect(walks).to.equal(1)
    candidates.found([ours(1), ours(2)])
    await settled()
    expect(dialed).to.deep.equal([idOf(1)])
    wanted.next()
    await settled()
    expect([dialed, walks]).to.deep.equal([[idOf(1), idOf(2)], 1])
  })
  it('that were wanted before anything could be looked for are looked for then', () => {
    wanted.next()
    attach()
    expect(walks).to.equal(1)
  })
  it('that are of another chain are asked for their record, and left out', async () => {
    attach()
    wanted.next()
    candidates.found([someNode(1), ours(2)])
    await settled()
    expect([asked, dialed]).to.deep.equal([[idOf(1), idOf(2)], [idOf(2)]])
  })
  it('are asked for their record sixteen at a time, and only when one is wanted', async () => {
    attach()
    candidates.found(Array.from({ length: 20 }, (_, i) => someNode(i + 1)))
    expect(asked).to.deep.equal([])
    wanted.next()
    expect(asked).to.have.length(16)
    await settled()
    expect(asked).to.have.length(20)
  })
  it('are looked for again when a walk has brought none', async () => {
    attach()
    wanted.next()
    candidates.found([someNode(1)])
    await settled()
    candidates.rested()
    expect(walks).to.be.above(1)
  })
  it('wait up to 256 at a time', async () => {
    attach()
    candidates.found(Array.from({ length: 300 }, (_, i) => ({ ...someNode(1), id: `${i}` })))
    wanted.next()
    for (let i = 0; i < 30; i++) await settled()
    expect(new Set(asked).size).to.equal(256)
  })
  it('are no more once discovery has stopped', async () => {
    attach()
    wanted.next()
    candidates.found([ours(1)])
    candidates.detach()
    await settled()
    expect(dialed).to.deep.equal([])
  })
})
