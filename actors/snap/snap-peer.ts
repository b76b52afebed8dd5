import { type SnapPayload, type SnapPeerPorts, snapPeerMachine } from '../../machines/snap-peer.ts'
import { limits } from '../../protocols/eth/limits.ts'
import {
  countOf,
  decode,
  decodeSteps,
  encode,
  MalformedSnapMessage,
  type SnapRequest,
} from '../../protocols/snap/messages.ts'
import {
  type SnapAnswerName,
  type SnapRequestName,
  type SnapTable,
  type SnapVersion,
  snapTable,
} from '../../protocols/snap/versions.ts'
import { ExecutionStopped } from '../chain/execution-port.ts'
import type { PeerFacts, Session, SessionHandler } from '../p2p/protocol.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import { InternalError } from '../runtime/supervision.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { Deadline, TimerWheel } from '../runtime/timer-wheel.ts'
import { answerSnap, type Backend, BadRequest } from './answers.ts'

/** What a session needs of the service. */
export type SnapPeerOwner = {
  readonly backend: Backend
  readonly wheel: TimerWheel
  /** Whether eth runs on the connection of a session. */
  isBesideEth(session: Session): boolean
  ended(peer: SnapPeer): void
}

/** A request without its id. */
export type SnapQuery = SnapRequest extends infer R ? (R extends SnapRequest ? Omit<R, 'id'> : never) : never
/** Gets the answer as it came: its id and the number of its items are those that were asked for, nothing else is looked at. */
export type SnapCaller = { resolve(payload: Uint8Array): void; reject(error: Error): void }

/** One snap session on a live peer: runs {@link snapPeerMachine}. */
export class SnapPeer {
  readonly version: SnapVersion
  readonly #session: Session
  readonly #owner: SnapPeerOwner
  readonly #table: SnapTable
  /** The actor's mailbox, which is there before the actor is. */
  #dispatch: Send<typeof snapPeerMachine> = () => {}
  #isOver = false
  /** Callers without an answer, by number. BOUNDED: maxTracked, and those about to be refused. */
  readonly #callers = new Map<number, SnapCaller>()
  #lastCaller = 0
  /** When the oldest request expires. */
  #expiry: Deadline | undefined

  constructor(session: Session, owner: SnapPeerOwner) {
    this.#session = session
    this.#owner = owner
    this.version = session.version as SnapVersion
    this.#table = snapTable(this.version)
    startActor(session.runtime, snapPeerMachine, {
      id: `${session.actor}/snap`,
      parent: session.actor,
      input: (send) => {
        this.#dispatch = send
        return { ports: this.#ports(), isBesideEth: owner.isBesideEth(session) }
      },
      crashed: (error) => {
        if (!this.#isOver) this.#leave()
        session.end(new InternalError(error))
      },
    })
  }

  get peer(): PeerFacts {
    return this.#session.peer
  }

  /** `caller` is called in the step that brings the answer, or why there is none. @returns cancels it */
  ask(query: SnapQuery, caller: SnapCaller): () => void {
    if (this.#isOver) {
      caller.reject(new SnapPeerGone())
      return () => {}
    }
    const { runtime } = this.#session
    const id = new DataView(runtime.entropy(8).slice().buffer).getBigUint64(0)
    const request = { ...query, id } as SnapRequest
    const number = ++this.#lastCaller
    this.#callers.set(number, caller)
    const [payload, now] = [encode(this.version, request), runtime.clock.now()]
    const order = { id, caller: number, name: request.kind, count: mostItems(request), payload, now }
    this.#dispatch({ type: 'request.made', ...order })
    return () => {
      if (this.#callers.delete(number)) this.#dispatch({ type: 'request.cancelled', id, caller: number })
    }
  }

  /** The remote broke a rule: its session ends with `error`, and its peer. */
  accused(error: Error): void {
    this.#dispatch({ type: 'fault.found', error })
  }

  /** What the peer layer calls. */
  get handler(): SessionHandler {
    return {
      message: (code, payload) => this.#receive(code, payload),
      writable: () => this.#dispatch({ type: 'write.drained' }),
      closed: () => this.#dispatch({ type: 'session.closed' }),
      info: () => ({ version: this.version }),
    }
  }

  #receive(code: number, payload: Uint8Array): void {
    const name = this.#table.nameOf(code)
    if (name === undefined) this.#dispatch({ type: 'code.unknown', code })
    else if (payload.length > limits.maxMessageBytes) this.#dispatch({ type: 'message.tooLong', size: payload.length })
    else this.#dispatch({ type: name, payload })
  }

  #ports(): SnapPeerPorts {
    return {
      pauseReading: () => this.#session.pause(),
      resumeReading: () => this.#session.resume(),
      serve: (request) => {
        // No answer gets there, so nothing is looked up.
        if (!this.#session.isGone) this.#session.work(this.#serve(request))
      },
      end: ({ error }) => this.#session.end(error),
      openAnswer: ({ name, payload }) => this.#session.work(this.#open(name, payload)),
      send: ({ name, payload }) => {
        if (!this.#session.send(this.#table.codeOf(name)!, payload)) this.#dispatch({ type: 'write.blocked' })
      },
      deliver: ({ caller, payload }) => this.#take(caller)?.resolve(payload),
      fail: ({ caller, error }) => this.#take(caller)?.reject(error),
      watchExpiry: ({ at }) => this.#watchExpiry(at),
      leave: () => this.#leave(),
    }
  }

  *#open(name: SnapAnswerName, payload: Uint8Array): Steps<void> {
    try {
      const answer = yield* decodeSteps(this.version, name, payload)
      this.#dispatch({ type: 'answer.opened', id: answer.id, want: name, count: countOf(answer), payload })
    } catch (error) {
      if (!isBreach(error)) throw error
      this.#dispatch({ type: 'fault.found', error })
    }
  }

  #watchExpiry(at: number | undefined): void {
    const { clock } = this.#session.runtime
    const { wheel } = this.#owner
    if (this.#expiry) wheel.disarm(this.#expiry)
    const elapsed = () => this.#dispatch({ type: 'requests.elapsed', now: clock.now() })
    this.#expiry = at === undefined ? undefined : wheel.arm(at - clock.now(), elapsed)
  }

  #take(number: number): SnapCaller | undefined {
    const caller = this.#callers.get(number)
    this.#callers.delete(number)
    return caller
  }

  #leave(): void {
    this.#isOver = true
    this.#watchExpiry(undefined)
    this.#owner.ended(this)
    for (const number of [...this.#callers.keys()]) this.#take(number)?.reject(new SnapPeerGone())
  }

  /** What is there of what is asked for is found step by step, and sent. */
  *#serve({ name, payload }: SnapPayload<SnapRequestName>): Steps<void> {
    try {
      const request: SnapRequest = decode(this.version, name, payload)
      const answer = yield* answerSnap(this.#owner.backend, request)
      const code = this.#table.codeOf(answer.kind)!
      if (!this.#session.send(code, encode(this.version, answer))) this.#dispatch({ type: 'write.blocked' })
    } catch (error) {
      if (isBreach(error)) this.#dispatch({ type: 'fault.found', error })
      // The node ends, and this session with it.
      else if (!(error instanceof ExecutionStopped)) throw error
    }
  }
}

/** By the remote; anything else is our bug and goes on up. */
const isBreach = (error: unknown): error is Error =>
  error instanceof MalformedSnapMessage || error instanceof BadRequest

/** As geth's Request… functions count: of accounts none has less than half a byte. */
function mostItems(request: SnapRequest): number {
  switch (request.kind) {
    case 'GetAccountRange':
      return 2 * Number(request.bytes)
    case 'GetStorageRanges':
      return request.accountHashes.count
    case 'GetTrieNodes':
      return [...request.paths].reduce((sum, { count }) => sum + Math.max(1, count - 1), 0)
    case 'GetByteCodes':
    case 'GetAccessLists':
      return request.hashes.count
  }
}

/** The session ended before the answer came. */
export class SnapPeerGone extends Error {
  override readonly name = 'SnapPeerGone'
  constructor() {
    super('disconnected')
  }
}
