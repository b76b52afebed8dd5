import type { SnapshotFrom } from 'xstate'
import { downloadLimits } from '../../machines/download-limits.ts'
import type { Job } from '../../machines/download-plan.ts'
import type { Source } from '../../machines/download-sources.ts'
import { downloaderMachine } from '../../machines/downloader.ts'
import type { EthAnswer } from '../../protocols/eth/messages.ts'
import type { Clock } from '../runtime/runtime.ts'
import type { TransitionEntry } from '../trace/entries.ts'
import type { Live } from '../trace/live.ts'

/** What is summed up of each occurrence; times are nanoseconds. */
export type DownloadSummaries = Record<
  'headersReq' | 'bodiesReq' | 'bodiesItems' | 'balsReq' | 'balsItems' | 'importWait' | 'importBlocks' | 'importBatch',
  (value: number) => void
>

/** Peers by what they do for bodies now: geth's idle, busy, stale and outofrange. */
export type BodyPeers = { idle: number; busy: number; stale: number; outOfRange: number }

/** How a sync goes on, read off the chart of the downloader and the answers of its peers. */
export class DownloadCounts {
  readonly headers = { received: 0, timeouts: 0 }
  readonly bodies = { received: 0, bytes: 0, timeouts: 0 }
  /** Block access lists; not accepted are those that peers do not have, that are wrong, or come too late for the sync. */
  readonly bals = { received: 0, accepted: 0, bytes: 0, timeouts: 0 }
  /** What of the chain is there, from 0 to 1; as of the last import. */
  progress = 0
  readonly #clock: Pick<Clock, 'now'>
  readonly #summaries: DownloadSummaries
  #snapshot: SnapshotFrom<typeof downloaderMachine> | undefined
  /** By peer, before the transition that is looked at. BOUNDED: as the plan's. */
  #running: ReadonlyMap<number, Job> = new Map()
  /** As that, requests for access lists by id. BOUNDED: maxListRequests. */
  #listing: ReadonlyMap<number, unknown> = new Map()
  #importing: { readonly since: number; readonly after: bigint } | undefined
  /** Since when there is nothing to import. */
  #idleSince = 0

  constructor(clock: Pick<Clock, 'now'>, summaries: DownloadSummaries) {
    this.#clock = clock
    this.#summaries = summaries
  }

  /** @param micros since the request */
  answered(answer: EthAnswer, micros: number): void {
    if (answer.kind === 'BlockHeaders') {
      this.headers.received += answer.headers.count
      this.#summaries.headersReq(micros * 1_000)
    } else if (answer.kind === 'BlockBodies') {
      const { count, raw } = answer.bodies
      this.bodies.received += count
      this.bodies.bytes += raw.length
      this.#summaries.bodiesReq(micros * 1_000)
      this.#summaries.bodiesItems(count)
    } else if (answer.kind === 'BlockAccessLists') {
      const { count, raw } = answer.accessLists
      this.bals.received += count
      this.bals.bytes += raw.length
      this.#summaries.balsReq(micros * 1_000)
      this.#summaries.balsItems(count)
    }
  }

  take({ from, to, effects }: TransitionEntry, { actor, event }: Live): void {
    if (actor?.logic !== downloaderMachine) return
    const { type, peer, last, request, count, lacked } = event as unknown as Facts
    const snapshot = actor.getSnapshot() as SnapshotFrom<typeof downloaderMachine>
    this.#snapshot = snapshot
    if (to === filling && from !== filling) this.#idleSince = this.#clock.now()
    if (type === 'peer.slow') this.#timeout(peer)
    else if (type === 'lists.slow') this.bals.timeouts++
    else if (type === 'lists.fetched' && this.#listing.has(request)) this.bals.accepted += count - lacked.length
    else if (type === 'blocks.imported') this.#imported(last)
    if (effects.includes('importBlocks')) this.#importBegins()
    this.#listing = snapshot.context.lists.running
    this.#running = isFilling(snapshot) ? snapshot.context.plan.running : new Map()
  }

  get bodyPeers(): BodyPeers {
    const peers = { idle: 0, busy: 0, stale: 0, outOfRange: 0 }
    if (!this.#snapshot || !isFilling(this.#snapshot)) return peers
    const { sources, plan } = this.#snapshot.context
    const next = plan.wanted.find(({ kind }) => kind === 'bodies')?.first
    for (const [peer, source] of sources) {
      if (source.answers === 'late') peers.stale++
      else if (plan.running.has(peer)) peers.busy += plan.running.get(peer)!.kind === 'bodies' ? 1 : 0
      else if (next !== undefined && !serves(source, next)) peers.outOfRange++
      else peers.idle++
    }
    return peers
  }

  /** Whatever is no job of a plan asks for headers. */
  #timeout(peer: number): void {
    const isOfBodies = this.#running.get(peer)?.kind === 'bodies'
    this[isOfBodies ? 'bodies' : 'headers'].timeouts++
  }

  #importBegins(): void {
    const now = this.#clock.now()
    this.#summaries.importWait((now - this.#idleSince) * 1e6)
    this.#importing = { since: now, after: this.#snapshot!.context.plan.imported }
  }

  #imported(last: bigint): void {
    const now = this.#clock.now()
    this.#idleSince = now
    if (!this.#importing) return
    this.#summaries.importBlocks((now - this.#importing.since) * 1e6)
    this.#summaries.importBatch(Number(last - this.#importing.after))
    this.#importing = undefined
    this.progress = Number(last) / Number(this.#snapshot!.context.target.number)
  }
}

const filling = 'syncing.filling'
const isFilling = (snapshot: SnapshotFrom<typeof downloaderMachine>) => snapshot.matches({ syncing: 'filling' })

/** geth's rule: of a peer that announces no range everything is asked. */
const serves = ({ range, isAnnounced }: Source, block: bigint) =>
  !isAnnounced || !range || (block >= range.earliest && block <= range.latest + downloadLimits.rangeSlack)

/** Of the events that are looked at. */
type Facts = {
  readonly type: string
  readonly peer: number
  readonly last: bigint
  readonly request: number
  readonly count: number
  readonly lacked: readonly bigint[]
}
