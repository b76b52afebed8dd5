import type { Departed, Explanation } from '../wire.ts'

/** Departures that have something in common: `key` is unique among those beside it. */
export type Group = { readonly key: string; readonly count: number }

/** Who ended a connection, for people. */
export const endedBy: Readonly<Record<Explanation['by'], string>> = {
  local: 'we ended it',
  remote: 'they ended it',
  network: 'the connection failed',
  none: 'it goes on',
  unknown: 'it is over',
}

/** @returns `too many peers, they ended it`; without a Disconnect it is who ended it alone */
export const reasonOf = ({ by, reason }: Departed): string =>
  reason === undefined ? endedBy[by] : `${reason}, ${endedBy[by]}`

/** @returns its client's name up to the version, as it spells itself */
export const clientOf = ({ client }: Departed): string =>
  client === undefined ? 'said no Hello' : client.split('/')[0]!

/** The largest first. */
export function groupsOf(departures: readonly Departed[], keyOf: (departed: Departed) => string): Group[] {
  const counts = new Map<string, number>()
  for (const departed of departures) counts.set(keyOf(departed), (counts.get(keyOf(departed)) ?? 0) + 1)
  return Array.from(counts, ([key, count]) => ({ key, count })).sort((a, b) => b.count - a.count)
}
