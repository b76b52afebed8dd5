import type { AnyTransitionDefinition } from 'xstate'
import { edgeName } from '../../machines/names/edge-name.ts'
import type { MessageEntry, TransitionEntry } from './entries.ts'

export type Shaped = TransitionEntry | MessageEntry
/** Transitions of a definition, or where they were read from a file, their names. */
export type Taken = readonly (AnyTransitionDefinition | string)[]

/**
 * What a transition or a message has in common with others: all but the actor, the data, the size and the payload. There
 * is one object for all of a shape, so that what a reader makes of them is made once, and found by it.
 */
export class EntryShape {
  /** The first of them. */
  readonly entry: Shaped
  readonly taken: Taken
  #edges: readonly string[] | undefined

  constructor(entry: Shaped, taken: Taken) {
    this.entry = entry
    this.taken = taken
  }

  /** The transitions that were taken, by name. */
  get edges(): readonly string[] {
    this.#edges ??= this.taken.map((one) => (typeof one === 'string' ? one : edgeName(one)))
    return this.#edges
  }

  /** Whether a transition of the same chart and event is one of them. */
  isOfStep(from: string, to: string, effects: readonly string[], taken: Taken): boolean {
    const { entry } = this
    return (
      entry.type === 'transition' &&
      entry.from === from &&
      entry.to === to &&
      areSame(this.taken, taken) &&
      areSame(entry.effects, effects)
    )
  }

  /** Whether a message of the same code is one of them. */
  isOfMessage({ type, protocol, version }: MessageEntry): boolean {
    const { entry } = this
    return entry.type === type && entry.protocol === protocol && entry.version === version
  }
}

/** The kinds that were met. BOUNDED: mostKinds, as charts of users have events of any name; then it begins anew. */
export class ShapeTable {
  /** By event or code. */
  readonly #found = new Map<string | number, EntryShape[]>()
  #size = 0

  of(entry: Shaped, taken: Taken): EntryShape {
    const key = entry.type === 'transition' ? entry.event : entry.code
    const like = this.#found.get(key)
    if (like) for (const shape of like) if (isLike(shape, entry, taken)) return shape
    return this.#add(key, new EntryShape(entry, taken))
  }

  #add(key: string | number, shape: EntryShape): EntryShape {
    if (this.#size === mostKinds) {
      this.#found.clear()
      this.#size = 0
    }
    this.#size += 1
    const like = this.#found.get(key)
    if (like) like.push(shape)
    else this.#found.set(key, [shape])
    return shape
  }
}

const mostKinds = 16_384

/** Of the same event or code. */
function isLike(shape: EntryShape, entry: Shaped, taken: Taken): boolean {
  if (entry.type !== 'transition') return shape.isOfMessage(entry)
  const { chart, from, to, effects } = entry
  return shape.entry.type === 'transition' && shape.entry.chart === chart && shape.isOfStep(from, to, effects, taken)
}

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
