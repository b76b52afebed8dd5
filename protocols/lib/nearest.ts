/** @returns the one of `known` that is the fewest letters away from `text`, in whatever case. @param known is not empty */
export function nearest(text: string, known: readonly string[]): string {
  const distances = known.map((one) => [distance(text.toLowerCase(), one.toLowerCase()), one] as const)
  return distances.reduce((least, next) => (next[0] < least[0] ? next : least))[1]
}

/** Levenshtein's. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...from].entries())
    row = row.reduce<number[]>((next, above, j) => {
      if (j === 0) return [i + 1]
      next.push(Math.min(above + 1, next[j - 1]! + 1, row[j - 1]! + (letter === to[j - 1] ? 0 : 1)))
      return next
    }, [])
  return row[to.length]!
}
