import type { AnyTransitionDefinition } from 'xstate'
import { edgeName } from '../../machines/names/edge-name.ts'
import type { TransitionEntry } from '../trace/entries.ts'
import type { Live } from '../trace/live.ts'

export type Count = { readonly chart: string; readonly what: string; value: number }

/** How often each state of each chart was entered, and each of its transitions taken. */
export class ChartCounts {
  readonly #states = new Counts()
  readonly #transitions = new Counts()
  readonly #byDefinition = new WeakMap<AnyTransitionDefinition, Count>()

  /** As the feed names them. */
  get states(): readonly Count[] {
    return this.#states.all
  }

  /** By the names that drawings and recordings know them by. */
  get transitions(): readonly Count[] {
    return this.#transitions.all
  }

  /** @param state in which an actor of that chart began */
  began(chart: string, state: string): void {
    this.#states.of(chart, state).value++
  }

  take({ chart, from, to }: TransitionEntry, taken: Live['taken'] = []): void {
    if (from !== to) this.#states.of(chart, to).value++
    for (const definition of taken) this.#countOf(chart, definition).value++
  }

  #countOf(chart: string, definition: AnyTransitionDefinition): Count {
    const known = this.#byDefinition.get(definition)
    if (known) return known
    const count = this.#transitions.of(chart, edgeName(definition))
    this.#byDefinition.set(definition, count)
    return count
  }
}

/** BOUNDED: by what the definitions of the charts can say. */
class Counts {
  readonly all: Count[] = []
  readonly #charts = new Map<string, Map<string, Count>>()

  of(chart: string, what: string): Count {
    const counts = this.#charts.get(chart) ?? new Map<string, Count>()
    const known = counts.get(what)
    if (known) return known
    const count = { chart, what, value: 0 }
    this.all.push(count)
    this.#charts.set(chart, counts.set(what, count))
    return count
  }
}
