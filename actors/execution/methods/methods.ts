import { decodeHeader, type Header } from '../../../protocols/chain/header.ts'
import { envelopeJson } from '../../apis/json/payload.ts'
import { getBalance, getCode, getProof, getStorageAt, getStorageValues, getTransactionCount } from './accounts.ts'
import type { Backend } from './backend.ts'
import { type BlockToBuild, buildBlock } from './build-block.ts'
import { call, createAccessList, estimateGas } from './call.ts'
import type { CallArgs } from './call-args.ts'
import { TimeLimit } from './limits.ts'
import type { BlockOverrides, StateOverrides } from './overrides.ts'
import { type Simulation, simulate } from './simulate.ts'
import { type TracedBlock, type TraceOptions, traceBlock } from './trace.ts'

/** What a method runs with. */
export type MethodContext = {
  readonly backend: Backend
  /** In milliseconds. */
  now(): number
}

/** By the names that callers have for them. Each is of the state after `block`; arguments are plain values: they can be sent to another thread. */
export const stateMethods = {
  eth_getBalance: ({ backend }, block: Header, address: Uint8Array) => getBalance(backend, block, address),
  eth_getCode: ({ backend }, block: Header, address: Uint8Array) => getCode(backend, block, address),
  eth_getStorageAt: ({ backend }, block: Header, address: Uint8Array, key: string) =>
    getStorageAt(backend, block, address, key),
  eth_getStorageValues: (
    { backend },
    block: Header,
    requests: ReadonlyMap<string, readonly Uint8Array[] | undefined>,
  ) => getStorageValues(backend, block, requests),
  eth_getTransactionCount: ({ backend }, block: Header, address: Uint8Array) =>
    getTransactionCount(backend, block, address),
  eth_getProof: ({ backend }, block: Header, address: Uint8Array, keys: readonly string[]) =>
    getProof(backend, block, address, keys),
  eth_call: (
    { backend, now },
    block: Header,
    args: CallArgs,
    state?: StateOverrides,
    blockOverrides?: BlockOverrides,
  ) => call(backend, args, { block, state, blockOverrides, limit: new TimeLimit(now) }),
  eth_estimateGas: (
    { backend, now },
    block: Header,
    args: CallArgs,
    state?: StateOverrides,
    blockOverrides?: BlockOverrides,
  ) => estimateGas(backend, args, { block, state, blockOverrides, limit: new TimeLimit(now) }),
  eth_createAccessList: ({ backend, now }, block: Header, args: CallArgs, state?: StateOverrides) =>
    createAccessList(backend, args, { block, state, limit: new TimeLimit(now) }),
  eth_simulateV1: ({ backend, now }, block: Header, simulation: Simulation) =>
    simulate(backend, block, simulation, new TimeLimit(now)),
  /** On the state of the parent, which is `block`. */
  debug_traceBlock: ({ backend, now }, block: Header, traced: TracedBlock, options: TraceOptions) =>
    traceBlock(backend, block, traced, options, now),
  testing_buildBlock: ({ backend, now }, block: Header, wanted: BlockToBuild) =>
    buildBlock(backend, block, wanted, new TimeLimit(now)).then((built) => envelopeJson(built)),
} satisfies Readonly<Record<string, (context: MethodContext, block: Header, ...args: never[]) => Promise<unknown>>>

export type StateMethodName = keyof typeof stateMethods
/** Behind the block. */
export type StateMethodArgs<Name extends StateMethodName> =
  Parameters<(typeof stateMethods)[Name]> extends [unknown, unknown, ...infer Args] ? Args : never

/** What is asked, as it crosses to where the state is. */
export type StateMethodCall<Name extends StateMethodName = StateMethodName> = {
  readonly name: Name
  /** RLP of the block's header. */
  readonly block: Uint8Array
  readonly args: StateMethodArgs<Name>
}

/** @throws {RpcError} what the caller gets; anything else is a bug, or the database's failure */
export function runStateMethod(context: MethodContext, { name, block, args }: StateMethodCall): Promise<unknown> {
  const run = stateMethods[name] as (
    context: MethodContext,
    block: Header,
    ...args: readonly unknown[]
  ) => Promise<unknown>
  // biome-ignore lint/plugin: as many as the method takes
  return run(context, decodeHeader(block), ...args)
}
