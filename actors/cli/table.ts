import { printable } from '../log/log.ts'

/** @returns lines of columns, each as wide as what is in it; remotes cannot move the cursor with what they wrote */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows].map((row) => row.map((cell) => printable(cell)))
  const widths = headings.map((_, column) => all.reduce((width, row) => Math.max(width, row[column]!.length), 0))
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
