import type { Common } from '@ethereumjs/common'
import type { MerkleStateManager } from '@ethereumjs/statemanager'
import type { ChainConfig } from '../../../protocols/chain/chain-config.ts'
import type { Header } from '../../../protocols/chain/header.ts'
import { RpcError } from '../../rpc/rpc-error.ts'

/** What the methods read. Hashes are 32 bytes. */
export type Backend = {
  readonly config: ChainConfig
  /** @returns the rules in force in a block at this place, a copy of one's own */
  commonAt(at: Pick<Header, 'number' | 'time' | 'difficulty'>): Common
  /** @returns the state after a block, a view of one's own: what is written to it never leaves it; undefined when it is not there */
  stateOf(block: Uint8Array): Awaitable<MerkleStateManager | undefined>
  /** @returns the hash of the block `back` before the one named, which has a state; undefined beyond 256 */
  ancestor(hash: Uint8Array, back: number): Awaitable<Uint8Array | undefined>
  /**
   * Executes a block, RLP of its parts, on the state after its parent, as one that is imported. What its header commits to may
   * be any: it is not compared, and nothing is kept.
   * @throws (rejects) the block cannot be
   */
  outcomeOf(block: { readonly header: Uint8Array; readonly body: Uint8Array }): Promise<BlockOutcome>
}

/** What comes of a block. */
export type BlockOutcome = {
  readonly stateRoot: Uint8Array
  readonly receiptsRoot: Uint8Array
  readonly bloom: Uint8Array
  readonly gasUsed: bigint
  /** A type and its data each (EIP-7685); undefined before Prague. */
  readonly requests: readonly Uint8Array[] | undefined
  /** RLP (EIP-7928); undefined before Amsterdam. */
  readonly accessList: Uint8Array | undefined
}

export type Awaitable<T> = T | Promise<T>

/** @throws {RpcError} it is not there (any more) */
export async function stateAfter(
  backend: Backend,
  { hash, number }: Pick<Header, 'hash' | 'number'>,
): Promise<MerkleStateManager> {
  const state = await backend.stateOf(hash)
  if (!state) throw new RpcError(`the state of block ${number} is not available`)
  return state
}
