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
