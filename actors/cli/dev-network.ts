import { randomBytes } from 'node:crypto'
import { devGenesisJson } from '../chain/dev-genesis.ts'
import { BlockProducer } from '../chain/producer.ts'
import type { createNode } from '../create-node.ts'
import type { Logger } from '../log.ts'
import type { PeerchartNode } from '../peerchart-node.ts'
import { nameOf } from './narrator.ts'

export type DevNetworkOptions = {
  readonly createNode: typeof createNode
  readonly nodes: number
  /** Milliseconds from one block to the next. */
  readonly blockTime: number
  readonly log: Logger
}

/** Full nodes over TCP on loopback: the first makes the blocks, each dials those before it, all follow the head. */
export class DevNetwork {
  readonly nodes: readonly PeerchartNode[]
  readonly #blockTime: number
  readonly #producer: BlockProducer
  #timer: NodeJS.Timeout | undefined
  #producing: Promise<unknown> | undefined

  private constructor(nodes: readonly PeerchartNode[], producer: BlockProducer, blockTime: number) {
    this.nodes = nodes
    this.#producer = producer
    this.#blockTime = blockTime
  }

  static async open({ createNode, nodes: count, blockTime, log }: DevNetworkOptions): Promise<DevNetwork> {
    const nodes: PeerchartNode[] = []
    for (let i = 0; i < count; i++)
      nodes.push(
        await createNode({
          genesis: devGenesisJson,
          identity: nameOf(i),
          host: '127.0.0.1',
          port: 0,
          headPollInterval: 250,
          log: log.getSubLogger({ name: nameOf(i) }),
        }),
      )
    const producer = await BlockProducer.open(nodes[0]!.chain, { seed: randomBytes(32) })
    return new DevNetwork(nodes, producer, blockTime)
  }

  /** Every node has its address when this resolves; they meet in their own time. */
  async start(): Promise<void> {
    for (const [i, node] of this.nodes.entries()) {
      await node.start()
      for (const earlier of this.nodes.slice(0, i)) node.addPeer(earlier.enode)
    }
    this.#timer = setInterval(() => this.#produce(), this.#blockTime)
  }

  /** The last node first: each takes leave of those it dialed. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#producing
    for (const node of this.nodes.toReversed()) await node.stop()
  }

  /** A block that takes longer than the interval makes the next one wait. A failure is a bug, so nobody catches it. */
  #produce(): void {
    if (this.#producing) return
    const { head } = this.nodes[0]!.chain
    const now = BigInt(Math.floor(Date.now() / 1_000))
    this.#producing = this.#producer.produce(now > head.time ? now : head.time + 1n).finally(() => {
      this.#producing = undefined
    })
  }
}
