import type { ShownLine } from '../wire.ts'

/** A stretch of the history, in order, as it is scrolled through. */
export class LineWindow {
  /** BOUNDED: {@link widest} lines and one answer; the oldest fall out. */
  lines: readonly ShownLine[] = []
  /** There is nothing before the first line. */
  isWhole = false

  /** Newer lines. Those that are there already are left out. */
  append(lines: readonly ShownLine[]): void {
    const last = this.lines.at(-1)?.seq ?? 0
    const fresh = lines.filter(({ seq }) => seq > last)
    if (fresh.length === 0) return
    const all = [...this.lines, ...fresh]
    if (all.length > widest) this.isWhole = false
    this.lines = all.slice(-widest)
  }

  /** Older lines; none of them say that there are no more. */
  prepend(lines: readonly ShownLine[]): void {
    const first = this.lines[0]?.seq ?? Number.POSITIVE_INFINITY
    const older = lines.filter(({ seq }) => seq < first)
    if (older.length === 0) this.isWhole = true
    this.lines = [...older, ...this.lines]
  }

  /** Whether there may be older lines, and room for them. */
  get hasMore(): boolean {
    return !this.isWhole && this.lines.length > 0 && this.lines.length < widest
  }

  /** The lines up to a moment. */
  until(seq: number | undefined): readonly ShownLine[] {
    if (seq === undefined || (this.lines.at(-1)?.seq ?? 0) <= seq) return this.lines
    return this.lines.slice(0, countUntil(this.lines, seq))
  }
}

/** @returns how many of the lines, which are in order, are not after `seq` */
function countUntil(lines: readonly { readonly seq: number }[], seq: number): number {
  let [low, high] = [0, lines.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (lines[middle]!.seq <= seq) low = middle + 1
    else high = middle
  }
  return low
}

const widest = 20_000
