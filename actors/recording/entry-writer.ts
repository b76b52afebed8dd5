import type { FeedEntry, Live, MessageEntry, TransitionEntry } from '../feed.ts'
import { type Kind, Kinds } from '../kinds.ts'
import { fullName, keep, toLine } from './feed-lines.ts'
import { type LinePage, nobody, own } from './line-page.ts'
import type { Ending, Heading } from './lines.ts'

/** A text that the thread knows by its number, and its bytes. */
type Name = { readonly number: number; readonly bytes: number }
/** By type of entry: the text that names an actor. */
type Named = Partial<Record<FeedEntry['type'], Name>>

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
 * has in common with others is told to it once; a row has the rest.
 */
export class EntryWriter {
  readonly #page: LinePage
  /** @returns whether there may be so many bytes more in the file */
  readonly #admit: (bytes: number) => boolean
  /** BOUNDED: by the feeds. */
  readonly #casts: Cast[] = []
  /** Of what comes without. */
  readonly #kinds = new Kinds()
  /** BOUNDED: mostNames. */
  readonly #named = new Map<Kind, Name>()
  /** Numbers that are given. */
  #count = 0
  #seq = 0

  constructor(page: LinePage, admit: (bytes: number) => boolean) {
    this.#page = page
    this.#admit = admit
  }

  cast(node: string | undefined): Cast {
    const cast = new Cast(node)
    this.#casts.push(cast)
    return cast
  }

  write(at: number, entry: FeedEntry, live: Live, cast: Cast): void {
    this.#seq += 1
    if (entry.type === 'actor.started' || entry.type === 'actor.stopped') {
      const { node, names } = cast
      if (entry.type === 'actor.stopped') names.delete(entry.actor)
      const parent = entry.type === 'actor.started' && entry.parent !== undefined ? entry.parent : undefined
      const place = { seq: this.#seq, at, node, actor: fullName(node, entry.actor) }
      const kept = keep(entry, live, { ...place, parent: parent && fullName(node, parent) })
      this.#writeText(own.entry, toLine(kept))
      return
    }
    if (this.#count >= mostNames) this.#forget()
    const whose = this.#actorOf(cast, entry)
    const what = this.#kindOf(live.kind ?? this.#kinds.of(entry, live.taken ?? none))
    const frame = frameBytes + digitsIn(this.#seq) + digitsIn(at) + whose.bytes + what.bytes
    if (entry.type === 'transition') this.#writeTransition(at, whose.number, what.number, frame, live.event)
    else this.#writeMessage(at, whose.number, what.number, frame, entry.size, live.payload)
  }

  begin(heading: Heading): void {
    this.#writeText(own.line, heading)
  }

  /** For which there is always room. */
  end(ending: Ending): void {
    this.#tell(own.line, textOfLine(ending))
  }

  #writeTransition(at: number, whose: number, what: number, frame: number, event: object | undefined): void {
    const page = this.#page
    for (let isAdmitted = false; ; isAdmitted = true) {
      page.begin()
      if (event) page.pen.fields(event)
      if (!isAdmitted && !this.#admit(frame + page.textBytes)) return
      if (page.end(at, whose, what, 0, undefined)) return
    }
  }

  #writeMessage(at: number, whose: number, what: number, frame: number, size: number, payload?: Uint8Array): void {
    const page = this.#page
    if (!this.#admit(frame + digitsIn(size) + (payload ? Math.ceil(payload.length / 3) * 4 : 0))) return
    do page.begin()
    while (!page.end(at, whose, what, size, payload))
  }

  #writeText(what: number, object: object): void {
    const text = textOfLine(object)
    if (this.#admit(text.length + crcBytes)) this.#tell(what, text)
  }

  #tell(what: number, text: Uint8Array, rest?: Uint8Array): void {
    const page = this.#page
    do {
      page.begin()
      page.pen.raw(text)
    } while (!page.end(0, nobody, what, 0, rest))
  }

  #actorOf({ node, names }: Cast, { type, actor }: FeedEntry): Name {
    let named = names.get(actor)
    if (!named) {
      named = {}
      names.set(actor, named)
    }
    named[type] ??= this.#name(textOf({ ...(node !== undefined && { node }), type, actor: fullName(node, actor) }))
    return named[type]
  }

  #kindOf(kind: Kind): Name {
    const known = this.#named.get(kind)
    if (known) return known
    const name = this.#name(...aroundOf(kind.entry, kind.edges))
    this.#named.set(kind, name)
    return name
  }

  #name(before: Uint8Array, after: Uint8Array = nothing): Name {
    this.#tell(own.name, before, after)
    this.#count += 1
    return { number: this.#count, bytes: before.length + after.length }
  }

  #forget(): void {
    this.#tell(own.forget, nothing)
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

/** @param whole not below 0 */
function digitsIn(whole: number): number {
  let count = 1
  for (let most = 10; whole >= most; most *= 10) count++
  return count
}

const utf8 = new TextEncoder()
/** Fields in the middle of an object. */
const textOf = (object: object, end = ''): Uint8Array => utf8.encode(`,${JSON.stringify(object).slice(1, -1)}${end}`)
/** @param object not empty */
const textOfLine = (object: object): Uint8Array => utf8.encode(JSON.stringify(object).slice(0, -1))
const nothing = new Uint8Array()
const none: readonly never[] = []
/** `,"crc":"01234567"}` and the line's end. */
const crcBytes = 19
/** The longest that stands between the parts of a line, and the thousandths of its time. */
const frameBytes = '{"seq":,"at":.000,"payload":""'.length + crcBytes
const mostNames = 65_536
