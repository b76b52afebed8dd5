import type { MessageEntry } from '../trace/entries.ts'
import type { EntryShape } from '../trace/entry-shapes.ts'
import type { Kept } from '../trace/feed-lines.ts'
import { EventBytes, weigh } from './event-bytes.ts'
import type { Checkpoint } from './facts.ts'

/** Whose entry it is. */
export type Who = {
  readonly actor: string
  readonly node: string | undefined
  /** Where it was last written, and by which number it goes there: actors write again and again. */
  place?: { readonly segment: Segment; readonly number: number }
}

/** The entries of some time, in columns of numbers: nothing here is an object for each entry. */
export class Segment {
  /** Everything before its first entry. */
  readonly checkpoint: Checkpoint
  /** The number of its first entry. */
  readonly first: number
  readonly #limit: number
  readonly #columns: Columns
  readonly #events: EventBytes
  /** BOUNDED: by the weight. */
  readonly #shapes: EntryShape[] = []
  readonly #shapeNumbers = new Map<EntryShape, number>()
  /** BOUNDED: by the entries. */
  readonly #actors: Who[] = []
  /** Entries that are kept as they are: births, deaths and bugs. BOUNDED: as those. */
  readonly #others: Kept[] = []
  #count = 0
  #used = 0
  #weight: number

  /** @param spare has served: its memory is taken over */
  constructor(first: number, checkpoint: Checkpoint, bytes: number, spare?: Segment) {
    this.first = first
    this.checkpoint = checkpoint
    this.#limit = bytes >> 2
    this.#columns = spare ? spare.#columns : columnsOf(bytes)
    this.#events = new EventBytes(this.#columns.bytes)
    this.#weight = 8 * (checkpoint.actors.length + checkpoint.peers.length)
  }

  get count(): number {
    return this.#count
  }

  /** @returns false when there is no room */
  addTransition(at: number, who: Who, shape: EntryShape, data: object | undefined): boolean {
    if (this.#isFull()) return false
    const end = data ? this.#events.write(data, this.#used) : this.#used
    if (end < 0) return false
    this.#row(at, this.#numberOf(who), this.#numberOfShape(shape), end - this.#used, 0)
    this.#used = end
    return true
  }

  /**
   * @param payload left out when it is not kept
   * @returns false when there is no room
   */
  addMessage(at: number, who: Who, shape: EntryShape, size: number, payload: Uint8Array | undefined): boolean {
    const end = this.#used + (payload ? payload.length : 0)
    if (this.#isFull() || end > this.#columns.bytes.length) return false
    if (payload) this.#columns.bytes.set(payload, this.#used)
    this.#row(at, this.#numberOf(who), this.#numberOfShape(shape), payload ? payload.length : -1, size)
    this.#used = end
    return true
  }

  addOther(kept: Kept): boolean {
    if (this.#isFull()) return false
    this.#weight += 300 + weigh(kept.data)
    this.#row(kept.at, 0, -this.#others.push(kept), 0, 0)
    return true
  }

  /**
   * @param index counted from its first entry
   * @param isWanted which charts' events are wanted with their data: reading it is most of the work. All when left out
   */
  at(index: number, isWanted?: (chart: string) => boolean): Kept | undefined {
    if (index < 0 || index >= this.#count) return undefined
    const { what, whose, when, start, length, size, bytes } = this.#columns
    if (what[index]! < 0) return this.#others[-what[index]! - 1]
    const { entry, edges } = this.#shapes[what[index]!]!
    const { actor, node } = this.#actors[whose[index]!]!
    const [seq, at] = [this.first + index, when[index]!]
    const [begin, count] = [start[index]!, length[index]!]
    if (entry.type === 'transition') {
      const hasData = count > 0 && (!isWanted || isWanted(entry.chart))
      const data = hasData ? this.#events.read(begin) : undefined
      return { seq, at, node, actor, parent: undefined, state: undefined, entry, data, edges, payload: undefined }
    }
    const payload = count < 0 ? undefined : bytes.subarray(begin, begin + count)
    const message = sized(entry, size[index]!)
    return {
      seq,
      at,
      node,
      actor,
      parent: undefined,
      state: undefined,
      entry: message,
      data: undefined,
      edges,
      payload,
    }
  }

  /** Whether the entry at `index` is of that actor, or a message at all: found out without making an object. */
  isOf(index: number, actors: ReadonlySet<string>): boolean {
    return actors.has(this.#actorAt(index))
  }
  /** Whether it is of that actor, or of one below it by name: `peer/7/eth` is below `peer/7`. */
  isUnder(index: number, actor: string): boolean {
    const name = this.#actorAt(index)
    return name.startsWith(actor) && (name.length === actor.length || name[actor.length] === '/')
  }
  isMessage(index: number): boolean {
    const number = this.#columns.what[index]!
    return number >= 0 && this.#shapes[number]!.entry.type !== 'transition'
  }

  #actorAt(index: number): string {
    const { what, whose } = this.#columns
    const number = what[index]!
    return number < 0 ? this.#others[-number - 1]!.actor : this.#actors[whose[index]!]!.actor
  }

  #isFull(): boolean {
    if (this.#count === 0) return false // however many actors there are
    return this.#count >= this.#columns.when.length || this.#weight + this.#events.weight > this.#limit
  }

  #row(at: number, who: number, shape: number, length: number, size: number): void {
    const { when, whose, what, start, length: lengths, size: sizes } = this.#columns
    const i = this.#count++
    when[i] = at
    whose[i] = who
    what[i] = shape
    start[i] = this.#used
    lengths[i] = length
    sizes[i] = size
  }

  #numberOf(who: Who): number {
    if (who.place?.segment === this) return who.place.number
    this.#weight += 100
    const number = this.#actors.push(who) - 1
    who.place = { segment: this, number }
    return number
  }

  #numberOfShape(shape: EntryShape): number {
    const known = this.#shapeNumbers.get(shape)
    if (known !== undefined) return known
    this.#weight += 300
    const number = this.#shapes.push(shape) - 1
    this.#shapeNumbers.set(shape, number)
    return number
  }
}

type Columns = ReturnType<typeof columnsOf>

/** Half of the bytes are for payloads and the data of events, a quarter for these, and a quarter for what else there is. */
function columnsOf(bytes: number) {
  const rows = Math.floor(bytes / 4 / bytesPerRow)
  return {
    when: new Float64Array(rows),
    whose: new Int32Array(rows),
    /** The number of a shape; below zero, of an entry that is kept as it is. */
    what: new Int32Array(rows),
    /** Where in `bytes` its data or payload stands; -1 bytes are a payload that was not kept. */
    start: new Int32Array(rows),
    length: new Int32Array(rows),
    size: new Int32Array(rows),
    bytes: new Uint8Array(bytes >> 1),
  }
}
const bytesPerRow = 28

function sized({ type, actor, protocol, version, code }: Omit<MessageEntry, 'size'>, size: number): MessageEntry {
  return version === undefined ? { type, actor, protocol, code, size } : { type, actor, protocol, version, code, size }
}
