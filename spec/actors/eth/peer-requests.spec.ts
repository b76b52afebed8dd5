import { expect } from 'chai'
import type { EthPeer, Query } from '../../../actors/eth/eth-peer.ts'
import { Pacer } from '../../../actors/eth/pacer.ts'
import { PeerRequests } from '../../../actors/eth/peer-requests.ts'
import { FairScheduler } from '../../../actors/runtime/scheduler.ts'
import { TimeSlicer } from '../../../actors/runtime/time-slicer.ts'
import { TimerWheel } from '../../../actors/runtime/timer-wheel.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'

describe('requests of a sync', () => {
  const query: Query = { kind: 'GetBlockHeaders', origin: 1n, amount: 1n, skip: 0n, reverse: false }

  /** Two peers whose answers are there, and take for ever to read: a step of a millisecond each. */
  const setUp = () => {
    const turns: (() => void)[] = []
    let now = 0
    const scheduler = new FairScheduler({ now: () => now }, (run) => turns.push(run))
    const clock = new VirtualClock()
    const peer = {
      peer: { name: 'spec' },
      ask: (_: Query, caller: { resolve(answer: unknown): void }) => answer(caller),
    }
    let answer = (_: { resolve(answer: unknown): void }) => () => {}
    const requests = new PeerRequests({
      ...{ slicer: new TimeSlicer(scheduler), wheel: new TimerWheel(clock), peer: () => peer as never as EthPeer },
      pacer: new Pacer({ clock, spent() {}, ready() {} }),
      ...{ slow() {}, answered() {}, stalled() {}, lied() {} },
    })
    const steps = [0, 0, 0]
    const left: number[] = []
    function* read(of: number) {
      try {
        for (;;) {
          now++
          steps[of]!++
          yield
        }
      } finally {
        left.push(of)
      }
    }
    const done: number[] = []
    const begin = (of: number) => {
      answer = ({ resolve }) => {
        queueMicrotask(() => resolve({}))
        return () => {}
      }
      requests.ask({ peer: of, query, read: () => read(of), done: () => done.push(of) })
    }
    const stepsOfTurn = () => {
      const before = [...steps]
      turns.shift()?.()
      return steps.map((count, of) => count - before[of]!).slice(1)
    }
    return { begin, requests, stepsOfTurn, left, done, turns }
  }

  it('read no more of the answer of a peer that has left, and go on with that of another', async () => {
    const { begin, requests, stepsOfTurn, left, done } = setUp()
    begin(1)
    begin(2)
    await Promise.resolve()
    for (const count of stepsOfTurn()) expect(count).to.be.greaterThan(0)
    requests.forget(1)
    const [gone, other] = stepsOfTurn()
    expect([gone, left, done]).to.deep.equal([0, [1], []])
    expect(other).to.be.greaterThan(0)
  })

  it('read no more of any answer when their sync is over', async () => {
    const { begin, requests, stepsOfTurn, left, done, turns } = setUp()
    begin(1)
    begin(2)
    await Promise.resolve()
    stepsOfTurn()
    requests.withdrawAll()
    expect([stepsOfTurn(), left, done, turns.length]).to.deep.equal([[0, 0], [1, 2], [], 0])
  })
})
