import type { Actor } from 'xstate'
import { RequestIdCollision } from '../../machines/eth-faults.ts'
import { type EthPayload, type EthPeerPorts, ethPeerMachine } from '../../machines/eth-peer.ts'
import type { Header } from '../../protocols/chain/header.ts'
import type { BlockRange } from '../../protocols/eth/block-range.ts'
import { limits } from '../../protocols/eth/limits.ts'
import {
  decode,
  type EthAnswer,
  type EthMessage,
  type EthRequest,
  encode,
  MalformedMessage,
  type MessageOf,
} from '../../protocols/eth/messages.ts'
import { checkStatus, type Status } from '../../protocols/eth/status.ts'
import { type answerOf, type EthVersion, type MessageTable, messageTable } from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { HashList } from '../../protocols/lib/lazy-list.ts'
import { toUint } from '../../protocols/lib/rlp.ts'
import type { DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import type { HeaderQuery } from '../chain/serve.ts'
import type { PeerFacts, Session, SessionHandler } from '../p2p/protocol.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { startActor, type Tell } from '../runtime/start-actor.ts'
import { InternalError, reportBug } from '../runtime/supervision.ts'
import type { Deadline, TimerWheel } from '../runtime/timer-wheel.ts'
import type { ChainPort } from './chain-port.ts'
import { KnownSet, shortHash } from './known-set.ts'

/** Who a session asks and tells: the service. Calls are made inside the session's own step. */
export type EthPeerOwner = {
  readonly chain: ChainPort
  readonly wheel: TimerWheel
  status(version: EthVersion): Status
  arrived(peer: EthPeer): void
  register(peer: EthPeer, status: Status): void
  handle(peer: EthPeer, message: EthPayload): void
  ended(peer: EthPeer): void
}

/** A request without its id. */
export type Query<R extends EthRequest = EthRequest> = R extends EthRequest ? Omit<R, 'id'> : never
export type AnswerTo<R extends EthRequest> = MessageOf<(typeof answerOf)[R['kind']]>
export type RequestOptions = {
  /** Milliseconds; when they have passed the request is cancelled and {@link TooSlow}. 5 minutes when left out. */
  readonly patience?: number
}

/** One eth session on a live peer: runs {@link ethPeerMachine}. */
export class EthPeer {
  readonly session: number
  readonly version: EthVersion
  /** What the remote said of its chain; undefined before Status, and for eth/68. */
  range: BlockRange | undefined
  /** The latest block that our Status told of; undefined before it, and for eth/68. */
  toldLatest: bigint | undefined
  readonly #session: Session
  readonly #owner: EthPeerOwner
  readonly #runtime: Runtime
  readonly #table: MessageTable
  readonly #actor: Actor<typeof ethPeerMachine>
  /** The actor's mailbox, which is there before the actor is. */
  #tell: Tell<typeof ethPeerMachine> = () => {}
  #isOver = false
  /** Who waits for an answer. BOUNDED: limits.maxPendingRequests. */
  readonly #waiting = new Map<bigint, { resolve(answer: EthAnswer): void; reject(error: Error): void }>()
  /** BOUNDED: limits.maxPendingRequests. */
  readonly #deadlines = new Map<bigint, Deadline>()
  readonly #known: KnownSet<number>

  constructor(session: Session, { number, owner }: { number: number; owner: EthPeerOwner }) {
    this.session = number
    this.version = session.version as EthVersion
    this.#session = session
    this.#owner = owner
    this.#runtime = session.runtime
    this.#table = messageTable(this.version)
    const random = () => Number(toUint(trimmed(this.#runtime.entropy(4)))) / 2 ** 32
    this.#known = new KnownSet(limits.maxKnownTransactions, random)
    this.#actor = startActor(this.#runtime, ethPeerMachine, {
      id: `${session.actor}/eth`,
      parent: session.actor,
      input: (tell) => {
        this.#tell = tell
        return { ports: this.#ports(tell) }
      },
      crashed: (error) => this.#abandon(error),
    })
  }

  get peer(): PeerFacts {
    return this.#session.peer
  }

  /** What the peer layer calls. */
  get handler(): SessionHandler {
    return {
      message: (code, payload) => this.#receive(code, payload),
      writable: () => this.#tell({ type: 'write.drained' }),
      closed: () => this.#tell({ type: 'session.closed' }),
      info: () => this.#info(),
    }
  }

  /**
   * @throws (rejects) {TooSlow}; {PeerGone} the session ended; {RequestLimitReached}
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

  request<Q extends Query>(query: Q, options?: RequestOptions): Promise<AnswerTo<EthRequest & { kind: Q['kind'] }>> {
    return new Promise((resolve, reject) => {
      this.ask(query, { resolve: resolve as (answer: EthAnswer) => void, reject }, options)
    })
  }

  /** As {@link request}, without a promise: `resolve` is called in the step that brings the answer. @returns cancels it */
  ask(
    query: Query,
    { resolve, reject }: { resolve(answer: EthAnswer): void; reject(error: Error): void },
    { patience }: RequestOptions = {},
  ): () => void {
    const request = { ...query, id: toUint(trimmed(this.#runtime.entropy(8))) } as EthRequest
    const { id, kind } = request
    // An id that is taken stays with whoever has it.
    const refusal = this.#isOver ? new PeerGone() : this.#waiting.has(id) ? new RequestIdCollision() : undefined
    if (refusal) {
      reject(refusal)
      return () => {}
    }
    const { wheel } = this.#owner
    const cancel = () => {
      if (deadline) wheel.disarm(deadline)
      if (this.#waiting.delete(id)) this.#tell({ type: 'request.cancelled', id })
    }
    const deadline =
      patience === undefined
        ? undefined
        : wheel.arm(patience, () => {
            cancel()
            reject(new TooSlow(kind, patience))
          })
    const settle = <T>(then: (value: T) => void) => {
      return (value: T) => {
        if (deadline) wheel.disarm(deadline)
        then(value)
      }
    }
    this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) })
    const payload = encode(this.version, request)
    this.#tell({ type: 'request.made', id, name: kind, count: mostItems(request), payload })
    return cancel
  }

  /** Nothing that is sent gets there. */
  get isGone(): boolean {
    return this.#session.isGone
  }

  /** Registered, and not ended. */
  get isActive(): boolean {
    return !this.#isOver && this.#actor.getSnapshot().matches('active')
  }

  sendMessage(message: EthMessage): void {
    this.#send({ name: message.kind, payload: encode(this.version, message) })
  }

  /** Does what takes long for a message of this session. */
  work(steps: Generator<unknown, void>): void {
    this.#session.work(steps)
  }

  /** The remote has the transactions with these hashes. */
  noteKnown(hashes: Iterable<Uint8Array>): void {
    for (const hash of hashes) this.#known.add(shortHash(hash))
  }
  get knownCount(): number {
    return this.#known.size
  }

  started(): void {
    this.#tell({ type: 'manager.started' })
  }
  confirmed(): void {
    this.#tell({ type: 'manager.registered' })
  }
  refused(error: Error): void {
    this.#tell({ type: 'manager.refused', error })
  }
  dropped(reason: DiscReason): void {
    this.#tell({ type: 'manager.dropped', reason })
  }
  /** The remote broke a rule: its session ends with `error`. */
  accused(error: Error): void {
    this.#tell({ type: 'fault.found', error })
  }
  /** What was done for this session threw what nobody foresaw. */
  crashed(error: unknown): void {
    reportBug(this.#runtime, { actor: `${this.#session.actor}/eth`, error, ends: 'connection' })
    this.#abandon(error)
  }
  admitAnswer(message: EthPayload<'PooledTransactions'>): void {
    this.#tell({ type: 'answer.admitted', ...message })
  }

  #receive(code: number, payload: Uint8Array): void {
    const name = this.#table.nameOf(code)
    if (name === undefined) this.#tell({ type: 'code.unknown', code })
    else if (payload.length > limits.maxMessageBytes)
      this.#tell({ type: 'message.tooLong', name, size: payload.length })
    else this.#tell({ type: name, payload })
  }

  #ports(tell: Tell<typeof ethPeerMachine>): EthPeerPorts {
    const owner = this.#owner
    const blame = (run: () => void) => catchMalformed(run, (error) => tell({ type: 'fault.found', error }))
    return {
      pauseReading: () => this.#session.pause(),
      resumeReading: () => this.#session.resume(),
      arrive: () => owner.arrived(this),
      sendStatus: () => {
        const status = owner.status(this.version)
        if ('range' in status) this.toldLatest = status.range.latest
        this.sendMessage(status)
      },
      openStatus: ({ payload }) =>
        blame(() => {
          const { chain } = owner
          const ours = { networkId: chain.networkId, genesis: chain.genesis.hash }
          const status = decode(this.version, 'Status', payload)
          const error = checkStatus(this.version, ours, status, chain.forkFilter)
          tell(error ? { type: 'fault.found', error } : { type: 'status.accepted', status })
        }),
      register: ({ status }) => {
        if ('range' in status) this.range = status.range
        owner.register(this, status)
      },
      handle: (message) => owner.handle(this, message),
      openAnswer: ({ name, payload }) =>
        blame(() => tell({ type: 'answer.opened', answer: decode(this.version, name, payload) })),
      send: (message) => this.#send(message),
      deliver: ({ answer }) => this.#take(answer.id)?.resolve(answer),
      fail: ({ id, error }) => this.#take(id)?.reject(error),
      armDeadline: ({ id }) => {
        const expired = () => {
          this.#deadlines.delete(id)
          tell({ type: 'request.expired', id })
        }
        this.#deadlines.set(id, owner.wheel.arm(limits.requestTimeout, expired))
      },
      disarmDeadline: ({ id }) => {
        const deadline = this.#deadlines.get(id)
        if (deadline) owner.wheel.disarm(deadline)
        this.#deadlines.delete(id)
      },
      end: ({ error }) => this.#session.end(error),
      leave: () => this.#leave(),
    }
  }

  #send({ name, payload }: EthPayload): void {
    const code = this.#table.codeOf(name)!
    if (!this.#session.send(code, payload)) this.#tell({ type: 'write.blocked' })
  }

  #take(id: bigint) {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }

  #leave(): void {
    this.#isOver = true
    for (const deadline of this.#deadlines.values()) this.#owner.wheel.disarm(deadline)
    this.#deadlines.clear()
    this.#owner.ended(this)
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(new PeerGone())
  }

  /** Its chart may hear nothing more. */
  #abandon(cause: unknown): void {
    if (!this.#isOver) this.#leave()
    this.#session.end(new InternalError(cause))
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

/** A breach by the remote is a value here; anything else is our bug and goes on up. */
export function catchMalformed(run: () => void, blame: (error: MalformedMessage) => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error
    blame(error)
  }
}

/** The session ended before the answer came. */
export class PeerGone extends Error {
  override readonly name = 'PeerGone'
  constructor() {
    super('disconnected')
  }
}

/** No answer within the asker's patience. The session goes on, and a late answer is ignored. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow'
  constructor(what: string, patience: number) {
    super(`${what}: no answer in ${patience} ms`)
  }
}
