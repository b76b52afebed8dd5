import { downloadLimits } from '../../machines/download-limits.ts'
import type { ListAssignment } from '../../machines/download-lists.ts'
import { type Assignment, smaller } from '../../machines/download-plan.ts'
import { downloaderMachine } from '../../machines/downloader.ts'
import type { DownloaderEvent, DownloaderPorts, SyncMode } from '../../machines/downloader-setup.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { InvalidBlock } from '../../protocols/chain/verify.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { HashList } from '../../protocols/lib/lazy-list.ts'
import { StateMissing } from '../chain/branch-execution.ts'
import { ExecutionStopped } from '../chain/execution-port.ts'
import { CorruptDatabase, DatabaseFailed } from '../chain/store.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import { reportBug } from '../runtime/supervision.ts'
import type { TimeSlicer } from '../runtime/time-slicer.ts'
import type { TimerWheel } from '../runtime/timer-wheel.ts'
import type { ChainPort } from './chain-port.ts'
import { DownloadBuffer } from './download-buffer.ts'
import type { EthPeer } from './eth-peer.ts'
import { type FetchedList, readLists } from './fetched-lists.ts'
import { type HeadersByNumber, headersFrom, readNamed } from './header-chain.ts'
import { Pacer } from './pacer.ts'
import { PeerRequests } from './peer-requests.ts'
import { SyncMeter, type SyncProgress } from './sync-meter.ts'

export type DownloaderOptions = {
  readonly id: string
  readonly parent: string
  readonly chain: ChainPort
  /** Milliseconds between two looks at the heads of the peers. */
  readonly pollInterval: number
  readonly slicer: TimeSlicer
  readonly wheel: TimerWheel
  /** @returns the registered peer of that session */
  peer(session: number): EthPeer | undefined
  /** Disconnects a peer as useless. */
  drop(session: number, why: Error): void
  report(progress: SyncProgress): void
  /** @default 'full' */
  readonly syncMode?: SyncMode
  /** All blocks up to that one are there: its state is wanted. */
  pivotSet?(pivot: Header): void
}

/** Fetches what peers have and the chain has not: runs {@link downloaderMachine}. */
export class Downloader {
  readonly #runtime: Runtime
  readonly #id: string
  readonly #chain: ChainPort
  readonly #meter: SyncMeter
  /** What is asked about heads, and what is asked for the sync: a sync that ends takes its questions back. */
  readonly #heads: PeerRequests
  readonly #sync: PeerRequests
  /** For the sync, too; a peer that is slow with access lists is not kept from anything else. */
  readonly #lists: PeerRequests
  readonly #pacer: Pacer
  #send: Send<typeof downloaderMachine> = () => {}
  #isStopped = false
  #buffer = new DownloadBuffer()

  constructor(runtime: Runtime, options: DownloaderOptions) {
    const { id, parent, chain, pollInterval, slicer, wheel, peer, syncMode = 'full' } = options
    this.#runtime = runtime
    this.#id = id
    this.#pacer = new Pacer({
      clock: runtime.clock,
      spent: (peer) => this.#send({ type: 'peer.spent', peer }),
      ready: (peer) => this.#send({ type: 'peer.ready', peer }),
    })
    const inquiries = {
      slicer,
      wheel,
      pacer: this.#pacer,
      peer,
      slow: (peer: number) => this.#send({ type: 'peer.slow', peer }),
      answered: (peer: number) => this.#send({ type: 'peer.answered', peer }),
      stalled: (peer: number) => this.#send({ type: 'peer.stalled', peer }),
      lied: (peer: number, error: Error) => this.#send({ type: 'peer.lied', peer, error }),
    }
    this.#chain = chain
    this.#heads = new PeerRequests(inquiries)
    this.#sync = new PeerRequests(inquiries)
    this.#lists = new PeerRequests({
      ...inquiries,
      slow: (peer) => this.#send({ type: 'lists.slow', peer }),
      answered: (peer) => this.#send({ type: 'lists.answered', peer }),
    })
    this.#meter = new SyncMeter(runtime.clock)
    startActor(runtime, downloaderMachine, {
      id,
      parent,
      input: (send) => {
        this.#send = send
        const { followsConsensus } = chain
        const { number: head } = (syncMode === 'snap' ? chain.snapHead : undefined) ?? chain.head
        return { ports: this.#ports(options), head, pollInterval, followsConsensus, syncMode }
      },
    })
  }

  send(event: DownloaderEvent): void {
    if (event.type === 'peer.left')
      for (const all of [this.#pacer, this.#heads, this.#sync, this.#lists]) all.forget(event.peer)
    this.#send(event)
  }

  stop(): void {
    this.#isStopped = true
    this.#send({ type: 'downloader.stop' })
  }

  #ports({ drop, report, pivotSet }: DownloaderOptions): DownloaderPorts {
    return {
      askHead: (question) => this.#askHead(question),
      pollHead: (question) => this.#pollHead(question),
      probe: (question) => this.#probe(question),
      fetchSkeleton: (task) => this.#fetchSkeleton(task),
      fetchContiguous: (task) => this.#fetchContiguous(task),
      fetch: (assignment) => {
        if (assignment.job.kind === 'headers') this.#fetchHeaders(assignment)
        else this.#fetchBodies(assignment)
      },
      fetchLists: (assignment) => this.#fetchLists(assignment),
      importBlocks: (which) => this.#import(which),
      prove: (question) => this.#prove(question),
      setPivot: () => pivotSet?.(this.#chain.snapHead!),
      adopt: ({ hash }) => this.#adopt(hash),
      discard: () => {
        this.#sync.withdrawAll()
        if (this.#isStopped) this.#lists.withdrawAll()
        this.#buffer.discard()
        this.#buffer = new DownloadBuffer()
      },
      drop: ({ peer, error }) => drop(peer, error),
      report: (progress) => report(this.#meter.read(progress)),
    }
  }

  /** eth/68 names the head's hash only. */
  #askHead({ peer, hash }: { peer: number; hash: Uint8Array }): void {
    const ours = this.#chain.headerByHash(hash)
    if (ours) this.#learn(peer, ours)
    else
      this.#heads.ask({
        peer,
        query: { kind: 'GetBlockHeaders', origin: hash, amount: 1n, skip: 0n, reverse: false },
        read: ({ headers }) => readNamed(headers, hash),
        done: (header) => this.#learn(peer, header),
      })
  }

  #pollHead({ peer, after }: { peer: number; after: bigint }): void {
    const query = headersFrom(after + 1n, downloadLimits.segment)
    this.#heads.ask({ ...query, peer, done: (headers) => this.#learn(peer, headers?.at(-1)) })
  }

  #learn(peer: number, header: Header | undefined): void {
    this.#send({ type: 'head.learnt', peer, ...(header && { head: { number: header.number, hash: header.hash } }) })
  }

  #probe({ peer, number }: Parameters<DownloaderPorts['probe']>[0]): void {
    const buffer = this.#buffer
    this.#followed(peer, headersFrom(number, 1n), ([header]) => {
      const isOurs = this.#chain.hasBlock(header.hash)
      if (isOurs) buffer.anchorAt(number, () => header.hash)
      this.#send({ type: 'header.compared', number, hash: header.hash, isOurs })
    })
  }

  #fetchSkeleton({ peer, after, to }: Parameters<DownloaderPorts['fetchSkeleton']>[0]): void {
    const { segment, maxSkeleton } = downloadLimits
    this.#buffer.anchorAt(after, () => this.#chain.canonicalHash(after)!)
    const segments = (to - after) / segment
    const amount = smaller(segments, maxSkeleton)
    // The last segment is a short one, most often.
    const fetchTail = (anchors: readonly Header[]) =>
      this.#followed(peer, headersFrom(to, 1n), (tail) => this.#setSkeleton([...anchors, ...tail]))
    if (amount === 0n) fetchTail([])
    else
      this.#sync.ask({
        ...headersFrom(after + segment, amount, segment),
        peer,
        done: (anchors) => {
          if (anchors?.length === 0) return this.#send({ type: 'skeleton.empty' })
          const reached = after + BigInt(anchors?.length ?? 0) * segment
          if (!anchors) this.#send({ type: 'task.failed', peer })
          else if (reached < to && to - reached < segment) fetchTail(anchors)
          else this.#setSkeleton(anchors)
        },
      })
  }

  #fetchContiguous({ peer, after, to }: Parameters<DownloaderPorts['fetchContiguous']>[0]): void {
    const buffer = this.#buffer
    buffer.anchorAt(after, () => this.#chain.canonicalHash(after)!)
    this.#followed(peer, headersFrom(after + 1n, smaller(downloadLimits.segment, to - after)), (headers) => {
      const last = headers.at(-1)!
      buffer.anchorAt(last.number, () => last.hash)
      const meetsOurs = buffer.fits(headers)
      if (meetsOurs) buffer.addHeaders(headers)
      const listed = meetsOurs ? buffer.listed(headers) : []
      const { number, hash } = last
      this.#send({ type: 'contiguous.fetched', first: after + 1n, last: number, hash, meetsOurs, listed })
    })
  }

  #setSkeleton(anchors: readonly Header[]): void {
    for (const { number, hash } of anchors) this.#buffer.anchorAt(number, () => hash)
    this.#send({ type: 'skeleton.fetched', anchors: anchors.map(({ number }) => number), hash: anchors.at(-1)!.hash })
  }

  #fetchHeaders({ peer, job: { id, first, last } }: Assignment): void {
    const amount = last - first + 1n
    const buffer = this.#buffer
    const done = (headers: Header[] | undefined) => {
      if (!headers) return this.#send({ type: 'job.failed', peer, job: id })
      const count = headers.length
      const meetsSkeleton = count === Number(amount) && buffer.fits(headers)
      if (meetsSkeleton) buffer.addHeaders(headers)
      const listed = meetsSkeleton ? buffer.listed(headers) : []
      this.#send({ type: 'headers.answered', peer, job: id, first, last, count, meetsSkeleton, listed })
    }
    this.#sync.ask({ ...headersFrom(first, amount), peer, done })
  }

  #fetchBodies({ peer, job: { id, first, last } }: Assignment): void {
    const buffer = this.#buffer
    const headers = buffer.headers(first, last)
    this.#sync.ask({
      peer,
      query: { kind: 'GetBlockBodies', hashes: HashList.of(headers.map(({ hash }) => hash)) },
      read: ({ bodies }) => buffer.readBodies(headers, bodies),
      done: (fetched) => {
        if (fetched?.count) this.#send({ type: 'bodies.fetched', peer, job: id, ...fetched })
        else this.#send({ type: 'job.failed', peer, job: id })
      },
    })
  }

  #fetchLists({ peer, id, numbers }: ListAssignment): void {
    const buffer = this.#buffer
    const headers = numbers.map((number) => buffer.header(number))
    this.#lists.ask({
      peer,
      query: { kind: 'GetBlockAccessLists', hashes: HashList.of(headers.map(({ hash }) => hash)) },
      read: ({ accessLists }) => readLists(headers, accessLists),
      done: (fetched) => {
        if (!fetched) return this.#send({ type: 'lists.failed', peer, request: id })
        const { count, lacked, lists } = fetched
        const late = lists.filter((list) => !buffer.addList(list))
        const [bytes, lateBytes] = [lists, late].map(bytesOf) as [number, number]
        this.#send({ type: 'lists.fetched', request: id, count, lacked, bytes, kept: bytes - lateBytes })
        // The blocks did not wait. Their lists cannot be had otherwise, where nothing is executed.
        this.#chain.storeAccessLists(late).catch((error) => this.#failed(error))
      },
    })
  }

  #prove({ peer, pivot, head }: Parameters<DownloaderPorts['prove']>[0]): void {
    this.#followed(peer, headersFrom(pivot + 1n, head.number - pivot), (headers) => {
      const last = headers.at(-1)!
      const isProven =
        last.number === head.number &&
        equalBytes(last.hash, head.hash) &&
        equalBytes(headers[0].parentHash, this.#chain.snapHead!.hash)
      this.#send({ type: isProven ? 'pivot.proven' : 'pivot.refuted' })
    })
  }

  #import({ after, last, isBelowPivot }: Parameters<DownloaderPorts['importBlocks']>[0]): void {
    const buffer = this.#buffer
    const { blocks, bytes, listBytes } = buffer.take(after, last)
    const send = (event: DownloaderEvent) => {
      if (buffer === this.#buffer) this.#send(event)
    }
    const inserted = isBelowPivot
      ? this.#chain.insertUnexecuted(blocks, buffer.discarded)
      : this.#chain.insertBlocks(blocks, buffer.discarded)
    inserted.then(
      () => {
        if (isBelowPivot) send({ type: 'chain.head', number: last })
        send({ type: 'blocks.imported', last, bytes, listBytes })
      },
      (error) => {
        if (error instanceof InvalidBlock) send({ type: 'import.failed', error })
        else if (error !== buffer.discarded.reason) this.#failed(error)
      },
    )
  }

  #adopt(head: Uint8Array): void {
    const buffer = this.#buffer
    this.#chain.setForkchoice({ head }).then(
      () => {
        if (buffer === this.#buffer) this.#send({ type: 'head.adopted' })
      },
      (error) => {
        if (!(error instanceof InvalidBlock || error instanceof StateMissing)) this.#failed(error)
        else if (buffer === this.#buffer) this.#send({ type: 'head.refused' })
      },
    )
  }

  /**
   * A chain that is closed already refuses what was under way, and one whose database fails, or its execution, has reported it to
   * the node; anything else is a bug.
   */
  #failed(error: unknown): void {
    if (this.#isStopped || reported.some((known) => error instanceof known)) return
    reportBug(this.#runtime, { actor: this.#id, error, ends: 'node' })
  }

  /** Asks the peer that is followed for headers of its range. */
  #followed(peer: number, query: HeadersByNumber, done: (headers: [Header, ...Header[]]) => void): void {
    this.#sync.ask({
      ...query,
      peer,
      done: (headers) => {
        if (!headers) this.#send({ type: 'task.failed', peer })
        else if (headers.length === 0) this.#send({ type: 'leader.empty', number: query.query.origin })
        else done(headers as [Header, ...Header[]])
      },
    })
  }
}

const reported = [DatabaseFailed, CorruptDatabase, ExecutionStopped]

const bytesOf = (lists: readonly FetchedList[]) => lists.reduce((sum, { accessList }) => sum + accessList.length, 0)
