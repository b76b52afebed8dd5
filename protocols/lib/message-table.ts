/** A message of a protocol: its code relative to the protocol's offset, and the versions that have it. */
export type MessageRow<V extends number> = { readonly code: number; readonly since?: V; readonly until?: V }

/** The names in `Rows` that at least one version of `V` has; `All` are the protocol's versions in order. */
export type NameIn<Rows, All extends readonly number[], V> = {
  [N in keyof Rows]: V extends VersionsOf<Rows[N], All> ? N : never
}[keyof Rows]

type VersionsOf<Row, All extends readonly number[]> = (Row extends { readonly since: infer First }
  ? From<First, All>
  : All[number]) &
  (Row extends { readonly until: infer Last } ? UpTo<Last, All> : All[number])
type From<V, All> = All extends readonly [infer First, ...infer Rest]
  ? First extends V
    ? All[number]
    : From<V, Rest>
  : never
type UpTo<V, All> = All extends readonly [...infer Rest, infer Last]
  ? Last extends V
    ? All[number]
    : UpTo<V, Rest>
  : never

/** One version's messages, by code and by name. */
export type MessageTable<N extends string, V extends number> = {
  readonly version: V
  /** How many codes the version takes from its offset on. */
  readonly length: number
  /** @returns undefined for a code that this version does not have */
  nameOf(code: number): N | undefined
  /** @returns undefined for a message that this version does not have */
  codeOf(name: N): number | undefined
}

/** @returns the messages that `version` has of `messages` */
export function toMessageTable<N extends string, V extends number>(
  messages: Readonly<Record<N, MessageRow<V>>>,
  version: V,
  length: number,
): MessageTable<N, V> {
  const rows = (Object.entries(messages) as [N, MessageRow<V>][]).filter(
    ([, { since = version, until = version }]) => since <= version && version <= until,
  )
  const names = new Map(rows.map(([name, { code }]) => [code, name]))
  const codes = new Map(rows.map(([name, { code }]) => [name, code]))
  return { version, length, nameOf: (code) => names.get(code), codeOf: (name) => codes.get(name) }
}
