import { expect } from 'chai'
import { type RequestCount, RequestCounts } from '../../../actors/metrics/request-counts.ts'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { ethPeerMachine } from '../../../machines/eth-peer.ts'
import { type Header, readHeader } from '../../../protocols/chain/header.ts'
import { limits } from '../../../protocols/eth/limits.ts'
import type { EthVersion } from '../../../protocols/eth/versions.ts'
import { LazyList } from '../../../protocols/lib/lazy-list.ts'
import { noPorts } from '../../no-ports.ts'

describe('the counts of requests', () => {
  let clock: VirtualClock
  let feed: Feed
  let kinds: RequestCount[]
  let waits: number[]
  beforeEach(() => {
    clock = new VirtualClock()
    feed = new Feed()
    kinds = []
    waits = []
    const counts = new RequestCounts(feed, (kind) => {
      kinds.push(kind)
      return (micros) => waits.push(micros)
    })
    feed.subscribe((entry, live) => {
      if (entry.type === 'transition') counts.take(entry, live)
    })
  })

  const session = (conn = 1, version: EthVersion = 69) => {
    const actor = `peer/${conn}`
    const chart = startActor({ clock, feed }, ethPeerMachine, {
      id: `${actor}/eth`,
      input: { ports: noPorts, version },
    })
    chart.send({ type: 'manager.started' })
    chart.send({ type: 'status.accepted', status: {} as never })
    chart.send({ type: 'manager.registered', isSynced: false })
    const ask = (id: bigint, name: 'GetBlockHeaders' | 'GetBlockBodies' = 'GetBlockHeaders') =>
      chart.send({ type: 'request.made', id, caller: 1, name, count: 1, payload: new Uint8Array(), now: clock.now() })
    const answer = (id: bigint) =>
      chart.send({ type: 'answer.opened', answer: { kind: 'BlockHeaders', id, headers }, now: clock.now() })
    return { chart, ask, answer }
  }

  it('know what is asked, and how long an answer took', () => {
    const { ask, answer } = session()
    ask(1n)
    ask(2n)
    expect(kinds.map(facts)).to.deep.equal([{ version: 69, code: 3, tracked: 2, lost: 0 }])
    clock.advance(40)
    answer(2n)
    clock.advance(2)
    answer(1n)
    expect(kinds[0]!.tracked).to.equal(0)
    expect(waits).to.deep.equal([40_000, 42_000])
  })

  it('are of each request and version', () => {
    const { ask } = session()
    ask(1n)
    ask(2n, 'GetBlockBodies')
    session(2).ask(1n)
    session(3, 70).ask(1n)
    expect(kinds.map(({ version, code, tracked }) => [version, code, tracked])).to.deep.equal([
      [69, 3, 2],
      [69, 5, 1],
      [70, 3, 1],
    ])
  })

  it('know what was never answered', () => {
    const { chart, ask } = session()
    ask(1n)
    chart.send({ type: 'requests.elapsed', now: limits.requestTimeout })
    expect(kinds.map(facts)).to.deep.equal([{ version: 69, code: 3, tracked: 0, lost: 1 }])
    expect(waits).to.deep.equal([])
  })

  it('ask nothing more of a session that has ended', () => {
    const { chart, ask } = session()
    ask(1n)
    session(2).ask(2n)
    chart.send({ type: 'session.closed' })
    expect(facts(kinds[0]!)).to.include({ tracked: 1, lost: 0 })
  })

  it('leave out a request that was refused for its id, and an answer that was not requested', () => {
    const { ask, answer } = session()
    ask(1n)
    ask(1n)
    expect(kinds[0]!.tracked).to.equal(1)
    answer(7n)
    expect(waits).to.deep.equal([])
    expect(kinds[0]!.tracked).to.equal(0)
  })
})

const facts = ({ version, code, tracked, lost }: RequestCount) => ({ version, code, tracked, lost })
const headers = LazyList.of<Header>([], readHeader)
/** Nothing is done: what the world would answer, the spec says. */
