import { expect } from 'chai'
import { highest, lowest, newPlan, type SnapJob, snapLimits } from '../../machines/snap-plan.ts'
import { type Pivot, type SnapSyncEvent, snapSyncMachine } from '../../machines/snap-sync.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('snap-sync', () => {
  type At = Step<typeof snapSyncMachine>
  const chart = new ChartWalk(snapSyncMachine)
  const from = (...events: SnapSyncEvent[]) => chart.from({ ports: noPorts }, ...events)
  const hash = (text: string) => text.repeat(64).slice(0, 64)
  const pivot: Pivot = { number: 536n, hash: hash('ab'), root: hash('cd') }
  const other: Pivot = { number: 700n, hash: hash('12'), root: hash('34') }
  const set = (pivot: Pivot): SnapSyncEvent => ({ type: 'pivot.set', pivot })
  const joined = (peer: number): SnapSyncEvent => ({ type: 'peer.joined', peer })
  const found: SnapSyncEvent = { type: 'progress.found' }
  const asked = ({ effects }: At) => effects.filter(([name]) => name === 'ask').map(([, job]) => job as SnapJob)
  const names = ({ effects }: At) => effects.map(([name]) => name).filter((name) => name !== 'report')
  const accounts = (job: number, more: object = {}): SnapSyncEvent => {
    return {
      ...{ type: 'accounts.taken', job, accounts: 1, bytes: 9 },
      next: undefined,
      storages: [],
      codes: [],
      ...more,
    }
  }
  const storage = (job: number, accounts: number, cut?: { next: string; slots: number }): SnapSyncEvent => {
    return { type: 'storage.taken', job, slots: 5, bytes: 9, accounts, cut }
  }
  const codes = (job: number, ...missing: string[]): SnapSyncEvent => {
    return { type: 'codes.taken', job, codes: 1, bytes: 9, missing, isWhole: false }
  }
  const noMore = { slots: 0, slotBytes: 0, codes: 0, codeBytes: 0, nodes: 0, nodeBytes: 0 }
  const slow: SnapSyncEvent = { type: 'peer.slow', peer: 1 }
  const answered: SnapSyncEvent = { type: 'peer.answered', peer: 1 }
  const left: SnapSyncEvent = { type: 'peer.left', peer: 1 }
  const lied: SnapSyncEvent = { type: 'peer.lied', peer: 1, error: new Error('of the spec') }
  const empty = (job: number): SnapSyncEvent => ({ type: 'job.empty', job, peer: 1 })
  const built = (root: string, isWhole = true): SnapSyncEvent => ({ type: 'trie.built', root, isWhole })
  const fetching = (...events: SnapSyncEvent[]) => from(joined(1), set(pivot), found, ...events)
  /** Only the first of the 16 parts is wanted still. */
  const nearly = (...events: SnapSyncEvent[]) => {
    const tasks = newPlan().tasks.map(({ last }, at) => ({ next: at === 0 ? lowest : undefined, last }))
    return from(joined(1), set(pivot), { type: 'progress.found', progress: { pivot, tasks } }, ...events)
  }
  const building = (...events: SnapSyncEvent[]) => nearly(accounts(0), ...events)
  const committing = (...events: SnapSyncEvent[]) => building(built(pivot.root), ...events)
  const rested = chart.elapsed('cooldown', 'fetching')

  it('waits for a pivot, and takes up what an earlier process has left', () => {
    expect(from(joined(1)).state).to.equal('waiting')
    expect(from(set(pivot))).to.deep.include({ state: 'opening', effects: [['open', undefined]] })
  })
  it('asks each peer for a part of the accounts, all parts beside each other', () => {
    const step = from(joined(1), joined(2), set(pivot), found)
    const last = (first: string) => `${first}${'f'.repeat(63)}`
    const common = { root: pivot.root, kind: 'accounts', bytes: snapLimits.minBytes }
    expect(asked(step)).to.deep.equal([
      { id: 0, peer: 1, task: 0, origin: lowest, limit: last('0'), ...common },
      { id: 1, peer: 2, task: 1, origin: `1${'0'.repeat(63)}`, limit: last('1'), ...common },
    ])
    expect(asked(chart.on(step, joined(3)))).to.have.length(1)
  })
  it('goes on where the last answer ended, asks for more each time, and remembers how far it is', () => {
    const next = hash('07')
    const step = fetching(accounts(0, { next }))
    expect(names(step)).to.deep.equal(['save', 'ask'])
    expect(asked(step)).to.deep.include.members([
      {
        ...{ id: 1, peer: 1, root: pivot.root, kind: 'accounts', task: 0, origin: next },
        ...{ limit: `0${'f'.repeat(63)}`, bytes: 2 * snapLimits.minBytes },
      },
    ])
    const [, saved] = step.effects.find(([name]) => name === 'save')!
    expect((saved as { tasks: unknown[] }).tasks[0]).to.deep.equal({ next, last: `0${'f'.repeat(63)}` })
  })
  it('fetches storages and codes of the accounts that came, before their part goes on', () => {
    const storages = ['1', '2', '3'].map((one) => ({ account: hash(one), root: hash('5') }))
    const step = nearly(accounts(0, { storages, codes: [hash('7'), hash('8')] }))
    expect(asked(step).map(({ kind }) => kind)).to.deep.equal(['codes', 'storage'])
    const [code, slots] = asked(step) as [SnapJob & { kind: 'codes' }, SnapJob & { kind: 'storage' }]
    expect(code.items.map(({ hash }) => hash)).to.deep.equal([hash('7'), hash('8')])
    expect(slots.items.map(({ account }) => account)).to.deep.equal(storages.map(({ account }) => account))
    // Two of three came, and one of two: the rest is asked for again.
    const more = chart.on(step, storage(slots.id, 2), codes(code.id, hash('8')))
    expect(more.state).to.equal('fetching')
    const [rest] = [...more.context.plan.running.values()].filter(({ kind }) => kind === 'storage')
    expect(rest).to.have.property('items').with.length(1)
    const [again] = asked(more)
    expect(again)
      .to.have.property('items')
      .that.deep.equals([{ task: 0, hash: hash('8') }])
    expect(chart.on(more, codes(again!.id), storage(rest!.id, 1)).state).to.equal('building')
  })
  it('splits what is left of a large storage: as many parts as answers are left, 16 at most', () => {
    const storages = [{ account: hash('1'), root: hash('5') }]
    const step = nearly(accounts(0, { storages }))
    const [first] = asked(step)
    const quarter = `4${'0'.repeat(63)}`
    const cut = chart.on(step, storage(first!.id, 1, { next: quarter, slots: 100 }))
    const parts = [...cut.context.plan.running.values(), ...cut.context.plan.storages]
    expect(parts).to.have.length(4)
    const [part] = asked(cut) as [SnapJob & { kind: 'storage' }]
    expect(part.items).to.have.length(1)
    expect(part.items[0]).to.include({ account: hash('1'), from: quarter })
    // A part goes on by itself, and is not split again.
    const later = chart.on(cut, storage(part.id, 1, { next: hash('45'), slots: 10 }))
    expect(later.context.plan.storages).to.have.length(3)
    let rest = later
    for (let left = 0; rest.state === 'fetching' && left < 9; left++)
      rest = chart.on(rest, storage([...rest.context.plan.running.keys()][0]!, 1))
    expect(rest.state).to.equal('building')
    const tiny = chart.on(step, storage(first!.id, 1, { next: `0001${'0'.repeat(60)}`, slots: 1 }))
    expect(tiny.context.plan.storages.length + tiny.context.plan.running.size).to.equal(snapLimits.storageChunks)
  })
  it('asks another when a peer is slow, leaves, lies or has nothing', () => {
    const two = (...events: SnapSyncEvent[]) => from(joined(1), joined(2), set(pivot), found, ...events)
    for (const event of [slow, left, lied, empty(0)]) {
      const step = two(event, accounts(1))
      expect(asked(step).map((job) => [job.peer, job.kind === 'accounts' && job.task])).to.deep.equal([[2, 0]])
    }
    expect(names(two(lied))).to.deep.equal(['drop'])
  })
  it('asks a slow one again once it has answered, and for less; one that had nothing after a while', () => {
    expect(asked(fetching(slow))).to.deep.equal([])
    expect(asked(fetching(slow, rested))).to.deep.equal([])
    expect(asked(fetching(slow, answered))[0]).to.include({ peer: 1, task: 0, bytes: snapLimits.minBytes })
    expect(asked(fetching(empty(0)))).to.deep.equal([])
    expect(asked(fetching(empty(0), answered))).to.deep.equal([])
    expect(asked(fetching(empty(0), rested))[0]).to.include({ peer: 1, task: 0 })
  })
  it('passes over an answer that nothing waits for', () => {
    for (const event of [accounts(9), storage(9, 1), codes(9), empty(9)])
      expect(names(fetching(event))).to.deep.equal([])
  })
  it('knows its peers in every state', () => {
    for (const event of [joined(2), left, slow, answered]) expect(building(event).state).to.equal('building')
    expect(building(joined(2), left).context.sources.size).to.equal(1)
    expect(names(building(lied))).to.deep.equal(['drop'])
  })
  it('makes the trie when everything is there, and the state the pivot’s when its root is', () => {
    expect(building()).to.deep.include({ state: 'building' })
    expect(names(building())).to.deep.equal(['save', 'build'])
    expect(committing()).to.deep.include({ state: 'committing', effects: [['commit', { pivot }]] })
    const synced = committing({ type: 'state.committed' })
    expect(synced.state).to.equal('synced')
    expect(synced.effects).to.deep.equal([
      ['report', { isSyncing: false, part: 1, accounts: 1, accountBytes: 9, ...noMore }],
    ])
  })
  it('keeps the pivot that is being committed', () => expect(committing(set(other)).context.pivot).to.deep.equal(pivot))
  describe('when what came is of several pivots', () => {
    const nodes = [
      { path: '00', hash: hash('1') },
      { account: hash('2'), path: '11', hash: hash('3') },
    ]
    const missing: SnapSyncEvent = { type: 'missing.found', isWhole: false, nodes, codes: [hash('4')] }
    const healing = (...events: SnapSyncEvent[]) => building(built(pivot.root, false), ...events)
    const taken = (job: number, more: object = {}): SnapSyncEvent => {
      return {
        ...{ type: 'nodes.taken', job, count: 1, bytes: 9, isWhole: false },
        missing: [],
        nodes: [],
        codes: [],
        ...more,
      }
    }
    const jobs = (step: At) => new Map(asked(step).map((job) => [job.kind, job.id]))

    it('looks for what the state lacks', () => {
      expect(healing()).to.deep.include({ state: 'healing.asking', effects: [['heal', { root: pivot.root }]] })
      expect(building(built(other.root)).state).to.equal('healing.asking')
      expect(healing({ ...missing, isWhole: true }).state).to.equal('committing')
    })
    it('asks for nodes and codes, and for what comes to light under them', () => {
      const step = healing(missing)
      expect(asked(step).map(({ kind }) => kind)).to.deep.equal(['codes', 'nodes'])
      expect(asked(step)[1]).to.have.deep.property('items', nodes)
      const more = [{ path: '22', hash: hash('5') }]
      const next = chart.on(step, taken(jobs(step).get('nodes')!, { nodes: more, missing: [nodes[1]!] }))
      expect(asked(next)[0]).to.have.deep.property('items', [...more, nodes[1]!])
      expect(chart.on(next, taken(jobs(next).get('nodes')!)).state).to.equal('healing.asking')
    })
    it('commits with the last node, or the last code', () => {
      const step = healing(missing)
      expect(chart.on(step, taken(jobs(step).get('nodes')!, { isWhole: true })).state).to.equal('committing')
      const code = codes(jobs(step).get('codes')!)
      expect(chart.on(step, code).state).to.equal('healing.asking')
      expect(chart.on(step, { ...code, isWhole: true } as SnapSyncEvent).state).to.equal('committing')
    })
    it('asks others for what one does not give', () => {
      const step = healing(missing, joined(2))
      for (const event of [slow, left, lied]) {
        const next = chart.on(step, event)
        expect(asked(next).map(({ peer, kind }) => `${kind} ${peer}`)).to.deep.equal(['codes 2', 'nodes 2'])
      }
      const empties = chart.on(step, empty(jobs(healing(missing)).get('nodes')!))
      expect(asked(empties).map(({ peer, kind }) => `${kind} ${peer}`)).to.deep.equal(['nodes 2'])
      const late = chart.on(healing(missing, slow), answered)
      expect(asked(late)).to.have.length(2)
      const none = healing(missing, empty(jobs(healing(missing)).get('nodes')!))
      const rested = chart.on(none, chart.elapsed('cooldown', 'healing.asking'))
      expect(asked(rested).map(({ kind }) => kind)).to.deep.equal(['nodes'])
    })
    it('looks anew at another pivot', () => {
      const step = healing(missing, set(other))
      expect(names(step)).to.deep.equal(['withdraw', 'save', 'heal'])
      expect(step.effects.at(-1)).to.deep.equal(['heal', { root: other.root }])
      expect(step.context.plan.nodes).to.deep.equal([])
    })
    it('passes over an answer that nothing waits for', () => {
      for (const event of [taken(9), codes(9), empty(9)]) expect(names(healing(event))).to.deep.equal([])
    })
  })
  it('goes on at another pivot: what was asked for is not waited for, what is there stays', () => {
    const storages = [{ account: hash('1'), root: hash('5') }]
    const step = fetching(empty(0), rested, accounts(1, { storages, next: hash('08') }), set(other))
    expect(names(step)).to.deep.equal(['withdraw', 'save', 'ask'])
    expect(asked(step)[0]).to.include({ root: other.root, task: 0, origin: lowest })
    expect(from(set(pivot), set(other)).context.pivot).to.deep.equal(other)
    // Nor is one late any more: what it was late with is not waited for.
    expect(asked(fetching(slow, set(other)))).to.have.length(1)
  })
  it('says how far it is', () => {
    const step = fetching(accounts(0, { next: `08${'0'.repeat(62)}` }))
    const [, report] = step.effects.find(([name]) => name === 'report')!
    expect(report).to.deep.equal({ isSyncing: true, part: 0.0312, accounts: 1, accountBytes: 9, ...noMore })
    expect(highest).to.have.length(64)
  })
  it('stops', () =>
    expect(fetching({ type: 'sync.stop' })).to.deep.include({ state: 'stopped', effects: [['withdraw', undefined]] }))
  describe('as a whole', () => {
    it('has every state and transition taken', () => expect(chart.untouched).to.deep.equal([]))
  })
})
