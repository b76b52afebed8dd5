import { rm } from 'node:fs/promises'
import type { SortedStore } from '../chain/key-value-store.ts'
import { openStore } from '../chain/store.ts'
import { encodeResult } from './block-result.ts'
import { StateStore } from './state-store.ts'
import {
  type AccountsGiven,
  type AccountsTaken,
  type CodesGiven,
  type CodesTaken,
  type Healed,
  type NodesGiven,
  type NodesTaken,
  StateSync,
  type StorageGiven,
  type StorageTaken,
  type SyncedBase,
  type Taken,
} from './state-sync.ts'

// What a sync of a state has done in the thread of the execution: verified, kept, and made the state that blocks are executed on.

export type SyncCalls = {
  /** Opens what an earlier process has left. */
  open(params: object): Promise<{ readonly progress: Uint8Array | undefined }>
  accounts(params: AccountsGiven): Promise<Taken<AccountsTaken>>
  storage(params: StorageGiven): Promise<Taken<StorageTaken>>
  codes(params: CodesGiven): Promise<Taken<CodesTaken>>
  heal(params: { readonly root: Uint8Array }): Promise<Healed>
  nodes(params: NodesGiven): Promise<Taken<NodesTaken>>
  save(params: { readonly progress: Uint8Array }): Promise<void>
  build(params: object): Promise<{ readonly root: Uint8Array; readonly isWhole: boolean }>
  /** The state is this block's: the only one that there is from then on. */
  commit(params: { readonly base: SyncedBase }): Promise<void>
}
export type SyncName = keyof SyncCalls
export type SyncParams<Name extends SyncName = SyncName> = Parameters<SyncCalls[Name]>[0]
export type SyncAnswer<Name extends SyncName> = Awaited<ReturnType<SyncCalls[Name]>>

type Parts = {
  readonly store: SortedStore
  /** Where accounts and slots are until there is a trie of them; in memory when left out. */
  readonly directory: string | undefined
  committed(states: StateStore): void
}

export function syncCalls({ store, directory, committed }: Parts): SyncCalls {
  let flat: SortedStore | undefined
  let sync: StateSync | undefined
  const opened = async () => {
    flat ??= await openStore(directory)
    sync ??= new StateSync(store, flat)
    return sync
  }
  const discard = async () => {
    await flat?.close()
    flat = undefined
    sync = undefined
    if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  }
  return {
    open: async () => ({ progress: (await opened()).progress() }),
    accounts: async (params) => (await opened()).accounts(params),
    storage: async (params) => (await opened()).storage(params),
    codes: async (params) => (await opened()).codes(params),
    heal: async (params) => (await opened()).heal(params),
    nodes: async (params) => (await opened()).nodes(params),
    save: async (params) => (await opened()).save(params),
    build: async () => (await opened()).build(),
    commit: async ({ base }) => {
      committed(await StateStore.begin(store, { ...base, result: noReceipts }))
      await discard()
    },
  }
}

/** They are fetched, not made: nothing asks for them here. */
const noReceipts = encodeResult({ receipts: Uint8Array.of(0xc0) })
