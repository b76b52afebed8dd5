import type { Genesis } from '../../protocols/chain/genesis.ts'
import type { Header } from '../../protocols/chain/header.ts'
import type { TimeSlicer } from '../runtime/time-slicer.ts'
import type { ExecutionPort } from './execution-port.ts'

export type ChainOptions = {
  readonly genesis: Genesis
  /** The genesis' chain id when left out. */
  readonly networkId?: bigint
  /** Where the database is; in memory when left out. */
  readonly directory?: string
  /** Verifies and writes. One of the process' own when left out. */
  readonly slicer?: TimeSlicer
  /** Executes what is inserted. Without it blocks are verified as far as can be without. */
  readonly execution?: ExecutionPort
  /** Blocks that the database has are executed before any other: how many are left, now and then. */
  readonly catchingUp?: (left: bigint) => void
  /** Those blocks turn out to be bad: why the chain ends before them from now on. */
  readonly cutOff?: (why: Error) => void
  /** Gets what a reader of {@link Chain.heads$} throws: it ends that reader. Without it the process ends, loudly. */
  readonly readerCrashed?: (error: unknown) => void
}

/** What a server of blocks reads. Reads are synchronous; hashes are 32 bytes. */
export type ChainReader = {
  readonly head: Header
  /** @returns the canonical header */
  headerByNumber(number: bigint): Header | undefined
  /** @returns the header, canonical or not */
  headerByHash(hash: Uint8Array): Header | undefined
  canonicalHash(number: bigint): Uint8Array | undefined
  /** @returns RLP of the body, of canonical blocks and others */
  bodyByHash(hash: Uint8Array): Uint8Array | undefined
  /** @returns RLP of the block's access list (EIP-7928) as it came, when one came */
  accessListByHash(hash: Uint8Array): Uint8Array | undefined
  /** @returns RLP of the list of the block's receipts, each as eth/69 has them; undefined of a block that was not executed */
  receiptsByHash(hash: Uint8Array): Uint8Array | undefined
}

/** `body` is RLP: `[transactions, uncles, withdrawals?]`, and so is `accessList` (EIP-7928), which a block can do without. */
export type NewBlock = {
  readonly header: Header
  readonly body: Uint8Array
  readonly accessList?: Uint8Array | undefined
}
