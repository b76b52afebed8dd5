import type { Header } from '../../protocols/chain/header.ts'
import { InvalidBlock } from '../../protocols/chain/verify.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { ChainReader, NewBlock } from './chain-reader.ts'
import type { Executed, ExecutionPort } from './execution-port.ts'
import type { KeyValueStore } from './key-value-store.ts'
import { executedWrites, forgottenWrites } from './stored-chain.ts'

/** Of blocks that were executed in turn, the results of the first, up to one that is bad, or whose parent's state is not there. */
export type ExecutedInTurn = { readonly executed: readonly Executed[]; readonly bad?: InvalidBlock }

/** The last block that a chain can have, and why the one after it cannot be executed. */
export type ChainEnd = { readonly last: bigint; readonly why: Error }

/** Executes blocks that a chain has, so that what stands on them can be executed, and stores what came of them. */
export class BranchExecution {
  readonly #execution: ExecutionPort
  readonly #chain: ChainReader
  readonly #store: KeyValueStore

  constructor(execution: ExecutionPort, chain: ChainReader, store: KeyValueStore) {
    this.#execution = execution
    this.#chain = chain
    this.#store = store
  }

  *inTurn(blocks: readonly NewBlock[]): Steps<ExecutedInTurn> {
    const executed: Executed[] = []
    for (const block of blocks)
      try {
        const one: Executed | undefined = yield this.#execution.execute(block, this.#chain.head.hash)
        if (!one) return { executed }
        executed.push(one)
      } catch (bad) {
        if (bad instanceof InvalidBlock) return { executed, bad }
        throw bad
      }
    return { executed }
  }

  /** @returns those of `blocks` that a snap sync has left above its pivot: they are there, and still to be executed */
  leftOf(blocks: readonly NewBlock[]): NewBlock[] {
    const isLeft = ({ header: { number, hash } }: NewBlock) =>
      number > this.#chain.head.number &&
      this.#chain.headerByHash(hash) !== undefined &&
      !this.#execution.hasState(hash)
    return blocks.filter(isLeft).map(({ header }) => this.#block(header))
  }

  /**
   * Executes those blocks of the branch of `head` that were not, and have to be.
   * @throws {InvalidBlock} one is bad: it and what stands on it is forgotten
   * @throws {StateMissing}
   */
  *branchOf(head: Header): Steps<void> {
    // BOUNDED: by the branch, 32 bytes for each of its blocks.
    const branch: Uint8Array[] = []
    for (let at: Header | undefined = head; at && !this.#execution.hasState(at.hash); ) {
      branch.push(at.hash)
      at = this.#chain.headerByHash(at.parentHash)
      yield
    }
    while (branch.length > 0) {
      const blocks = branch
        .splice(-executedInWrite)
        .reverse()
        .map((hash) => this.#block(this.#chain.headerByHash(hash)!))
      const { executed, bad } = yield* this.inTurn(blocks)
      const good = executed.flatMap((one, i) => executedWrites(blocks[i]!, one))
      const rest = bad ? blocks.slice(executed.length).flatMap(({ header }) => forgottenWrites(header)) : []
      const writes = [...good, ...rest]
      if (writes.length > 0) yield this.#store.write(writes)
      if (executed.length < blocks.length) throw bad ?? new StateMissing(head.number)
    }
  }

  /**
   * Executes the canonical blocks above the last whose state is there.
   * @param lowest number of the genesis
   * @param catchingUp how many are left, now and then
   * @returns where the chain has to end, if not at its head
   */
  *canonical(lowest: bigint, catchingUp: (left: bigint) => void): Steps<ChainEnd | undefined> {
    const hasState = (number: bigint) => this.#execution.hasState(this.#chain.canonicalHash(number)!)
    const top = this.#chain.head.number
    let from = top
    for (; from > lowest && !hasState(from); from--) yield
    if (!hasState(from)) yield this.#execution.rebuild()
    while (from < top) {
      catchingUp(top - from)
      const blocks: NewBlock[] = []
      for (let number = from + 1n; number <= top && blocks.length < executedInWrite; number++)
        blocks.push(this.#block(this.#chain.headerByNumber(number)!))
      const { executed, bad } = yield* this.inTurn(blocks)
      const writes = executed.flatMap((one, i) => executedWrites(blocks[i]!, one))
      from += BigInt(executed.length)
      if (writes.length > 0) yield this.#store.write(writes)
      if (executed.length < blocks.length) return { last: from, why: bad ?? new StateMissing(from + 1n) }
    }
    catchingUp(0n)
    return undefined
  }

  /** @returns a block on the head whose state is there, though the head's is not: a consensus client let us run far ahead */
  *stateAbove(): Steps<Header | undefined> {
    const { head } = this.#chain
    const [lowest] = this.#execution.states()
    const found = lowest && this.#chain.headerByHash(lowest)
    for (let at = found; at && at.number > head.number; at = this.#chain.headerByHash(at.parentHash)) {
      if (equalBytes(at.parentHash, head.hash)) return found
      yield
    }
    return undefined
  }

  #block(header: Header): NewBlock {
    return { header, body: this.#chain.bodyByHash(header.hash)! }
  }
}

/** BOUNDED: blocks executed before what came of them is written: far fewer than the states that are kept. */
export const executedInWrite = 32

/** The state that a block stands on is not there, and cannot be made: it is too far back, or on a branch that was left. */
export class StateMissing extends Error {
  override readonly name = 'StateMissing'
  constructor(number: bigint) {
    super(`the state that block ${number} stands on is not there`)
  }
}
