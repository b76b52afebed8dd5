import { resolve } from 'node:path'
import { BehaviorSubject, filter, map, merge, mergeMap, Observable } from 'rxjs'
import { defaultMaxPeers, type PeerEvent } from '../../machines/admission.ts'
import { NodeStopped } from '../../machines/node.ts'
import { type Enode, formatEnode, toEnode } from '../../protocols/enode/enode.ts'
import { parseNetlist } from '../../protocols/enode/netlist.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { formatRecord } from '../../protocols/enr/record.ts'
import { ethVersions } from '../../protocols/eth/versions.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import type { Chain } from '../chain/chain.ts'
import { type ImportProgress, importChain } from '../chain/import.ts'
import { CorruptDatabase, DatabaseFailed } from '../chain/store.ts'
import type { Datagrams } from '../discovery/datagrams.ts'
import type { LocalNode } from '../discovery/local-node.ts'
import type { NodeDatabase } from '../discovery/node-database.ts'
import type { Discv5 } from '../discovery/v5/discv5.ts'
import { EthService } from '../eth/service.ts'
import type { Executor } from '../execution/executor.ts'
import type { StatePort } from '../execution/queries.ts'
import type { KeyLogFile } from '../keylog/key-log-file.ts'
import { type LeveledLogger, type Logger, silent } from '../log/log.ts'
import { messageName } from '../metrics/message-counts.ts'
import type { NodeMetrics } from '../metrics/node-metrics.ts'
import { DatadirWatch } from '../node/datadir-watch.ts'
import { Node } from '../node/node.ts'
import type { NodeInfo } from '../p2p/node-info.ts'
import { peerConnector } from '../p2p/peer.ts'
import type { PeerInfo } from '../p2p/peer-info.ts'
import { Server } from '../p2p/server.ts'
import type { TxPool } from '../pool/tx-pool.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Api } from '../rpc/api.ts'
import type { RpcOptions } from '../rpc/options.ts'
import type { RpcStack } from '../rpc/rpc-stack.ts'
import { nodeCiphers } from '../runtime/ciphers.ts'
import { InputRoom } from '../runtime/input-room.ts'
import { ReaderStream } from '../runtime/reader-stream.ts'
import { Reclaimer } from '../runtime/reclaimer.ts'
import type { Bug, Runtime } from '../runtime/runtime.ts'
import type { FairScheduler } from '../runtime/scheduler.ts'
import { publishBug, reportBug, stackOf } from '../runtime/supervision.ts'
import { TimeSlicer } from '../runtime/time-slicer.ts'
import { SnapService } from '../snap/service.ts'
import type { SnapPeer } from '../snap/snap-peer.ts'
import { SnapSync } from '../snap/snap-sync.ts'
import { datagramName } from '../trace/datagrams.ts'
import type { FeedEntry, MessageEntry } from '../trace/entries.ts'
import type { Feed } from '../trace/feed.ts'
import { packetName } from '../trace/handshake-packet.ts'
import { DiscoveryService } from './discovery.ts'
import { NodeOptionError } from './node-option-error.ts'
import type { NodeOptions } from './node-options.ts'
import { logSync } from './sync-log.ts'
import { processTransport, type Transport } from './transport.ts'

/** What a node emits as it runs. Transitions are in it while it has a subscriber, and cost nothing otherwise. */
export type NodeEvent =
  | PeerEvent
  | Exclude<FeedEntry, MessageEntry>
  /** With its specification's name for it. */
  | (MessageEntry & { readonly name: string })
  | { readonly type: 'head'; readonly number: bigint; readonly hash: Uint8Array }

/** By its specification's names: `Status`, `auth`; by its code where there is none. */
function named(entry: FeedEntry): NodeEvent {
  if (!('code' in entry)) return entry
  const packet = entry.protocol === 'rlpx' ? packetName(entry.code) : datagramName(entry)
  return { ...entry, name: packet ?? messageName({ version: undefined, ...entry }) }
}

/** What a node is made of, beside its options. */
export type NodeParts = {
  readonly name: string
  readonly privateKey: Uint8Array
  readonly chain: Chain
  /** There is one thread: peers, the chain and clients of RPC share it. */
  readonly scheduler: FairScheduler
  /** Where its chain is kept, if it is. */
  readonly chaindata: string | undefined
  readonly database: NodeDatabase
  readonly localNode: LocalNode
  readonly keyLog: KeyLogFile | undefined
  readonly recorder: Recorder | undefined
  readonly staticNodes: readonly Enode[]
  readonly trustedNodes: readonly Enode[]
  readonly metrics: NodeMetrics | undefined
  readonly executor: Executor | undefined
  /** Transactions that wait, where blocks are executed. */
  readonly pool: TxPool | undefined
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
  /** Reads the states of blocks, where they are executed. */
  readonly states: StatePort | undefined
  /** Transactions that wait, where blocks are executed. */
  readonly pool: TxPool | undefined
  /** If they were asked for. */
  readonly metrics: NodeMetrics | undefined
  readonly #node: Node
  readonly #publicKey: Uint8Array
  /** The p2p server, once the start has made it. */
  readonly #server = new BehaviorSubject<Server | undefined>(undefined)
  readonly #recorder: Recorder | undefined
  readonly #now: () => number
  readonly #localNode: LocalNode
  readonly #discovery: DiscoveryService | undefined
  readonly #scheduler: FairScheduler
  readonly #input: InputRoom
  #rpc: RpcStack | undefined
  readonly #log: Logger
  #stopping: Promise<void> | undefined
  #failure: Error | undefined

  constructor(runtime: Runtime, options: NodeOptions, parts: NodeParts) {
    const {
      host = '127.0.0.1',
      port = 30_303,
      maxPeers = defaultMaxPeers,
      noDial = false,
      log = silent,
      transport = processTransport,
    } = options
    const { name, privateKey, chain, scheduler, keyLog, recorder, staticNodes, trustedNodes, metrics } = parts
    const { database, localNode } = parts
    const netRestrict = options.netRestrict === undefined ? undefined : parseNetlist(options.netRestrict)
    if (keyLog) log.warn('Session keys are written to a file that decrypts the traffic', { file: options.keyLog })
    this.#log = log
    this.chain = chain
    this.states = parts.executor
    this.metrics = metrics
    this.feed = runtime.feed
    this.#now = () => runtime.clock.now()
    this.name = name
    this.#recorder = recorder
    this.#scheduler = scheduler
    const reclaimer = new Reclaimer(runtime.clock, { worked: () => scheduler.worked })
    this.#input = new InputRoom(options.maxInputBytes, (bytes) => reclaimer.passed(bytes))
    this.#localNode = localNode
    const announceFork = () => {
      const { hash, next } = chain.forkId()
      localNode.set('eth', [[hash, next]])
    }
    announceFork()
    chain.heads$.subscribe(announceFork)
    this.#publicKey = publicKeyOf(privateKey)
    const discovery =
      options.discovery &&
      new DiscoveryService(runtime, options.discovery, {
        ...{
          parent: 'node',
          datagrams: metrics?.meterDatagrams(datagramsOf(transport)) ?? datagramsOf(transport),
          lookUp: transport.lookUp,
          dnsLookup: transport.dnsLookup,
          privateKey,
          localNode,
          database,
          host,
          netRestrict,
          scheduler,
          input: this.#input,
          log,
        },
        forkFilter: chain.forkFilter,
        tcpPort: () => this.#server.value?.self().tcp ?? 0,
      })
    this.#node = new Node(runtime, {
      createServer: (protocols, parent) => {
        const all = [...protocols, ...(options.protocols ?? [])]
        for (const { attributes = {} } of all)
          for (const [key, value] of Object.entries(attributes)) localNode.set(key, value)
        const id = 'server'
        const connect = peerConnector(runtime, {
          privateKey,
          publicKey: this.#publicKey,
          name: this.name,
          protocols: all,
          ciphers: nodeCiphers,
          scheduler: this.#scheduler,
          input: this.#input,
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
            log,
            maxPeers,
          },
          ...(netRestrict && { netRestrict }),
          ...(transport.lookUp && { lookUp: transport.lookUp }),
          ...(discovery && { candidates: discovery.candidates, resolve: (node) => discovery.resolve(node) }),
        })
        this.#server.next(server)
        return server
      },
      ...(isServed(options.rpc) && { createRpc: (apis, parent) => this.#createRpc(runtime, options, apis, parent) }),
      log,
    })
    if (metrics) {
      this.#node.own(metrics)
      this.#node.register(() => metrics)
    }
    if (parts.chaindata !== undefined) {
      const watch = new DatadirWatch(parts.chaindata, { clock: runtime.clock, log })
      this.#node.register(() => watch)
    }
    const { pool } = parts
    this.pool = pool && this.#node.register(() => pool)
    const stateSync =
      parts.executor && isSnapSyncing(options, chain, parts.executor)
        ? new SnapSync(runtime, {
            ...{ id: 'eth/snap', parent: 'eth', chain, executor: parts.executor, version: 1 },
            report: ({ isSyncing, ...state }) => {
              if (isSyncing) this.eth.reportState(state)
            },
            synced: () => this.eth.stateSynced(),
          })
        : undefined
    if (stateSync) log.info('Enabled snap sync', { head: chain.head.number })
    this.eth = this.#node.register(
      () =>
        new EthService(runtime, {
          ...(stateSync && { syncMode: 'snap', stateSync }),
          ...{ chain, maxPeers, pool, versions: options.ethVersions ?? ethVersions },
          fetchReceipts: options.receipts === true && !parts.executor,
          slicer: new TimeSlicer(this.#scheduler, (error) => reportBug(runtime, { actor: 'eth', error, ends: 'node' })),
          ...(options.headPollInterval !== undefined && { headPollInterval: options.headPollInterval }),
        }),
    )
    if (parts.executor) {
      const backend = { chain, states: parts.executor }
      const sync = stateSync && {
        joined: (peer: SnapPeer) => stateSync.joined(peer),
        left: (peer: SnapPeer) => stateSync.left(peer),
        // geth: trie nodes are asked for, which snap/2 does not have.
        versions: [1] as const,
      }
      const snap = { backend, ethVersions: options.ethVersions ?? ethVersions, ...sync }
      this.#node.register(() => new SnapService(runtime, snap))
    }
    if (discovery) this.#node.register(() => discovery)
    this.#discovery = discovery
    chain.failures$.subscribe((error) => this.fail(error))
    logSync(log, this.eth.progress$, runtime.clock)
    this.#node.own({ close: async () => this.eth.close() })
    if (parts.executor) this.#node.own(parts.executor)
    this.#node.own(chain)
    this.#node.own(localNode)
    this.#node.own(database)
    this.#node.own({ close: async () => reclaimer.close() })
    if (keyLog) this.#node.own(keyLog)
    const crashed = (error: unknown) => reportBug(runtime, { actor: 'events', error, ends: 'reader' })
    const peerEvents$ = this.#server.pipe(
      filter((server) => server !== undefined),
      mergeMap(({ events$ }) => events$),
    )
    const events$ = merge(
      peerEvents$,
      chain.heads$.pipe(map(({ number, hash }) => ({ type: 'head', number, hash }) as const)),
      new Observable<NodeEvent>((reader) => this.feed.subscribe((entry) => reader.next(named(entry)), 'events')),
    )
    this.peerEvents$ = new ReaderStream(peerEvents$, crashed)
    this.events$ = new ReaderStream(events$, crashed)
  }

  async #createRpc(runtime: Runtime, options: NodeOptions, apis: readonly Api[], parent: string): Promise<RpcStack> {
    const [{ RpcStack }, { nodeApis }] = await Promise.all([
      import('../rpc/rpc-stack.ts'),
      import('../apis/node-apis.ts'),
    ])
    const { rpc = {}, log = silent, datadir } = options
    const stack = new RpcStack(runtime, rpc, {
      log: log.getSubLogger({ name: 'rpc' }),
      parent,
      scheduler: this.#scheduler,
      input: this.#input,
    })
    const { chain, eth, feed, name, states, pool } = this
    const own = nodeApis(
      {
        ...{ chain, eth, feed, name, states, pool, log, levels: (log as Partial<LeveledLogger>).levels },
        ...{ peerEvents$: this.peerEvents$, server: this.#node.server, scheduler: this.#scheduler },
        filterRuntime: { now: this.#now, entropy: runtime.entropy },
        datadir: datadir === undefined ? undefined : resolve(datadir),
        nodeInfo: () => this.nodeInfo(),
        discoveryV4Buckets: () => this.#discovery?.v4?.table.buckets(),
        peers: () => this.peers(),
      },
      () => stack,
    )
    const all = [...own, ...apis, ...(options.apis ?? [])]
    stack.register(this.metrics?.meterApis(all) ?? all)
    this.#rpc = stack
    return stack
  }

  /** @throws (rejects) what failed to start, after everything that had started was stopped */
  start(): Promise<void> {
    return this.#node.start()
  }

  /** Takes leave of every peer, stops and closes the chain. May be called again, and before the start. */
  stop(): Promise<void> {
    this.#stopping ??= this.#close()
    return this.#stopping
  }

  /** {@link stop}s it, as `await using` has it: a test that fails leaves no node behind that holds the process. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Why the node stopped by itself; undefined when it did not. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** What {@link createNode}'s runtime reports bugs to: they are logged, published in the feed, and end what they belong to. */
  supervise(bug: Bug): void {
    const error = bug.error instanceof Error ? bug.error : new Error(String(bug.error))
    const isDisks = error instanceof DatabaseFailed || error instanceof CorruptDatabase
    if (!isDisks) {
      const { actor, ends } = bug
      this.#log.error('A bug of ours ended what it came up in', { actor, ends, err: stackOf(error) })
      publishBug(this.feed, bug)
    }
    if (isDisks || bug.ends === 'node') this.fail(error)
  }

  /** Stops in order, as nothing here can go on: {@link wait} resolves, and {@link failure} says why. */
  fail(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    this.#log.error('The node ends, as it cannot go on', { err: error.message })
    queueMicrotask(() =>
      this.stop().catch((err) => this.#log.error('The node did not stop in order', { err: stackOf(err) })),
    )
  }

  /** Resolves when the node has stopped, for whatever reason. */
  wait(): Promise<void> {
    return this.#node.wait()
  }

  /** This node as others may dial it, once started. */
  get enode(): string {
    return formatEnode(this.#self() ?? toEnode(this.#publicKey))
  }

  /** keccak256 of the public key, 64 hex digits. */
  get id(): string {
    return toEnode(this.#publicKey).id
  }

  /** Where JSON-RPC is served, once started and if it was asked for: URLs, and a path. */
  get rpc(): Pick<RpcStack, 'http' | 'ws' | 'auth' | 'ipc'> | undefined {
    return this.#rpc
  }

  /** Node Discovery v5 as it runs, once started: requests of one's own, and protocols for TALKREQ; undefined when it does not. */
  get discv5(): Discv5 | undefined {
    return this.#discovery?.v5
  }

  /** This node as admin_nodeInfo shows it. @throws {NodeNotRunning} before the start */
  nodeInfo(): NodeInfo & { readonly enr: string } {
    const info = this.#node.server.nodeInfo(this.name)
    const self = this.#self()!
    const ports = { discovery: self.udp, listener: self.tcp }
    return { ...info, enode: formatEnode(self), ip: self.host ?? '', ports, enr: formatRecord(this.#localNode.record) }
  }

  /** As others see us: by discovery if it runs, else where the server listens. */
  #self(): Enode | undefined {
    const self = this.#server.value?.self()
    if (!self || self.tcp === 0) return self
    this.#localNode.setTcp(self.tcp)
    return this.#localNode.enode
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
    return importChain(this.chain, path, { now: this.#now, ...(onProgress && { onProgress }) })
  }

  async #close(): Promise<void> {
    try {
      await this.#node.close()
    } catch (error) {
      if (!(error instanceof NodeStopped)) throw error // a start that failed has closed it
    } finally {
      await this.#recorder?.close()
    }
  }
}

/** geth: a node that has more than its genesis goes on by executing, whatever was asked for. */
const isSnapSyncing = ({ syncMode }: NodeOptions, { head, genesis }: Chain, executor: Executor): boolean =>
  syncMode === 'snap' && head.number === genesis.number && executor.hasState(genesis.hash)

/** @throws {NodeOptionError} */
function datagramsOf({ bind }: Transport): Datagrams {
  if (!bind) throw new NodeOptionError('discovery needs a transport with datagrams: the one given has streams only')
  return { bind }
}

const isServed = ({ http, ws, ipc, auth }: RpcOptions = {}) => (http ?? ws ?? ipc ?? auth) !== undefined
