import { isSelf, type State, type Transition } from './chart.ts'
import type { Block } from './drawing.ts'
import { countWidth, Lines } from './lines.ts'
import { widthOf, wrap } from './measure.ts'

// What is written in boxes and on arrows: first what a reader looks for, the event, then when, then what is done.

const [noteWidth, boxWidth, labelWidth, columnWidth] = [260, 400, 210, 190]

/** @returns what is written in the box of `state`; `inside` are the transitions that no arrow shows */
export function blockOfState(state: State, inside: readonly Transition[], hasCounts: boolean): Block {
  const rows = rowsOf(inside.map((one) => (isSelf(one) ? one : leading(one))))
  const lines = new Lines(rows.length > 8 ? boxWidth + 80 : boxWidth, hasCounts)
  lines.put(state.type === 'history' ? 'H' : state.key, 'title')
  const about = wrap(state.description ?? '', 'note', state.path === '' ? 2 * noteWidth : noteWidth)
  for (const line of about) if (line) lines.next().put(line, 'note')
  const effects = { entry: state.entry, exit: state.exit, runs: state.invokes }
  const lists = Object.entries(effects).filter(([, names]) => names.length > 0)
  if (rows.length + lists.length > 0) lines.skip(4)
  const column = columnOf(rows) + (hasCounts ? countWidth : 0)
  for (const [word, names] of lists) {
    lines.next().put(word, 'word')
    lines.tab(rows.length > 0 ? column : 36)
    lines.list(names, 'effect')
  }
  if (state.path === '' && rows.length > 0) lines.next().put('whatever state it is in:', 'word')
  for (const row of rows) {
    if (!row.goesOn) lines.skip(2)
    putRow(lines.next(), row, hasCounts, isFlowing(row) ? undefined : column)
  }
  return lines.block()
}

/** @returns the label of an arrow that all of `transitions` share */
export function blockOfEdge(transitions: readonly Transition[], hasCounts: boolean): Block {
  const lines = new Lines(transitions.length > 8 ? 1.7 * labelWidth : labelWidth, hasCounts)
  for (const [i, row] of rowsOf(transitions.map((one) => (one.targets.length > 1 ? leading(one) : one))).entries())
    putRow(i > 0 ? lines.next() : lines, row, hasCounts)
  return lines.block()
}

/** Transitions that do the same: of several events, or branches of one. */
type Row = {
  readonly ones: readonly [Transition, ...Transition[]]
  readonly isBranch: boolean
  readonly goesOn: boolean
}

/** Branches of one event stay together, in their order; of the rest, what does the same shares a row. */
function rowsOf(transitions: readonly Transition[]): Row[] {
  const byEvent = groupBy(transitions, ({ on }) => on)
  const units = groupBy(transitions, (one) => (byEvent.get(one.on)!.length > 1 ? `on ${one.on}` : meaningOf(one)))
  return [...units].flatMap(([unit, ones]) => {
    const isBranch = unit.startsWith('on ')
    const parts = isBranch ? runsOf(ones) : [ones]
    return parts.map((part, i) => ({ ones: part as [Transition], isBranch, goesOn: i > 0 }))
  })
}

/** Branches are tried in their order: only neighbours that do the same share a row. */
function runsOf(branches: readonly Transition[]): Transition[][] {
  const runs: Transition[][] = []
  for (const one of branches) {
    const run = runs.at(-1)
    if (run && meaningOf(run[0]!) === meaningOf(one)) run.push(one)
    else runs.push([one])
  }
  return runs
}

const meaningOf = ({ on, kind, guard, effects, description, reenters }: Transition) =>
  [guard && guard !== 'else' ? on : '', kind, reenters, effects.join(), description].join('\n')

/** Several events in a row have no column of their own: they flow. */
const isFlowing = ({ ones, isBranch }: Row) => !isBranch && ones.length > 1

/** @returns where the second column of a box begins */
function columnOf(rows: readonly Row[]): number {
  const widths = rows.filter((row) => !isFlowing(row)).map(({ ones: [{ on, kind }] }) => widthOf(`↻ ${on}`, kind))
  return (
    Math.max(
      44,
      Math.min(
        columnWidth,
        widths.reduce((a, b) => Math.max(a, b), 0),
      ),
    ) + 8
  )
}

function putRow(lines: Lines, { ones, isBranch, goesOn }: Row, hasCounts: boolean, column?: number): void {
  const [first] = ones
  for (const [i, one] of ones.entries()) {
    const isNamed = !isBranch || (i === 0 && !goesOn)
    const comma = !isBranch && i < ones.length - 1 && !hasCounts ? ',' : ''
    const event = { text: `${isSelf(one) && one.reenters ? '↻ ' : ''}${one.on}${comma}`, kind: one.kind }
    // Branches that share a row are alternatives: either guard is enough.
    const or = isBranch && i > 0 ? 'or ' : ''
    const guard = { text: `${or}[${one.guard}]`, kind: 'guard' as const, tab: column ?? (isNamed ? 0 : 14) }
    lines.transition(one.name, [...(isNamed ? [event] : []), ...(one.guard ? [guard] : [])])
  }
  if (column !== undefined) lines.tab(column)
  lines.list(first.effects, 'effect', column === undefined || first.guard ? '/ ' : '')
  if (first.description) lines.put(first.description, 'remark')
}

/** With its target as text, where no arrow shows it. */
const leading = (one: Transition): Transition =>
  one.targets.length === 0 ? one : { ...one, description: `→ ${one.targets.join(', ')} ${one.description ?? ''}` }

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
