// Answers of other nodes are whatever they are: what is not there, or is something else, is shown as a dash.

/** @returns what `path` leads to in JSON; undefined where it leads nowhere */
export function at(json: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key) ? inner[key as never] : undefined
  }, json)
}

/** @returns a word for a cell of a table */
export function inWord(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` || '-' : '-'
}
