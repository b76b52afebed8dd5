import { RecentHashes } from '../../machines/recent-hashes.ts'
import { type AnnouncedTx, type DeliveredTx, TxAnnouncements } from '../../machines/tx-announcements.ts'
import { type TxFetcherPorts, txFetcherMachine } from '../../machines/tx-fetcher.ts'
import { pooledSizes, readSidecar } from '../../protocols/chain/blob-sidecar.ts'
import { decodeBody } from '../../protocols/chain/block.ts'
import type { Header } from '../../protocols/chain/header.ts'
import type { PoolError, PoolFault } from '../../protocols/chain/pool-error.ts'
import { blobTxType, txEnvelope, txType, withoutBlobs } from '../../protocols/chain/transaction.ts'
import { hashTransaction } from '../../protocols/chain/transaction-fields.ts'
import type { EthAnswer, EthRequest } from '../../protocols/eth/messages.ts'
import type { NewPooledTransactionHashes } from '../../protocols/eth/transaction-messages.ts'
import { bytesToHex, equalBytes, hexToBytes } from '../../protocols/lib/bytes.ts'
import { HashList } from '../../protocols/lib/lazy-list.ts'
import type { GivenTransaction, TxPool } from '../pool/tx-pool.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { ChainPort } from './chain-port.ts'
import type { Gossip, GossipPeer } from './gossip.ts'

/** A session, as far as transactions are fetched from it. */
export type FetchPeer = GossipPeer & {
  readonly session: number
  /** The actor of its connection. */
  readonly actor: string
  /** Registered, and not ended. */
  readonly isActive: boolean
  /** Asks it. `resolve` is called in the step that brings the answer. */
  ask(
    query: Omit<EthRequest & { kind: 'GetPooledTransactions' }, 'id'>,
    caller: { resolve(answer: EthAnswer): void; reject(error: Error): void },
  ): unknown
  /** Does what takes long, in its turns. */
  work(steps: Steps<void>): void
  /** Its chart may hear nothing more: the session ends for a bug of ours. */
  abandon(cause: unknown): void
}

export type TxFetcherOptions = {
  readonly pool: TxPool
  readonly gossip: Gossip
  readonly chain: Pick<ChainPort, 'bodyByHash'>
  /** Disconnects a peer as useless. */
  drop(session: number): void
}

/** Takes transactions and their announcements from peers, and fetches what is announced: runs a {@link txFetcherMachine} for each. */
export class TxFetcher {
  readonly #runtime: Runtime
  readonly #options: TxFetcherOptions
  readonly #announcements = new TxAnnouncements()
  /** By session, from the first announcement on. BOUNDED: the peers of eth. */
  readonly #charts = new Map<number, Send<typeof txFetcherMachine>>()
  /** What was too cheap is not asked for again (geth maxTxUnderpricedSetSize, maxTxUnderpricedTimeout). */
  readonly #underpriced = new RecentHashes(32_768, 300_000)
  /** Transactions of the last blocks (geth txOnChainCacheLimit). */
  readonly #onChain = new RecentHashes(32_768)
  #head: Header | undefined

  constructor(runtime: Runtime, options: TxFetcherOptions) {
    this.#runtime = runtime
    this.#options = options
  }

  /** What of it is not known is fetched, unless it comes first. */
  *announced(peer: FetchPeer, { types, sizes, hashes }: NewPooledTransactionHashes): Steps<void> {
    const { gossip } = this.#options
    const unknown: AnnouncedTx[] = []
    yield* gossip.announced(peer, hashes)
    let at = 0
    for (const [bytes, size] of zip(hashes, sizes)) {
      const type = types[at]!
      const hash = bytesToHex(bytes)
      if (this.#isWanted(peer, hash, type)) unknown.push({ hash, type, size })
      if (++at % fewHashes === 0) {
        this.#announce(peer, unknown.splice(0))
        yield
      }
    }
    this.#announce(peer, unknown)
  }

  /**
   * What a peer has sent goes into the pool, and no peer is asked for it any more.
   * @param given with their hashes in hex digits
   */
  *received(peer: FetchPeer, given: readonly GivenTransaction[]): Steps<void> {
    const { gossip, pool } = this.#options
    yield* gossip.received(peer, given)
    for (let at = 0; at < given.length; at += batchSize) {
      const batch = given.slice(at, at + batchSize)
      const refused: (PoolError | undefined)[] = yield* pool.add(batch, peer.id)
      const now = this.#runtime.clock.now()
      let bad = 0
      for (const [i, error] of refused.entries()) {
        if (!error || error.fault === 'known') continue
        if (tooCheap.has(error.fault)) this.#underpriced.add(batch[i]!.hash, now)
        else bad++
      }
      // geth Enqueue: whose transactions are bad gets slower with them.
      if (bad > Math.floor((batch.length + 3) / 4)) yield this.#pause()
    }
    const liars = this.#announcements.delivered(given.map(deliveredOf))
    for (const session of liars) this.#options.drop(session)
  }

  left({ session }: FetchPeer): void {
    this.#charts.get(session)?.({ type: 'peer.left' })
    this.#charts.delete(session)
  }

  /** The chain has another head: what its block has is not fetched again. */
  *head(header: Header): Steps<void> {
    // geth: what a reorganisation took back may be wanted again.
    if (this.#head && !equalBytes(header.parentHash, this.#head.hash)) this.#onChain.clear()
    this.#head = header
    const body = this.#options.chain.bodyByHash(header.hash)
    for (const item of body ? decodeBody(body).transactions.items() : []) {
      this.#onChain.add(bytesToHex(yield* hashTransaction(item)), this.#runtime.clock.now())
      yield
    }
  }

  #isWanted({ version }: FetchPeer, hash: string, type: number): boolean {
    const { pool } = this.#options
    const now = this.#runtime.clock.now()
    return (
      !pool.content.has(hash) &&
      pool.takesType(type) &&
      // From eth/72 on their cells come by themselves, which are not asked for yet.
      (type !== blobTxType || version < 72) &&
      !this.#onChain.has(hash, now) &&
      !this.#underpriced.has(hash, now)
    )
  }

  #announce(peer: FetchPeer, all: readonly AnnouncedTx[]): void {
    if (all.length === 0 || !peer.isActive) return
    const { session, version } = peer
    const { wait, isQueued } = this.#announcements.announce(session, all, { version, now: this.#runtime.clock.now() })
    const send = this.#charts.get(session) ?? this.#start(peer)
    send({ type: 'txs.announced', wait })
    if (isQueued) send({ type: 'queue.changed' })
  }

  #start(peer: FetchPeer): Send<typeof txFetcherMachine> {
    const actor = startActor(this.#runtime, txFetcherMachine, {
      id: `${peer.actor}/txs`,
      parent: peer.actor,
      input: (send) => ({ ports: this.#ports(peer, send) }),
      crashed: (error) => {
        this.#charts.delete(peer.session)
        this.#wake(this.#announcements.left(peer.session))
        peer.abandon(error)
      },
    })
    const send: Send<typeof txFetcherMachine> = (event) => actor.send(event)
    this.#charts.set(peer.session, send)
    return send
  }

  #ports(peer: FetchPeer, send: Send<typeof txFetcherMachine>): TxFetcherPorts {
    const { session } = peer
    return {
      release: () => {
        const { wait, wake } = this.#announcements.release(session, this.#runtime.clock.now())
        send({ type: 'wait.elapsed', wait })
        this.#wake(wake)
      },
      request: () => this.#request(peer, send),
      expire: () => this.#wake(this.#announcements.expired(session)),
      forget: () => this.#wake(this.#announcements.left(session)),
    }
  }

  #request(peer: FetchPeer, send: Send<typeof txFetcherMachine>): void {
    const hashes = this.#announcements.take(peer.session)
    send({ type: hashes.length > 0 ? 'request.sent' : 'request.none' })
    if (hashes.length === 0) return
    peer.ask(
      { kind: 'GetPooledTransactions', hashes: HashList.of(hashes.map(hexToBytes)) },
      {
        resolve: (answer) => {
          if (answer.kind === 'PooledTransactions') peer.work(this.#answered(peer, answer, send))
        },
        reject: () => send({ type: 'request.failed' }),
      },
    )
  }

  /** The message behind it is read when this is done. */
  *#answered(
    peer: FetchPeer,
    { transactions }: EthAnswer & { kind: 'PooledTransactions' },
    send: Send<typeof txFetcherMachine>,
  ): Steps<void> {
    const given: GivenTransaction[] = []
    for (const item of transactions) {
      given.push({ item, hash: bytesToHex(yield* hashTransaction(withoutBlobs(item))) })
      yield
    }
    yield* this.received(peer, given)
    this.#wake(this.#announcements.answered(peer.session, new Set(given.map(({ hash }) => hash))))
    send({ type: 'answer.taken' })
  }

  #wake(peers: Iterable<number>): void {
    for (const session of peers) this.#charts.get(session)?.({ type: 'queue.changed' })
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#runtime.clock.setTimeout(resolve, badBatchPause))
  }
}

function deliveredOf({ hash, item }: GivenTransaction): DeliveredTx {
  const size = txEnvelope(item).length
  const sidecar = readSidecar(item)
  const count = sidecar?.commitments.length ?? 0
  // Either way of giving it is as long as the other would have it.
  const sizes = sidecar ? pooledSizes(withoutBlobs(item), count) : { size, sizeWithoutBlobs: size }
  return { hash, type: txType(item), ...sizes }
}

function* zip<A, B>(as: Iterable<A>, bs: Iterable<B>): Generator<[A, B], void> {
  const other = bs[Symbol.iterator]()
  for (const a of as) yield [a, other.next().value as B]
}

/** geth ErrUnderpriced, ErrReplaceUnderpriced, ErrTxGasPriceTooLow. */
const tooCheap: ReadonlySet<PoolFault> = new Set<PoolFault>(['underpriced', 'replacement', 'priceTooLow'])
/** geth addTxsBatchSize. */
const batchSize = 128
/** geth Enqueue: ms. */
const badBatchPause = 200
/** That one step looks at. */
const fewHashes = 128
