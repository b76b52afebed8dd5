import { lookup } from 'node:dns/promises'
import { resolve } from 'node:path'
import { BehaviorSubject, filter, map, merge, mergeMap, Observable } from 'rxjs'
import { defaultMaxPeers, type PeerEvent } from '../machines/admission.ts'
import { NodeStopped } from '../machines/node.ts'
import { type Enode, formatEnode, toEnode } from '../protocols/enode/enode.ts'
import { type EthVersion, ethVersions } from '../protocols/eth/versions.ts'
import { publicKeyOf } from '../protocols/lib/secp256k1.ts'
import { Chain } from './chain/chain.ts'
import { type Genesis, loadGenesis, parseGenesis } from './chain/genesis.ts'
import { type ImportProgress, importChain } from './chain/import.ts'
import { type NetworkName, network } from './chain/networks.ts'
import { nodeCiphers } from './ciphers.ts'
import { clientName } from './client-name.ts'
import { EthService } from './eth/service.ts'
import type { Feed, FeedEntry } from './feed.ts'
import { instancePaths, reportLegacyFiles } from './instance.ts'
import { KeyLogFile } from './keylog/key-log-file.ts'
import { type Logger, silent } from './log.ts'
import type { MetricsOptions, NodeMetrics } from './metrics/node-metrics.ts'
import { Node } from './node.ts'
import { resolveNodeKey } from './node-key.ts'
import type { Network } from './p2p/connection.ts'
import { parseNode } from './p2p/parse-node.ts'
import { peerConnector } from './p2p/peer.ts'
import type { PeerInfo } from './p2p/peer-info.ts'
import type { Protocol } from './p2p/protocol.ts'
import { FairScheduler } from './p2p/scheduler.ts'
import { Server } from './p2p/server.ts'
import { tcp } from './p2p/tcp.ts'
import { processRuntime } from './process-runtime.ts'
import type { Runtime } from './runtime.ts'
import { logSync } from './sync-log.ts'

export type NodeOptions = {
  /** Where the node keeps its key and its chain. Without it both live in memory, and nothing is written. */
  readonly datadir?: string
  /** A public network. @default 'mainnet' */
  readonly network?: NetworkName
  /** Another chain: the path of a geth genesis.json, or what such a file holds. Excludes `network`. */
  readonly genesis?: string | object
  /** @default the chain's own */
  readonly networkId?: bigint
  /** 32 bytes. @default the key in `datadir`, made when there is none */
  readonly nodeKey?: Uint8Array
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string
  /** TCP port to listen on, 0 for any free one. @default 30303 */
  readonly port?: number
  /** @default 50 */
  readonly maxPeers?: number
  /** Dials nobody, not even `peers`: geth's NoDial. @default false */
  readonly noDial?: boolean
  /** enode URLs of nodes to stay connected to. */
  readonly peers?: readonly string[]
  /** enode URLs of nodes let in above `maxPeers`. */
  readonly trusted?: readonly string[]
  /** A word of your own in the client's name. */
  readonly identity?: string
  /** @default all: 72, 71, 70, 69, 68 */
  readonly ethVersions?: readonly EthVersion[]
  /** Milliseconds from one look for new blocks at the peers to the next. @default 3000 */
  readonly headPollInterval?: number
  /** Capabilities of your own, beside eth. */
  readonly protocols?: readonly Protocol[]
  /**
   * A file that the keys of every session are added to, so that a capture of them can be read: whoever has it reads the
   * traffic. @default none
   */
  readonly keyLog?: string
  /** Another clock, entropy or feed than the process's: for simulations. */
  readonly runtime?: Partial<Runtime>
  /** @default TCP */
  readonly transport?: Network
  readonly log?: Logger
  /** Metrics for Prometheus, on an address of their own. Left out, nothing is counted. */
  readonly metrics?: MetricsOptions
}

/** What a node tells of itself as it runs. Transitions are in it while somebody subscribes, and cost nothing otherwise. */
export type NodeEvent =
  | PeerEvent
  | FeedEntry
  | { readonly type: 'head'; readonly number: bigint; readonly hash: Uint8Array }

/**
 * Makes a node: its chain is open and its key known, but nothing listens and nobody is dialed before `start`.
 * @throws (rejects) {InvalidGenesis} {NodeKeyError} {DatabaseLocked} {CorruptDatabase} {WrongGenesis} {EnodeError}
 */
export async function createNode(options: NodeOptions = {}): Promise<PeerchartNode> {
  const runtime = processRuntime(options.runtime)
  const datadir = options.datadir === undefined ? undefined : resolve(options.datadir)
  const staticNodes = (options.peers ?? []).map(parseNode)
  const trustedNodes = (options.trusted ?? []).map(parseNode)
  const { genesis, networkId } = await chainOf(options)
  const instance = datadir === undefined ? undefined : instancePaths(datadir)
  if (instance) await reportLegacyFiles(instance.directory, options.log ?? silent)
  const privateKey = await resolveNodeKey({
    nodeKey: options.nodeKey,
    file: instance?.nodekey,
    entropy: runtime.entropy,
  })
  const id = options.networkId ?? networkId
  const chain = await Chain.open({
    genesis,
    ...(id !== undefined && { networkId: id }),
    ...(instance && { directory: instance.chaindata }),
  })
  const keyLog = await openKeyLog(options.keyLog, chain)
  const metrics =
    options.metrics &&
    new (await import('./metrics/node-metrics.ts')).NodeMetrics(runtime, options.metrics, {
      head: () => Number(chain.head.number),
      protocols: [...(options.ethVersions ?? ethVersions).map((one) => `eth/${one}`), ...capsOf(options.protocols)],
    })
  return new PeerchartNode(runtime, options, { privateKey, chain, keyLog, staticNodes, trustedNodes, metrics })
}

async function openKeyLog(path: string | undefined, chain: Chain): Promise<KeyLogFile | undefined> {
  try {
    return path === undefined ? undefined : new KeyLogFile(path)
  } catch (error) {
    await chain.close()
    throw error
  }
}

type Parts = {
  readonly privateKey: Uint8Array
  readonly chain: Chain
  readonly keyLog: KeyLogFile | undefined
  readonly staticNodes: readonly Enode[]
  readonly trustedNodes: readonly Enode[]
  readonly metrics: NodeMetrics | undefined
}

/** A full node: p2p server, eth, and the chain behind it. Started and stopped once. */
export class PeerchartNode {
  readonly chain: Chain
  readonly feed: Feed
  readonly name: string
  /** Peers as they come and go. */
  readonly peerEvents$: Observable<PeerEvent>
  /** Those, heads, and the whole feed: charts are observed while somebody subscribes. */
  readonly events$: Observable<NodeEvent>
  readonly eth: EthService
  /** If they were asked for. */
  readonly metrics: NodeMetrics | undefined
  readonly #node: Node
  readonly #publicKey: Uint8Array
  /** The p2p server, once the start has made it. */
  readonly #server = new BehaviorSubject<Server | undefined>(undefined)
  #stopping: Promise<void> | undefined

  constructor(runtime: Runtime, options: NodeOptions, parts: Parts) {
    const {
      host = '127.0.0.1',
      port = 30_303,
      maxPeers = defaultMaxPeers,
      noDial = false,
      log = silent,
      transport = tcp,
    } = options
    const { privateKey, chain, keyLog, staticNodes, trustedNodes, metrics } = parts
    if (keyLog)
      log.warn('Session keys are written to a file: whoever has it reads the traffic', { file: options.keyLog })
    this.chain = chain
    this.metrics = metrics
    this.feed = runtime.feed
    this.name = clientName({ identity: options.identity })
    this.#publicKey = publicKeyOf(privateKey)
    this.#node = new Node(runtime, {
      createServer: (protocols, parent) => {
        const all = [...protocols, ...(options.protocols ?? [])]
        const id = 'server'
        const connect = peerConnector(runtime, {
          privateKey,
          publicKey: this.#publicKey,
          name: this.name,
          protocols: all,
          ciphers: nodeCiphers,
          scheduler: new FairScheduler(runtime.clock, setImmediate),
          keyLog: keyLog?.write,
          parent: id,
        })
        const server = new Server(runtime, {
          ...{ id, parent, publicKey: this.#publicKey, protocols: all, noDial, listen: { host, port } },
          ...{
            staticNodes,
            trustedNodes,
            network: metrics?.meter(transport) ?? transport,
            connect,
            lookUp,
            log,
            maxPeers,
          },
        })
        this.#server.next(server)
        return server
      },
    })
    if (metrics) {
      this.#node.own(metrics)
      this.#node.register(() => metrics)
    }
    this.eth = this.#node.register(
      () =>
        new EthService(runtime, {
          ...{ chain, maxPeers, versions: options.ethVersions ?? ethVersions, later: setImmediate },
          ...(options.headPollInterval !== undefined && { headPollInterval: options.headPollInterval }),
        }),
    )
    logSync(log, this.eth.progress$, runtime.clock)
    this.#node.own(chain)
    if (keyLog) this.#node.own(keyLog)
    this.peerEvents$ = this.#server.pipe(
      filter((server) => server !== undefined),
      mergeMap(({ events$ }) => events$),
    )
    this.events$ = merge(
      this.peerEvents$,
      chain.heads$.pipe(map(({ number, hash }) => ({ type: 'head', number, hash }) as const)),
      new Observable<FeedEntry>((reader) => this.feed.subscribe((entry) => reader.next(entry))),
    )
  }

  /** @throws (rejects) what failed to start, after everything that had started was stopped */
  start(): Promise<void> {
    return this.#node.start()
  }

  /** Takes leave of every peer, stops and closes the chain. May be called again, and before the start. */
  stop(): Promise<void> {
    this.#stopping ??= this.#node.close().catch((error) => {
      if (!(error instanceof NodeStopped)) throw error // a start that failed has closed it
    })
    return this.#stopping
  }

  /** Resolves when the node has stopped, for whatever reason. */
  wait(): Promise<void> {
    return this.#node.wait()
  }

  /** This node as others may dial it, once started. */
  get enode(): string {
    return formatEnode(this.#server.value?.self() ?? toEnode(this.#publicKey))
  }

  /** keccak256 of the public key, 64 hex digits. */
  get id(): string {
    return toEnode(this.#publicKey).id
  }

  peers(): PeerInfo[] {
    return this.#server.value?.peers() ?? []
  }

  /** @throws {EnodeError} */
  addPeer(enode: string): void {
    this.#node.server.addPeer(parseNode(enode))
  }

  /** Resolves when the peer is gone. @throws {EnodeError} (rejects) */
  async removePeer(enode: string): Promise<void> {
    await this.#node.server.removePeer(parseNode(enode))
  }

  /** @throws {EnodeError} */
  addTrustedPeer(enode: string): void {
    this.#node.server.addTrustedPeer(parseNode(enode))
  }

  /** @throws {EnodeError} */
  removeTrustedPeer(enode: string): void {
    this.#node.server.removeTrustedPeer(parseNode(enode))
  }

  /** Imports what `geth export` wrote. @throws (rejects) {ImportError} the blocks before the fault are kept */
  importChain(path: string, onProgress?: (progress: ImportProgress) => void): Promise<ImportProgress> {
    return importChain(this.chain, path, onProgress && { onProgress })
  }
}

async function chainOf({ genesis, network: name }: NodeOptions): Promise<{ genesis: Genesis; networkId?: bigint }> {
  if (typeof genesis === 'string') return { genesis: await loadGenesis(genesis) }
  if (genesis !== undefined) return { genesis: parseGenesis(JSON.stringify(genesis)) }
  return network(name ?? 'mainnet')
}

const capsOf = (protocols: readonly Protocol[] = []) => protocols.map(({ name, version }) => `${name}/${version}`)
const lookUp = async (host: string) => (await lookup(host, { all: true })).map(({ address }) => address)
