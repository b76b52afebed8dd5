import type { Header } from '../../protocols/chain/header.ts'

/** What a chain asks of an execution. Hashes are 32 bytes. */
export type ExecutionPort = {
  /** Whether the state after this block is there, so that blocks on it can be executed. */
  hasState(hash: Uint8Array): boolean
  /** The blocks whose states are there: the lowest first. */
  states(): Iterable<Uint8Array>
  /**
   * Executes a verified block and keeps its state; of one that was executed before the result is given again.
   * @param head hash of the chain's head, whose state is to stay
   * @returns undefined: the state of its parent is not there
   * @throws (rejects) {InvalidBlock} the block cannot be
   * @throws (rejects) {ExecutionStopped}
   */
  execute(block: BlockToExecute, head: Uint8Array): Promise<Executed | undefined>
  /** Forgets all states but that of the genesis. */
  rebuild(): Promise<void>
}

/** `body` is RLP. */
export type BlockToExecute = { readonly header: Header; readonly body: Uint8Array }

/** What an execution has found of a block, beside its state. */
export type Executed = {
  /** RLP of the list of its receipts, each as eth/69 has them (EIP-7642). */
  readonly receipts: Uint8Array
  /** RLP of its access list (EIP-7928), from Amsterdam on. */
  readonly accessList?: Uint8Array
}

/** The node ends: nothing is said of the block. */
export class ExecutionStopped extends Error {
  override readonly name = 'ExecutionStopped'
  constructor(options?: ErrorOptions) {
    super('the execution has stopped', options)
  }
}
