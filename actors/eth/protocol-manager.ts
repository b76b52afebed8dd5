import type { Actor } from 'xstate'
import {
  type ProtocolManagerEvent,
  type ProtocolManagerPorts,
  protocolManagerMachine,
  type Registration,
} from '../../machines/protocol-manager.ts'
import type { BlockRange } from '../../protocols/eth/block-range.ts'
import type { Status } from '../../protocols/eth/status.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import type { Session } from '../p2p/protocol.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { startActor } from '../runtime/start-actor.ts'
import { guard } from '../runtime/supervision.ts'
import { TimerWheel } from '../runtime/timer-wheel.ts'
import { type Backend, backendOf } from './backend.ts'
import type { ChainPort } from './chain-port.ts'
import { EthPeer, type EthPeerOwner } from './eth-peer.ts'
import type { Gossip } from './gossip.ts'
import type { TxFetcher } from './tx-fetcher.ts'

export type ProtocolManagerOptions = {
  readonly id: string
  readonly parent: string
  readonly chain: ChainPort
  readonly maxPeers: number
  /** Where there is a pool. */
  readonly gossip?: Gossip | undefined
  readonly fetcher?: TxFetcher | undefined
  /** For what follows the peer set: the downloader. */
  joined(peer: Registration): void
  left(which: { session: number }): void
  rangeChanged(change: { session: number; range: BlockRange }): void
}

/** The peer set of eth: runs {@link protocolManagerMachine}. */
export class ProtocolManager implements EthPeerOwner {
  readonly id: string
  readonly chain: ChainPort
  readonly backend: Backend
  readonly wheel: TimerWheel
  readonly gossip: Gossip | undefined
  readonly fetcher: TxFetcher | undefined
  /** Resolves when every session has ended after `stop`. */
  readonly stopped: Promise<void>
  readonly #options: ProtocolManagerOptions
  readonly #actor: Actor<typeof protocolManagerMachine>
  /** Sessions that have not ended. BOUNDED: one for each peer of the server. */
  readonly #sessions = new Map<number, EthPeer>()
  #lastSession = 0

  constructor(runtime: Runtime, options: ProtocolManagerOptions) {
    const { id, parent, chain, maxPeers } = options
    this.id = id
    this.chain = chain
    this.backend = backendOf(chain)
    this.wheel = new TimerWheel(runtime.clock)
    this.gossip = options.gossip
    this.fetcher = options.fetcher
    this.#options = options
    let stopped = () => {}
    this.stopped = new Promise((resolve) => {
      stopped = resolve
    })
    const input = { ports: this.#ports(stopped), maxPeers }
    this.#actor = startActor(runtime, protocolManagerMachine, { id, parent, input })
    this.#actor.subscribe({ error: stopped })
  }

  /** Begins the eth session of a peer. It waits until the manager has started. */
  run(session: Session): EthPeer {
    return new EthPeer(session, { number: ++this.#lastSession, owner: this })
  }

  send(event: ProtocolManagerEvent): void {
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
    // No total difficulty is kept: it has not been compared since the merge.
    return { ...common, td: genesis.difficulty, head: head.hash }
  }

  arrived(peer: EthPeer): void {
    this.#sessions.set(peer.session, peer)
    this.send({ type: 'session.arrived', session: peer.session })
  }

  register({ session, peer: { id, trusted }, announcedLatest }: EthPeer, status: Status): void {
    const chain =
      'range' in status
        ? { range: status.range, headHash: status.range.latestHash }
        : { range: undefined, headHash: status.head }
    this.send({ type: 'peer.register', session, id, trusted, announcedLatest, ...chain })
  }

  rangeChanged({ session, range }: EthPeer): void {
    if (range) this.#options.rangeChanged({ session, range })
  }

  ended(peer: EthPeer): void {
    const { session } = peer
    this.gossip?.left(peer)
    this.fetcher?.left(peer)
    this.#sessions.delete(session)
    this.send({ type: 'session.ended', session })
  }

  #ports(stopped: () => void): ProtocolManagerPorts {
    const to = (session: number, run: (peer: EthPeer) => void) => {
      const peer = this.#sessions.get(session)
      // A bug in what is done for one session ends that session.
      if (peer)
        guard(
          () => run(peer),
          (error) => peer.crashed(error),
        )
    }
    return {
      admit: ({ session }) => to(session, (peer) => peer.started()),
      refuse: ({ session, error }) => to(session, (peer) => peer.refused(error)),
      confirm: ({ session, isSynced }) => to(session, (peer) => peer.confirmed(isSynced)),
      accept: ({ session }) => to(session, (peer) => peer.synced()),
      disconnect: ({ session, reason }) => to(session, (peer) => peer.dropped(reason)),
      sendRange: ({ session, range }) =>
        to(session, (peer) => {
          if (peer.version >= 69) peer.sendMessage({ kind: 'BlockRangeUpdate', ...range })
        }),
      reportJoined: (peer) => {
        this.#options.joined(peer)
        to(peer.session, (one) => this.gossip?.joined(one))
      },
      reportLeft: (which) => this.#options.left(which),
      reportStopped: stopped,
    }
  }
}
