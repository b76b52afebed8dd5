import { type SnapPayload, type SnapPeerPorts, snapPeerMachine } from '../../machines/snap-peer.ts'
import { limits } from '../../protocols/eth/limits.ts'
import { decode, encode, MalformedSnapMessage, type SnapRequest } from '../../protocols/snap/messages.ts'
import { type SnapRequestName, type SnapTable, type SnapVersion, snapTable } from '../../protocols/snap/versions.ts'
import { ExecutionStopped } from '../chain/execution-port.ts'
import type { Session, SessionHandler } from '../p2p/protocol.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import { InternalError } from '../runtime/supervision.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import { answerSnap, type Backend, BadRequest } from './answers.ts'

/** What a session needs of the service. */
export type SnapPeerOwner = {
  readonly backend: Backend
  /** Whether eth runs on the connection of a session. */
  isBesideEth(session: Session): boolean
}

/** One snap session on a live peer: runs {@link snapPeerMachine}. */
export class SnapPeer {
  readonly #session: Session
  readonly #owner: SnapPeerOwner
  readonly #version: SnapVersion
  readonly #table: SnapTable
  /** The actor's mailbox, which is there before the actor is. */
  #dispatch: Send<typeof snapPeerMachine> = () => {}

  constructor(session: Session, owner: SnapPeerOwner) {
    this.#session = session
    this.#owner = owner
    this.#version = session.version as SnapVersion
    this.#table = snapTable(this.#version)
    startActor(session.runtime, snapPeerMachine, {
      id: `${session.actor}/snap`,
      parent: session.actor,
      input: (send) => {
        this.#dispatch = send
        return { ports: this.#ports(), isBesideEth: owner.isBesideEth(session) }
      },
      crashed: (error) => session.end(new InternalError(error)),
    })
  }

  /** What the peer layer calls. */
  get handler(): SessionHandler {
    return {
      message: (code, payload) => this.#receive(code, payload),
      writable: () => this.#dispatch({ type: 'write.drained' }),
      closed: () => this.#dispatch({ type: 'session.closed' }),
      info: () => ({ version: this.#version }),
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
      leave: () => {},
    }
  }

  /** What is there of what is asked for is found step by step, and sent. */
  *#serve({ name, payload }: SnapPayload<SnapRequestName>): Steps<void> {
    try {
      const request: SnapRequest = decode(this.#version, name, payload)
      const answer = yield* answerSnap(this.#owner.backend, request)
      const code = this.#table.codeOf(answer.kind)!
      if (!this.#session.send(code, encode(this.#version, answer))) this.#dispatch({ type: 'write.blocked' })
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
