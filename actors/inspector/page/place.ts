// Where in the inspector one is. It is the hash of the address, so that a link, a reload and `back` lead to the same picture.

/** `actors` is a view of its own where the screen is too narrow to show the tree beside another. */
const views = ['actors', 'chart', 'messages', 'why', 'network'] as const
export type View = (typeof views)[number]

export type Place = {
  readonly view: View
  readonly actor?: string | undefined
  /** The moment that is looked at; left out it is the present. */
  readonly seq?: number | undefined
  /** The line that is looked into. */
  readonly line?: number | undefined
  readonly search?: string | undefined
}

/**
 * Another place: what is not named stays as it is, but for a line that was looked into: it goes with its actor and its moment.
 * A picture that is held as it is shows the same moment.
 * @param now the newest line
 */
export function moved(place: Place, change: Partial<Place>, now: number | undefined): Place {
  const next = { ...place, ...change }
  if ('line' in change || next.line === undefined) return next
  const isHeld = place.seq === undefined && next.seq === now
  const isElsewhere = next.actor !== place.actor || (next.seq !== place.seq && !isHeld)
  return isElsewhere && next.seq !== next.line ? { ...next, line: undefined } : next
}

/** @param hash with or without its `#`; what cannot be read is left out */
export function parsePlace(hash: string): Place {
  const [view = '', query = ''] = hash.replace(/^#/, '').split('?')
  const params = new URLSearchParams(query)
  return {
    view: views.find((known) => known === view) ?? 'network',
    actor: params.get('actor') || undefined,
    seq: numberOf(params.get('seq')),
    line: numberOf(params.get('line')),
    search: params.get('search') || undefined,
  }
}

export function formatPlace({ view, ...params }: Place): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== '')
  const query = new URLSearchParams(given.map(([name, value]) => [name, `${value}`]))
  return `#${view}${query.size > 0 ? `?${query}`.replaceAll('%2F', '/') : ''}`
}

function numberOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
