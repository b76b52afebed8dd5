import { phaseOf } from '../../machines/state-facts.ts'
import type { Status } from '../../protocols/eth/status.ts'
import { connectionOf } from '../trace/actor-names.ts'
import type { FeedEntry } from '../trace/entries.ts'
import type { Kept } from '../trace/feed-lines.ts'
import type { Departed, Explanation } from './facts.ts'
import { isConnection } from './peer-table.ts'

/** A connection that is over, and what was found out about it as long as its lines were there. */
export type Departure = {
  /** The line with which its actor ended. */
  readonly seq: number
  /** Its first line. */
  readonly first: number
  readonly explanation: Explanation
  /** From its own messages. */
  readonly theirs: Status | undefined
  readonly departed: Departed
}

/** What outlives the lines of a history: how connections began, and why they ended. */
export class Departures {
  /** By connection. BOUNDED: by the connections alive. */
  readonly #beginnings = new Map<string, Beginning>()
  /** The oldest first. BOUNDED: #most. */
  readonly #left: Departure[] = []
  /** BOUNDED: as those. */
  readonly #byName = new Map<string, Departure>()
  /** BOUNDED: as those. */
  #new: Departed[] = []
  readonly #most: number
  /** Connections that ended, those that are not remembered any more among them. */
  count = 0

  /** @param most of those that are over, remembered however long ago: by default as many as there are actors in a picture */
  constructor(most = 1_000) {
    this.#most = most
  }

  /** The oldest first. */
  get all(): readonly Departed[] {
    return this.#left.map(({ departed }) => departed)
  }

  /** @param name of a connection or of a session on it */
  of(name: string): Departure | undefined {
    return this.#byName.get(name) ?? this.#byName.get(connectionOf(name) ?? '')
  }

  /** The last that came to an end before the line `seq`, and whose node is `id`. */
  *ofNode(id: string, seq = Number.POSITIVE_INFINITY): Generator<Departure> {
    for (const one of this.#left.toReversed()) if (one.seq <= seq && one.explanation.peer?.id === id) yield one
  }

  /** @param name of a connection or of a session on it */
  beginning(name: string): Beginning | undefined {
    return this.#beginnings.get(name) ?? this.#beginnings.get(connectionOf(name) ?? '')
  }

  /** Messages before the line `seq` with which connections that are alive began, in order. */
  introductions(seq: number): Kept[] {
    const lines = [...this.#beginnings.values()].flatMap((beginning) => beginning.lines)
    return lines.filter((kept) => kept.seq < seq && 'code' in kept.entry).sort((a, b) => a.seq - b.seq)
  }

  begin(actor: string): Beginning {
    const beginning = new Beginning()
    this.#beginnings.set(actor, beginning)
    this.#byName.delete(actor)
    return beginning
  }

  /** @param theirs their Status */
  end({ actor, seq, at }: Kept, explanation: Explanation, theirs: Status | undefined): void {
    const first = this.#beginnings.get(actor)?.lines[0]?.seq ?? seq
    this.#beginnings.delete(actor)
    const { peer, by, reason, summary } = explanation
    const departed = {
      ...{ actor, seq, at, by, summary },
      ...(peer?.id !== undefined && { id: peer.id }),
      ...(peer?.client !== undefined && { client: peer.client }),
      ...(reason !== undefined && { reason }),
    }
    const departure = { seq, first, explanation, theirs, departed }
    this.count += 1
    this.#left.push(departure)
    this.#byName.set(actor, departure)
    if (this.#left.length > this.#most) this.#forget(this.#left.shift()!)
    this.#new.push(departed)
    if (this.#new.length > this.#most) this.#new.shift()
  }

  /** Those since the last call. */
  takeChanges(): readonly Departed[] {
    return this.#new.splice(0)
  }

  #forget(departure: Departure): void {
    const { actor } = departure.departed
    if (this.#byName.get(actor) === departure) this.#byName.delete(actor)
  }
}

/** The first lines of a connection and its sessions: who both said that they are is among them. */
export class Beginning {
  /** BOUNDED: mostLines, and of payloads only what both say that they are, of largestPayload at most. */
  readonly lines: Kept[] = []
  /** The line with which its chart came to its end. */
  closing: number | undefined

  /** Whether an entry is one that {@link note} is to be given: asked of every one. */
  wants(entry: FeedEntry): boolean {
    return this.lines.length < mostLines || (this.closing === undefined && isClosing(entry))
  }

  note(kept: Kept): void {
    if (this.closing === undefined && isClosing(kept.entry)) this.closing = kept.seq
    if (this.lines.length >= mostLines) return
    const { entry, payload } = kept
    const isKept = payload && payload.length <= largestPayload && isIntroduction(entry)
    this.lines.push({ ...kept, payload: isKept ? payload.slice() : undefined })
  }
}

/** Whether with this the chart of a connection comes to its end. */
export const isClosing = (entry: FeedEntry): boolean =>
  entry.type === 'transition' && isConnection(entry.chart) && isEnd(entry.chart, entry.to)

/** Whether a connection, or a node, is at its end in that state. */
export function isEnd(chart: string, state: string): boolean {
  const phase = phaseOf(chart, state)
  return phase === 'closing' || phase === 'closed'
}

/** Hello, or the first message of a sub-protocol: of eth it is Status. */
const isIntroduction = (entry: FeedEntry) => 'code' in entry && entry.code === 0 && entry.protocol !== 'rlpx'

const mostLines = 32
const largestPayload = 1_024
