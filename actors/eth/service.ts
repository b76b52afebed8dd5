import { BehaviorSubject, type Observable, type Subscription } from 'rxjs'
import { defaultMaxPeers } from '../../machines/admission.ts'
import type { ConsensusHead, SyncMode } from '../../machines/downloader-setup.ts'
import { chainConfigJson } from '../../protocols/chain/chain-config-json.ts'
import type { Header } from '../../protocols/chain/header.ts'
import type { CellMask } from '../../protocols/eth/transaction-messages.ts'
import { type EthVersion, ethLengths } from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { CorruptDatabase, DatabaseFailed } from '../chain/store.ts'
import type { Service } from '../node/node.ts'
import type { Protocol } from '../p2p/protocol.ts'
import type { TxPool } from '../pool/tx-pool.ts'
import { ReaderStream } from '../runtime/reader-stream.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { FairScheduler } from '../runtime/scheduler.ts'
import { guard, reportBug } from '../runtime/supervision.ts'
import { TimeSlicer } from '../runtime/time-slicer.ts'
import type { ChainPort } from './chain-port.ts'
import { Downloader } from './downloader.ts'
import type { EthPeer } from './eth-peer.ts'
import { Gossip } from './gossip.ts'
import { ProtocolManager } from './protocol-manager.ts'
import { ReceiptFetcher } from './receipt-fetcher.ts'
import type { StateProgress, SyncProgress } from './sync-meter.ts'
import { TxFetcher } from './tx-fetcher.ts'

export type EthServiceOptions = {
  readonly chain: ChainPort
  /** Those that geth 1.17 speaks when left out: 72, 71, 70 and 69. */
  readonly versions?: readonly EthVersion[]
  /** Registered peers; the trusted come on top. @default 50 */
  readonly maxPeers?: number
  /** Transactions of peers go there, and its own to them. Without one they are checked and dropped. */
  readonly pool?: TxPool | undefined
  /** Milliseconds between two looks at the heads of the peers. @default 3000 */
  readonly headPollInterval?: number
  /** Whether the receipts of blocks are fetched, which is for a chain that does not execute them. @default false */
  readonly fetchReceipts?: boolean
  /** `snap`: nothing is executed below a pivot whose state is fetched by {@link EthServiceOptions.stateSync}. @default 'full' */
  readonly syncMode?: SyncMode
  readonly stateSync?: StateSyncPort
  /** Whether transactions are listened to (geth's AcceptTxs). @default false */
  readonly synced?: boolean
  /** Does long work. One that goes on with the clock's next timer when left out. */
  readonly slicer?: TimeSlicer
  /** Of its actors. @default 'eth', under 'node' */
  readonly id?: string
  readonly parent?: string
}

/** What fetches the state of a pivot. */
export type StateSyncPort = {
  setPivot(pivot: Header): void
  /** The eth session of a node is registered, or has ended. */
  registered(id: string): void
  unregistered(id: string): void
  stop(): void
}

/** The eth protocols of a node: serves its chain to peers, and follows theirs. */
export class EthService implements Service {
  readonly name = 'eth'
  /** The highest version first. */
  readonly protocols: readonly Protocol[]
  readonly #runtime: Runtime
  readonly #options: EthServiceOptions
  readonly #id: string
  readonly #manager: ProtocolManager
  readonly #gossip: Gossip | undefined
  readonly #fetcher: TxFetcher | undefined
  readonly #progress: BehaviorSubject<SyncProgress>
  /** Nodes by their sessions. BOUNDED: the peer set. */
  readonly #ids = new Map<number, string>()
  #downloader: Downloader | undefined
  #receipts: ReceiptFetcher | undefined
  #startReceipts: (where: { readonly from?: bigint }) => void = () => {}
  #heads: Subscription | undefined
  #ready: Subscription | undefined
  /** What a consensus client named last. */
  #named: ConsensusHead | undefined
  #custody: CellMask = everyCell
  /** As long as one is wanted. */
  #state: StateProgress | undefined

  constructor(runtime: Runtime, options: EthServiceOptions) {
    const { chain, versions = [72, 71, 70, 69], maxPeers = defaultMaxPeers, id = 'eth', parent = 'node' } = options
    const { number: head } = chain.head
    this.#runtime = runtime
    this.#options = options
    this.#id = id
    const random = () => new Uint32Array(runtime.entropy(4).buffer)[0]! / 2 ** 32
    const { pool } = options
    this.#gossip = pool && new Gossip(pool, { key: runtime.entropy(16), random })
    const drop = (session: number) => this.#manager.send({ type: 'peer.remove', session })
    this.#fetcher = pool && new TxFetcher(runtime, { pool, gossip: this.#gossip!, chain, drop })
    this.#manager = new ProtocolManager(runtime, {
      id,
      parent,
      chain,
      maxPeers,
      gossip: this.#gossip,
      fetcher: this.#fetcher,
      joined: ({ session: peer, range, headHash }) => {
        this.#downloader?.send({
          ...{ type: 'peer.joined', peer, range, headHash },
          servesLists: (this.#manager.peer(peer)?.version ?? 68) >= 71,
        })
        this.#receipts?.send({ type: 'peer.joined', peer })
        const id = this.#manager.peer(peer)?.id
        if (!id) return
        this.#ids.set(peer, id)
        options.stateSync?.registered(id)
      },
      left: ({ session: peer }) => {
        const id = this.#ids.get(peer)
        this.#ids.delete(peer)
        if (id) options.stateSync?.unregistered(id)
        this.#downloader?.send({ type: 'peer.left', peer })
        this.#receipts?.send({ type: 'peer.left', peer })
      },
      rangeChanged: ({ session: peer, range }) => this.#downloader?.send({ type: 'peer.range', peer, range }),
    })
    this.#progress = new BehaviorSubject<SyncProgress>({
      isSyncing: false,
      isDone: true,
      starting: head,
      current: head,
      highest: head,
      blocksPerSecond: 0,
    })
    this.protocols = [...versions].sort((a, b) => b - a).map((version) => this.#protocol(version))
  }

  /** Lets the sessions that wait begin. */
  start(): void {
    const { chain, headPollInterval = 3_000, slicer, synced = false, fetchReceipts = false } = this.#options
    const { syncMode = 'full', stateSync } = this.#options
    if (syncMode === 'snap') this.#state = noState
    const { clock } = this.#runtime
    const shared = {
      parent: this.#id,
      chain,
      wheel: this.#manager.wheel,
      slicer: slicer ?? new TimeSlicer(new FairScheduler(clock, (run) => void clock.setTimeout(run, 0))),
      peer: (session: number) => this.#manager.peer(session),
      drop: (session: number) => this.#manager.send({ type: 'peer.remove', session }),
    }
    this.#downloader = new Downloader(this.#runtime, {
      ...shared,
      id: `${this.#id}/downloader`,
      pollInterval: headPollInterval,
      syncMode,
      pivotSet: (pivot) => stateSync?.setPivot(pivot),
      report: (reported) => {
        const progress = this.#withState(reported)
        // geth: what a sync is for is there when it has succeeded.
        if (this.#progress.value.isSyncing && progress.isDone) this.setSynced()
        this.#progress.next(progress)
      },
    })
    // What an earlier process has begun goes on before a peer is there.
    const pivot = syncMode === 'snap' && chain.snapHead
    if (pivot) stateSync?.setPivot(pivot)
    this.#startReceipts = (from) => {
      this.#receipts = new ReceiptFetcher(this.#runtime, { ...shared, id: `${this.#id}/receipts`, ...from })
      for (const peer of this.#ids.keys()) this.#receipts.send({ type: 'peer.joined', peer })
    }
    if (fetchReceipts) this.#startReceipts({})
    else this.#fetchReceiptsBelowPivot()
    const crashed = (error: unknown) => reportBug(this.#runtime, { actor: this.#id, error, ends: 'node' })
    const head = (header: Header) => {
      const { number } = header
      this.#downloader?.send({ type: 'chain.head', number })
      this.#receipts?.send({ type: 'chain.head', number })
      this.#manager.send({ type: 'chain.head', range: this.#manager.range })
      if (this.#fetcher) shared.slicer.run(this.#fetcher.head(header)).catch(readFailed)
    }
    // A chain whose database fails has reported it to the node.
    const readFailed = (error: unknown) => {
      if (!(error instanceof DatabaseFailed || error instanceof CorruptDatabase)) crashed(error)
    }
    this.#ready = this.#options.pool?.ready$.subscribe((ready) => guard(() => this.#gossip?.broadcast(ready), crashed))
    this.#heads = chain.heads$.subscribe((header) => guard(() => head(header), crashed))
    this.#manager.send({ type: 'manager.start', range: this.#manager.range })
    if (this.#named) this.follow(this.#named)
    if (synced) this.setSynced()
  }

  /** The chain is where its peers are, or ahead of them: transactions are listened to from now on (geth SetSynced). */
  setSynced(): void {
    this.#manager.send({ type: 'chain.synced' })
  }

  /** Disconnects every peer (0x08) and waits until their sessions have ended. */
  async stop(): Promise<void> {
    this.#heads?.unsubscribe()
    this.#ready?.unsubscribe()
    this.#downloader?.stop()
    this.#options.stateSync?.stop()
    this.#receipts?.stop()
    this.#manager.send({ type: 'manager.stop' })
    await this.#manager.stopped
    this.#progress.complete()
  }

  /** Called once its node is closed: no session comes any more. */
  close(): void {
    this.#manager.send({ type: 'manager.release' })
  }

  /** @returns the registered peers, the oldest first */
  get peers(): EthPeer[] {
    return this.#manager.peers
  }

  /** Disconnects a peer as useless (0x03). */
  drop({ session }: EthPeer): void {
    this.#manager.send({ type: 'peer.remove', session })
  }

  /**
   * A consensus client named the head: it is fetched from peers when the chain does not have it, and then made the head.
   * From now on no peer is followed for the length of its chain; and once there is nothing to fetch, transactions are
   * listened to, as by geth.
   */
  follow(head: ConsensusHead): void {
    this.#named = head
    this.#downloader?.send({ type: 'consensus.head', ...head })
    if (head.isOurs) this.setSynced()
  }

  /** How the sync of a state goes: as long as it lasts the node is syncing, whatever else there is to fetch. */
  reportState(state: StateProgress): void {
    this.#state = state
    this.#progress.next(this.#withState(this.#progress.value))
  }

  /** The state of the pivot is there: what is above it is executed, and the receipts of what is not are fetched. */
  stateSynced(): void {
    this.#state = undefined
    this.#fetchReceiptsBelowPivot()
    this.#downloader?.send({ type: 'state.synced' })
  }

  /** geth fetches them before; here execution does not wait for them. */
  #fetchReceiptsBelowPivot(): void {
    const { chain } = this.#options
    const { pivot } = chain
    if (pivot && !chain.receiptsByHash(pivot.hash)) this.#startReceipts({ from: chain.genesis.number + 1n })
  }

  #withState(progress: SyncProgress): SyncProgress {
    // A chain that has no pivot was executed.
    if (progress.isDone) this.#state = undefined
    if (!this.#state || progress.current === this.#options.chain.genesis.number) return progress
    return { ...progress, isSyncing: true, state: this.#state }
  }

  /** What was named last. */
  get followed(): ConsensusHead | undefined {
    return this.#named
  }

  /** Which cells of blobs a consensus client wants kept (EIP-8070): all until it has said. */
  get custody(): CellMask {
    return this.#custody
  }

  updateCustody(mask: CellMask): void {
    this.#custody = mask
  }

  /** How the sync goes: the last word at once, then each change. */
  get progress$(): Observable<SyncProgress> {
    const crashed = (error: unknown) =>
      reportBug(this.#runtime, { actor: `${this.#id}/progress`, error, ends: 'reader' })
    return new ReaderStream(this.#progress, crashed)
  }

  get progress(): SyncProgress {
    return this.#progress.value
  }

  #protocol(version: EthVersion): Protocol {
    return {
      name: 'eth',
      version,
      length: ethLengths[version],
      run: (session) => this.#manager.run(session).handler,
      nodeInfo: () => this.#nodeInfo(),
    }
  }

  /** geth's NodeInfo of eth. */
  #nodeInfo(): unknown {
    const { networkId, genesis, config, head } = this.#options.chain
    return {
      network: Number(networkId),
      genesis: toHex(genesis.hash),
      config: chainConfigJson(config),
      head: toHex(head.hash),
    }
  }
}

const noState: StateProgress = {
  ...{ part: 0, accounts: 0, accountBytes: 0 },
  ...{ slots: 0, slotBytes: 0, codes: 0, codeBytes: 0, nodes: 0, nodeBytes: 0 },
}

const everyCell: CellMask = new Uint8Array(16).fill(0xff)

const toHex = (bytes: Uint8Array) => `0x${bytesToHex(bytes)}`
