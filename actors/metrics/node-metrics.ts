import { Registry } from 'prom-client'
import { stateOf } from '../../machines/names/state-name.ts'
import type { Datagrams } from '../discovery/datagrams.ts'
import { type Logger, silent } from '../log/log.ts'
import type { Service } from '../node/node.ts'
import { version } from '../p2p/client-name.ts'
import type { Network } from '../p2p/connection.ts'
import type { Api } from '../rpc/api.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { isDatagram } from '../trace/datagrams.ts'
import type { FeedEntry } from '../trace/entries.ts'
import type { Live } from '../trace/live.ts'
import { ChartCounts } from './chart-counts.ts'
import { ConnectionCounts } from './connection-counts.ts'
import { DatagramCounts } from './datagram-counts.ts'
import type { DownloadCounts } from './download-counts.ts'
import { registerDownloadMetrics } from './download-gauges.ts'
import {
  type Heads,
  registerCallMetrics,
  registerGethGauges,
  registerOwnMetrics,
  registerPacketGauges,
  registerRequestMetrics,
  type Sources,
} from './gauges.ts'
import { MessageCounts } from './message-counts.ts'
import { type Calls, meterApis } from './metered-apis.ts'
import { meterDatagrams, meterNetwork, Traffic } from './metered-network.ts'
import { MetricsServer } from './metrics-server.ts'
import { processMetrics } from './process-metrics.ts'
import { RequestCounts } from './request-counts.ts'
import { registerSnapMetrics, type SnapCounts } from './snap-gauges.ts'

/** Where the metrics are served: `/metrics`, and geth's `/debug/metrics/prometheus`. */
export type MetricsOptions = {
  /** @default '127.0.0.1' */
  readonly host?: string
  /** TCP port, 0 for any free one. @default 6060 */
  readonly port?: number
}

type Facts = {
  readonly chain: Heads
  /** What the node speaks: `eth/69`. */
  readonly protocols: readonly string[]
  readonly log?: Logger | undefined
}

/** The metrics of one node, for Prometheus: one reader of its feed, and a meter on its network. */
export class NodeMetrics implements Service {
  readonly name = 'metrics'
  /** The node's own: a program may add metrics to it. */
  readonly registry = new Registry()
  readonly #traffic = new Traffic()
  readonly #charts = new ChartCounts()
  readonly #messages = new MessageCounts()
  readonly #connections: ConnectionCounts
  readonly #requests: RequestCounts
  readonly #downloads: DownloadCounts
  readonly #states: SnapCounts
  readonly #calls: Calls
  readonly #bugs = { connection: 0, reader: 0, node: 0 }
  readonly #sources: Sources
  readonly #datagrams: DatagramCounts
  readonly #server: MetricsServer
  readonly #log: Logger
  readonly #stopReading: () => void

  /** Begins to count. */
  constructor(
    { feed, clock, supervisor }: Pick<Runtime, 'feed' | 'clock' | 'supervisor'>,
    options: MetricsOptions,
    { chain, protocols, log = silent }: Facts,
  ) {
    const { host = '127.0.0.1', port = 6060 } = options
    this.#log = log
    this.#connections = new ConnectionCounts(clock)
    this.#requests = new RequestCounts(feed, (count) => {
      const waited = registerRequestMetrics(this.registry, count)
      return (micros, answer) => {
        waited(micros, answer)
        this.#downloads.answered(answer, micros)
      }
    })
    this.#sources = {
      ...{ traffic: this.#traffic, connections: this.#connections, charts: this.#charts, messages: this.#messages },
      ...{ feed, chain, bugs: this.#bugs },
    }
    registerGethGauges(this.registry, this.#sources)
    this.#downloads = registerDownloadMetrics(this.registry, clock)
    this.#states = registerSnapMetrics(this.registry)
    registerOwnMetrics(this.registry, this.#sources, {
      ...{ arch: process.arch, os: process.platform, node: process.versions.node },
      ...{ version, protocols: protocols.join() },
    })
    this.#calls = registerCallMetrics(this.registry)
    this.#datagrams = new DatagramCounts(this.registry)
    const { contentType } = this.registry
    this.#server = new MetricsServer({ host, port, contentType, metrics: () => this.text(), supervisor })
    processMetrics()
    this.#stopReading = feed.subscribe((entry, live) => this.#take(entry, live), 'metrics')
  }

  /** @returns the network as the node should use it: its streams are metered */
  meter(network: Network): Network {
    return meterNetwork(network, this.#traffic)
  }

  /** @returns the datagrams as discovery should use them: they are metered */
  meterDatagrams(datagrams: Datagrams): Datagrams {
    return meterDatagrams(datagrams, this.#traffic)
  }

  /** @returns the APIs of the node's RPC as they should be served: their methods are metered */
  meterApis(apis: readonly Api[]): Api[] {
    return meterApis(apis, this.#calls)
  }

  /** @throws (rejects) {MetricsListenFailed} */
  async start(): Promise<void> {
    await this.#server.start()
    this.#log.info('Started metrics server', { addr: this.url })
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }

  /** Counts no more. */
  close(): void {
    this.#stopReading()
  }

  /** Where they are served; undefined while they are not. */
  get url(): string | undefined {
    return this.#server.url
  }

  /** All metrics of the node and its process in Prometheus' text format. */
  async text(): Promise<string> {
    registerPacketGauges(this.registry, this.#sources)
    return [await this.registry.metrics(), await processMetrics().metrics()].join('\n')
  }

  #take(entry: FeedEntry, live: Live): void {
    if (entry.type === 'transition') {
      this.#charts.take(entry, live.taken)
      this.#connections.take(entry, live)
      this.#requests.take(entry, live)
      this.#downloads.take(entry, live)
      this.#states.take(live)
    } else if (entry.type === 'actor.started') this.#charts.began(entry.chart, stateOf(live.actor!))
    else if (entry.type === 'actor.stopped') {
      this.#connections.stopped(entry.actor)
    } else if (entry.type === 'bug') this.#bugs[entry.ends] += 1
    else if (isDatagram(entry.protocol)) this.#datagrams.take(entry)
    else if (entry.protocol !== 'rlpx') this.#messages.take(entry) // packets are no messages to geth's metrics
  }
}
