import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { describePlan, planOf } from './arch.ts'
import { projectRoot } from './support/project.ts'

describe('the floor plan', () => {
  it('has no circle, no upward import and no folder without a floor', () => {
    const plan = planOf(projectRoot)
    expect(plan.folders.size).to.be.above(30)
    expect({ circles: plan.circles, upward: plan.upward, homeless: plan.homeless }).to.deep.equal({
      circles: [],
      upward: [],
      homeless: [],
    })
    expect(describePlan(plan)).to.match(/\n\d+ folders, \d+ arrows, 0 circles, 0 upward imports$/)
  })

  describe('of a small tree', () => {
    let root: string
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'peerchart-arch-'))
      write('protocols/lib/bytes.ts', 'export const bytes = 1')
      write('protocols/eth/status.ts', "import { bytes } from '../lib/bytes.ts'\nexport const status = bytes")
      write('machines/peer.ts', "import { status } from '../protocols/eth/status.ts'\nexport const peer = status")
      write('actors/runtime/clock.ts', 'export type Clock = number')
      write('actors/p2p/peer.ts', "import type { Clock } from '../runtime/clock.ts'\nexport type Peer = Clock")
    })
    afterEach(() => rmSync(root, { recursive: true, force: true }))

    it('is as its imports say', () => {
      const { folders, circles, upward, homeless } = planOf(root)
      expect(folders.get('protocols/eth')).to.deep.equal(new Map([['protocols/lib', 1]]))
      expect([circles, upward, homeless]).to.deep.equal([[], [], []])
    })
    it('is refused two files that import each other, types alone', () => {
      write('actors/p2p/one.ts', "import type { Two } from './two.ts'\nexport type One = Two")
      write('actors/p2p/two.ts', "import type { One } from './one.ts'\nexport type Two = One")
      expect(planOf(root).circles).to.deep.equal([['actors/p2p/one.ts', 'actors/p2p/two.ts']])
    })
    it('is refused a circle of three folders', () => {
      write('actors/runtime/bad.ts', "export * from '../p2p/peer.ts'")
      write('actors/log/log.ts', "export * from '../runtime/clock.ts'")
      write('actors/p2p/log.ts', "export { x } from '../log/log.ts'")
      expect(planOf(root).circles).to.deep.equal([['actors/log', 'actors/p2p', 'actors/runtime']])
    })
    it('is refused an import that runs upward, a dynamic one too', () => {
      write('machines/bad.ts', "export type { Clock } from '../actors/runtime/clock.ts'")
      write('actors/runtime/late.ts', "export const late = () => import('../p2p/peer.ts')")
      expect(planOf(root).upward).to.deep.equal([
        ['machines/bad.ts', 'actors/runtime/clock.ts'],
        ['actors/runtime/late.ts', 'actors/p2p/peer.ts'],
      ])
    })
    it('is refused an import of another folder of its floor', () => {
      write(
        'protocols/snap/account.ts',
        "import type { status } from '../eth/status.ts'\nexport type A = typeof status",
      )
      expect(planOf(root).upward).to.deep.equal([['protocols/snap/account.ts', 'protocols/eth/status.ts']])
    })
    it('is refused a folder that has no floor', () => {
      write('actors/attic/box.ts', "import type { Clock } from '../runtime/clock.ts'\nexport type Box = Clock")
      expect(planOf(root).homeless).to.deep.equal(['actors/attic'])
    })

    function write(file: string, text: string): void {
      mkdirSync(dirname(join(root, file)), { recursive: true })
      writeFileSync(join(root, file), `${text}\n`)
    }
  })
})
