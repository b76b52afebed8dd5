import type { Registry } from 'prom-client'
import type { SnapshotFrom } from 'xstate'
import { fetchedPart } from '../../machines/snap-plan.ts'
import { snapSyncMachine } from '../../machines/snap-sync.ts'
import type { Live } from '../trace/live.ts'
import { gaugeOf } from './gauges.ts'

/** Of a sync of a state, under geth's names. @returns what they are read off */
export function registerSnapMetrics(registry: Registry): SnapCounts {
  const counts = new SnapCounts()
  const gauge = (name: string, help: string, read: (context: Context) => number) =>
    gaugeOf(registry, `${prefix}_${name}`, help, () => (counts.context ? read(counts.context) : 0))
  gauge('progress', 'What of the accounts of a state is there, from 0 to 1', ({ plan }) => fetchedPart(plan))
  gauge('bytes', 'Bytes received of a state', ({ counts }) => counts.accountBytes + counts.slotBytes + counts.codeBytes)
  gauge('accounts', 'Accounts received of a state', ({ counts }) => counts.accounts)
  gauge('slots', 'Slots received of a state', ({ counts }) => counts.slots)
  gauge('codes', 'Codes received of a state', ({ counts }) => counts.codes)
  gauge('heal_trie_nodes', 'Nodes received to heal a state', ({ counts }) => counts.nodes)
  gauge('heal_trie_pending', 'Nodes that a state is known to lack', ({ plan }) => plan.nodes.length)
  return counts
}

const prefix = 'eth_protocols_snap_sync'

type Context = SnapshotFrom<typeof snapSyncMachine>['context']

/** How a sync of a state goes on, read off its chart. */
export class SnapCounts {
  context: Context | undefined

  take({ actor }: Pick<Live, 'actor'>): void {
    if (actor?.logic !== snapSyncMachine) return
    this.context = (actor.getSnapshot() as SnapshotFrom<typeof snapSyncMachine>).context
  }
}
