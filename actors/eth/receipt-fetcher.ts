import { downloadLimits } from '../../machines/download-limits.ts'
import {
  type ReceiptFetcherEvent,
  type ReceiptFetcherPorts,
  receiptFetcherMachine,
} from '../../machines/receipt-fetcher.ts'
import { decodeBody } from '../../protocols/chain/block.ts'
import { emptyTrieRoot } from '../../protocols/chain/trie-root.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { HashList } from '../../protocols/lib/lazy-list.ts'
import { CorruptDatabase, DatabaseFailed } from '../chain/store.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import { reportBug } from '../runtime/supervision.ts'
import type { Steps, TimeSlicer } from '../runtime/time-slicer.ts'
import type { TimerWheel } from '../runtime/timer-wheel.ts'
import type { ChainPort } from './chain-port.ts'
import type { EthPeer } from './eth-peer.ts'
import { type FetchedReceipts, noPart, type Part, readReceipts, type Wanted } from './fetched-receipts.ts'
import { Pacer } from './pacer.ts'
import { PeerRequests } from './peer-requests.ts'

export type ReceiptFetcherOptions = {
  readonly id: string
  readonly parent: string
  readonly chain: ChainPort
  /** The first block that may be without receipts. @default the one above the head */
  readonly from?: bigint
  readonly slicer: TimeSlicer
  readonly wheel: TimerWheel
  /** @returns the registered peer of that session */
  peer(session: number): EthPeer | undefined
  /** Disconnects a peer as useless. */
  drop(session: number): void
}

/** Fetches the receipts of the blocks that a chain has: runs {@link receiptFetcherMachine}. */
export class ReceiptFetcher {
  readonly #runtime: Runtime
  readonly #options: ReceiptFetcherOptions
  readonly #requests: PeerRequests
  readonly #pacer: Pacer
  #send: Send<typeof receiptFetcherMachine> = () => {}
  /** The first block that may be without. */
  #from: bigint
  /** What is asked for. BOUNDED: maxBlocks. */
  #wanted: readonly Wanted[] = []
  #part: Part = noPart

  constructor(runtime: Runtime, options: ReceiptFetcherOptions) {
    const { id, parent, chain, slicer, wheel, peer } = options
    this.#runtime = runtime
    this.#options = options
    this.#from = options.from ?? chain.head.number + 1n
    const slow = (peer: number) => this.#send({ type: 'peer.slow', peer })
    // The downloader counts, too: a peer rests here as one that is slow.
    this.#pacer = new Pacer({ clock: runtime.clock, spent: slow, ready: () => {} })
    this.#requests = new PeerRequests({
      ...{ slicer, wheel, pacer: this.#pacer, peer, slow },
      answered: () => {},
      stalled: (peer) => this.#send({ type: 'peer.slow', peer }),
      lied: (peer, error) => this.#send({ type: 'peer.lied', peer, error }),
    })
    startActor(runtime, receiptFetcherMachine, {
      id,
      parent,
      input: (send) => {
        this.#send = send
        return { ports: this.#ports(), head: chain.head.number }
      },
    })
  }

  send(event: ReceiptFetcherEvent): void {
    if (event.type === 'peer.left') {
      this.#pacer.forget(event.peer)
      this.#requests.forget(event.peer)
    }
    this.#send(event)
  }

  stop(): void {
    this.#send({ type: 'fetcher.stop' })
  }

  #ports(): ReceiptFetcherPorts {
    const { drop, slicer } = this.#options
    return {
      select: () => {
        slicer.run(this.#select()).catch((error) => this.#failed(error))
      },
      ask: ({ peer }) => this.#ask(peer),
      withdraw: () => this.#requests.withdrawAll(),
      drop: ({ peer }) => drop(peer),
    }
  }

  /** Goes down to where all have theirs: the chain may be another by now. */
  *#select(): Steps<void> {
    const { chain } = this.#options
    const isWithout = (number: bigint) => {
      // None where the chain has become shorter since.
      const hash = chain.canonicalHash(number)
      return hash === undefined || !chain.receiptsByHash(hash)
    }
    const head = chain.head.number
    let number = this.#from > head + 1n ? head + 1n : this.#from
    for (; number > chain.genesis.number + 1n && isWithout(number - 1n); number--) yield
    const wanted: Wanted[] = []
    const empty: FetchedReceipts[] = []
    for (; number <= head && wanted.length < maxBlocks && empty.length < maxEmpty; number++) {
      const header = chain.headerByNumber(number)
      if (!header) break // the chain has become shorter
      if (chain.receiptsByHash(header.hash)) {
        yield
        continue
      }
      if (equalBytes(header.receiptsRoot, emptyTrieRoot)) empty.push({ header, receipts: emptyList })
      else wanted.push({ header, count: decodeBody(chain.bodyByHash(header.hash)!).transactions.count })
      yield
    }
    if (empty.length > 0) yield chain.storeReceipts(empty)
    this.#from = wanted[0]?.header.number ?? number
    this.#wanted = wanted
    this.#part = noPart
    this.#send({ type: 'missing.found', count: wanted.length, to: number - 1n })
  }

  #ask(peer: number): void {
    this.#requests.withdrawAll()
    const wanted = this.#wanted
    // Before eth/70 receipts come whole: from the first on.
    const isInParts = (this.#options.peer(peer)?.version ?? 0) >= 70
    const part = isInParts ? this.#part : noPart
    this.#requests.ask({
      peer,
      query: {
        kind: 'GetReceipts',
        firstBlockReceiptIndex: BigInt(part.stored.length),
        hashes: HashList.of(wanted.map(({ header }) => header.hash)),
      },
      read: ({ receipts: lists, lastBlockIncomplete: isIncomplete }) =>
        readReceipts(wanted, { lists, isIncomplete, part }),
      done: (read) => {
        if (!read || (read.whole.length === 0 && read.part.stored.length === part.stored.length))
          return this.#send({ type: 'receipts.none', peer })
        this.#options.chain.storeReceipts(read.whole).then(
          () => {
            this.#wanted = wanted.slice(read.whole.length)
            this.#part = read.part
            this.#send({ type: 'receipts.stored', left: this.#wanted.length })
          },
          (error) => this.#failed(error),
        )
      },
    })
  }

  /** A chain whose database fails has reported it to the node. */
  #failed(error: unknown): void {
    if (error instanceof DatabaseFailed || error instanceof CorruptDatabase) return
    reportBug(this.#runtime, { actor: this.#options.id, error, ends: 'node' })
  }
}

const emptyList = Uint8Array.of(0xc0)
/** As many as bodies in one request. */
const maxBlocks = Number(downloadLimits.maxBodies)
/** Blocks without receipts that are noted in one write. */
const maxEmpty = 1_024
