import type { Feed, FeedEntry, Live, MessageEntry } from '../feed.ts'
import { fullName, type Kept, keep } from '../recording/feed-lines.ts'
import type { Heading } from '../recording/lines.ts'
import type { Changes, Moment, Picture } from './wire.ts'
import { type Checkpoint, World } from './world.ts'

export type HistoryOptions = {
  /** Bytes kept at most, give or take what the machine adds. @default 16 MiB */
  readonly bytes?: number
  /** Those of this process: a peer may be one of them. */
  readonly nodes?: NonNullable<Heading['nodes']>
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

/**
 * What happened lately in a process, in segments that each begin with a picture of everything: so the actors can be
 * shown as they were after any line that is still there. The oldest segment goes when the bytes are used up.
 */
export class History {
  readonly bytes: number
  /** As it is now. */
  readonly world: World
  /** BOUNDED: by the nodes of the process. */
  readonly #nodes: ReadonlyMap<string, string>
  readonly #now: () => number
  readonly #began: number
  /** The oldest first; never empty. BOUNDED: segmentsKept, each of at most a like part of the bytes. */
  readonly #segments: Segment[] = []
  #at = 0
  #seq = 0

  constructor({ bytes = defaultBytes, nodes = [], now }: HistoryOptions) {
    this.bytes = bytes
    this.#nodes = new Map(nodes.map(({ name, id }) => [id, name ?? 'this node']))
    this.world = new World(this.#nodes)
    this.#now = now
    this.#began = now()
    this.#open()
  }

  /** Follows a feed from here on. @returns a function that ends it */
  follow(feed: Feed, node?: string): () => void {
    const names = new Names(node)
    const at = this.#elapsed()
    for (const { id, chart, parent, state } of feed.actors) {
      const of = { ...(parent !== undefined && { parent: names.of(parent) }), ...(node !== undefined && { node }) }
      this.world.add({ actor: names.of(id), chart, ...of, state, startedAt: at })
    }
    this.#open()
    return feed.subscribe((entry, live) => this.#take(entry, live, names))
  }

  /** Takes a line of a recording. */
  append(kept: Kept): void {
    this.#at = kept.at
    this.#seq = kept.seq
    this.#push(kept)
  }

  get newest(): Moment {
    return { seq: this.#seq, at: this.#at }
  }

  /** The first line that is still there. */
  get oldest(): Moment {
    const first = this.#segments.find(({ items }) => items.length > 0)?.items[0]
    return first ? { seq: first.seq, at: first.at } : this.newest
  }

  /** @returns undefined for a line that is not there any more, or not yet */
  at(seq: number): Kept | undefined {
    return this.#segmentOf(seq)?.at(seq)
  }

  /** Lines from the newest, or the one before `before`, back to the oldest, or the one after `after`. */
  *backwards(before = this.#seq + 1, after = 0): Generator<Kept> {
    for (const segment of this.#segments.toReversed()) {
      const { items } = segment
      if (items.length === 0 || items[0]!.seq >= before) continue
      for (let i = Math.min(items.length, before - items[0]!.seq) - 1; i >= 0; i--) {
        if (items[i]!.seq <= after) return
        yield items[i]!
      }
    }
  }

  /** Lines after `seq`, in order. */
  *forwards(seq: number, most = Number.POSITIVE_INFINITY): Generator<Kept> {
    let left = most
    for (const { items } of this.#segments) {
      if (items.length === 0 || items.at(-1)!.seq <= seq) continue
      for (let i = Math.max(0, seq + 1 - items[0]!.seq); i < items.length; i++) {
        if (--left < 0) return
        yield items[i]!
      }
    }
  }

  /** @returns the world after the line `seq`, or now; undefined for a line that is not there any more */
  worldAt(seq?: number): World | undefined {
    if (seq === undefined || seq >= this.#seq) return this.world
    const segment = this.#segmentOf(seq)
    if (!segment) return undefined
    const world = new World(this.#nodes, segment.checkpoint)
    for (const kept of segment.items) {
      if (kept.seq > seq) break
      world.apply(kept)
    }
    return world
  }

  /** As {@link worldAt}, for a page: without the edges, which are asked for actor by actor. */
  picture(seq?: number): Picture | undefined {
    const world = this.worldAt(seq)
    if (!world) return undefined
    const { actors, peers } = world.checkpoint()
    const moment = seq === undefined ? this.newest : { seq: Math.min(seq, this.#seq), at: this.at(seq)?.at ?? this.#at }
    return { ...moment, oldest: this.oldest, actors: actors.map(({ edges: _, ...facts }) => facts), peers }
  }

  /** What has changed since the last call: for all pages at once. */
  takeChanges(): Omit<Changes, 'lines' | 'dropped'> {
    return { tell: 'changes', now: this.newest, oldest: this.oldest, ...this.world.takeChanges() }
  }

  #take(entry: FeedEntry, live: Live, names: Names): void {
    const at = this.#elapsed()
    const parent = entry.type === 'actor.started' && entry.parent !== undefined ? names.of(entry.parent) : undefined
    const place = { seq: ++this.#seq, at, node: names.node, actor: names.of(entry.actor), parent }
    this.#at = at
    this.#push(keep(entry, live, place, live.payload && this.#copy(live.payload, entry as MessageEntry)))
  }

  /** The live payload belongs to whoever sent it. */
  #copy(payload: Uint8Array, { size }: MessageEntry): Uint8Array | undefined {
    if (size > this.bytes / largestPart) return undefined
    return this.#segments.at(-1)!.copy(payload) ?? this.#open().copy(payload)
  }

  #push(kept: Kept): void {
    const segment = this.#segments.at(-1)!
    const target = segment.push(kept) ? segment : this.#open()
    if (target !== segment) target.push(kept)
    this.world.apply(kept)
  }

  /** Begins a segment, with the bytes of the oldest one. */
  #open(): Segment {
    const spare = this.#segments.length >= segmentsKept ? this.#segments.shift() : undefined
    const segment = new Segment(this.world.checkpoint(), this.bytes / segmentsKept, spare)
    this.#segments.push(segment)
    return segment
  }

  #segmentOf(seq: number): Segment | undefined {
    return this.#segments.findLast(({ items }) => items.length > 0 && items[0]!.seq <= seq)
  }

  #elapsed(): number {
    return this.#now() - this.#began
  }
}

/** Half of its bytes are for lines, half for the payloads of messages. */
class Segment {
  /** Everything before its first line. */
  readonly checkpoint: Checkpoint
  /** BOUNDED: by its part of the bytes. */
  readonly items: Kept[] = []
  readonly #limit: number
  readonly #payloads: Uint8Array
  #copied = 0
  #used: number

  /** @param spare has served: its bytes are taken over */
  constructor(checkpoint: Checkpoint, bytes: number, spare?: Segment) {
    this.checkpoint = checkpoint
    this.#limit = bytes >> 1
    this.#payloads = spare ? spare.#payloads : new Uint8Array(this.#limit)
    this.#used = 8 * (checkpoint.actors.length + checkpoint.peers.length)
  }

  at(seq: number): Kept | undefined {
    return this.items[seq - this.items[0]!.seq]
  }

  /** @returns false when it is full. An empty one takes anything. */
  push(kept: Kept): boolean {
    if (this.#used > this.#limit && this.items.length > 0) return false
    this.#used += sizeOf(kept)
    this.items.push(kept)
    return true
  }

  copy(payload: Uint8Array): Uint8Array | undefined {
    const end = this.#copied + payload.length
    if (end > this.#limit || this.#used > this.#limit) return undefined
    this.#payloads.set(payload, this.#copied)
    const copy = this.#payloads.subarray(this.#copied, end)
    this.#copied = end
    return copy
  }
}

/** Names of actors in full, made once: the feed tells the same ones again and again. */
class Names {
  readonly node: string | undefined
  /** BOUNDED: mostNames, then they are made anew. */
  readonly #full = new Map<string, string>()

  constructor(node: string | undefined) {
    this.node = node
  }

  of(actor: string): string {
    if (this.node === undefined) return actor
    let name = this.#full.get(actor)
    if (name === undefined) {
      if (this.#full.size >= mostNames) this.#full.clear()
      name = fullName(this.node, actor)
      this.#full.set(actor, name)
    }
    return name
  }
}

/** Bytes of memory that an entry takes, near enough: objects of 8 bytes a field, and what they hold. */
function sizeOf({ data, payload, edges, entry }: Kept): number {
  let size = 240 + (payload ? 100 : 0) + 16 * edges.length
  if (entry.type === 'transition') size += 16 * entry.effects.length
  if (data) for (const key in data) size += weightOf(data[key])
  return size
}

function weightOf(value: unknown): number {
  if (typeof value === 'string') return 24 + value.length
  if (typeof value !== 'object' || value === null) return 16
  if (value instanceof Uint8Array) return 100 + value.length
  let size = 32
  for (const key in value) size += weightOf((value as Record<string, unknown>)[key])
  return size
}

const defaultBytes = 16 * 2 ** 20
const segmentsKept = 16
const mostNames = 10_000
/** A payload that would take more than this part of the bytes is told by its size alone. */
const largestPart = 64
