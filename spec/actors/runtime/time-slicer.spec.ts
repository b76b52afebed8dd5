import { expect } from 'chai'
import { Account, FairScheduler } from '../../../actors/runtime/scheduler.ts'
import { interruptible, type Steps, TimeSlicer } from '../../../actors/runtime/time-slicer.ts'

describe('a time slicer', () => {
  const setUp = () => {
    const due: (() => void)[] = []
    let now = 0
    const scheduler = new FairScheduler({ now: () => now }, (run) => due.push(run))
    /** As many steps as it is given, of a millisecond each. */
    function* work(steps: number): Steps<number> {
      for (let i = 0; i < steps; i++) {
        now += 1
        yield
      }
      return steps
    }
    const runAll = () => {
      let turns = 0
      for (let next = due.shift(); next; next = due.shift(), turns++) next()
      return turns
    }
    return { due, runAll, work, scheduler, slicer: new TimeSlicer(scheduler) }
  }
  const error = new Error('bad')
  // biome-ignore lint/correctness/useYield: it throws before its first step
  function* failing(): Steps<never> {
    throw error
  }

  it('does the first step of what it starts at once', () => {
    const { due, slicer, work } = setUp()
    const outcomes: unknown[] = []
    slicer.start(work(0), (outcome) => outcomes.push(outcome))
    slicer.start(failing(), (outcome) => outcomes.push(outcome))
    expect(outcomes).to.deep.include({ error })
    expect(outcomes).to.have.length(2)
    expect(due).to.have.length(0)
  })

  it('looks at the sockets every 4 ms, however much it has to do', async () => {
    const { runAll, slicer, work } = setUp()
    const runs = Promise.all([slicer.run(work(12)), slicer.run(work(20))])
    expect(runAll()).to.be.at.least(8)
    expect(await runs).to.deep.equal([12, 20])
  })

  it('ends a turn with the slice that it is in, also one that another task begins', () => {
    const { due, slicer, work, scheduler } = setUp()
    const account = new Account()
    let ended = 0
    scheduler.ready({
      account,
      crashed() {},
      step() {
        for (const _step of work(3)); // the slice is nearly over
        slicer.start(work(20), () => {})
        ended = scheduler.now()
        return false
      },
    })
    due.shift()!()
    expect(ended).to.equal(4)
    expect(scheduler.turnEnd(2), 'outside of a slice').to.equal(scheduler.now() + 2)
  })

  it("does nothing for a client before the client's turn", async () => {
    const { due, runAll, slicer, work } = setUp()
    const outcome = slicer.runFor({ account: new Account(), isGone: false }, work(1))
    expect(due).to.have.length(1)
    runAll()
    expect(await outcome).to.equal(1)
  })

  it("gives at once what is done in the caller's turn, and a promise of the rest", async () => {
    const { runAll, slicer, work } = setUp()
    const client = { account: new Account(), isGone: false }
    expect(slicer.runNow(client, work(0))).to.equal(0)
    expect(() => slicer.runNow(client, failing())).to.throw('bad')
    const [late, left] = [slicer.runNow(client, work(9)), slicer.runNow({ ...client }, work(9))]
    expect([late, left]).to.satisfy((all: unknown[]) => all.every((one) => one instanceof Promise))
    runAll()
    expect([await late, await left]).to.deep.equal([9, 9])
    const gone = { account: new Account(), isGone: false }
    const nothing = slicer.runNow(gone, work(9))
    gone.isGone = true
    runAll()
    expect(await nothing).to.equal(undefined)
  })

  it('rejects with what steps throw', async () => {
    const { runAll, slicer } = setUp()
    const outcome = slicer.run(failing()).catch((error: unknown) => ({ error }))
    runAll()
    expect(await outcome).to.deep.equal({ error })
  })

  it('goes on with what was yielded, and with what a promise comes to', async () => {
    const { runAll, slicer } = setUp()
    function* steps(): Steps<unknown[]> {
      const got: unknown[] = [yield 1, yield Promise.resolve(2)]
      try {
        yield Promise.reject(error)
      } catch (caught) {
        got.push(caught)
      }
      return got
    }
    let outcome: unknown
    const done = slicer.run(steps()).then((value) => {
      outcome = value
    })
    for (; outcome === undefined; runAll()) await Promise.resolve()
    await done
    expect(outcome).to.deep.equal([1, 2, error])
  })

  it('leaves off when the client has left, and lets go of what the steps hold', async () => {
    const { runAll, slicer } = setUp()
    const client = { account: new Account(), isGone: false }
    const seen: string[] = []
    let release = () => {}
    function* steps(): Steps<void> {
      try {
        seen.push('first')
        yield new Promise<void>((resolve) => {
          release = resolve
        })
        seen.push('second')
      } finally {
        seen.push('left')
      }
    }
    const outcome = slicer.runFor(client, steps())
    runAll()
    client.isGone = true
    release()
    await Promise.resolve()
    await Promise.resolve()
    runAll()
    expect(await outcome).to.equal(undefined)
    expect(seen).to.deep.equal(['first', 'left'])
  })

  it('takes no step of what was interrupted', async () => {
    const { runAll, slicer } = setUp()
    const interrupt = new AbortController()
    const seen: unknown[] = []
    function* steps(): Steps<void> {
      seen.push(yield 1)
      try {
        yield Promise.reject(error)
      } catch (caught) {
        seen.push(caught)
      }
      interrupt.abort('enough')
      yield
      seen.push('too much')
    }
    let outcome: unknown
    slicer.start(interruptible(steps(), interrupt.signal), (one) => {
      outcome = one
    })
    for (; outcome === undefined; runAll()) await Promise.resolve()
    expect([outcome, seen]).to.deep.equal([{ error: 'enough' }, [1, error]])
  })

  it('hands on what a callback throws, and goes on', async () => {
    const { scheduler, runAll, work } = setUp()
    const crashes: unknown[] = []
    const slicer = new TimeSlicer(scheduler, (error) => crashes.push(error))
    slicer.start(work(3), () => {
      throw error
    })
    const other = slicer.run(work(3))
    runAll()
    expect(await other).to.equal(3)
    expect(crashes).to.deep.equal([error])
  })
})
