import { expect } from 'chai'
import { Registry } from 'prom-client'
import { registerSnapMetrics } from '../../../actors/metrics/snap-gauges.ts'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { lowest, newPlan } from '../../../machines/snap-plan.ts'
import { snapSyncMachine } from '../../../machines/snap-sync.ts'
import { noPorts } from '../../no-ports.ts'

describe('the gauges of a sync of a state', () => {
  it('are 0 before there is one, and read off its chart then', async () => {
    const registry = new Registry()
    const counts = registerSnapMetrics(registry)
    const feed = new Feed()
    feed.subscribe((entry, live) => {
      if (entry.type === 'transition') counts.take(live)
    })
    const values = async () =>
      Object.fromEntries(
        (await registry.getMetricsAsJSON()).map(({ name, values }) => [name.slice(prefix.length), values[0]!.value]),
      )
    const none = { progress: 0, bytes: 0, accounts: 0, slots: 0, codes: 0, heal_trie_nodes: 0, heal_trie_pending: 0 }
    expect(await values()).to.deep.equal(none)
    const clock = new VirtualClock()
    const sync = startActor({ clock, feed }, snapSyncMachine, { id: 'eth/snap', input: { ports: noPorts } })
    const pivot = { number: 5n, hash: lowest, root: lowest }
    const tasks = newPlan().tasks.map(({ next, last }, at) => ({ next: at < 8 ? undefined : next, last }))
    sync.send({ type: 'peer.joined', peer: 1 })
    sync.send({ type: 'pivot.set', pivot })
    sync.send({ type: 'progress.found', progress: { pivot, tasks } })
    const taken = { next: undefined, storages: [], codes: [] }
    sync.send({ type: 'accounts.taken', job: 0, accounts: 3, bytes: 200, ...taken })
    expect(await values()).to.deep.equal({ ...none, progress: 0.5625, bytes: 200, accounts: 3 })
  })
})

const prefix = 'eth_protocols_snap_sync_'
