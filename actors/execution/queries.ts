import type { Account } from '../../protocols/chain/account.ts'
import type { ChainConfig } from '../../protocols/chain/chain-config.ts'
import { decodeHeader } from '../../protocols/chain/header.ts'
import { printJson } from '../rpc/json/print.ts'
import { methodBackend } from './method-backend.ts'
import { type BlockToBuild, type BuiltBlock, buildPayload } from './methods/build-block.ts'
import { buildTimeout, TimeLimit } from './methods/limits.ts'
import { runStateMethod, type StateMethodCall } from './methods/methods.ts'
import { snapQueries } from './snap-queries.ts'
import { StateReader } from './state-reader.ts'
import type { StateStore } from './state-store.ts'

// What can be asked of a state. Each runs in the thread of the execution: a new one is a row here, and a method of StatePort.

export type QueryContext = { readonly states: StateStore; readonly config: ChainConfig }

/** The block, by its hash, whose state is read. */
type At = { readonly block: Uint8Array }

export const queries = {
  account: ({ states }: QueryContext, { block, address }: At & { readonly address: Uint8Array }): Promise<Account> =>
    new StateReader(states, block).account(address),
  /** In the order of the addresses. BOUNDED: by the caller. */
  accounts: (
    { states }: QueryContext,
    { block, addresses }: At & { readonly addresses: readonly Uint8Array[] },
  ): Promise<Account[]> => {
    const reader = new StateReader(states, block)
    return inOrder(addresses, (address) => reader.account(address))
  },
  code: ({ states }: QueryContext, { block, address }: At & { readonly address: Uint8Array }): Promise<Uint8Array> =>
    new StateReader(states, block).code(address),
  /** 32 bytes for each slot. */
  storage: (
    { states }: QueryContext,
    { block, address, slots }: At & { readonly address: Uint8Array; readonly slots: readonly Uint8Array[] },
  ): Promise<Uint8Array[]> => {
    const reader = new StateReader(states, block)
    return inOrder(slots, (slot) => reader.storage(address, slot))
  },
  /** EIP-1186 */
  proof: async (
    { states }: QueryContext,
    { block, address, slots }: At & { readonly address: Uint8Array; readonly slots: readonly Uint8Array[] },
  ): Promise<AccountProof> => {
    const reader = new StateReader(states, block)
    const [account, nodes] = [await reader.account(address), await reader.accountProof(address)]
    const storage = await inOrder(slots, async (slot) => {
      return { value: await reader.storage(address, slot), nodes: await reader.storageProof(address, slot) }
    })
    return { account, nodes, storage }
  },
  /** A block on `parent`, RLP of its header, of what of `wanted` can be there. */
  build: (
    { states, config }: QueryContext,
    { parent, wanted }: { readonly parent: Uint8Array; readonly wanted: BlockToBuild },
  ): Promise<BuiltBlock> => {
    const limit = new TimeLimit(() => performance.now(), buildTimeout)
    return buildPayload(methodBackend(states, config), decodeHeader(parent), wanted, limit)
  },
  /** JSON of what a method of RPC answers: see methods/. */
  method: async ({ states, config }: QueryContext, call: StateMethodCall): Promise<string> => {
    const answer = await runStateMethod({ backend: methodBackend(states, config), now: () => performance.now() }, call)
    return printJson(answer) ?? 'null'
  },
  ...snapQueries,
} as const

/** Nodes from the root down. */
export type AccountProof = {
  readonly account: Account
  readonly nodes: readonly Uint8Array[]
  readonly storage: readonly { readonly value: Uint8Array; readonly nodes: readonly Uint8Array[] }[]
}

export type Queries = typeof queries
export type QueryName = keyof Queries
export type QueryParams<Name extends QueryName = QueryName> = Parameters<Queries[Name]>[1]
export type QueryAnswer<Name extends QueryName> = Awaited<ReturnType<Queries[Name]>>

/**
 * The port through which states are read, of a block by its hash.
 * @throws (rejects) {StateUnavailable} pruned, or never executed
 * @throws (rejects) {ExecutionStopped} the node ends
 */
export type StatePort = {
  hasState(block: Uint8Array): boolean
  query<Name extends QueryName>(name: Name, params: QueryParams<Name>): Promise<QueryAnswer<Name>>
}

async function inOrder<From, To>(all: readonly From[], to: (one: From) => Promise<To>): Promise<To[]> {
  const done: To[] = []
  for (const one of all) done.push(await to(one))
  return done
}
