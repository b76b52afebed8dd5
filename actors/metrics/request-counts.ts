import { ethPeerMachine } from '../../machines/eth-peer.ts'
import type { EthAnswer } from '../../protocols/eth/messages.ts'
import { type EthVersion, messageTable, type RequestName } from '../../protocols/eth/versions.ts'
import type { Clock } from '../runtime/runtime.ts'
import type { MessageEntry, TransitionEntry } from '../trace/entries.ts'
import type { Live } from '../trace/live.ts'

/** How the requests of one kind fare, as geth's tracker counts them. */
export type RequestCount = {
  readonly version: EthVersion
  readonly code: number
  /** Asked and not yet answered. */
  tracked: number
  /** Not answered in time. */
  lost: number
}
/** Told of each answer, and the microseconds since the request. */
export type Stopwatch = (micros: number, answer: EthAnswer) => void
type Kind = { readonly count: RequestCount; readonly waited: Stopwatch }

/** What we ask of our peers, and how long they take: read off the charts of eth sessions. */
export class RequestCounts {
  readonly #clock: Pick<Clock, 'now'>
  readonly #begin: (count: RequestCount) => Stopwatch
  /** BOUNDED: by the requests of every version. */
  readonly #kinds: Kind[] = []
  /** By session, then by id. BOUNDED: by the sessions alive and their limits.maxPendingRequests. */
  readonly #sessions = new Map<string, Map<bigint, Kind & { readonly since: number }>>()
  /** Of each peer that has sent or been sent a Status. BOUNDED: by the peers alive. */
  readonly #versions = new Map<string, EthVersion>()

  /** @param begin called with the count of a kind when the first of it is asked */
  constructor(clock: Pick<Clock, 'now'>, begin: (count: RequestCount) => Stopwatch) {
    this.#clock = clock
    this.#begin = begin
  }

  /** A session says in no event which version it speaks; its messages do. */
  hear({ actor, protocol, version, code }: MessageEntry): void {
    if (code === 0 && protocol === 'eth') this.#versions.set(actor, version as EthVersion)
  }

  take(entry: TransitionEntry, { actor, event }: Live): void {
    if (actor?.logic !== ethPeerMachine) return
    const { type, id, name, answer } = event as unknown as Facts
    if (type === 'request.made' && entry.effects.includes('send')) this.#ask(entry.actor, name, id)
    else if (type === 'request.expired') {
      const asked = this.#settle(entry.actor, id)
      if (asked) asked.count.lost++
    } else if (type === 'answer.opened') {
      const asked = this.#settle(entry.actor, answer.id)
      asked?.waited((this.#clock.now() - asked.since) * 1_000, answer)
    }
  }

  /** What is still asked of a session is asked no more. */
  stopped(actor: string): void {
    for (const { count } of this.#sessions.get(actor)?.values() ?? []) count.tracked--
    this.#sessions.delete(actor)
    this.#versions.delete(actor)
  }

  #ask(session: string, name: RequestName, id: bigint): void {
    const version = this.#versions.get(session.slice(0, session.lastIndexOf('/')))
    const code = version && messageTable(version).codeOf(name)
    if (version === undefined || code === undefined) return
    const kind = this.#kinds.find(({ count }) => count.version === version && count.code === code)
    const { count, waited } = kind ?? this.#first(version, code)
    const asked = this.#sessions.get(session) ?? new Map()
    this.#sessions.set(session, asked.set(id, { count, waited, since: this.#clock.now() }))
    count.tracked++
  }

  #settle(session: string, id: bigint) {
    const requests = this.#sessions.get(session)
    const asked = requests?.get(id)
    if (asked) asked.count.tracked--
    requests?.delete(id)
    return asked
  }

  #first(version: EthVersion, code: number): Kind {
    const count: RequestCount = { version, code, tracked: 0, lost: 0 }
    const kind = { count, waited: this.#begin(count) }
    this.#kinds.push(kind)
    return kind
  }
}

/** Of the events that are looked at. */
type Facts = {
  readonly type: string
  readonly id: bigint
  readonly name: RequestName
  readonly answer: EthAnswer
}
