import { downloadLimits } from '../../machines/download-limits.ts'
import { BadPeerData } from '../../machines/download-sources.ts'
import { InvalidBlock } from '../../protocols/chain/verify.ts'
import type { EthAnswer, MessageOf } from '../../protocols/eth/messages.ts'
import type { answerOf } from '../../protocols/eth/versions.ts'
import { MalformedItem } from '../../protocols/lib/lazy-list.ts'
import type { Outcome, TimeSlicer } from '../runtime/time-slicer.ts'
import type { TimerWheel } from '../runtime/timer-wheel.ts'
import type { EthPeer, Query } from './eth-peer.ts'
import type { Pacer } from './pacer.ts'

type PeerRequest<Q extends Query, T> = {
  readonly peer: number
  readonly query: Q
  /** Opens and verifies the answer, step by step. */
  read(answer: MessageOf<(typeof answerOf)[Q['kind']]>): Generator<void, T>
  /** Gets what was read; nothing when the peer is gone. */
  done(result: T | undefined): void
}

type PeerRequestsParts = {
  readonly slicer: TimeSlicer
  readonly wheel: TimerWheel
  readonly pacer: Pacer
  peer(session: number): EthPeer | undefined
  /** Of what is without an answer: it is asked of others. */
  slow(peer: number): void
  /** The answer has come at last, and is of no use any more. */
  answered(peer: number): void
  stalled(peer: number): void
  lied(peer: number, error: Error): void
}

/** Sends requests to peers; distinguishes timeouts from invalid answers. */
export class PeerRequests {
  readonly #parts: PeerRequestsParts
  /** What takes back each request whose answer has not come, or is being read, and its peer. BOUNDED: by who asks, one or two a peer. */
  readonly #underWay = new Map<() => void, number>()

  constructor(parts: PeerRequestsParts) {
    this.#parts = parts
  }

  ask<Q extends Query, T>({ peer: session, query, read, done }: PeerRequest<Q, T>): void {
    const { wheel, pacer, slicer, ...parts } = this.#parts
    const peer = parts.peer(session)
    if (!peer) {
      done(undefined)
      return
    }
    pacer.asked(session, peer.peer.name)
    const { answerTimeout, stallTimeout } = downloadLimits
    let cancel = () => {}
    const withdraw = () => {
      wheel.disarm(deadline)
      cancel()
    }
    const stall = () => {
      cancel()
      parts.stalled(session)
    }
    const late = () => {
      this.#underWay.delete(withdraw)
      deadline = wheel.arm(stallTimeout - answerTimeout, stall)
      parts.slow(session)
    }
    let deadline = wheel.arm(answerTimeout, late)
    const underWay = this.#underWay.set(withdraw, session)
    const reader = {
      account: slicer.account,
      get isGone() {
        return !underWay.has(withdraw)
      },
    }
    const resolve = (answer: EthAnswer) => {
      wheel.disarm(deadline)
      if (reader.isGone) return parts.answered(session)
      const finish = (outcome: Outcome<T>) => {
        underWay.delete(withdraw)
        if ('value' in outcome) done(outcome.value)
        else this.#blame(peer, outcome.error)
      }
      slicer.start(read(answer as never), finish, reader)
    }
    const reject = () => {
      wheel.disarm(deadline)
      if (this.#underWay.delete(withdraw)) done(undefined)
    }
    cancel = peer.ask(query, { resolve, reject })
  }

  /** Callers get no more answers, and what is being read of one is left off; whether a late one comes is still reported. */
  withdrawAll(): void {
    this.#withdraw(() => true)
  }

  /** As {@link withdrawAll}, of a peer that has left. */
  forget(peer: number): void {
    this.#withdraw((session) => session === peer)
  }

  #withdraw(isMeant: (session: number) => boolean): void {
    for (const [withdraw, session] of this.#underWay) {
      if (!isMeant(session)) continue
      this.#underWay.delete(withdraw)
      withdraw()
    }
  }

  #blame(peer: EthPeer, error: unknown): void {
    if (error instanceof MalformedItem) peer.accused(error)
    else if (error instanceof BadPeerData || error instanceof InvalidBlock) this.#parts.lied(peer.session, error)
    else throw error
  }
}
