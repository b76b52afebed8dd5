import type { Actor } from 'xstate'
import { type EthPayload, type EthPeerPorts, ethPeerMachine } from '../../machines/eth-peer.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { checkAnswer } from '../../protocols/eth/answer-rules.ts'
import type { BlockRange } from '../../protocols/eth/block-range.ts'
import { limits } from '../../protocols/eth/limits.ts'
import {
  decode,
  decodeSteps,
  type EthAnswer,
  type EthMessage,
  type EthRequest,
  encode,
  MalformedMessage,
  type MessageOf,
} from '../../protocols/eth/messages.ts'
import { checkStatus, type Status } from '../../protocols/eth/status.ts'
import {
  type AnswerName,
  type answerOf,
  type EthVersion,
  type MessageTable,
  messageTable,
  type RequestName,
} from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { HashList } from '../../protocols/lib/lazy-list.ts'
import { RlpError, toUint } from '../../protocols/lib/rlp.ts'
import type { DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import type { HeaderQuery } from '../chain/serve.ts'
import type { PeerFacts, Session, SessionHandler } from '../p2p/protocol.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import { InternalError, reportBug } from '../runtime/supervision.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { Deadline, TimerWheel } from '../runtime/timer-wheel.ts'
import type { Backend } from './backend.ts'
import type { ChainPort } from './chain-port.ts'
import type { Gossip } from './gossip.ts'
import { checkAnnouncement, checkTransactions, TransactionsError } from './transactions.ts'
import type { TxFetcher } from './tx-fetcher.ts'

/** What a session needs of the protocol manager. */
export type EthPeerOwner = {
  /** Of its actor. */
  readonly id: string
  readonly chain: ChainPort
  readonly backend: Backend
  readonly wheel: TimerWheel
  /** Where there is a pool. */
  readonly gossip?: Gossip | undefined
  readonly fetcher?: TxFetcher | undefined
  status(version: EthVersion): Status
  arrived(peer: EthPeer): void
  register(peer: EthPeer, status: Status): void
  rangeChanged(peer: EthPeer): void
  ended(peer: EthPeer): void
}

type Caller = { resolve(answer: EthAnswer): void; reject(error: Error): void }

/** A request without its id. */
export type Query<R extends EthRequest = EthRequest> = R extends EthRequest ? Omit<R, 'id'> : never
export type AnswerTo<R extends EthRequest> = MessageOf<(typeof answerOf)[R['kind']]>
export type RequestOptions = {
  /** Milliseconds; when they have passed the request is cancelled, with {@link RequestTimeout}. 5 minutes when left out. */
  readonly timeout?: number
}

/** One eth session on a live peer: runs {@link ethPeerMachine}. */
export class EthPeer {
  readonly session: number
  readonly version: EthVersion
  /** What the remote said of its chain; undefined before Status, and for eth/68. */
  range: BlockRange | undefined
  /** The latest block that our Status announced; undefined before it, and for eth/68. */
  announcedLatest: bigint | undefined
  readonly #session: Session
  readonly #owner: EthPeerOwner
  readonly #runtime: Runtime
  readonly #table: MessageTable
  readonly #actor: Actor<typeof ethPeerMachine>
  /** The actor's mailbox, which is there before the actor is. */
  #dispatch: Send<typeof ethPeerMachine> = () => {}
  #isOver = false
  /** Callers without an answer, by number. BOUNDED: maxTracked, and those about to be refused. */
  readonly #callers = new Map<number, Caller>()
  #lastCaller = 0
  /** When the oldest request expires. */
  #expiry: Deadline | undefined

  constructor(session: Session, { number, owner }: { number: number; owner: EthPeerOwner }) {
    this.session = number
    this.version = session.version as EthVersion
    this.#session = session
    this.#owner = owner
    this.#runtime = session.runtime
    this.#table = messageTable(this.version)
    this.#actor = startActor(this.#runtime, ethPeerMachine, {
      id: `${session.actor}/eth`,
      parent: owner.id,
      input: (send) => {
        this.#dispatch = send
        return { ports: this.#ports(send), version: this.version }
      },
      crashed: (error) => this.abandon(error),
    })
  }

  /** Of the remote node. */
  get id(): string {
    return this.#session.peer.id
  }

  /** Of its connection. */
  get actor(): string {
    return this.#session.actor
  }

  /** A message that is not asked for may go out: what went out before it is being read. */
  get canSend(): boolean {
    return !this.isGone && !this.#isOver && !this.#actor.getSnapshot().matches({ active: { reading: 'blocked' } })
  }

  get peer(): PeerFacts {
    return this.#session.peer
  }

  /** What the peer layer calls. */
  get handler(): SessionHandler {
    return {
      message: (code, payload) => this.#receive(code, payload),
      writable: () => {
        this.#dispatch({ type: 'write.drained' })
        this.#owner.gossip?.flush(this)
      },
      closed: () => this.#dispatch({ type: 'session.closed' }),
      info: () => this.#info(),
    }
  }

  /**
   * @throws (rejects) {RequestTimeout}; {PeerGone} the session ended; {RequestLimitReached}
   * @returns at most `amount` headers, neither linked nor verified
   */
  async getBlockHeaders(query: HeaderQuery, options?: RequestOptions): Promise<Header[]> {
    const { headers } = await this.request({ kind: 'GetBlockHeaders', ...query }, options)
    return [...headers]
  }

  /**
   * @param hashes of blocks, 32 bytes each
   * @returns RLP of bodies, from the first block on as many as the peer has
   * @throws as {@link getBlockHeaders}
   */
  async getBlockBodies(hashes: readonly Uint8Array[], options?: RequestOptions): Promise<Uint8Array[]> {
    const { bodies } = await this.request({ kind: 'GetBlockBodies', hashes: HashList.of(hashes) }, options)
    return Array.from(bodies.items(), ({ raw }) => raw)
  }

  request<Q extends Query>(
    query: Q,
    { timeout }: RequestOptions = {},
  ): Promise<AnswerTo<EthRequest & { kind: Q['kind'] }>> {
    return new Promise((resolve, reject) => {
      const { wheel } = this.#owner
      let deadline: Deadline | undefined
      const answered = () => {
        if (deadline) wheel.disarm(deadline)
      }
      const cancel = this.ask(query, {
        resolve: (answer) => {
          answered()
          const take = resolve as (answer: EthAnswer) => void
          take(answer)
        },
        reject: (error) => {
          answered()
          reject(error)
        },
      })
      if (timeout === undefined || this.#isOver) return
      deadline = wheel.arm(timeout, () => {
        cancel()
        reject(new RequestTimeout(query.kind, timeout))
      })
    })
  }

  /** As {@link request}, without a promise: `resolve` is called in the step that brings the answer. @returns cancels it */
  ask(query: Query, caller: Caller): () => void {
    if (this.#isOver) {
      caller.reject(new PeerGone())
      return () => {}
    }
    const request = { ...query, id: toUint(trimmed(this.#runtime.entropy(8))) } as EthRequest
    const { id, kind: name } = request
    const number = ++this.#lastCaller
    this.#callers.set(number, caller)
    const payload = encode(this.version, request)
    const now = this.#runtime.clock.now()
    this.#dispatch({ type: 'request.made', id, caller: number, name, count: mostItems(request), payload, now })
    return () => {
      if (this.#callers.delete(number)) this.#dispatch({ type: 'request.cancelled', id, caller: number })
    }
  }

  /** Nothing that is sent gets there. */
  get isGone(): boolean {
    return this.#session.isGone
  }

  /** Registered, and not ended. */
  get isActive(): boolean {
    return !this.#isOver && this.#actor.getSnapshot().matches('active')
  }

  /** Does what takes long, in the turns of the peer: the messages behind it wait. */
  work(steps: Steps<void>): void {
    this.#session.work(steps)
  }

  sendMessage(message: EthMessage): void {
    this.#send({ name: message.kind, payload: encode(this.version, message) })
  }

  started(): void {
    this.#dispatch({ type: 'manager.started' })
  }
  /** @param isSynced whether transactions are accepted */
  confirmed(isSynced: boolean): void {
    this.#dispatch({ type: 'manager.registered', isSynced })
  }
  synced(): void {
    this.#dispatch({ type: 'manager.synced' })
  }
  refused(error: Error): void {
    this.#dispatch({ type: 'manager.refused', error })
  }
  dropped(reason: DiscReason): void {
    this.#dispatch({ type: 'manager.dropped', reason })
  }
  /** The remote broke a rule: its session ends with `error`. */
  accused(error: Error): void {
    this.#dispatch({ type: 'fault.found', error })
  }
  /** What was done for this session threw an unforeseen exception. */
  crashed(error: unknown): void {
    reportBug(this.#runtime, { actor: `${this.#session.actor}/eth`, error, ends: 'connection' })
    this.abandon(error)
  }

  /** A chart of it may hear nothing more: the session ends for a bug of ours, which is reported already. */
  abandon(cause: unknown): void {
    if (!this.#isOver) this.#leave()
    this.#session.end(new InternalError(cause))
  }

  #receive(code: number, payload: Uint8Array): void {
    const name = this.#table.nameOf(code)
    if (name === undefined) this.#dispatch({ type: 'code.unknown', code })
    else if (payload.length > limits.maxMessageBytes)
      this.#dispatch({ type: 'message.tooLong', name, size: payload.length })
    else this.#dispatch({ type: name, payload })
  }

  #ports(send: Send<typeof ethPeerMachine>): EthPeerPorts {
    const owner = this.#owner
    const opening = (run: () => void) => {
      try {
        run()
      } catch (error) {
        this.#blame(error, MalformedMessage)
      }
    }
    return {
      pauseReading: () => this.#session.pause(),
      resumeReading: () => this.#session.resume(),
      arrive: () => owner.arrived(this),
      sendStatus: () => {
        const status = owner.status(this.version)
        if ('range' in status) this.announcedLatest = status.range.latest
        this.sendMessage(status)
      },
      openStatus: ({ payload }) =>
        opening(() => {
          const { chain } = owner
          const ours = { networkId: chain.networkId, genesis: chain.genesis.hash }
          const status = decode(this.version, 'Status', payload)
          const error = checkStatus(this.version, ours, status, chain.forkFilter)
          send(error ? { type: 'fault.found', error } : { type: 'status.accepted', status })
        }),
      register: ({ status }) => {
        if ('range' in status) this.range = status.range
        owner.register(this, status)
      },
      serve: ({ name, payload }) => {
        // No answer gets there, so nothing is looked up.
        if (!this.isGone) this.#session.work(this.#serve(name, payload))
      },
      checkTransactions: ({ name, payload }) => this.#session.work(this.#check(name, payload)),
      openRange: ({ payload }) =>
        opening(() => {
          const { earliest, latest, latestHash } = decode(this.version, 'BlockRangeUpdate', payload)
          send({ type: 'range.opened', range: { earliest, latest, latestHash } })
        }),
      noteRange: ({ range }) => {
        this.range = range
        owner.rangeChanged(this)
      },
      openAnswer: ({ name, payload }) => this.#session.work(this.#open(name, payload)),
      checkAnswer: ({ answer }) => this.#session.work(this.#checkAnswer(answer)),
      send: (message) => this.#send(message),
      deliver: ({ caller, answer }) => this.#take(caller)?.resolve(answer),
      fail: ({ caller, error }) => this.#take(caller)?.reject(error),
      watchExpiry: ({ at }) => this.#watchExpiry(at),
      end: ({ error }) => this.#session.end(error),
      leave: () => this.#leave(),
    }
  }

  #send({ name, payload }: EthPayload): void {
    const code = this.#table.codeOf(name)!
    if (!this.#session.send(code, payload)) this.#dispatch({ type: 'write.blocked' })
  }

  /** A request: what is there of what is asked for is found step by step, and sent. */
  *#serve(name: RequestName, payload: Uint8Array): Steps<void> {
    let request: EthRequest
    try {
      request = yield* decodeSteps(this.version, name, payload)
    } catch (error) {
      return this.#blame(error, MalformedMessage)
    }
    const { gossip, backend } = this.#owner
    if (gossip && request.kind === 'GetPooledTransactions') {
      const transactions = yield* gossip.pooled(this, request.hashes)
      this.sendMessage({ kind: 'PooledTransactions', id: request.id, transactions })
    } else if (gossip && request.kind === 'GetCells') this.sendMessage(yield* gossip.cells(request))
    else this.sendMessage(yield* backend.answer(request, this.version))
  }

  *#open(name: AnswerName, payload: Uint8Array): Steps<void> {
    let answer: EthAnswer
    try {
      answer = yield* decodeSteps(this.version, name, payload)
    } catch (error) {
      return this.#blame(error, MalformedMessage)
    }
    this.#dispatch({ type: 'answer.opened', answer, now: this.#runtime.clock.now() })
  }

  *#checkAnswer(answer: EthAnswer): Steps<void> {
    const fault = yield* checkAnswer(answer, this.version)
    if (fault) this.accused(fault)
    else this.#dispatch({ type: 'answer.checked', answer })
  }

  *#check(name: 'Transactions' | 'NewPooledTransactionHashes', payload: Uint8Array): Steps<void> {
    try {
      const { fetcher } = this.#owner
      if (name === 'Transactions') {
        const all = yield* checkTransactions(this.version, payload)
        if (fetcher) yield* fetcher.received(this, all)
      } else {
        const announcement = yield* checkAnnouncement(this.version, payload)
        if (fetcher) yield* fetcher.announced(this, announcement)
      }
    } catch (error) {
      // An item that is no transaction comes as an RlpError of its own: a decodable message all the same, so 0x10.
      this.#blame(error, MalformedMessage, TransactionsError, RlpError)
    }
  }

  /** A breach by the remote ends its session; anything else is our bug and goes on up. */
  #blame(error: unknown, ...breaches: (abstract new (...args: never[]) => Error)[]): void {
    if (!breaches.some((breach) => error instanceof breach)) throw error
    this.accused(error as Error)
  }

  #watchExpiry(at: number | undefined): void {
    const { clock } = this.#runtime
    if (this.#expiry) this.#owner.wheel.disarm(this.#expiry)
    const elapsed = () => this.#dispatch({ type: 'requests.elapsed', now: clock.now() })
    this.#expiry = at === undefined ? undefined : this.#owner.wheel.arm(at - clock.now(), elapsed)
  }

  #take(number: number): Caller | undefined {
    const caller = this.#callers.get(number)
    this.#callers.delete(number)
    return caller
  }

  #leave(): void {
    this.#isOver = true
    this.#watchExpiry(undefined)
    this.#owner.ended(this)
    for (const number of [...this.#callers.keys()]) this.#take(number)?.reject(new PeerGone())
  }

  /** geth's ethPeerInfo; nothing until the peer is registered. */
  #info(): unknown {
    if (!this.isActive) return undefined
    const { version, range } = this
    if (!range) return { version }
    const { earliest, latest, latestHash } = range
    return {
      version,
      earliestBlock: Number(earliest),
      latestBlock: Number(latest),
      latestBlockHash: `0x${bytesToHex(latestHash)}`,
    }
  }
}

function mostItems(request: EthRequest): number {
  return request.kind === 'GetBlockHeaders' ? Number(request.amount) : request.hashes.count
}

function trimmed(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? new Uint8Array() : bytes.subarray(first)
}

/** The session ended before the answer came. */
export class PeerGone extends Error {
  override readonly name = 'PeerGone'
  constructor() {
    super('disconnected')
  }
}

/** No answer within the caller's time. The session goes on, and a late answer is ignored. */
export class RequestTimeout extends Error {
  override readonly name = 'RequestTimeout'
  constructor(what: string, timeout: number) {
    super(`${what}: no answer in ${timeout} ms`)
  }
}
