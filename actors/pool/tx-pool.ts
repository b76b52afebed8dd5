import { Subject, type Subscription } from 'rxjs'
import type { Actor } from 'xstate'
import { blobPoolLimits } from '../../machines/blob-content.ts'
import { type PoolTransaction, poolLimits, type SenderState } from '../../machines/pool-content.ts'
import { Pools } from '../../machines/pools.ts'
import { txPoolMachine } from '../../machines/tx-pool.ts'
import { emptyCodeHash } from '../../protocols/chain/account.ts'
import { withSidecar } from '../../protocols/chain/blob-sidecar.ts'
import { decodeBody } from '../../protocols/chain/block.ts'
import { blobParams, isTimeForkActive } from '../../protocols/chain/chain-config.ts'
import { blobBaseFee, nextBaseFee } from '../../protocols/chain/fees.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { PoolError } from '../../protocols/chain/pool-error.ts'
import { blobTxType, txEnvelope, txHash, txType, withoutBlobs } from '../../protocols/chain/transaction.ts'
import { dataCells, isSubset } from '../../protocols/eth/cell-mask.ts'
import { bytesToHex, equalBytes, hexToBytes } from '../../protocols/lib/bytes.ts'
import type { RlpItem } from '../../protocols/lib/rlp.ts'
import { changeOf } from '../chain/branches.ts'
import type { Chain } from '../chain/chain.ts'
import { ExecutionStopped } from '../chain/execution-port.ts'
import type { StatePort } from '../execution/queries.ts'
import { StateUnavailable } from '../execution/state-reader.ts'
import { Kzg } from '../kzg/kzg.ts'
import type { Logger } from '../log/log.ts'
import type { Service } from '../node/node.ts'
import { ReaderStream } from '../runtime/reader-stream.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { startActor } from '../runtime/start-actor.ts'
import { guard, reportBug } from '../runtime/supervision.ts'
import type { Steps, TimeSlicer } from '../runtime/time-slicer.ts'
import { BlobPool } from './blob-pool.ts'
import { BlobStore, blobsOf, type StoredBlobs } from './blob-store.ts'
import { type Candidate, candidateSteps, oldSidecar } from './candidate.ts'
import { Journal } from './journal.ts'

export type PoolChain = Pick<Chain, 'config' | 'head' | 'heads$' | 'headerByHash' | 'bodyByHash'>

export type TxPoolOptions = {
  readonly chain: PoolChain
  readonly states: StatePort
  /** Does long work that belongs to no peer and no caller. */
  readonly slicer: TimeSlicer
  /** A file for what is given over RPC; it is lost with the node when left out. */
  readonly journal?: string
  /** A folder for the blobs of transactions; in memory, and fewer, when left out. */
  readonly blobs?: string
  readonly log: Logger
}

/** The transactions that wait for a block: runs {@link txPoolMachine}. */
export class TxPool implements Service {
  readonly name = 'txpool'
  /** What it has. Read only: `add` is how it changes. */
  readonly content: Pools
  /** The blobs of what it has. */
  readonly blobs: BlobPool
  readonly #runtime: Runtime
  readonly #options: TxPoolOptions
  readonly #journal: Journal | undefined
  readonly #ready = new Subject<readonly PoolTransaction[]>()
  /** Hashes of what was given over RPC. BOUNDED: by what is in the pool, from one rotation of the journal to the next. */
  readonly #local = new Set<string>()
  #actor: Actor<typeof txPoolMachine> | undefined
  #heads: Subscription | undefined
  #head: Header
  /** Accounts on that head, of those who sent something. BOUNDED: maxStates, then all go. */
  #states = new Map<string, SenderState>()
  #isClosed = false

  constructor(runtime: Runtime, options: TxPoolOptions) {
    this.#runtime = runtime
    this.#options = options
    this.#head = options.chain.head
    const bytes = options.blobs === undefined ? maxBlobMemory : blobPoolLimits.bytes
    this.content = new Pools(poolLimits, { ...blobPoolLimits, bytes })
    this.blobs = new BlobPool(new BlobStore(options.blobs, options.log), new Kzg(runtime.clock))
    this.#journal = options.journal === undefined ? undefined : new Journal(options.journal, options.log)
  }

  start(): void {
    const { chain } = this.#options
    const parent = 'node'
    this.#head = chain.head
    this.#actor = startActor(this.#runtime, txPoolMachine, {
      id: 'txpool',
      parent,
      input: (send) => ({
        ports: {
          readJournal: () => this.#work(this.#readJournal(), () => send({ type: 'journal.read' })),
          readStates: () =>
            this.#work(this.#reset(chain.head), (isDone) => send({ type: isDone ? 'states.read' : 'states.failed' })),
          expire: () => {
            this.content.expire(this.#runtime.clock.now())
            this.#dropGone()
          },
          rotateJournal: () => void this.#rotateJournal(),
          close: () => {
            this.#isClosed = true
          },
        },
      }),
    })
    const crashed = (error: unknown) => reportBug(this.#runtime, { actor: 'txpool', error, ends: 'node' })
    this.#heads = chain.heads$.subscribe(() => guard(() => this.#actor?.send({ type: 'head.changed' }), crashed))
  }

  async stop(): Promise<void> {
    this.#heads?.unsubscribe()
    this.#actor?.send({ type: 'pool.stop' })
    this.#ready.complete()
    await this.#journal?.close()
    await this.blobs.close()
  }

  /** What can be executed from now on, as it comes. */
  get ready$(): ReaderStream<readonly PoolTransaction[]> {
    return new ReaderStream(this.#ready, (error) =>
      reportBug(this.#runtime, { actor: 'txpool', error, ends: 'reader' }),
    )
  }

  /** Whether one of that type may be taken, at some fork (geth FilterType). */
  takesType(type: number): boolean {
    return type <= 4
  }

  /** The head that it stands on: behind the chain's while the accounts on that are read. */
  get head(): Header {
    return this.#head
  }

  /** The next nonce of a sender, what waits counted in; undefined when the state alone says it. @param from hex digits */
  nextNonce(from: string): bigint | undefined {
    return this.content.nextNonce(from)
  }

  /** What the next block could have, in the order that it is to be tried: twice as much gas as the head's limit at most. */
  pendingTransactions(): PendingTransaction[] {
    const found: PendingTransaction[] = []
    const left = new Set<string>()
    let gas = 2n * this.#head.gasLimit
    for (const one of this.content.best()) {
      // Of a blob of which some cells are here alone no block can be built, nor with what comes after it.
      if (one.blobs && !isSubset(dataCells, one.blobs.mask)) left.add(one.from)
      if (left.has(one.from)) continue
      gas -= one.gas
      if (gas < 0n) break
      const envelope = txEnvelope(one.item)
      found.push(one.blobs ? { envelope, sidecar: () => this.#bundle(one.hash) } : { envelope })
    }
    return found
  }

  async #bundle(hash: string): Promise<Bundle | undefined> {
    const stored = await this.blobs.get(hash)
    const blobs = stored && blobsOf(stored)
    return blobs && { commitments: stored.commitments, proofs: stored.proofs, blobs }
  }

  /**
   * One of our own: once it is taken, it is in the journal.
   * @returns its hash @throws {PoolError}
   */
  *addLocal(given: RlpItem): Steps<string> {
    const item = yield* this.#converted(given)
    const candidate: Candidate = yield* candidateSteps(item, this.#options.chain.config, this.#head)
    const [refused] = yield* this.#addAll([candidate])
    if (refused) throw refused
    if (candidate.blobs) return candidate.hash
    this.#local.add(candidate.hash)
    if (this.#journal) yield this.#journal.add(candidate.item)
    return candidate.hash
  }

  /** geth SendRawTransaction: where proofs of cells are wanted they are made, of what has those of blobs. */
  *#converted(given: RlpItem): Steps<RlpItem> {
    if (txType(given) !== blobTxType || !isTimeForkActive(this.#options.chain.config, 'osaka', this.#head)) return given
    const old = oldSidecar(given)
    if (!old) return given
    const { blobs, commitments } = old
    const proofs = yield* this.blobs.prove(blobs, commitments)
    return withSidecar(withoutBlobs(given), { blobs, commitments, proofs })
  }

  /**
   * Those that a peer sent, step by step: their senders are recovered, and their accounts read.
   * @param given BOUNDED: by the message that had them
   * @param giver on whose budget blobs are verified, its own for each peer
   * @returns why each was not taken, undefined for those that were
   */
  *add(given: readonly GivenTransaction[], giver?: string): Steps<(PoolError | undefined)[]> {
    const refused: (PoolError | undefined)[] = []
    for (let at = 0; at < given.length; at += batchSize) {
      const batch: (Candidate | PoolError)[] = []
      for (const { item, hash } of given.slice(at, at + batchSize)) {
        batch.push(yield* this.#candidate(item, hash))
        yield
      }
      for (const one of yield* this.#addAll(batch, giver)) refused.push(one)
    }
    return refused
  }

  *#candidate(item: RlpItem, hash: string, stored?: StoredBlobs): Steps<Candidate | PoolError> {
    if (this.content.has(hash)) return new PoolError('known', 'already known')
    const known = stored && { ...stored, version: 1 }
    try {
      return yield* candidateSteps(item, this.#options.chain.config, this.#head, known)
    } catch (error) {
      if (error instanceof PoolError) return error
      throw error
    }
  }

  *#addAll(batch: readonly (Candidate | PoolError)[], giver?: string): Steps<(PoolError | undefined)[]> {
    yield* this.#readStates(new Set(batch.flatMap((one) => (one instanceof PoolError ? [] : [one.from]))))
    const ready: PoolTransaction[] = []
    const refused: (PoolError | undefined)[] = []
    for (const one of batch) {
      if (one instanceof PoolError) refused.push(one)
      else if (one.sidecar) {
        // What came with it does not wait for its proofs.
        yield* this.#publish(ready.splice(0))
        refused.push(yield* this.#verifyAndAdd(one, giver))
      } else refused.push(this.#insert(one, ready))
    }
    yield* this.#publish(ready)
    return refused
  }

  /** Its proofs last: they cost the most by far. */
  *#verifyAndAdd(candidate: Candidate, giver: string | undefined): Steps<PoolError | undefined> {
    try {
      this.content.check(candidate, this.#stateOf(candidate))
      const stored = yield* this.blobs.verify(candidate, giver)
      const { sidecar, ...one } = candidate
      return yield* this.addBlobs(one, stored)
    } catch (error) {
      if (error instanceof PoolError) return error
      throw error
    }
  }

  /** One whose proofs hold. @returns why it was not taken */
  *addBlobs(one: PoolTransaction, stored: StoredBlobs): Steps<PoolError | undefined> {
    // Blocks may have come while they were verified.
    yield* this.#readStates(new Set([one.from]))
    const ready: PoolTransaction[] = []
    const refused = this.#insert(one, ready)
    if (!refused) yield this.blobs.keep(one.hash, stored)
    yield* this.#publish(ready)
    return refused
  }

  #insert(one: PoolTransaction, ready: PoolTransaction[]): PoolError | undefined {
    try {
      for (const other of this.content.add(one, this.#stateOf(one), this.#runtime.clock.now())) ready.push(other)
      return undefined
    } catch (error) {
      if (error instanceof PoolError) return error
      throw error
    } finally {
      this.#dropGone()
    }
  }

  /** @throws {PoolError} it cannot be read */
  #stateOf({ from }: PoolTransaction): SenderState {
    const state = this.#states.get(from)
    if (!state || this.#isClosed) throw new PoolError('capacity', 'the state of the sender is not available')
    return state
  }

  /** The blobs of what has left. */
  #dropGone(): void {
    this.blobs.drop(this.content.takeGone(), this.#head.number)
  }

  /** Reads the accounts of those whose are not known yet. @returns false when heads go by faster than they are read */
  *#readStates(senders: ReadonlySet<string>): Steps<boolean> {
    for (let tries = 0; tries < maxTries; tries++) {
      const missing = [...senders].filter((one) => !this.#states.has(one))
      if (missing.length === 0) return true
      if (this.#states.size + missing.length > maxStates) this.#states = new Map()
      const [head, states] = [this.#head, this.#states]
      const found = yield* this.#accounts(head, missing)
      if (found && states === this.#states) for (const [from, state] of found) states.set(from, state)
    }
    return false
  }

  /** @returns undefined where that state is not there */
  *#accounts(head: Header, senders: readonly string[]): Steps<Map<string, SenderState> | undefined> {
    const found = new Map<string, SenderState>()
    for (let at = 0; at < senders.length; at += accountsAtOnce) {
      const some = senders.slice(at, at + accountsAtOnce)
      try {
        const accounts: SenderAccount[] = yield this.#options.states.query('accounts', {
          block: head.hash,
          addresses: some.map(hexToBytes),
        })
        for (const [i, { nonce, balance, codeHash }] of accounts.entries())
          found.set(some[i]!, { nonce, balance, hasCode: !equalBytes(codeHash, emptyCodeHash) })
      } catch (error) {
        if (error instanceof StateUnavailable || error instanceof ExecutionStopped) return undefined
        throw error
      }
    }
    return found
  }

  /** @returns whether it stands on that head now */
  *#reset(head: Header): Steps<boolean> {
    const returned = yield* this.#returned(this.#head, head)
    const senders = new Set([...this.content.senders, ...returned.map(({ from }) => from)])
    const states = yield* this.#accounts(head, [...senders])
    if (!states || this.#isClosed) return false
    this.#head = head
    // Those that came while the accounts were read are asked for again, when they send something.
    this.#states = states
    const { baseFee: before, gasLimit, gasUsed, excessBlobGas } = head
    const baseFee = before === undefined ? 0n : nextBaseFee({ gasLimit, gasUsed, baseFee: before })
    const params = blobParams(this.#options.chain.config, head)
    const blobFee = (params && blobBaseFee(excessBlobGas ?? 0n, params.baseFeeUpdateFraction)) ?? 1n
    const ready = this.content.reset(states, { baseFee, blobFee, gasLimit }, returned, this.#runtime.clock.now())
    for (const { hash } of returned) if (this.content.has(hash)) this.blobs.isBack(hash)
    this.#dropGone()
    yield* this.#publish(ready)
    return true
  }

  /** What blocks had that are canonical no more. What others have again is behind the nonces of the new state. */
  *#returned(from: Header, to: Header): Steps<Candidate[]> {
    if (equalBytes(from.hash, to.parentHash) || equalBytes(from.hash, to.hash)) return []
    const { chain } = this.#options
    const { gone } = changeOf(chain, from, to)
    // geth legacypool.go: a deep reorganisation is not worth it.
    if (gone.length > maxReorg) return []
    const returned: Candidate[] = []
    for (const { hash } of gone) {
      const body = chain.bodyByHash(hash)
      for (const item of body ? decodeBody(body).transactions.items() : []) {
        const isBlobs = txType(item) === blobTxType
        const stored = isBlobs ? yield this.blobs.takeBack(bytesToHex(txHash(item))) : undefined
        if (isBlobs && !stored) continue
        const one = yield* this.#candidate(item, '', stored)
        if (!(one instanceof PoolError)) returned.push(one)
        yield
      }
    }
    return returned
  }

  *#readJournal(): Steps<void> {
    yield* this.#readBlobs()
    if (!this.#journal) return
    const items: RlpItem[] = yield this.#journal.read()
    let count = 0
    for (const item of items) {
      const one = yield* this.#candidate(item, '')
      const [refused] = yield* this.#addAll([one])
      if (refused || one instanceof PoolError) continue
      this.#local.add(one.hash)
      count++
    }
    if (items.length > 0)
      this.#options.log.info('Read the journal of transactions', { all: items.length, taken: count })
    yield this.#rotateJournal()
  }

  /** What was there when the node ended: a nonce may be lacking until those before it are read. */
  *#readBlobs(): Steps<void> {
    const hashes: string[] = yield this.blobs.open()
    const found: PoolTransaction[] = []
    for (const hash of hashes) {
      const stored: StoredBlobs | undefined = yield this.blobs.get(hash)
      const one = stored ? yield* this.#candidate(stored.tx, hash, stored) : undefined
      if (one && !(one instanceof PoolError) && one.hash === hash) found.push(one)
      else this.blobs.drop([{ hash, isIncluded: false }], 0n)
    }
    found.sort((a, b) => (a.nonce < b.nonce ? -1 : 1))
    yield* this.#readStates(new Set(found.map(({ from }) => from)))
    const ready: PoolTransaction[] = []
    for (const one of found) if (this.#insert(one, ready)) this.blobs.drop([{ hash: one.hash, isIncluded: false }], 0n)
    if (found.length > 0)
      this.#options.log.info('Read the blobs of transactions', { all: hashes.length, taken: ready.length })
    yield* this.#publish(ready)
  }

  async #rotateJournal(): Promise<void> {
    const kept = [...this.#local].flatMap((hash) => this.content.get(hash) ?? [])
    this.#local.clear()
    for (const { hash } of kept) this.#local.add(hash)
    await this.#journal?.rotate(kept.map(({ item }) => item))
  }

  /** In steps: each one is queued for every peer. */
  *#publish(ready: readonly PoolTransaction[]): Steps<void> {
    for (let at = 0; at < ready.length; at += batchSize, yield) this.#ready.next(ready.slice(at, at + batchSize))
  }

  #work<T>(steps: Steps<T>, done: (value: T) => void): void {
    this.#options.slicer.start(steps, (outcome) => {
      if ('value' in outcome) done(outcome.value)
      else reportBug(this.#runtime, { actor: 'txpool', error: outcome.error, ends: 'node' })
    })
  }
}

/** `hash` in hex digits. */
export type GivenTransaction = { readonly item: RlpItem; readonly hash: string }

/** An envelope, and for one with blobs what a block's builder gives beside it. */
export type PendingTransaction = { readonly envelope: Uint8Array; readonly sidecar?: () => Promise<Bundle | undefined> }
type Bundle = Pick<StoredBlobs, 'commitments' | 'proofs'> & { readonly blobs: readonly Uint8Array[] }

type SenderAccount = { readonly nonce: bigint; readonly balance: bigint; readonly codeHash: Uint8Array }

/** geth eth/fetcher addTxsBatchSize. */
const batchSize = 128
/** Of a node without a folder: some forty transactions of six blobs. */
const maxBlobMemory = 67_108_864
const accountsAtOnce = 256
const maxStates = 8_192
const maxTries = 8
/** geth legacypool.go: blocks. */
const maxReorg = 64
