import type { EthVersion } from '../../protocols/eth/versions.ts'
import { type SnapVersion, snapLengths, snapVersions } from '../../protocols/snap/versions.ts'
import type { Service } from '../node/node.ts'
import type { Protocol, Session } from '../p2p/protocol.ts'
import type { Backend } from './answers.ts'
import { SnapPeer } from './snap-peer.ts'

export type SnapServiceOptions = {
  readonly backend: Backend
  /** Those of eth that the node speaks: snap is served to peers that speak one of them. */
  readonly ethVersions: readonly EthVersion[]
}

/** The snap protocols of a node that has states: serves them to peers. */
export class SnapService implements Service {
  readonly name = 'snap'
  /** The highest version first. */
  readonly protocols: readonly Protocol[]
  readonly #options: SnapServiceOptions

  constructor(options: SnapServiceOptions) {
    this.#options = options
    this.protocols = snapVersions.toReversed().map((version) => this.#protocol(version))
  }

  start(): void {}

  async stop(): Promise<void> {}

  #protocol(version: SnapVersion): Protocol {
    const owner = {
      backend: this.#options.backend,
      isBesideEth: ({ peer: { caps } }: Session) =>
        caps.some(({ name, version }) => name === 'eth' && this.#options.ethVersions.some((own) => own === version)),
    }
    return {
      ...{ name: 'snap', version, length: snapLengths[version] },
      run: (session) => new SnapPeer(session, owner).handler,
      // geth's enrEntry of snap has no fields.
      attributes: { snap: [] },
      nodeInfo: () => ({}),
    }
  }
}
