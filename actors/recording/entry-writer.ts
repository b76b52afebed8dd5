import type { AnyTransitionDefinition } from 'xstate'
import type { FeedEntry, Live, MessageEntry, TransitionEntry } from '../feed.ts'
import { fullName, keep, toLine } from './feed-lines.ts'
import type { LinePage } from './line-page.ts'
import { Shapes } from './shapes.ts'

/** The text around what an entry has for itself. */
type Around = { readonly before: Uint8Array; readonly after: Uint8Array }
/** By type of entry: the text that names an actor. */
type Named = Partial<Record<FeedEntry['type'], Uint8Array>>

/** The actors of one feed. BOUNDED: by those alive, and mostNames. */
export class Cast {
  readonly node: string | undefined
  readonly names = new Map<string, Named>()

  constructor(node: string | undefined) {
    this.node = node
  }
}

/**
 * Makes the lines of entries as {@link toLine} and JSON would, without an object for each: what an entry has in common
 * with others is text that was prepared.
 */
export class EntryWriter {
  readonly #page: LinePage
  #shapes = new Shapes(aroundOf)

  constructor(page: LinePage) {
    this.#page = page
  }

  /** @returns bytes that the line has in the file */
  write(seq: number, at: number, entry: FeedEntry, live: Live, cast: Cast): number {
    const page = this.#page
    const { pen } = page
    page.begin()
    if (entry.type === 'actor.started' || entry.type === 'actor.stopped') {
      const { node, names } = cast
      if (entry.type === 'actor.stopped') names.delete(entry.actor)
      const parent = entry.type === 'actor.started' && entry.parent !== undefined ? entry.parent : undefined
      const place = { seq, at, node, actor: fullName(node, entry.actor), parent: parent && fullName(node, parent) }
      return this.writeObject(toLine(keep(entry, live, place)))
    }
    pen.raw(seqText)
    pen.digits(seq)
    pen.raw(atText)
    pen.time(at)
    pen.raw(nameIn(cast, entry))
    const { before, after } = this.#shapeOf(entry, live.taken)
    pen.raw(before)
    if (entry.type !== 'transition') {
      pen.digits(entry.size)
      if (live.payload) pen.raw(payloadText)
      return page.end(live.payload)
    }
    if (live.event) writeData(pen, live.event)
    pen.raw(after)
    return page.end(undefined)
  }

  /** @param object not empty */
  writeObject(object: object): number {
    this.#page.begin()
    this.#page.pen.raw(utf8.encode(JSON.stringify(object).slice(0, -1)))
    return this.#page.end(undefined)
  }

  #shapeOf(entry: TransitionEntry | MessageEntry, taken: readonly AnyTransitionDefinition[] = none): Around {
    if (this.#shapes.size >= mostShapes) this.#shapes = new Shapes(aroundOf)
    return this.#shapes.of(entry, taken)
  }
}

function writeData(pen: LinePage['pen'], event: object): void {
  const start = pen.at
  pen.raw(dataText)
  if (!pen.fields(event)) pen.at = start
}

function nameIn({ node, names }: Cast, { type, actor }: FeedEntry): Uint8Array {
  let named = names.get(actor)
  if (!named) {
    if (names.size >= mostNames) names.clear()
    named = {}
    names.set(actor, named)
  }
  named[type] ??= textOf({ ...(node !== undefined && { node }), type, actor: fullName(node, actor) })
  return named[type]
}

function aroundOf(entry: TransitionEntry | MessageEntry, edges: readonly string[]): Around {
  if (entry.type === 'transition') {
    const { chart, event, from, to, effects } = entry
    return { before: textOf({ chart, event }), after: textOf({ from, to, effects, edges }) }
  }
  const { protocol, version, code } = entry
  const before = textOf({ protocol, ...(version !== undefined && { version }), code })
  return { before: utf8.encode(`${new TextDecoder().decode(before)},"size":`), after: nothing }
}

const utf8 = new TextEncoder()
/** Fields in the middle of an object. */
const textOf = (object: object): Uint8Array => utf8.encode(`,${JSON.stringify(object).slice(1, -1)}`)
const nothing = new Uint8Array()
const none: readonly never[] = []
const seqText = utf8.encode('{"seq":')
const atText = utf8.encode(',"at":')
const dataText = utf8.encode(',"data":')
const payloadText = utf8.encode(',"payload":"')
const mostNames = 65_536
const mostShapes = 16_384
