import type { AnyTransitionDefinition } from 'xstate'
import type { MessageEntry, TransitionEntry } from '../feed.ts'
import { edgeName } from '../inspector/drawing/edge-name.ts'

export type Shaped = TransitionEntry | MessageEntry
/** Transitions of a definition, or where they were read from a file, their names. */
export type Taken = readonly (AnyTransitionDefinition | string)[]

/**
 * What transitions and messages have in common with others of their kind, all but the actor, the data, the size and the
 * payload, is made once and found again. BOUNDED: by what charts and protocols have; by its owner, where remotes choose codes.
 */
export class Shapes<Shape> {
  readonly #make: (entry: Shaped, edges: readonly string[]) => Shape
  /** By event or code. */
  readonly #found = new Map<string | number, Found<Shape>[]>()
  size = 0

  constructor(make: (entry: Shaped, edges: readonly string[]) => Shape) {
    this.#make = make
  }

  of(entry: Shaped, taken: Taken): Shape {
    const key = entry.type === 'transition' ? entry.event : entry.code
    const like = this.#found.get(key)
    if (like) for (const one of like) if (isSame(one.entry, entry) && areSame(one.taken, taken)) return one.shape
    const edges = taken.map((one) => (typeof one === 'string' ? one : edgeName(one)))
    const found = { entry, taken, shape: this.#make(entry, edges) }
    if (like) like.push(found)
    else this.#found.set(key, [found])
    this.size += 1
    return found.shape
  }
}

type Found<Shape> = { readonly entry: Shaped; readonly taken: Taken; readonly shape: Shape }

/** Of two with the same event or code. */
function isSame(a: Shaped, b: Shaped): boolean {
  if (a.type === 'transition')
    return (
      b.type === 'transition' &&
      a.chart === b.chart &&
      a.from === b.from &&
      a.to === b.to &&
      areSame(a.effects, b.effects)
    )
  return a.type === b.type && a.protocol === b.protocol && a.version === b.version
}

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
