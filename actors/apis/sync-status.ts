import type { Observable } from 'rxjs'

/** How far a sync is: `starting` is where it began, the current block when left out. */
export type SyncStatus = { readonly starting?: bigint; readonly current: bigint; readonly highest: bigint }

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

/** As Go prints `ethereum.SyncProgress`: there is nothing to it but blocks. */
const statusJson = ({ starting, current, highest }: SyncStatus) => ({
  StartingBlock: Number(starting ?? current),
  CurrentBlock: Number(current),
  HighestBlock: Number(highest),
  ...notSynced,
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
