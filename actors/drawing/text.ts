import { type Chart, isSelf, type State, statesOf, type Transition } from './chart.ts'

/** @returns a chart for a terminal: its states as a tree, and at each what leads where and what is done on the way */
export function chartToText({ name, root }: Chart): string {
  const { states, transitions } = sizeOf({ name, root })
  const heading = `${name}: ${states} states, ${transitions} transitions`
  return [heading, ...(root.description ? [root.description] : []), '', ...linesOf(root, []), '', key].join('\n')
}

/** @returns how many states and transitions a chart has */
export function sizeOf({ root }: Chart): { readonly states: number; readonly transitions: number } {
  const all = statesOf(root)
  return { states: all.length - 1, transitions: all.reduce((sum, { transitions }) => sum + transitions.length, 0) }
}

const key =
  '● begins here   ◎ ends   ∥ all inside are active together   ↻ leaves and begins anew   [only if]   / effects'

/** @param open for each state around this one, whether others follow in it */
function linesOf(state: State, open: readonly boolean[]): string[] {
  const inner = open.map((goesOn) => (goesOn ? '│  ' : '   ')).join('')
  const bar = state.path === '' ? '' : state.states.length > 0 ? '│ ' : '  '
  const children = state.states.flatMap((child, i) => {
    const isLast = i === state.states.length - 1
    return [`${inner}${isLast ? '└─' : '├─'} ${titleOf(child, state)}`, ...linesOf(child, [...open, !isLast])]
  })
  return [...aligned(rowsOf(state)).map((row) => `${inner}${bar}${row}`), ...children]
}

function titleOf({ path, key, type, description }: State, { initial }: State): string {
  const sign = { final: '◎ ', parallel: '∥ ', history: 'H ', atomic: '', compound: '' }[type]
  return `${path === initial ? '● ' : ''}${sign}${key}${description ? ` (${description})` : ''}`
}

type Row = readonly [what: string, whither: string, effects: string]

function rowsOf({ entry, exit, invokes, transitions }: State): Row[] {
  const lists = Object.entries({ entry, exit, runs: invokes }).filter(([, names]) => names.length > 0)
  return [
    ...lists.map(([word, names]): Row => [word, '', `/ ${names.join(', ')}`]),
    ...transitions.map((one): Row => [`${one.on}${one.guard && ` [${one.guard}]`}`, whitherOf(one), effectsOf(one)]),
  ]
}

function whitherOf(transition: Transition): string {
  const { targets, reenters } = transition
  if (isSelf(transition)) return reenters ? '↻' : ''
  return targets.length > 0 ? `→ ${targets.join(' and ')}` : ''
}

const effectsOf = ({ effects, description }: Transition): string =>
  [effects.length > 0 ? `/ ${effects.join(', ')}` : '', description ? `(${description})` : ''].filter(Boolean).join(' ')

function aligned(rows: readonly Row[]): string[] {
  const [first, second] = [0, 1].map((column) =>
    rows.reduce((width, row) => Math.max(width, row[column]!.length), 0),
  ) as [number, number]
  return rows.map(([what, whither, effects]) =>
    `${what.padEnd(first)}  ${whither.padEnd(second)}${second > 0 ? '  ' : ''}${effects}`.trimEnd(),
  )
}
