import { type Chart, isSelf, statesOf, type Transition } from './chart.ts'

/** Transitions from one state to another, drawn as one. */
export type Arrow = {
  readonly source: string
  readonly target: string
  /** From the border of the source, or from whatever is active in it to something else in it. */
  readonly begins: 'at source' | 'in source'
  /** At the border of the target; where the source is in it, where the target begins. */
  readonly ends: 'at target' | 'in target'
  readonly transitions: readonly Transition[]
}

/** @returns every transition of a chart once: on an arrow, or inside of its state, by path, where it leads nowhere else */
export function arrowsOf({ root }: Chart): { arrows: Arrow[]; inside: Map<string, Transition[]> } {
  const states = statesOf(root)
  const initial = new Map(states.map((state) => [state.path, state.initial]))
  const arrows = new Map<string, Arrow & { transitions: Transition[] }>()
  const inside = new Map<string, Transition[]>()
  for (const transition of states.flatMap(({ transitions }) => transitions)) {
    const { source } = transition
    const target = targetOf(transition)
    const isOutwards = target !== undefined && isWithin(source, target)
    if (target === undefined || isSelf(transition) || (isOutwards && initial.get(target) === undefined))
      inside.set(source, [...(inside.get(source) ?? []), transition])
    else {
      const key = `${source}\n${target}`
      const begins = isWithin(target, source) ? 'in source' : 'at source'
      const ends = isOutwards ? 'in target' : 'at target'
      if (!arrows.has(key)) arrows.set(key, { source, target, begins, ends, transitions: [] })
      arrows.get(key)!.transitions.push(transition)
    }
  }
  return { arrows: [...arrows.values()], inside }
}

/** Several targets are in one parallel state: the arrow ends there. */
function targetOf({ source, targets }: Transition): string | undefined {
  const [first, ...others] = targets.map((path) => path.split('.'))
  if (!first || others.length === 0) return targets[0]
  const length = first.findIndex((key, i) => others.some((other) => other[i] !== key))
  const common = first.slice(0, length).join('.')
  return common === source ? undefined : common
}

/** Inside of `outer`, at any depth; nothing is in itself. */
const isWithin = (path: string, outer: string): boolean =>
  path !== outer && (outer === '' || path.startsWith(`${outer}.`))
