import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { toEnode } from '../../protocols/enode/enode.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { devGenesisJson } from '../chain/dev-genesis.ts'
import { BlockProducer } from '../chain/producer.ts'
import type { Logger } from '../log/log.ts'
import { clientName } from '../p2p/client-name.ts'
import type { createNode } from '../peerchart/create-node.ts'
import type { PeerchartNode } from '../peerchart/peerchart-node.ts'
import { Recorder } from '../recording/recorder.ts'
import { TemporaryDirectory } from '../runtime/temporary-directory.ts'
import { Feed } from '../trace/feed.ts'
import { nameOf } from './narrator.ts'

export type DevNetworkOptions = {
  readonly createNode: typeof createNode
  readonly nodes: number
  /** Milliseconds from one block to the next. */
  readonly blockTime: number
  /** Whether every node executes what it follows, in a thread of its own. */
  readonly execute: boolean
  readonly log: Logger
  /** What all of them do is written there. */
  readonly record?: { readonly file: string; readonly maxBytes: number } | undefined
}

/**
 * Full nodes over TCP on loopback: the first makes the blocks, and is the one that the others begin with to find each
 * other; all follow the head. Their chains are in a temporary directory, whole from the genesis on: what they hold in
 * memory is as much after a day.
 */
export class DevNetwork {
  readonly nodes: readonly PeerchartNode[]
  readonly #blockTime: number
  readonly #producer: BlockProducer
  readonly #recorder: Recorder | undefined
  readonly #directory: TemporaryDirectory
  #timer: NodeJS.Timeout | undefined
  #producing: Promise<unknown> | undefined

  private constructor(
    nodes: readonly PeerchartNode[],
    producer: BlockProducer,
    blockTime: number,
    recorder: Recorder | undefined,
    directory: TemporaryDirectory,
  ) {
    this.nodes = nodes
    this.#directory = directory
    this.#recorder = recorder
    this.#producer = producer
    this.#blockTime = blockTime
  }

  static async open({
    createNode,
    nodes: count,
    blockTime,
    execute,
    log,
    record,
  }: DevNetworkOptions): Promise<DevNetwork> {
    const cast = Array.from({ length: count }, (_, i) => ({
      name: nameOf(i),
      nodeKey: randomBytes(32),
      feed: new Feed(),
    }))
    const recorder = record && (await recordAll(cast, record, log))
    const directory = await TemporaryDirectory.make('peerchart-dev')
    // All at once: the thread of each takes its time to be there.
    const nodes: readonly PeerchartNode[] = await Promise.all(
      cast.map(({ name, nodeKey, feed }) =>
        createNode({
          datadir: join(directory.path, name),
          genesis: devGenesisJson,
          execute,
          identity: name,
          nodeKey,
          host: '127.0.0.1',
          port: 0,
          discovery: { bootnodes: () => (name === nameOf(0) ? [] : [nodes[0]!.enode]) },
          headPollInterval: 250,
          runtime: { feed },
          log: log.getSubLogger({ name }),
        }),
      ),
    )
    const producer = await BlockProducer.open(nodes[0]!.chain, { seed: randomBytes(32) })
    return new DevNetwork(nodes, producer, blockTime, recorder, directory)
  }

  /** Every node has its address when this resolves; they meet in their own time. */
  async start(): Promise<void> {
    for (const node of this.nodes) await node.start()
    this.#timer = setInterval(() => this.#produce(), this.#blockTime)
  }

  /** The last node first: the one that all know is there as long as any of them. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#producing
    for (const node of this.nodes.toReversed()) await node.stop()
    await this.#recorder?.close()
    this.#directory.remove()
  }

  /** A block that takes longer than the interval makes the next one wait. A failure ends the first node, and all with it. */
  #produce(): void {
    if (this.#producing) return
    const { head } = this.nodes[0]!.chain
    const now = BigInt(Math.floor(Date.now() / 1_000))
    this.#producing = this.#producer
      .produce(now > head.time ? now : head.time + 1n)
      .then(
        () => {},
        (error: Error) => this.nodes[0]!.fail(error),
      )
      .finally(() => {
        this.#producing = undefined
      })
  }
}

type Cast = readonly { readonly name: string; readonly nodeKey: Uint8Array; readonly feed: Feed }[]

async function recordAll(cast: Cast, record: NonNullable<DevNetworkOptions['record']>, log: Logger): Promise<Recorder> {
  const { file, maxBytes } = record
  const nodes = cast.map(({ name, nodeKey }) => ({ name, id: toEnode(publicKeyOf(nodeKey)).id }))
  const recorder = await Recorder.open(file, { client: clientName(), nodes, maxBytes, log })
  for (const { name, feed } of cast) recorder.follow(feed, name)
  return recorder
}
