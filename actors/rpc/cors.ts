import type { IncomingMessage } from 'node:http'

// Which pages of a browser may read what is answered: geth's use of rs/cors.

const methods: readonly (string | undefined)[] = ['POST', 'GET']
const maxAge = '600'

/** Adds names and values to the headers of an answer, for the origins it allows. */
export class Cors {
  /** BOUNDED: by the options. */
  readonly #origins: readonly string[]

  /** @param origins `https://a.example`, `*`, or with one `*` inside; nothing is added when there are none */
  constructor(origins: readonly string[]) {
    this.#origins = origins.map((origin) => origin.toLowerCase())
  }

  isPreflight({ method, headers }: IncomingMessage): boolean {
    return this.#origins.length > 0 && method === 'OPTIONS' && 'access-control-request-method' in headers
  }

  /** Of an answer to a preflight. */
  preflightHeaders({ headers }: IncomingMessage): string[] {
    const vary = ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers']
    const added = vary.flatMap((name) => ['Vary', name])
    const { origin, 'access-control-request-method': method, 'access-control-request-headers': names } = headers
    if (origin === undefined || !this.#allows(origin) || !methods.includes(method?.toUpperCase())) return added
    added.push(
      'Access-Control-Allow-Origin',
      this.#originHeader(origin),
      'Access-Control-Allow-Methods',
      method!.toUpperCase(),
    )
    const asked = namesOf(names)
    if (asked.length > 0) added.push('Access-Control-Allow-Headers', asked.join(', '))
    added.push('Access-Control-Max-Age', maxAge)
    return added
  }

  /** Of any other answer. */
  headers({ method, headers: { origin } }: IncomingMessage): string[] {
    if (this.#origins.length === 0) return none
    if (origin === undefined || !this.#allows(origin) || !methods.includes(method)) return varyAlone
    return ['Vary', 'Origin', 'Access-Control-Allow-Origin', this.#originHeader(origin)]
  }

  #originHeader(origin: string): string {
    return this.#origins.includes('*') ? '*' : origin
  }

  #allows(origin: string): boolean {
    const asked = origin.toLowerCase()
    return this.#origins.some((allowed) => matches(allowed, asked))
  }
}

const none: string[] = []
const varyAlone = ['Vary', 'Origin']

function matches(allowed: string, origin: string): boolean {
  const star = allowed.indexOf('*')
  if (star === -1) return allowed === origin
  const [before, after] = [allowed.slice(0, star), allowed.slice(star + 1)]
  return origin.length >= before.length + after.length && origin.startsWith(before) && origin.endsWith(after)
}

/** As Go writes the names of headers: `Content-Type`. */
function namesOf(list = ''): string[] {
  const names = list.split(',').map((name) => name.trim().toLowerCase())
  return names.filter((name) => name !== '').map((name) => name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()))
}
