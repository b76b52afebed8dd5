import { downloadLimits } from '../../machines/download-limits.ts'
import type { EthAnswer, MessageOf } from '../../protocols/eth/messages.ts'
import type { answerOf } from '../../protocols/eth/versions.ts'
import { MalformedItem } from '../../protocols/lib/lazy-list.ts'
import { InvalidBlock } from '../chain/verify.ts'
import type { EthPeer, Query } from './eth-peer.ts'
import { Lie } from './header-chain.ts'
import type { Turns } from './turns.ts'

type Inquiry<Q extends Query, T> = {
  readonly peer: number
  readonly query: Q
  /** Opens and verifies the answer, step by step. */
  read(answer: MessageOf<(typeof answerOf)[Q['kind']]>): Generator<void, T>
  /** Gets what was read; nothing when the peer was slow or is gone. */
  done(result: T | undefined): void
}

type InquirerParts = {
  readonly turns: Turns
  peer(session: number): EthPeer | undefined
  lied(peer: number, error: Error): void
}

/** Asks peers, and tells the slow from those that lie. */
export class Inquirer {
  readonly #parts: InquirerParts
  /** Takes back what has no answer yet. BOUNDED: by who asks, one or two a peer. */
  readonly #underWay = new Set<() => void>()

  constructor(parts: InquirerParts) {
    this.#parts = parts
  }

  ask<Q extends Query, T>({ peer: session, query, read, done }: Inquiry<Q, T>): void {
    const peer = this.#parts.peer(session)
    if (!peer) {
      done(undefined)
      return
    }
    let withdraw = () => {}
    const takeBack = () => withdraw()
    this.#underWay.add(takeBack)
    const resolve = (answer: EthAnswer) =>
      this.#parts.turns.run(read(answer as never), (outcome) => {
        if (!this.#underWay.delete(takeBack)) return
        if ('value' in outcome) done(outcome.value)
        else this.#blame(peer, outcome.error)
      })
    const reject = () => {
      if (this.#underWay.delete(takeBack)) done(undefined)
    }
    withdraw = peer.ask(query, { resolve, reject }, { patience: downloadLimits.patience })
  }

  /** Whoever asked hears nothing more. */
  withdrawAll(): void {
    for (const takeBack of this.#underWay) takeBack()
    this.#underWay.clear()
  }

  #blame(peer: EthPeer, error: unknown): void {
    if (error instanceof MalformedItem) peer.accused(error)
    else if (error instanceof Lie || error instanceof InvalidBlock) this.#parts.lied(peer.session, error)
    else throw error
  }
}
