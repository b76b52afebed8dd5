import type { SnapshotFrom } from 'xstate'
import { type EthPeerEvent, ethPeerMachine } from '../../machines/eth-peer.ts'
import type { EthAnswer } from '../../protocols/eth/messages.ts'
import { type EthVersion, messageTable, type RequestName } from '../../protocols/eth/versions.ts'
import type { TransitionEntry } from '../trace/entries.ts'
import type { Feed } from '../trace/feed.ts'
import type { Live } from '../trace/live.ts'

/** How the requests of one kind fare, as geth's tracker counts them. */
export type RequestCount = {
  readonly version: EthVersion
  readonly code: number
  /** Asked and not yet answered, by all sessions. */
  readonly tracked: number
  /** Not answered in time. */
  readonly lost: number
}
/** Gets each answer, and the microseconds since the request. */
export type Stopwatch = (micros: number, answer: EthAnswer) => void

/** What we ask of our peers, and how long they take: read off the trackers of eth sessions, which are the only table of requests. */
export class RequestCounts {
  readonly #feed: Pick<Feed, 'liveActors'>
  readonly #begin: (count: RequestCount) => Stopwatch
  /** BOUNDED: by the requests of every version. */
  readonly #kinds: Kind[] = []

  /** @param begin called with the count of a kind when the first of it is asked */
  constructor(feed: Pick<Feed, 'liveActors'>, begin: (count: RequestCount) => Stopwatch) {
    this.#feed = feed
    this.#begin = begin
  }

  take({ effects }: TransitionEntry, { actor, event }: Live): void {
    if (actor?.logic !== ethPeerMachine) return
    const { version, requests } = contextOf(actor.getSnapshot())
    const given = event as EthPeerEvent
    if (given.type === 'request.made') {
      if (effects.includes('send')) this.#kindOf(version, given.name)
    } else if (given.type === 'requests.elapsed') {
      for (const { name } of requests.settled) this.#kindOf(version, name).lost++
    } else if (given.type === 'answer.opened' && effects.includes('watchExpiry')) {
      for (const { name, since } of requests.settled)
        this.#kindOf(version, name).waited((given.now - since) * 1_000, given.answer)
    }
  }

  #kindOf(version: EthVersion, name: RequestName): Kind {
    const known = this.#kinds.find((kind) => kind.version === version && kind.name === name)
    if (known) return known
    const kind = new Kind(version, name, () => this.#tracked(version, name))
    this.#kinds.push(kind)
    kind.waited = this.#begin(kind)
    return kind
  }

  #tracked(version: EthVersion, name: RequestName): number {
    let count = 0
    for (const { actor } of this.#feed.liveActors) {
      if (actor.logic !== ethPeerMachine) continue
      const { version: spoken, requests } = contextOf(actor.getSnapshot())
      if (spoken === version) for (const request of requests.pending.values()) if (request.name === name) count++
    }
    return count
  }
}

class Kind implements RequestCount {
  readonly version: EthVersion
  readonly name: RequestName
  readonly code: number
  lost = 0
  waited: Stopwatch = () => {}
  readonly #tracked: () => number

  constructor(version: EthVersion, name: RequestName, tracked: () => number) {
    this.version = version
    this.name = name
    this.code = messageTable(version).codeOf(name)!
    this.#tracked = tracked
  }

  get tracked(): number {
    return this.#tracked()
  }
}

const contextOf = (snapshot: unknown) => (snapshot as SnapshotFrom<typeof ethPeerMachine>).context
