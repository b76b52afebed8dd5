import type { EthVersion } from '../../protocols/eth/versions.ts'
import { type SnapVersion, snapLengths, snapVersions } from '../../protocols/snap/versions.ts'
import type { Service } from '../node/node.ts'
import type { Protocol, Session } from '../p2p/protocol.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { TimerWheel } from '../runtime/timer-wheel.ts'
import type { Backend } from './answers.ts'
import { SnapPeer } from './snap-peer.ts'

export type SnapServiceOptions = {
  readonly backend: Backend
  /** Those of eth that the node speaks: snap is served to peers that speak one of them. */
  readonly ethVersions: readonly EthVersion[]
  /** @default both: snap/2 is not offered while states are synced by snap/1, where trie nodes are asked for */
  readonly versions?: readonly SnapVersion[]
  /** For what asks peers: the sync of a state. */
  joined?(peer: SnapPeer): void
  left?(peer: SnapPeer): void
}

/** The snap protocols of a node that has states: serves them to peers. */
export class SnapService implements Service {
  readonly name = 'snap'
  /** The highest version first. */
  readonly protocols: readonly Protocol[]
  readonly #options: SnapServiceOptions
  readonly #wheel: TimerWheel

  constructor(runtime: Runtime, options: SnapServiceOptions) {
    this.#options = options
    this.#wheel = new TimerWheel(runtime.clock)
    this.protocols = (options.versions ?? snapVersions).toReversed().map((version) => this.#protocol(version))
  }

  start(): void {}

  async stop(): Promise<void> {}

  #protocol(version: SnapVersion): Protocol {
    const owner = {
      backend: this.#options.backend,
      wheel: this.#wheel,
      ended: (peer: SnapPeer) => this.#options.left?.(peer),
      isBesideEth: ({ peer: { caps } }: Session) =>
        caps.some(({ name, version }) => name === 'eth' && this.#options.ethVersions.some((own) => own === version)),
    }
    return {
      ...{ name: 'snap', version, length: snapLengths[version] },
      run: (session) => {
        const peer = new SnapPeer(session, owner)
        if (owner.isBesideEth(session)) this.#options.joined?.(peer)
        return peer.handler
      },
      // geth's enrEntry of snap has no fields.
      attributes: { snap: [] },
      nodeInfo: () => ({}),
    }
  }
}
