import { type Observable, Subject } from 'rxjs'
import { type ChainConfig, scheduleOf } from '../../protocols/chain/chain-config.ts'
import { type ForkFilter, type ForkId, type ForkSchedule, forkFilter, forkId } from '../../protocols/chain/fork-id.ts'
import { decodeHeader, type Header } from '../../protocols/chain/header.ts'
import { InvalidBlock } from '../../protocols/chain/verify.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { processScheduler } from '../runtime/process-runtime.ts'
import { ReaderStream } from '../runtime/reader-stream.ts'
import { interruptible, type Steps, TimeSlicer } from '../runtime/time-slicer.ts'
import { BlockReader } from './block-reader.ts'
import { BranchExecution, executedInWrite, StateMissing } from './branch-execution.ts'
import type { ChainOptions, ChainReader, NewBlock } from './chain-reader.ts'
import { branchDown, checkMarks, type Forkchoice, type Marks, marksWrite, namedBlock } from './forkchoice.ts'
import { fittingLists, type HeaderAndList, verifyBlocks } from './incoming-blocks.ts'
import type { KeyValueStore, Write } from './key-value-store.ts'
import { keys } from './schema.ts'
import { CorruptDatabase, DatabaseFailed, openStore } from './store.ts'
import {
  blockWrites,
  executedWrites,
  forgottenWrites,
  inMemory,
  piecesOf,
  readChain,
  receiptsWrite,
  type StoredChain,
  writeGenesis,
} from './stored-chain.ts'
import { type IndexedTransaction, TransactionIndex } from './tx-index.ts'

/** Headers and bodies from the genesis to the head, and blocks beside them, verified as far as can be without executing. */
export class Chain implements ChainReader {
  readonly genesis: Header
  readonly config: ChainConfig
  readonly networkId: bigint
  /** Which fork ids peers may have, judged at our head at the time. */
  readonly forkFilter: ForkFilter
  readonly forkSchedule: ForkSchedule
  readonly #store: KeyValueStore
  readonly #blocks: BlockReader
  readonly #heads = new Subject<Header>()
  /** Each new head, once its block is stored. */
  readonly heads$: Observable<Header>
  readonly #failures = new Subject<DatabaseFailed | CorruptDatabase>()
  readonly #transactions: TransactionIndex
  #head: Header
  /** What a consensus client said of the blocks below the head; undefined as long as none has said anything. */
  #marks: Marks | undefined
  #writing: Promise<unknown> = Promise.resolve()
  readonly #slicer: TimeSlicer
  readonly #execution: BranchExecution | undefined

  private constructor(store: KeyValueStore, options: ChainOptions, stored: StoredChain) {
    const {
      genesis,
      networkId,
      directory,
      readerCrashed,
      slicer,
      execution,
      catchingUp = () => {},
      cutOff = () => {},
    } = options
    this.#slicer = slicer ?? new TimeSlicer(processScheduler())
    this.heads$ = new ReaderStream(this.#heads, readerCrashed)
    this.#store = store
    this.#blocks = new BlockReader(store, directory ?? inMemory)
    this.genesis = genesis.header
    this.config = genesis.config
    this.networkId = networkId ?? genesis.config.chainId
    this.forkSchedule = scheduleOf(genesis.config, genesis.header.time)
    this.forkFilter = forkFilter(genesis.header.hash, this.forkSchedule, () => this.#head)
    this.#head = stored.head
    this.#marks = stored.marks
    this.#transactions = new TransactionIndex(store, this)
    this.#execution = execution && new BranchExecution(execution, this, store)
    if (this.#execution && !execution?.hasState(stored.head.hash))
      this.#inOrder(() => this.#catchUp(this.#execution!, catchingUp)).catch((error: Error) => {
        if (error instanceof InvalidBlock || error instanceof StateMissing) cutOff(error) // failures$ has others
      })
  }

  /**
   * @throws {DatabaseLocked} another process has the database open
   * @throws {CorruptDatabase} the database cannot be read
   * @throws {WrongGenesis} the database is of another chain
   */
  static async open(options: ChainOptions): Promise<Chain> {
    const store = await openStore(options.directory)
    try {
      if (store.isNew) await writeGenesis(store, options.genesis)
      return new Chain(store, options, readChain(store, options))
    } catch (error) {
      await store.close()
      throw error
    }
  }

  get head(): Header {
    return this.#head
  }

  /** The last block of a snap sync that has not come to its end: those up to it are there, and none is executed. */
  get snapHead(): Header | undefined {
    const hash = this.#store.get(keys.snapHead)
    return hash && this.headerByHash(hash)
  }

  /** The block whose state was fetched from peers, where one was: nothing below it was executed. */
  get pivot(): Header | undefined {
    const hash = this.#store.get(keys.pivot)
    return hash && this.headerByHash(hash)
  }

  /** The block that a consensus client calls safe; undefined while there is none on the canonical chain. */
  get safe(): Header | undefined {
    return this.#marked(this.#marks?.safe)
  }

  /** As {@link safe}, of the block that will never be undone. */
  get finalized(): Header | undefined {
    return this.#marked(this.#marks?.finalized)
  }

  /** Whether a consensus client sets the head: once one has, nothing else does. */
  get followsConsensus(): boolean {
    return this.#marks !== undefined
  }

  /** What the database could not do; the caller gets it as well. Nothing that needs it can go on. */
  get failures$(): Observable<DatabaseFailed | CorruptDatabase> {
    return this.#failures.asObservable()
  }

  /** Our fork id at the head (EIP-2124). */
  forkId(): ForkId {
    return forkId(this.genesis.hash, this.forkSchedule, this.#head)
  }

  headerByNumber(number: bigint): Header | undefined {
    const hash = this.canonicalHash(number)
    return hash && this.#blocks.headerAt(number, hash)
  }

  headerByHash(hash: Uint8Array): Header | undefined {
    return this.#blocks.header(hash)
  }

  canonicalHash(number: bigint): Uint8Array | undefined {
    return number > this.#head.number ? undefined : this.#store.get(keys.canonical(number))
  }

  bodyByHash(hash: Uint8Array): Uint8Array | undefined {
    return this.#blocks.body(hash)
  }

  accessListByHash(hash: Uint8Array): Uint8Array | undefined {
    return this.#blocks.accessList(hash)
  }

  receiptsByHash(hash: Uint8Array): Uint8Array | undefined {
    return this.#blocks.receipts(hash)
  }

  /** Whether blocks are executed here: else nothing is known of their states. */
  get isExecuting(): boolean {
    return this.#execution !== undefined
  }

  /** Whether a block we have was executed, or is the genesis, whose state is given. */
  isExecuted(hash: Uint8Array): boolean {
    return equalBytes(hash, this.genesis.hash) || this.receiptsByHash(hash) !== undefined
  }

  /** @returns a canonical transaction of the last 2,350,000 blocks */
  transactionByHash(hash: Uint8Array): IndexedTransaction | undefined {
    return this.#transactions.find(hash)
  }

  hasBlock(hash: Uint8Array): boolean {
    return this.#blocks.has(hash)
  }

  isCanonical({ number, hash }: Pick<Header, 'number' | 'hash'>): boolean {
    const canonical = this.canonicalHash(number)
    return canonical !== undefined && equalBytes(canonical, hash)
  }

  /**
   * Verifies and stores all of `blocks` or none; where blocks are executed, those before the first that is bad. As long as
   * no consensus client sets the head, the last becomes it when its number is higher than the head's: the longest chain is
   * the chain, and of equals the first.
   * @param blocks each on the one before it, the first on any block we have; of those we have only a list is taken that
   * is not there yet
   * @param signal once it is aborted no more is done, and nothing of them is stored: geth's InterruptInsert
   * @throws {InvalidBlock} the first block that cannot be, `parent` when it stands on nothing we have
   * @throws the reason of `signal`
   */
  insertBlocks(blocks: readonly NewBlock[], signal?: AbortSignal): Promise<void> {
    const becomesHead = ({ number }: Header) => !this.followsConsensus && number > this.#head.number
    return this.#inOrder(() => this.#insert(blocks, becomesHead, signal))
  }

  /**
   * Verifies and stores blocks whose state is to be fetched, and executes none: the last becomes the {@link snapHead}, and the head
   * stays where it is (geth InsertReceiptChain).
   * @throws as {@link insertBlocks}
   */
  insertUnexecuted(blocks: readonly NewBlock[], signal?: AbortSignal): Promise<void> {
    return this.#inOrder(() => this.#insertUnexecuted(blocks, signal))
  }

  /** Makes a block up to the {@link snapHead}, whose state is there now, the head (geth SnapSyncCommitHead). */
  commitPivot(hash: Uint8Array): Promise<void> {
    return this.#inOrder(() => this.#commitPivot(hash))
  }

  /** As {@link insertBlocks}, and the head stays where it is. */
  storeBlocks(blocks: readonly NewBlock[]): Promise<void> {
    return this.#inOrder(() => this.#insert(blocks, () => false))
  }

  /**
   * Stores lists of blocks that we have. A list for a block that we do not have is passed over, and so is one that is not
   * that block's or breaks a rule of EIP-7928: the block is there, and stays.
   */
  storeAccessLists(lists: readonly HeaderAndList[]): Promise<void> {
    return this.#inOrder(() => this.#storeAccessLists(lists))
  }

  /** Stores the receipts of blocks that are not executed here: RLP of their list, verified. Of blocks that are not there none. */
  storeReceipts(all: readonly { readonly header: Header; readonly receipts: Uint8Array }[]): Promise<void> {
    return this.#inOrder(() => this.#storeReceipts(all))
  }

  /** From now on the head is what {@link setForkchoice} says, whatever comes from peers: for good, kept in the database. */
  followConsensus(): Promise<void> {
    return this.#inOrder(() => this.#followConsensus())
  }

  /**
   * Makes any block we have the head, and its branch the canonical chain, as a consensus client wants it. From now on
   * nothing else does. A mark that is left out stays as it is. Killed meanwhile, the database has the old head or the new.
   * @throws {InvalidBlock} one of its branch, which was not executed before, is bad
   * @throws {StateMissing} nothing of its branch can be executed
   * @throws {ForkchoiceError} nothing is changed: a block that we do not have, or one marked that the head does not stand on
   */
  setForkchoice(forkchoice: Forkchoice): Promise<void> {
    return this.#inOrder(() => this.#setForkchoice(forkchoice))
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#writing
    this.#heads.complete()
    this.#failures.complete()
    await this.#store.close()
  }

  #inOrder(write: () => Steps<void>): Promise<void> {
    const done = this.#writing.then(() => this.#slicer.run(write()))
    this.#writing = done.catch((error) => {
      if (error instanceof DatabaseFailed || error instanceof CorruptDatabase) this.#failures.next(error)
    })
    return done
  }

  *#insert(blocks: readonly NewBlock[], becomesHead: (last: Header) => boolean, signal?: AbortSignal): Steps<void> {
    const { fresh, lists } = yield* interruptible(verifyBlocks(this.#blocks, this.config, blocks), signal)
    if (!this.#execution) {
      const writes = [...lists, ...fresh.flatMap(blockWrites)]
      return yield* this.#write(fresh, writes, { becomesHead, signal })
    }
    if (lists.length > 0) yield this.#store.write(lists)
    const all = [...this.#execution.leftOf(blocks), ...fresh]
    for (let at = 0; at < all.length; at += executedInWrite) {
      signal?.throwIfAborted()
      yield* this.#insertExecuted(this.#execution, all.slice(at, at + executedInWrite), { becomesHead })
    }
  }

  *#insertUnexecuted(blocks: readonly NewBlock[], signal?: AbortSignal): Steps<void> {
    const { fresh, lists } = yield* interruptible(verifyBlocks(this.#blocks, this.config, blocks), signal)
    const writes: CanonicalWrites = { index: [], blocks: [] }
    for (const { header } of blocks) {
      const body = fresh.find((one) => one.header === header)?.body ?? this.bodyByHash(header.hash)!
      yield* this.#addCanonical(writes, header, body)
    }
    // Of another branch than the one that was followed before.
    for (let at = this.headerByHash(blocks[0]!.header.parentHash); at && at.number > this.#head.number; ) {
      if (equalBytes(this.#store.get(keys.canonical(at.number)) ?? noHash, at.hash)) break
      yield* this.#addCanonical(writes, at, this.bodyByHash(at.hash)!)
      at = this.headerByHash(at.parentHash)
    }
    const head = { key: keys.snapHead, value: blocks.at(-1)!.header.hash }
    yield this.#store.write([...lists, ...fresh.flatMap(blockWrites), ...writes.index, ...writes.blocks, head])
  }

  *#commitPivot(hash: Uint8Array): Steps<void> {
    const pivot = namedBlock(this, 'head', hash)
    yield this.#store.write([{ key: keys.head, value: hash }, { key: keys.pivot, value: hash }, { key: keys.snapHead }])
    this.#head = pivot
    this.#heads.next(pivot)
  }

  /** @param blocks few: the states of those above the head must not push out its own */
  *#insertExecuted(execution: BranchExecution, blocks: readonly NewBlock[], how: WriteOptions): Steps<void> {
    const { executed, bad } = yield* execution.inTurn(blocks)
    const rest = bad ? [] : blocks.slice(executed.length)
    const good = blocks.slice(0, executed.length)
    const writes = good.flatMap((block, i) => executedWrites(block, executed[i]!))
    yield* this.#write(good, [...writes, ...rest.flatMap(blockWrites)], how)
    if (bad) throw bad
  }

  /** @param fresh of which the last becomes the head, if it may @param writes what there is of them and others */
  *#write(fresh: readonly NewBlock[], writes: readonly Write[], { becomesHead, signal }: WriteOptions): Steps<void> {
    const last = fresh.at(-1)?.header
    const isHead = last !== undefined && becomesHead(last)
    const branch = isHead ? yield* interruptible(this.#makeCanonical(fresh), signal) : []
    const canonical = isHead ? [...branch, { key: keys.head, value: last.hash }] : []
    const { ahead, rest } = piecesOf(writes)
    for (const piece of ahead) yield this.#store.write(piece)
    const all = [...rest, ...canonical]
    if (all.length > 0) yield this.#store.write(all)
    if (!isHead) return
    this.#head = decodeHeader(last.raw.slice())
    this.#heads.next(this.#head)
  }

  /** Executes the canonical blocks above the last whose state is there. The chain ends before the first that is bad. */
  *#catchUp(execution: BranchExecution, catchingUp: (left: bigint) => void): Steps<void> {
    const above = yield* execution.stateAbove()
    if (above) return yield* this.#moveHead(above)
    const bad = yield* execution.canonical(this.genesis.number, catchingUp)
    if (bad) yield* this.#cutOff(bad.last, bad.why)
  }

  *#moveHead(head: Header): Steps<void> {
    const writes: CanonicalWrites = { index: [], blocks: [] }
    for (const block of branchDown(this, head)) yield* this.#addCanonical(writes, block, this.bodyByHash(block.hash)!)
    // A snap sync ended between its state and its head.
    const pivot = this.snapHead ? [{ key: keys.pivot, value: head.hash }, { key: keys.snapHead }] : []
    yield this.#store.write([...writes.index, ...writes.blocks, ...pivot, { key: keys.head, value: head.hash }])
    this.#head = head
    this.#heads.next(head)
  }

  /** Makes a canonical block the head, and forgets those above it: the first of them is bad. */
  *#cutOff(last: bigint, why: Error): Steps<void> {
    const head = this.headerByNumber(last)!
    const writes: Write[] = [{ key: keys.head, value: head.hash }]
    for (let number = this.#head.number; number > last; number--) {
      for (const write of forgottenWrites(this.headerByNumber(number)!)) writes.push(write)
      writes.push({ key: keys.canonical(number) })
      yield
    }
    yield this.#store.write(writes)
    this.#head = head
    this.#heads.next(head)
    throw why
  }

  *#storeAccessLists(lists: readonly HeaderAndList[]): Steps<void> {
    const writes = yield* fittingLists(this.#blocks, lists)
    if (writes.length > 0) yield this.#store.write(writes)
  }

  *#storeReceipts(all: readonly { readonly header: Header; readonly receipts: Uint8Array }[]): Steps<void> {
    const known = all.filter(({ header }) => this.hasBlock(header.hash))
    const writes = known.map(({ header, receipts }) => receiptsWrite(header, receipts))
    if (writes.length > 0) yield this.#store.write(writes)
  }

  *#followConsensus(): Steps<void> {
    if (this.followsConsensus) return
    yield this.#store.write([marksWrite({})])
    this.#marks = {}
  }

  *#setForkchoice({ head: hash, ...given }: Forkchoice): Steps<void> {
    const head = namedBlock(this, 'head', hash)
    if (this.#execution) yield* this.#execution.branchOf(head)
    const marks = { ...this.#marks, ...(yield* checkMarks(this, head, given)) }
    const old = this.#head
    const writes: CanonicalWrites = { index: [], blocks: [] }
    for (const block of branchDown(this, head)) {
      yield* this.#addCanonical(writes, block, this.bodyByHash(block.hash)!)
      // No reader sees what is above the head: it may be written in parts, so little of it is kept in memory.
      if (block.number > old.number && writes.blocks.length >= blocksInWrite) {
        yield this.#store.write([...writes.index.splice(0), ...writes.blocks.splice(0)])
      }
      yield
    }
    const last = [{ key: keys.head, value: head.hash }, marksWrite(marks)]
    yield this.#store.write([...writes.index, ...writes.blocks, ...last])
    this.#marks = marks
    if (equalBytes(old.hash, head.hash)) return
    this.#head = head
    this.#heads.next(head)
  }

  #marked(hash: Uint8Array | undefined): Header | undefined {
    const header = hash && this.headerByHash(hash)
    return header && this.isCanonical(header) ? header : undefined
  }

  /** @returns what makes the branch that ends in `fresh` canonical, down to where it already is */
  *#makeCanonical(fresh: readonly NewBlock[]): Steps<Write[]> {
    const writes: CanonicalWrites = { index: [], blocks: [] }
    for (const { header, body } of fresh) yield* this.#addCanonical(writes, header, body)
    let below = this.headerByHash(fresh[0]!.header.parentHash)
    while (below !== undefined && !this.isCanonical(below)) {
      yield* this.#addCanonical(writes, below, this.bodyByHash(below.hash)!)
      below = this.headerByHash(below.parentHash)
    }
    return [...writes.index, ...writes.blocks]
  }

  /** Where transactions are is written at once when it is much: it says nothing as long as their block is not canonical. */
  *#addCanonical(writes: CanonicalWrites, { number, hash }: Header, body: Uint8Array): Steps<void> {
    for (const _step of this.#transactions.addWrites(writes.index, { number }, body)) {
      if (writes.index.length >= indexedInWrite) yield this.#store.write(writes.index.splice(0))
      else yield
    }
    writes.blocks.push({ key: keys.canonical(number), value: hash })
  }
}

/** What makes blocks canonical: where their transactions are, and themselves. BOUNDED: indexedInWrite and blocksInWrite. */
type CanonicalWrites = { readonly index: Write[]; readonly blocks: Write[] }

/** BOUNDED: blocks that are made canonical in one write, but for those of a reorganisation: it is there as a whole or not. */
const blocksInWrite = 1_024
/** Transactions whose place is written in one go: a few milliseconds. */
const indexedInWrite = 1_024

const noHash = new Uint8Array(0)

type WriteOptions = {
  readonly becomesHead: (last: Header) => boolean
  readonly signal?: AbortSignal | undefined
}
