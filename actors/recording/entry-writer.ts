import type { FeedEntry, MessageEntry, TransitionEntry } from '../trace/entries.ts'
import { type EntryShape, ShapeTable } from '../trace/entry-shapes.ts'
import { fullName, keep, toLine } from '../trace/feed-lines.ts'
import type { Heading, RecordingEnd } from '../trace/lines.ts'
import type { Live } from '../trace/live.ts'
import { noActor, own, type RowBuffer } from './row-buffer.ts'

/** By type of entry: the number of the text that names an actor. */
type Named = Partial<Record<FeedEntry['type'], number>>

/** The actors of one feed. BOUNDED: by those alive, and mostNames. */
export class Cast {
  readonly node: string | undefined
  readonly names = new Map<string, Named>()

  constructor(node: string | undefined) {
    this.node = node
  }
}

/**
 * Puts entries on a page: the lines that {@link toLine} and JSON would make of them are the thread's work. What an entry
 * has in common with others is sent to the thread once; a row has the rest.
 */
export class EntryWriter {
  readonly #page: RowBuffer
  /** BOUNDED: by the feeds. */
  readonly #casts: Cast[] = []
  /** Of what comes without. */
  readonly #shapes = new ShapeTable()
  /** BOUNDED: mostNames. */
  readonly #named = new Map<EntryShape, number>()
  /** Numbers that are given. */
  #count = 0

  constructor(page: RowBuffer) {
    this.#page = page
  }

  cast(node: string | undefined): Cast {
    const cast = new Cast(node)
    this.#casts.push(cast)
    return cast
  }

  write(at: number, entry: FeedEntry, live: Live, cast: Cast): void {
    if (entry.type === 'actor.started' || entry.type === 'actor.stopped' || entry.type === 'bug') {
      this.#writeWhole(at, entry, live, cast)
      return
    }
    if (this.#count >= mostNames) this.#forget()
    const whose = this.#actorOf(cast, entry)
    const what = this.#numberOfShape(live.shape ?? this.#shapes.of(entry, live.taken ?? none))
    const page = this.#page
    const { event, payload } = live
    const size = entry.type === 'transition' ? 0 : entry.size
    do {
      page.begin()
      if (event) page.pen.fields(event)
    } while (!page.end(at, whose, what, size, payload))
  }

  begin(heading: Heading): void {
    this.#write(own.line, textOfLine(heading))
  }

  end(ending: RecordingEnd): void {
    this.#write(own.ending, textOfLine(ending))
  }

  #writeWhole(at: number, entry: FeedEntry, live: Live, { node, names }: Cast): void {
    if (entry.type === 'actor.stopped') names.delete(entry.actor)
    const parent =
      entry.type === 'actor.started' && entry.parent !== undefined ? fullName(node, entry.parent) : undefined
    const place = { seq: 0, at, node, actor: fullName(node, entry.actor), parent }
    const { seq, at: _, ...fields } = toLine(keep(entry, live, place))
    this.#write(own.entry, textOf(fields), nothing, at)
  }

  #write(what: number, text: Uint8Array, rest?: Uint8Array, at = 0): void {
    const page = this.#page
    do {
      page.begin()
      page.pen.raw(text)
    } while (!page.end(at, noActor, what, 0, rest))
  }

  #actorOf({ node, names }: Cast, { type, actor }: FeedEntry): number {
    let named = names.get(actor)
    if (!named) {
      named = {}
      names.set(actor, named)
    }
    named[type] ??= this.#name(textOf({ ...(node !== undefined && { node }), type, actor: fullName(node, actor) }))
    return named[type]
  }

  #numberOfShape(shape: EntryShape): number {
    const known = this.#named.get(shape)
    if (known !== undefined) return known
    const [before, after] = aroundOf(shape.entry, shape.edges)
    const name = this.#name(before, after)
    this.#named.set(shape, name)
    return name
  }

  #name(before: Uint8Array, after: Uint8Array = nothing): number {
    this.#write(own.name, before, after)
    this.#count += 1
    return this.#count
  }

  #forget(): void {
    this.#write(own.forget, nothing)
    this.#count = 0
    this.#named.clear()
    for (const { names } of this.#casts) names.clear()
  }
}

/** What stands before that which a line has for itself, and after it. Of a message nothing does. */
function aroundOf(
  entry: TransitionEntry | MessageEntry,
  edges: readonly string[],
): [before: Uint8Array, after: Uint8Array] {
  if (entry.type === 'transition') {
    const { chart, event, from, to, effects } = entry
    return [textOf({ chart, event }), textOf({ from, to, effects, edges })]
  }
  const { protocol, version, code } = entry
  return [textOf({ protocol, ...(version !== undefined && { version }), code }, ',"size":'), nothing]
}

const utf8 = new TextEncoder()
/** Fields in the middle of an object. */
const textOf = (object: object, end = ''): Uint8Array => utf8.encode(`,${JSON.stringify(object).slice(1, -1)}${end}`)
/** @param object not empty */
const textOfLine = (object: object): Uint8Array => utf8.encode(JSON.stringify(object).slice(0, -1))
const nothing = new Uint8Array()
const none: readonly never[] = []
const mostNames = 65_536
