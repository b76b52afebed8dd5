import { type StateFacts, stateFacts } from '../../machines/state-facts.ts'
import { noteDeparture } from '../explain/explanation.ts'
import type { FeedEntry } from '../trace/entries.ts'
import { type EntryShape, ShapeTable } from '../trace/entry-shapes.ts'
import type { Feed } from '../trace/feed.ts'
import { fullName, type Kept, keep } from '../trace/feed-lines.ts'
import type { Heading } from '../trace/lines.ts'
import type { Live } from '../trace/live.ts'
import { type Beginning, Departures, isEnd } from './departures.ts'
import type { HistoryChanges, Moment, SeenActor, Snapshot } from './facts.ts'
import type { HistoryReader, Test } from './history-reader.ts'
import { LiveState, type Tracked } from './live-state.ts'
import { isAboutPeers, isConnection, type Peer } from './peer-table.ts'
import { Segment, type Who } from './segment.ts'

export type HistoryOptions = {
  /** Bytes kept at most. @default 16 MiB */
  readonly bytes?: number
  /** Those of this process: a peer may be one of them. */
  readonly nodes?: NonNullable<Heading['nodes']>
  /** Those of the chain, where it is known: they name what keeps two nodes apart. */
  readonly forks?: Heading['forks'] | undefined
  /** Connections that are over, and whose end is remembered at most. @default 1,000 */
  readonly departures?: number
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

/**
 * What happened lately in a process, in segments that each begin with a picture of everything: so the actors can be
 * shown as they were after any line that is still there. The oldest segment goes when the bytes are used up.
 */
export class History implements HistoryReader {
  readonly bytes: number
  /** As it is now. */
  readonly liveState: LiveState
  /** They outlive the lines. */
  readonly departures: Departures
  readonly forks: Heading['forks']
  /** BOUNDED: by the nodes of the process. */
  readonly #nodes: ReadonlyMap<string, string>
  readonly #now: () => number
  readonly #began: number
  /** The oldest first; never empty. BOUNDED: segmentsKept, each of at most a like part of the bytes. */
  readonly #segments: Segment[] = []
  #last: Segment
  /** Of what comes without. */
  readonly #shapes = new ShapeTable()
  /** BOUNDED: mostRecorded. */
  readonly #recorded = new Map<string, Who>()
  #at = 0
  #seq = 0
  /** The line before the first that began the end. */
  #lastRunning: number | undefined
  #hasNodes = false

  constructor({ bytes = defaultBytes, nodes = [], forks, departures, now }: HistoryOptions) {
    this.bytes = bytes
    this.departures = new Departures(departures)
    this.forks = forks
    this.#nodes = new Map(nodes.map(({ name, id }) => [id, name ?? 'this node']))
    this.liveState = new LiveState(this.#nodes)
    this.#now = now
    this.#began = now()
    this.#last = this.#open()
  }

  /** Follows a feed from here on. @returns a function that ends it */
  follow(feed: Feed, node?: string): () => void {
    const players = new Players(this, node)
    const at = this.#elapsed()
    for (const { id, chart, parent, state } of feed.actors) {
      const of = {
        ...(parent !== undefined && { parent: fullName(node, parent) }),
        ...(node !== undefined && { node }),
      }
      this.liveState.add({ actor: fullName(node, id), chart, ...of, state, startedAt: at })
      if (isConnection(chart)) this.departures.begin(fullName(node, id))
    }
    this.#open()
    return feed.subscribe((entry, live) => this.#take(entry, live, players), 'inspector')
  }

  /** Takes the next line of a recording. */
  append(kept: Kept): void {
    this.#at = kept.at
    const { entry, at, data, edges, payload } = kept
    const who = this.#whose(kept)
    if (isOther(entry)) this.#addOther(kept)
    else {
      const shape = this.#shapes.of(entry, edges)
      if (entry.type === 'transition') this.#addTransition(at, who, shape, data)
      else this.#addMessage(at, who, shape, entry.size, payload)
    }
    this.#seq = kept.seq
    this.liveState.apply(kept)
    this.#mark(kept)
    this.#noteRun(kept)
    if (!isOther(entry)) this.#note(entry, this.departures.beginning(kept.actor))
  }

  get newest(): Moment {
    return { seq: this.#seq, at: this.#at }
  }

  /** The first line that is still there. */
  get oldest(): Moment {
    const first = this.#segments.find(({ count }) => count > 0)?.at(0)
    return first ? { seq: first.seq, at: first.at } : this.newest
  }

  /** Actors that were alive before the oldest line, parents before their children. */
  get actorsBefore(): readonly SeenActor[] {
    const first = this.#segments.find(({ count }) => count > 0) ?? this.#last
    return first.checkpoint.actors.filter(({ stoppedAt }) => stoppedAt === undefined)
  }

  /** @returns undefined for a line that is not there any more, or not yet */
  at(seq: number): Kept | undefined {
    const segment = this.#segmentOf(seq)
    return segment?.at(seq - segment.first)
  }

  /** Lines from the newest, or the one before `before`, back to the oldest, or the one after `after`. */
  *backwards(before = this.#seq + 1, after = 0, isWanted: Test = always): Generator<Kept> {
    for (const segment of this.#segments.toReversed())
      for (let i = Math.min(segment.count, before - segment.first) - 1; i >= 0; i--) {
        if (segment.first + i <= after) return
        if (isWanted(segment, i)) yield segment.at(i)!
      }
  }

  /** How many lines after `after` are wanted. */
  count(after: number, isWanted: Test): number {
    let count = 0
    for (const segment of this.#segments)
      for (let i = Math.max(0, after + 1 - segment.first); i < segment.count; i++) if (isWanted(segment, i)) count += 1
    return count
  }

  /** Lines after `after` up to `last`, in order. */
  *forwards(after: number, last = this.#seq, isWanted: Test = always): Generator<Kept> {
    for (const segment of this.#segments)
      for (let i = Math.max(0, after + 1 - segment.first); i < segment.count; i++) {
        if (segment.first + i > last) return
        if (isWanted(segment, i)) yield segment.at(i)!
      }
  }

  /** @returns the actors and peers as they were after the line `seq`, or now; undefined for a line that is not there any more */
  liveStateAt(seq?: number): LiveState | undefined {
    if (seq === undefined || seq >= this.#seq) return this.liveState
    const segment = this.#segmentOf(seq)
    if (!segment) return undefined
    const liveState = new LiveState(this.#nodes, segment.checkpoint)
    for (let i = 0; i <= seq - segment.first; i++) liveState.apply(segment.at(i, isAboutPeers)!)
    return liveState
  }

  /** As {@link liveStateAt}, for a page: without the edges, which are asked for actor by actor. */
  picture(seq?: number): Snapshot | undefined {
    const liveState = this.liveStateAt(seq)
    if (!liveState) return undefined
    const { actors, peers } = liveState.checkpoint()
    const moment = seq === undefined ? this.newest : { seq: Math.min(seq, this.#seq), at: this.at(seq)?.at ?? this.#at }
    return { ...moment, oldest: this.oldest, actors: actors.map(({ edges: _, ...facts }) => facts), peers }
  }

  /** @returns where a recording is opened whose nodes are over, or its connections where it has no nodes: at the last line before */
  get opening(): number | undefined {
    const isOver = this.liveState
      .checkpoint()
      .actors.every(({ stoppedAt, chart, state }) => stoppedAt !== undefined || isLast(stateFacts(chart, state)))
    return isOver ? this.#lastRunning : undefined
  }

  #noteRun({ entry, seq }: Kept): void {
    if (entry.type === 'actor.started' && entry.chart === 'node') this.#hasNodes = true
    const isRun = 'chart' in entry && (this.#hasNodes ? entry.chart === 'node' : isConnection(entry.chart))
    if (isRun && entry.type === 'actor.started') this.#lastRunning = undefined
    else if (isRun && entry.type === 'transition' && isEnd(entry.chart, entry.to)) this.#lastRunning ??= seq - 1
  }

  /** What has changed since the last call: for all pages at once. */
  takeChanges(): HistoryChanges {
    const departures = this.departures.takeChanges()
    return { now: this.newest, oldest: this.oldest, ...this.liveState.takeChanges(), departures }
  }

  #take(entry: FeedEntry, live: Live, players: Players): void {
    const at = this.#elapsed()
    this.#at = at
    if (isOther(entry)) {
      this.#takeOther(entry, live, players)
      return
    }
    const player = players.of(entry.actor)
    const shape = live.shape ?? this.#shapes.of(entry, live.taken ?? none)
    if (entry.type === 'transition') {
      const { event } = live
      this.#addTransition(at, player, shape, event)
      this.#seq += 1
      if (player.tracked) this.liveState.step(player.tracked, entry.to, shape.edges, at)
      this.liveState.peers.noteTransition(entry, player, event)
    } else {
      const payload = this.#addMessage(at, player, shape, entry.size, live.payload)
      this.#seq += 1
      if (player.peer) this.liveState.peers.noteMessage(entry, player.peer, payload)
    }
    this.#note(entry, player.beginning)
  }

  #takeOther(entry: OtherEntry, live: Live, players: Players): void {
    const { node } = players
    const { actor } = players.of(entry.actor)
    const parent =
      entry.type === 'actor.started' && entry.parent !== undefined ? fullName(node, entry.parent) : undefined
    const kept = keep(entry, live, { seq: this.#seq + 1, at: this.#at, node, actor, parent })
    this.#addOther(kept)
    this.#seq += 1
    this.liveState.apply(kept)
    this.#mark(kept)
    players.change(entry)
  }

  /** A connection begins or ends. */
  #mark(kept: Kept): void {
    const { entry, actor } = kept
    if (entry.type === 'actor.started' && isConnection(entry.chart)) this.departures.begin(actor).note(kept)
    else if (entry.type === 'actor.started') this.departures.beginning(actor)?.note(kept)
    else if (entry.type === 'actor.stopped' && isConnection(entry.chart)) noteDeparture(this, kept)
  }

  /** The newest line, which is of `entry`. */
  #note(entry: FeedEntry, beginning: Beginning | undefined): void {
    if (beginning?.wants(entry)) beginning.note(this.#last.at(this.#last.count - 1)!)
  }

  /** Of a recording: one object for each actor, as its name is written once in a segment. */
  #whose({ actor, node }: Kept): Who {
    let who = this.#recorded.get(actor)
    if (!who) {
      if (this.#recorded.size >= mostRecorded) this.#recorded.clear()
      who = { actor, node }
      this.#recorded.set(actor, who)
    }
    return who
  }

  #addTransition(at: number, who: Who, shape: EntryShape, data: object | undefined): void {
    if (!this.#last.addTransition(at, who, shape, data)) this.#open().addTransition(at, who, shape, data)
  }

  /** @returns the payload, if it is kept */
  #addMessage(
    at: number,
    who: Who,
    shape: EntryShape,
    size: number,
    payload: Uint8Array | undefined,
  ): Uint8Array | undefined {
    const kept = size <= this.bytes / largestPart ? payload : undefined
    if (!this.#last.addMessage(at, who, shape, size, kept)) this.#open().addMessage(at, who, shape, size, kept)
    return kept
  }

  #addOther(kept: Kept): void {
    if (!this.#last.addOther(kept)) this.#open().addOther(kept)
  }

  /** Begins a segment, with the memory of the oldest one. */
  #open(): Segment {
    const spare = this.#segments.length >= segmentsKept ? this.#segments.shift() : undefined
    const segment = new Segment(this.#seq + 1, this.liveState.checkpoint(), this.bytes / segmentsKept, spare)
    this.#segments.push(segment)
    this.#last = segment
    return segment
  }

  #segmentOf(seq: number): Segment | undefined {
    return this.#segments.findLast(({ first, count }) => count > 0 && first <= seq)
  }

  #elapsed(): number {
    return this.#now() - this.#began
  }
}

/** Those that are few. */
const isLast = (facts: StateFacts | undefined) => facts !== undefined && (facts.isFinal || facts.tags.has('ended'))

type OtherEntry = Extract<FeedEntry, { type: 'actor.started' | 'actor.stopped' | 'bug' }>
const isOther = (entry: FeedEntry): entry is OtherEntry =>
  entry.type === 'actor.started' || entry.type === 'actor.stopped' || entry.type === 'bug'
/** An actor as its entries are kept: its full name, and where its steps are counted. */
type Player = Who & { tracked: Tracked | undefined; peer: Peer | undefined; beginning: Beginning | undefined }

/** The actors of one feed, found by the names that it has for them. */
class Players {
  readonly node: string | undefined
  readonly #history: Pick<History, 'liveState' | 'departures'>
  /** BOUNDED: by the actors alive. */
  readonly #players = new Map<string, Player>()

  constructor(history: Pick<History, 'liveState' | 'departures'>, node: string | undefined) {
    this.#history = history
    this.node = node
  }

  of(name: string): Player {
    let player = this.#players.get(name)
    if (!player) {
      const actor = fullName(this.node, name)
      const { liveState, departures } = this.#history
      player = {
        ...{ actor, node: this.node, tracked: liveState.find(actor), peer: liveState.peers.find(actor) },
        beginning: departures.beginning(actor),
      }
      this.#players.set(name, player)
    }
    return player
  }

  /** After a birth or a death was applied to the state. */
  change({ type, actor }: FeedEntry): void {
    if (type === 'bug') return
    this.#players.delete(actor)
    if (type === 'actor.started') this.of(actor)
  }
}

const always: Test = () => true
const none: readonly never[] = []
const defaultBytes = 16 * 2 ** 20
const segmentsKept = 16
const mostRecorded = 10_000
/** A payload that would take more than this part of the bytes is kept as its size alone. */
const largestPart = 64
