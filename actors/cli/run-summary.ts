import { DiscReason, discReasonText } from '../../protocols/p2p/disconnect-reasons.ts'
import type { PeerchartNode } from '../peerchart/peerchart-node.ts'

/** What `--summary` prints of one or more nodes, counted from here on. */
export class Tally {
  readonly #nodes: readonly PeerchartNode[]
  readonly #end: () => void
  peers: readonly number[] = []
  heads: readonly number[] = []
  transitions = 0
  /** Peers that were lost, but those of dials that crossed: of two connections neither is kept, and they dial again. */
  errors = 0

  constructor(nodes: readonly PeerchartNode[]) {
    this.#nodes = nodes
    const subscriptions = nodes.map((node) =>
      node.events$.subscribe((event) => {
        if (event.type === 'transition') this.transitions += 1
        else if (event.type === 'drop' && event.error !== crossed) this.errors += 1
      }),
    )
    this.#end = () => {
      for (const subscription of subscriptions) subscription.unsubscribe()
    }
  }

  /** Reads peers and heads as they are, and counts no further: what the end of the nodes brings is no error. */
  close(): void {
    this.#end()
    this.peers = this.#nodes.map((node) => node.peers().length)
    this.heads = this.#nodes.map((node) => Number(node.chain.head.number))
  }
}

const crossed = discReasonText(DiscReason.AlreadyConnected)
