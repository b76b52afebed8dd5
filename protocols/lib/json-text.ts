/**
 * @returns JSON of a value that somebody else made, and no more than its first `longest` characters: JSON.stringify and
 * String follow it as deep as it nests, and fall off the stack
 */
export function jsonText(value: unknown, longest = 1_024): string {
  return (JSON.stringify(pruned(value, deepest)) ?? 'undefined').slice(0, longest)
}

function pruned(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return `${value}`
  if (typeof value !== 'object' || value === null) return value
  if ('toJSON' in value && typeof value.toJSON === 'function') return value // TOML's dates
  if (depth === 0) return '…'
  if (Array.isArray(value)) return value.map((item) => pruned(item, depth - 1))
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, pruned(field, depth - 1)]))
}

const deepest = 64
