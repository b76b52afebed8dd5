import { expect } from 'chai'
import { Observable, Subject } from 'rxjs'
import { candidateMix } from '../../../actors/discovery/candidate-mix.ts'
import type { CandidateSource } from '../../../actors/p2p/dialer.ts'
import type { Enode } from '../../../protocols/enode/enode.ts'
import { enode, virtualRuntime } from '../p2p/fakes.ts'

describe('the mix of candidates', () => {
  const sourceOf =
    (offers: Subject<Enode>, asked: string[], name: string): CandidateSource =>
    (wanted) =>
      new Observable((dialer) => {
        const demand = wanted.subscribe(() => asked.push(name))
        demand.add(offers.subscribe(dialer))
        return demand
      })
  function rig() {
    const runtime = virtualRuntime()
    const [v4, v5] = [new Subject<Enode>(), new Subject<Enode>()]
    const asked: string[] = []
    const dialed: string[] = []
    const wanted = new Subject<void>()
    const sources = { v4: sourceOf(v4, asked, 'v4'), v5: sourceOf(v5, asked, 'v5') }
    const mix = candidateMix(runtime, { id: 'candidates', parent: 'node', sources })
    const dialer = mix(wanted).subscribe(({ host }) => dialed.push(host!))
    return { runtime, v4, v5, asked, dialed, wanted, dialer }
  }

  it('asks one source for one node, and the next when that has none in 100 ms', async () => {
    const { runtime, asked, wanted, v5, dialed } = rig()
    expect(asked).to.deep.equal([])
    wanted.next()
    expect(asked).to.deep.equal(['v4'])
    await runtime.clock.run(99)
    expect(asked).to.deep.equal(['v4'])
    await runtime.clock.run(1)
    expect(asked).to.deep.equal(['v4', 'v5'])
    v5.next(enode(5))
    expect(dialed).to.deep.equal(['10.0.0.5'])
  })
  it('gives the dialer no more than it wants, however many are offered', () => {
    const { wanted, v4, dialed } = rig()
    wanted.next()
    for (const i of [1, 2, 3]) v4.next(enode(i))
    expect(dialed).to.deep.equal(['10.0.0.1'])
  })
  it('takes nothing more once the dialer stops, and leaves no timer behind', () => {
    const { runtime, wanted, dialer, v4, v5 } = rig()
    wanted.next()
    dialer.unsubscribe()
    expect([v4.observed, v5.observed, wanted.observed]).to.deep.equal([false, false, false])
    expect(runtime.clock.pending).to.equal(0)
  })
})
