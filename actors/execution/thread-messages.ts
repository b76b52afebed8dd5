import type { Alloc } from '../../protocols/chain/alloc.ts'
import type { ChainConfig } from '../../protocols/chain/chain-config.ts'
import type { Executed } from '../chain/execution-port.ts'
import type { BadBlockReason } from './block-executor.ts'
import type { QueryName, QueryParams } from './queries.ts'
import type { SyncName, SyncParams } from './sync-calls.ts'

// What the node's thread and that of its execution say to each other.

export type ThreadInput = {
  /** Where the states are; in memory when left out. */
  readonly directory?: string
  /** Where a state is while it is synced; in memory when left out. */
  readonly syncDirectory?: string
  readonly config: ChainConfig
  /** RLP */
  readonly genesisHeader: Uint8Array
}

export type ThreadRequest = { readonly id: number } & (
  | { readonly kind: 'open' }
  /** Forgets all states: nothing is open then. */
  | { readonly kind: 'rebuild' }
  /** Writes the state of the genesis, where there is none. */
  | { readonly kind: 'begin'; readonly alloc: Alloc }
  /** RLP of its parts; `head` is the hash of the chain's head, whose state is to stay. */
  | { readonly kind: 'execute'; readonly header: Uint8Array; readonly body: Uint8Array; readonly head: Uint8Array }
  /** The result of a block whose state is there. */
  | { readonly kind: 'recall'; readonly hash: Uint8Array }
  | { readonly kind: 'query'; readonly name: QueryName; readonly params: QueryParams }
  | { readonly kind: 'sync'; readonly name: SyncName; readonly params: SyncParams }
  | { readonly kind: 'close' }
)

export type ThreadAnswer = { readonly id: number } & (
  | { readonly kind: 'opened'; readonly states: readonly Uint8Array[] }
  /** There is no state: `begin` is to come. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'executed'; readonly result: Executed; readonly gone: readonly Uint8Array[] }
  | { readonly kind: 'refused'; readonly reason: BadBlockReason; readonly detail: string }
  | { readonly kind: 'answered'; readonly answer: unknown }
  /** Of a query: `code` is the error's own, where it has one. */
  | { readonly kind: 'failed'; readonly error: ThreadError }
  | { readonly kind: 'closed' }
)

/** An error as it crosses from one thread to another: its class does not. */
export type ThreadError = {
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  readonly code?: number | undefined
  readonly data?: unknown
}
