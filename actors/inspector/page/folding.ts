import type { ShownLine } from '../wire.ts'

/** Lines one behind the other that are questions for a head and answers that there is none, in one row. */
export type Fold = {
  /** The first of its lines, and what it is known by. */
  readonly fold: number
  readonly line: ShownLine
  readonly polls: number
  readonly isOpen: boolean
}

type Shown = { readonly line: ShownLine }

/**
 * A node at the head asks its peers again and again for what comes next, and nothing does.
 * @param isOpen whether a fold, by its first line, is to be looked into: its lines follow it
 */
export function fold<T extends Shown>(shown: readonly T[], isOpen: (run: readonly T[]) => boolean): (T | Fold)[] {
  const asked = new Set(shown.flatMap(({ line }) => (isEmpty(line) ? [line.answers!.seq] : [])))
  const rows: (T | Fold)[] = []
  for (let i = 0; i < shown.length; ) {
    let end = i
    while (end < shown.length && (asked.has(shown[end]!.line.seq) || isEmpty(shown[end]!.line))) end += 1
    const run = shown.slice(i, Math.max(end, i + 1))
    const polls = run.filter(({ line }) => isEmpty(line)).length
    const isFolded = polls >= fewest
    const isShown = !isFolded || isOpen(run)
    if (isFolded) rows.push({ fold: run[0]!.line.seq, line: run.at(-1)!.line, polls, isOpen: isShown })
    if (isShown) for (const one of run) rows.push(one)
    i += run.length
  }
  return rows
}

/** @returns whether a fold was opened, by any of its lines: it begins earlier once older lines have come */
export const isUnfolded = (unfolded: ReadonlySet<number>, run: readonly Shown[]): boolean =>
  unfolded.size > 0 && run.some(({ line }) => unfolded.has(line.seq))

/** @returns the lines of opened folds, with a fold opened or closed. BOUNDED: mostUnfolded */
export function toggled(
  unfolded: ReadonlySet<number>,
  { fold: first, line: { seq: last }, isOpen }: Fold,
): Set<number> {
  if (isOpen) return new Set([...unfolded].filter((seq) => seq < first || seq > last))
  return new Set([...unfolded, first].slice(-mostUnfolded))
}

const mostUnfolded = 1_000

const isEmpty = (line: ShownLine): boolean =>
  line.answers !== undefined && line.name === 'BlockHeaders' && line.text === '0 headers'

/** Polls that are worth a row: one takes two. */
const fewest = 1
