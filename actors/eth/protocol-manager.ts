import type { Actor } from 'xstate'
import type { EthPayload } from '../../machines/eth-peer.ts'
import {
  type ProtocolManagerEvent,
  type ProtocolManagerPorts,
  protocolManagerMachine,
  type Registration,
} from '../../machines/protocol-manager.ts'
import type { BlockRange } from '../../protocols/eth/block-range.ts'
import { decode, MalformedMessage } from '../../protocols/eth/messages.ts'
import type { Status } from '../../protocols/eth/status.ts'
import { type EthVersion, isRequest } from '../../protocols/eth/versions.ts'
import { RlpError } from '../../protocols/lib/rlp.ts'
import { DiscError, DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import type { Session } from '../p2p/protocol.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { startActor, type Tell } from '../runtime/start-actor.ts'
import { guard } from '../runtime/supervision.ts'
import { TimerWheel } from '../runtime/timer-wheel.ts'
import { answerRequest } from './answers.ts'
import type { ChainPort } from './chain-port.ts'
import { catchMalformed, EthPeer, type EthPeerOwner } from './eth-peer.ts'
import { checkAnnouncement, checkTransactions, TransactionsError } from './transactions.ts'

export type ProtocolManagerOptions = {
  readonly id: string
  readonly parent: string
  readonly chain: ChainPort
  readonly maxPeers: number
  /** Who follows the peer set: the downloader. */
  joined(peer: Registration): void
  left(which: { session: number }): void
  rangeChanged(change: { session: number; range: BlockRange }): void
}

/** The peer set and what is said in it: runs {@link protocolManagerMachine}. */
export class ProtocolManager implements EthPeerOwner {
  readonly chain: ChainPort
  readonly wheel: TimerWheel
  /** Resolves when every session has ended after `stop`. */
  readonly stopped: Promise<void>
  readonly #options: ProtocolManagerOptions
  readonly #actor: Actor<typeof protocolManagerMachine>
  /** Sessions that have not ended. BOUNDED: one for each peer of the server. */
  readonly #sessions = new Map<number, EthPeer>()
  #lastSession = 0

  constructor(runtime: Runtime, options: ProtocolManagerOptions) {
    const { id, parent, chain, maxPeers } = options
    this.chain = chain
    this.wheel = new TimerWheel(runtime.clock)
    this.#options = options
    this.#actor = startActor(runtime, protocolManagerMachine, {
      id,
      parent,
      input: (tell) => ({ ports: this.#ports(tell), maxPeers }),
    })
    this.stopped = new Promise((resolve) => this.#actor.subscribe({ complete: resolve, error: () => resolve() }))
    this.#actor.subscribe({ complete: () => this.#refuseAll(), error: () => {} })
  }

  /** Begins the eth session of a peer. It waits until the manager has started. */
  run(session: Session): EthPeer {
    return new EthPeer(session, { number: ++this.#lastSession, owner: this })
  }

  tell(event: ProtocolManagerEvent): void {
    this.#actor.send(event)
  }

  /** @returns the registered peers, the oldest first */
  get peers(): EthPeer[] {
    return [...this.#actor.getSnapshot().context.peers.keys()].flatMap((session) => this.#sessions.get(session) ?? [])
  }

  peer(session: number): EthPeer | undefined {
    return this.#sessions.get(session)
  }

  /** What we have, whole from the genesis on. */
  get range(): BlockRange {
    const { number, hash } = this.chain.head
    return { earliest: 0n, latest: number, latestHash: hash }
  }

  status(version: EthVersion): Status {
    const { networkId, genesis, head } = this.chain
    const common = { kind: 'Status', version, networkId, genesis: genesis.hash, forkId: this.chain.forkId() } as const
    if (version !== 68) return { ...common, range: this.range }
    // No total is kept: nobody compares it since the merge.
    return { ...common, td: genesis.difficulty, head: head.hash }
  }

  arrived(peer: EthPeer): void {
    this.#sessions.set(peer.session, peer)
    // A manager that has stopped hears nothing: geth's quitSync is closed for good.
    if (this.#actor.getSnapshot().status !== 'active') peer.refused(new DiscError(DiscReason.Quitting))
    else this.tell({ type: 'session.arrived', session: peer.session })
  }

  register({ session, peer: { id, trusted }, toldLatest }: EthPeer, status: Status): void {
    const chain =
      'range' in status
        ? { range: status.range, headHash: status.range.latestHash }
        : { range: undefined, headHash: status.head }
    this.tell({ type: 'peer.register', session, id, trusted, toldLatest, ...chain })
  }

  handle({ session }: EthPeer, { name, payload }: EthPayload): void {
    if (name !== 'Status') this.tell({ type: name, session, payload })
  }

  ended({ session }: EthPeer): void {
    this.#sessions.delete(session)
    this.tell({ type: 'session.ended', session })
  }

  /** Those that arrived when its last step was on its way, which the chart does not hear of any more. */
  #refuseAll(): void {
    for (const peer of this.#sessions.values()) peer.refused(new DiscError(DiscReason.Quitting))
  }

  #ports(tell: Tell<typeof protocolManagerMachine>): ProtocolManagerPorts {
    const to = (session: number, run: (peer: EthPeer) => void) => {
      const peer = this.#sessions.get(session)
      if (!peer) return
      // What is done for one session ends that session: its fault, or our bug.
      const work = () =>
        catchMalformed(
          () => run(peer),
          (error) => peer.accused(error),
        )
      guard(work, (error) => peer.crashed(error))
    }
    return {
      admit: ({ session }) => to(session, (peer) => peer.started()),
      refuse: ({ session, error }) => to(session, (peer) => peer.refused(error)),
      confirm: ({ session }) => to(session, (peer) => peer.confirmed()),
      disconnect: ({ session, reason }) => to(session, (peer) => peer.dropped(reason)),
      accuse: ({ session, error }) => to(session, (peer) => peer.accused(error)),
      serve: ({ session, name, payload }) =>
        to(session, (peer) => {
          if (isRequest(name) && !peer.isGone)
            peer.sendMessage(answerRequest(peer.version, { name, payload }, this.chain))
        }),
      takeTransactions: ({ session, name, payload }) =>
        to(session, (peer) => peer.work(takeTransactions(peer, name, payload))),
      admitAnswer: ({ session, payload }) =>
        to(session, (peer) => peer.admitAnswer({ name: 'PooledTransactions', payload })),
      openRange: ({ session, payload }) =>
        to(session, (peer) => {
          const { earliest, latest, latestHash } = decode(peer.version, 'BlockRangeUpdate', payload)
          tell({ type: 'range.opened', session, range: { earliest, latest, latestHash } })
        }),
      sendRange: ({ session, range }) =>
        to(session, (peer) => {
          if (peer.version >= 69) peer.sendMessage({ kind: 'BlockRangeUpdate', ...range })
        }),
      tellJoined: (peer) => this.#options.joined(peer),
      tellLeft: (which) => this.#options.left(which),
      tellRange: ({ session, range }) =>
        to(session, (peer) => {
          peer.range = range
          this.#options.rangeChanged({ session, range })
        }),
    }
  }
}

function* takeTransactions(peer: EthPeer, name: string, payload: Uint8Array): Generator<void, void> {
  const { version } = peer
  try {
    const isWhole = name === 'Transactions'
    peer.noteKnown(isWhole ? yield* checkTransactions(version, payload) : checkAnnouncement(version, payload))
  } catch (error) {
    // An item that is no transaction comes as an RlpError of its own: a decodable message all the same, so 0x10.
    if (!(error instanceof TransactionsError || error instanceof RlpError || error instanceof MalformedMessage))
      throw error
    peer.accused(error)
  }
}
