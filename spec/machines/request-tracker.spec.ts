import { expect } from 'chai'
import {
  cancel,
  emptyTracker,
  expire,
  faultOf,
  isAwaited,
  maxTracked,
  oldest,
  type RequestTracker,
  refusalOf,
  settle,
  track,
} from '../../machines/request-tracker.ts'

// geth p2p/tracker: geth-behaviour 11.5.
describe('the tracker of requests', () => {
  const order = (id: bigint, now = 0) => ({ id, name: 'GetIt', want: 'It', count: 2, caller: Number(id) + 100, now })
  const tracking = (...orders: ReturnType<typeof order>[]) => orders.reduce(track, emptyTracker as RequestTracker)
  const answer = (id: bigint, count = 1, want = 'It') => ({ id, want, count })

  it('refuses an id that is taken', () => {
    expect(refusalOf(tracking(order(1n)), order(1n))?.message).to.equal('request ID collision')
    expect(refusalOf(tracking(order(1n)), order(2n))).to.equal(undefined)
  })
  it('refuses more than it has room for', () => {
    const one = tracking(order(0n)).pending.get(0n)!
    const pending = new Map(Array.from({ length: maxTracked }, (_, i) => [BigInt(i), one]))
    expect(maxTracked).to.equal(10_000)
    expect(refusalOf({ pending, settled: [] }, order(10_000n))?.message).to.equal('request limit reached')
  })
  it('finds the fault of an answer in the order of geth', () => {
    const fault = (given: ReturnType<typeof answer>) => faultOf(tracking(order(1n)), given)?.message
    expect(fault(answer(2n, 9, 'That'))).to.equal('no matching request')
    expect(fault(answer(1n, 9, 'That'))).to.equal('wrong response code for request')
    expect(fault(answer(1n, 3))).to.equal('response is larger than request allows')
    expect(fault(answer(1n, 2))).to.equal(undefined)
  })
  it('settles a request once, and has what it was', () => {
    const settled = settle(tracking(order(1n, 5)), answer(1n))
    expect(settled.settled).to.deep.equal([
      { name: 'GetIt', want: 'It', count: 2, caller: 101, since: 5, isCancelled: false },
    ])
    expect(faultOf(settled, answer(1n))?.message).to.equal('no matching request')
    expect(track(settled, order(2n)).settled).to.deep.equal([])
  })
  it('tracks a cancelled request, for which no caller waits', () => {
    const cancelled = cancel(tracking(order(1n)), order(1n))
    expect(faultOf(cancelled, answer(1n))).to.equal(undefined)
    expect(isAwaited(tracking(order(1n)), order(1n))).to.equal(true)
    expect(isAwaited(cancelled, order(1n))).to.equal(false)
  })
  it('knows a caller from another one with the same id', () =>
    expect(isAwaited(tracking(order(1n)), { id: 1n, caller: 7 })).to.equal(false))
  it('gives up those that are old enough', () => {
    const expired = expire(tracking(order(1n, 5), order(2n, 6)), { now: 15, timeout: 10 })
    expect([...expired.pending.keys()]).to.deep.equal([2n])
    expect(expired.settled.map(({ since }) => since)).to.deep.equal([5])
  })
  it('knows which is the next to expire', () => {
    expect(oldest(tracking(order(2n, 5), order(1n, 6)))).to.equal(5)
    expect(oldest(emptyTracker)).to.equal(undefined)
  })
})
