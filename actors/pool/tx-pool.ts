import { Subject, type Subscription } from 'rxjs'
import type { Actor } from 'xstate'
import { PoolContent, type PoolTransaction, type SenderState } from '../../machines/pool-content.ts'
import { txPoolMachine } from '../../machines/tx-pool.ts'
import { emptyCodeHash } from '../../protocols/chain/account.ts'
import { decodeBody } from '../../protocols/chain/block.ts'
import { nextBaseFee } from '../../protocols/chain/fees.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { PoolError } from '../../protocols/chain/pool-rules.ts'
import { blobTxType, txEnvelope } from '../../protocols/chain/transaction.ts'
import { equalBytes, hexToBytes } from '../../protocols/lib/bytes.ts'
import type { RlpItem } from '../../protocols/lib/rlp.ts'
import { changeOf } from '../chain/branches.ts'
import type { Chain } from '../chain/chain.ts'
import { ExecutionStopped } from '../chain/execution-port.ts'
import type { StatePort } from '../execution/queries.ts'
import { StateUnavailable } from '../execution/state-reader.ts'
import type { Logger } from '../log/log.ts'
import type { Service } from '../node/node.ts'
import { ReaderStream } from '../runtime/reader-stream.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { startActor } from '../runtime/start-actor.ts'
import { guard, reportBug } from '../runtime/supervision.ts'
import type { Steps, TimeSlicer } from '../runtime/time-slicer.ts'
import { type Candidate, candidateSteps } from './candidate.ts'
import { Journal } from './journal.ts'

export type PoolChain = Pick<Chain, 'config' | 'head' | 'heads$' | 'headerByHash' | 'bodyByHash'>

export type TxPoolOptions = {
  readonly chain: PoolChain
  readonly states: StatePort
  /** Does long work that belongs to no peer and no caller. */
  readonly slicer: TimeSlicer
  /** A file for what is given over RPC; it is lost with the node when left out. */
  readonly journal?: string
  readonly log: Logger
}

/** The transactions that wait for a block: runs {@link txPoolMachine}. */
export class TxPool implements Service {
  readonly name = 'txpool'
  /** What it has. Read only: `add` is how it changes. */
  readonly content = new PoolContent()
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
          expire: () => this.content.expire(this.#runtime.clock.now()),
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
  }

  /** What can be executed from now on, as it comes. */
  get ready$(): ReaderStream<readonly PoolTransaction[]> {
    return new ReaderStream(this.#ready, (error) =>
      reportBug(this.#runtime, { actor: 'txpool', error, ends: 'reader' }),
    )
  }

  /** Whether one of that type may be taken, at some fork (geth FilterType). */
  takesType(type: number): boolean {
    return type <= 4 && type !== blobTxType
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
  pendingTransactions(): { readonly envelope: Uint8Array }[] {
    const found: { readonly envelope: Uint8Array }[] = []
    let left = 2n * this.#head.gasLimit
    for (const { item, gas } of this.content.best()) {
      left -= gas
      if (left < 0n) break
      found.push({ envelope: txEnvelope(item) })
    }
    return found
  }

  /**
   * One of our own: once it is taken, it is in the journal.
   * @returns its hash @throws {PoolError}
   */
  *addLocal(item: RlpItem): Steps<string> {
    const candidate: Candidate = yield* candidateSteps(item, this.#options.chain.config, this.#head)
    const [refused] = yield* this.#addAll([candidate])
    if (refused) throw refused
    this.#local.add(candidate.hash)
    if (this.#journal) yield this.#journal.add(candidate.item)
    return candidate.hash
  }

  /**
   * Those that a peer sent, step by step: their senders are recovered, and their accounts read.
   * @param given BOUNDED: by the message that had them
   * @returns why each was not taken, undefined for those that were
   */
  *add(given: readonly GivenTransaction[]): Steps<(PoolError | undefined)[]> {
    const refused: (PoolError | undefined)[] = []
    for (let at = 0; at < given.length; at += batchSize) {
      const batch: (Candidate | PoolError)[] = []
      for (const { item, hash } of given.slice(at, at + batchSize)) {
        batch.push(yield* this.#candidate(item, hash))
        yield
      }
      for (const one of yield* this.#addAll(batch)) refused.push(one)
    }
    return refused
  }

  *#candidate(item: RlpItem, hash: string): Steps<Candidate | PoolError> {
    if (this.content.has(hash)) return new PoolError('known', 'already known')
    try {
      return yield* candidateSteps(item, this.#options.chain.config, this.#head)
    } catch (error) {
      if (error instanceof PoolError) return error
      throw error
    }
  }

  *#addAll(batch: readonly (Candidate | PoolError)[]): Steps<(PoolError | undefined)[]> {
    const senders = batch.flatMap((one) => (one instanceof PoolError ? [] : [one.from]))
    const isThere: boolean = yield* this.#readStates(new Set(senders))
    const now = this.#runtime.clock.now()
    const ready: PoolTransaction[] = []
    const refused = batch.map((one) => {
      if (one instanceof PoolError) return one
      const state = this.#states.get(one.from)
      if (!isThere || !state || this.#isClosed)
        return new PoolError('capacity', 'the state of the sender is not available')
      try {
        for (const other of this.content.add(one, state, now)) ready.push(other)
        return undefined
      } catch (error) {
        if (error instanceof PoolError) return error
        throw error
      }
    })
    yield* this.#publish(ready)
    return refused
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
    const { baseFee, gasLimit, gasUsed } = head
    const next = baseFee === undefined ? 0n : nextBaseFee({ gasLimit, gasUsed, baseFee })
    yield* this.#publish(this.content.reset(states, { baseFee: next, gasLimit }, returned))
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
        const one = yield* this.#candidate(item, '')
        if (!(one instanceof PoolError)) returned.push(one)
        yield
      }
    }
    return returned
  }

  *#readJournal(): Steps<void> {
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

type SenderAccount = { readonly nonce: bigint; readonly balance: bigint; readonly codeHash: Uint8Array }

/** geth eth/fetcher addTxsBatchSize. */
const batchSize = 128
const accountsAtOnce = 256
const maxStates = 8_192
const maxTries = 8
/** geth legacypool.go: blocks. */
const maxReorg = 64
