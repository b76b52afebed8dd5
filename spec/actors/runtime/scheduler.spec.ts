import { expect } from 'chai'
import { Account, FairScheduler, type Task } from '../../../actors/runtime/scheduler.ts'

describe('the fair scheduler', () => {
  /** Work of so many steps, each a millisecond of the virtual clock. */
  class Work implements Task {
    readonly account: Account
    readonly name: string
    left: number
    constructor(name: string, left: number, account = new Account()) {
      this.name = name
      this.left = left
      this.account = account
    }
    step(): boolean {
      now += 1
      order.push(this.name)
      return --this.left > 0
    }
    crashed(error: unknown): void {
      crashes.push(error)
    }
  }
  let crashes: unknown[]
  let now: number
  let order: string[]
  let due: (() => void)[]
  let scheduler: FairScheduler
  const turn = () => due.shift()?.()

  beforeEach(() => {
    now = 0
    crashes = []
    order = []
    due = []
    scheduler = new FairScheduler({ now: () => now }, (run) => due.push(run))
  })

  it('runs nothing before its turn', () => {
    scheduler.ready(new Work('a', 1))
    expect(order).to.deep.equal([])
    turn()
    expect(order).to.deep.equal(['a'])
  })

  it('asks for one turn however many become ready', () => {
    scheduler.ready(new Work('a', 1))
    scheduler.ready(new Work('b', 1))
    expect(due).to.have.length(1)
  })

  it('takes turns between equals', () => {
    scheduler.ready(new Work('a', 2))
    scheduler.ready(new Work('b', 2))
    turn()
    expect(order).to.deep.equal(['a', 'b', 'a', 'b'])
  })

  it('runs a peer that asks for little before one that was served much', () => {
    const greedy = new Work('greedy', 1_000)
    scheduler.ready(greedy)
    for (let i = 0; i < 20; i++) turn()
    scheduler.ready(new Work('modest', 1))
    order = []
    turn()
    expect(order[0]).to.equal('modest')
  })

  it('ends a slice the earlier, the more its steps have set off that comes after it, and has who set it off pay', () => {
    const reads = (name: string) => {
      const work = new Work(name, 1)
      work.step = () => {
        order.push(name)
        scheduler.follows(work.account, 0.5)
        return false
      }
      return work
    }
    const crowd = Array.from({ length: 100 }, (_, i) => reads(`${i}`))
    for (const work of crowd) scheduler.ready(work)
    turn()
    expect(order.length).to.be.within(1, 20)
    expect(crowd[0]!.account.served).to.equal(0.5)
    while (due.length > 0) turn()
    expect(order).to.have.length(100)
  })

  it('gives all strangers together the share of one peer', () => {
    const strangers = new Account()
    for (let i = 0; i < 50; i++) scheduler.ready(new Work('stranger', 100, strangers))
    scheduler.ready(new Work('peer', 100))
    while (order.length < 100) turn()
    expect(order.filter((name) => name === 'peer')).to.have.length.within(49, 51)
  })

  it('forgets what was served long ago', () => {
    const greedy = new Work('greedy', 1_000)
    scheduler.ready(greedy)
    for (let i = 0; i < 20; i++) turn()
    now += 30_000
    scheduler.ready(new Work('fresh', 1_000))
    order = []
    for (let i = 0; i < 10; i++) turn()
    expect(order.filter((name) => name === 'greedy')).to.have.length.within(18, 22)
  })

  it('returns to the sockets after 4 ms', () => {
    scheduler.ready(new Work('a', 100))
    turn()
    expect(order).to.have.length(4)
    expect(due).to.have.length(1)
    expect(scheduler.worked).to.equal(4)
  })

  it('goes on with the others when a step throws, and never runs that task again', () => {
    const bug = new TypeError('ours')
    const bad = new Work('bad', 5)
    bad.step = () => {
      throw bug
    }
    scheduler.ready(bad)
    scheduler.ready(new Work('good', 2))
    while (due.length > 0) turn()
    expect(order).to.deep.equal(['good', 'good'])
    expect(crashes).to.deep.equal([bug])
  })
  it('keeps a task that its own step makes ready again', () => {
    const account = new Account()
    let steps = 0
    const task: Task = {
      account,
      crashed() {},
      step() {
        now += 1
        if (++steps === 1) scheduler.ready(task)
        return false
      },
    }
    scheduler.ready(task)
    turn()
    expect(steps).to.equal(2)
  })

  it('does not run a task whose owner is gone', () => {
    const task = new Work('gone', 5)
    scheduler.ready(task)
    scheduler.forget(task)
    turn()
    expect(order).to.deep.equal([])
    expect(due).to.deep.equal([])
  })
})
