import type { Actor } from 'xstate'
import { type ExecutorEvent, type ExecutorPorts, executorMachine, type Verdict } from '../../machines/executor.ts'
import type { Genesis } from '../../protocols/chain/genesis.ts'
import { InvalidBlock, type InvalidReason } from '../../protocols/chain/verify.ts'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import { type BlockToExecute, type Executed, type ExecutionPort, ExecutionStopped } from '../chain/execution-port.ts'
import { CorruptDatabase, DatabaseFailed, DatabaseLocked } from '../chain/store.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { settledWithin } from '../runtime/settled-within.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import { ExecutionThread } from './execution-thread.ts'
import type { QueryAnswer, QueryName, QueryParams, StatePort } from './queries.ts'
import { StateUnavailable } from './state-reader.ts'
import type { SyncedBase } from './state-sync.ts'
import type { SyncAnswer, SyncName, SyncParams } from './sync-calls.ts'
import type { ThreadAnswer } from './thread-messages.ts'

export type ExecutorOptions = {
  readonly genesis: Genesis
  /** Where the states are; in memory when left out. */
  readonly directory?: string
  /** Where one is while it is fetched from peers; in memory when left out. */
  readonly syncDirectory?: string
  /** Nothing more can be executed: the node is to end. */
  failed(error: Error): void
}

type Waiting = {
  readonly block: BlockToExecute
  readonly head: Uint8Array
  readonly resolve: (executed: Executed | undefined) => void
  readonly reject: (error: Error) => void
}

/** Executes the blocks of a chain in a thread of its own, and reads their states: runs {@link executorMachine}. */
export class Executor implements ExecutionPort, StatePort {
  readonly #runtime: Runtime
  readonly #thread: ExecutionThread
  readonly #options: ExecutorOptions
  readonly #actor: Actor<typeof executorMachine>
  /** By job. BOUNDED: by the callers, who wait. */
  readonly #jobs = new Map<number, Waiting>()
  #lastJob = 0
  #result: Executed | undefined
  #send: Send<typeof executorMachine> = () => {}
  readonly #opened: Promise<void>
  #settleOpen: { resolve: () => void; reject: (error: Error) => void } | undefined
  #settleRebuild: { resolve: () => void; reject: (error: Error) => void } | undefined
  readonly #closed: Promise<void>
  #settleClose: () => void = () => {}

  private constructor(runtime: Runtime, options: ExecutorOptions) {
    const { genesis, directory, syncDirectory } = options
    this.#runtime = runtime
    this.#options = options
    this.#opened = new Promise((resolve, reject) => {
      this.#settleOpen = { resolve, reject }
    })
    this.#closed = new Promise((resolve) => {
      this.#settleClose = resolve
    })
    this.#thread = new ExecutionThread({
      ...{ config: genesis.config, genesisHeader: genesis.header.raw },
      ...(directory !== undefined && { directory }),
      ...(syncDirectory !== undefined && { syncDirectory }),
    })
    this.#actor = startActor(runtime, executorMachine, {
      id: 'executor',
      parent: 'node',
      input: (send) => {
        this.#send = send
        return { ports: this.#ports() }
      },
    })
  }

  /**
   * @param options `genesis` with its accounts: there is nothing to execute on without them
   * @throws (rejects) {DatabaseLocked} {CorruptDatabase}
   */
  static async open(runtime: Runtime, options: ExecutorOptions): Promise<Executor> {
    const executor = new Executor(runtime, options)
    await executor.#opened
    return executor
  }

  hasState(block: Uint8Array): boolean {
    return this.#actor.getSnapshot().context.states.has(bytesToHex(block))
  }

  *states(): Generator<Uint8Array> {
    for (const hash of this.#actor.getSnapshot().context.states) yield hexToBytes(hash)
  }

  execute(block: BlockToExecute, head: Uint8Array): Promise<Executed | undefined> {
    const job = ++this.#lastJob
    const done = new Promise<Executed | undefined>((resolve, reject) =>
      this.#jobs.set(job, { block, head, resolve, reject }),
    )
    const { hash, parentHash } = block.header
    this.#send({ type: 'block.given', job, hash: bytesToHex(hash), parent: bytesToHex(parentHash) })
    return done
  }

  rebuild(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settleRebuild = { resolve, reject }
      this.#send({ type: 'chain.lost' })
    })
  }

  query<Name extends QueryName>(name: Name, params: QueryParams<Name>): Promise<QueryAnswer<Name>> {
    return this.#answered({ kind: 'query', name, params })
  }

  /** What a sync of a state has done in this thread. @throws as {@link query} */
  sync<Name extends SyncName>(name: Name, params: SyncParams<Name>): Promise<SyncAnswer<Name>> {
    return this.#answered({ kind: 'sync', name, params })
  }

  /** The state that was synced is this block's: the only one that there is from now on. @throws as {@link query} */
  async commitState(base: SyncedBase): Promise<void> {
    await this.sync('commit', { base })
    this.#send({ type: 'state.synced', states: [bytesToHex(base.hash)] })
  }

  async #answered<Answer>(request: Parameters<ExecutionThread['ask']>[0]): Promise<Answer> {
    const answer = await this.#thread.ask(request).catch((cause: unknown) => {
      throw new ExecutionStopped({ cause })
    })
    if (answer.kind === 'answered') return answer.answer as Answer
    throw toError(answer)
  }

  /** What is being executed is given up: its block is not in the chain yet. */
  async close(): Promise<void> {
    this.#send({ type: 'executor.stop' })
    await this.#closed
  }

  #ports(): ExecutorPorts {
    return {
      open: () => this.#open('open'),
      rebuild: () => this.#open('rebuild'),
      execute: ({ job }) => {
        const { block, head } = this.#jobs.get(job)!
        this.#ask({ kind: 'execute', header: block.header.raw, body: block.body, head }, (answer) =>
          this.#executedBy(answer),
        )
      },
      recall: ({ job }) => {
        const { hash } = this.#jobs.get(job)!.block.header
        this.#ask({ kind: 'recall', hash }, (answer) => this.#executedBy(answer))
      },
      conclude: ({ job, verdict }) => this.#conclude(job, verdict),
      fail: ({ error }) => {
        const waiting = this.#settleOpen ?? this.#settleRebuild
        if (this.#settleOpen) void this.#thread.terminate()
        if (waiting) waiting.reject(error)
        else this.#options.failed(error)
      },
      close: () => void this.#close(),
    }
  }

  #open(kind: 'open' | 'rebuild'): void {
    const { alloc = [] } = this.#options.genesis
    const opened = this.#thread.ask({ kind })
    this.#await(
      opened.then((answer) => (answer.kind === 'empty' ? this.#thread.ask({ kind: 'begin', alloc }) : answer)),
      (answer) => this.#openedBy(answer),
    )
  }

  #ask(request: Parameters<ExecutionThread['ask']>[0], answered: (answer: ThreadAnswer) => ExecutorEvent): void {
    this.#await(this.#thread.ask(request), answered)
  }

  #await(asked: Promise<ThreadAnswer>, answered: (answer: ThreadAnswer) => ExecutorEvent): void {
    asked.then(
      (answer) => this.#send(answered(answer)),
      (error: Error) => this.#send({ type: 'executor.failed', error }),
    )
  }

  #openedBy(answer: ThreadAnswer): ExecutorEvent {
    if (answer.kind !== 'opened') return { type: 'executor.failed', error: toError(answer) }
    // Once the chart has noted the states.
    queueMicrotask(() => {
      const waiting = this.#settleOpen ?? this.#settleRebuild
      this.#settleOpen = undefined
      this.#settleRebuild = undefined
      waiting?.resolve()
    })
    return { type: 'executor.opened', states: answer.states.map(bytesToHex) }
  }

  #executedBy(answer: ThreadAnswer): ExecutorEvent {
    if (answer.kind === 'refused') return { type: 'block.refused', reason: answer.reason, detail: answer.detail }
    if (answer.kind !== 'executed') return { type: 'executor.failed', error: toError(answer) }
    this.#result = answer.result
    return { type: 'block.executed', gone: answer.gone.map(bytesToHex) }
  }

  #conclude(job: number, verdict: Verdict): void {
    const { block, resolve, reject } = this.#jobs.get(job)!
    this.#jobs.delete(job)
    if (verdict.kind === 'valid') resolve(this.#result)
    else if (verdict.kind === 'stateless') resolve(undefined)
    else if (verdict.kind === 'stopped') reject(new ExecutionStopped())
    else {
      const { reason, detail, latestValid } = verdict
      const options = { latestValid: hexToBytes(latestValid) }
      reject(new InvalidBlock(block.header, reason as InvalidReason, detail, options))
    }
  }

  async #close(): Promise<void> {
    // Closes its database in order, if it is not in the middle of a block: what is on the disk is whole at any time.
    await settledWithin(this.#runtime.clock, closeTimeout, this.#thread.ask({ kind: 'close' }))
    await this.#thread.terminate()
    this.#send({ type: 'executor.closed' })
    this.#settleClose()
  }
}

/** Milliseconds that the block has which is being executed. */
const closeTimeout = 1_000

function toError(answer: ThreadAnswer): Error {
  if (answer.kind !== 'failed') return new TypeError(`the thread of the execution answers ${answer.kind}`)
  const { name, message, stack, ...rest } = answer.error
  const error = new Error(message)
  if (Object.hasOwn(prototypes, name)) Object.setPrototypeOf(error, prototypes[name]!)
  return Object.assign(error, { name, ...(stack !== undefined && { stack }), ...rest })
}

/** Of errors that others look for by their classes. */
const prototypes: Readonly<Record<string, object>> = {
  CorruptDatabase: CorruptDatabase.prototype,
  DatabaseFailed: DatabaseFailed.prototype,
  DatabaseLocked: DatabaseLocked.prototype,
  RpcError: RpcError.prototype,
  StateUnavailable: StateUnavailable.prototype,
}
