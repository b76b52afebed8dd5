import type { Observable } from 'rxjs'

/** How far a sync is: `starting` is where it began, the current block when left out. */
export type SyncStatus = {
  readonly starting?: bigint
  readonly current: bigint
  readonly highest: bigint
  /** Where that of a pivot is fetched: what came of it. */
  readonly state?: StateCounts | undefined
}

export type StateCounts = {
  readonly accounts: number
  readonly accountBytes: number
  readonly slots: number
  readonly slotBytes: number
  readonly codes: number
  readonly codeBytes: number
  readonly nodes: number
  readonly nodeBytes: number
}

/** By geth's names; nothing where no state is fetched. */
export const stateFields = (state: StateCounts | undefined): Record<string, number> =>
  state
    ? {
        ...{ syncedAccounts: state.accounts, syncedAccountBytes: state.accountBytes },
        ...{ syncedBytecodes: state.codes, syncedBytecodeBytes: state.codeBytes },
        ...{ syncedStorage: state.slots, syncedStorageBytes: state.slotBytes },
        ...{ healedTrienodes: state.nodes, healedTrienodeBytes: state.nodeBytes },
      }
    : {}

/**
 * Reports when a sync begins, and how far it is then, and `false` when it ends (geth eth/downloader, `DownloaderAPI`).
 * @returns what ends it
 */
export function syncStatus(
  progress$: Observable<SyncStatus & { readonly isSyncing: boolean }>,
  report: (status: unknown) => void,
): () => void {
  let wasSyncing: boolean | undefined
  const progress = progress$.subscribe((status) => {
    const { isSyncing } = status
    if (isSyncing && !wasSyncing) report({ syncing: true, status: statusJson(status) })
    if (!isSyncing && wasSyncing) report(false)
    wasSyncing = isSyncing
  })
  return () => progress.unsubscribe()
}

/** As Go prints `ethereum.SyncProgress`. */
const statusJson = ({ starting, current, highest, state }: SyncStatus) => ({
  StartingBlock: Number(starting ?? current),
  CurrentBlock: Number(current),
  HighestBlock: Number(highest),
  ...notSynced,
  ...Object.fromEntries(Object.entries(stateFields(state)).map(([name, count]) => [`S${name.slice(1)}`, count])),
})

const notSynced = Object.fromEntries(
  [
    ...[
      'PulledStates',
      'KnownStates',
      'SyncedAccounts',
      'SyncedAccountBytes',
      'SyncedBytecodes',
      'SyncedBytecodeBytes',
    ],
    ...['SyncedStorage', 'SyncedStorageBytes', 'HealedTrienodes', 'HealedTrienodeBytes', 'HealedBytecodes'],
    ...['HealedBytecodeBytes', 'HealingTrienodes', 'HealingBytecode', 'SyncedAccessLists', 'TotalAccessLists'],
    ...['TrieGenProgress', 'TxIndexFinishedBlocks', 'TxIndexRemainingBlocks', 'StateIndexRemaining'],
    'TrienodeIndexRemaining',
  ].map((name) => [name, 0]),
)
