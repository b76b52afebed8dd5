import { hostname } from 'node:os'

/** Whether a page from `origin` may open a WebSocket; who sends none is no browser (geth's wsHandshakeValidator). */
export function isOriginAllowed(allowed: readonly string[], origin: string | undefined): boolean {
  if (origin === undefined || allowed.includes('*')) return true
  const rules = allowed.filter((rule) => rule !== '')
  const page = parse(origin)
  return page !== undefined && (rules.length > 0 ? rules : ownOrigins()).some((rule) => covers(parse(rule), page))
}

type Origin = { readonly scheme: string; readonly host: string; readonly port: string }

const ownOrigins = () => ['http://localhost', `http://${hostname()}`]

/** What a rule leaves out may be anything. */
function covers(rule: Origin | undefined, page: Origin): boolean {
  if (rule === undefined) return false
  return (['scheme', 'host', 'port'] as const).every((part) => rule[part] === '' || rule[part] === page[part])
}

/** `https://a.example:8080`, or the last two alone. */
function parse(origin: string): Origin | undefined {
  const match =
    /^(?:(?<scheme>[a-z][a-z\d+.-]*):\/\/)?(?<host>\[[^\]]*\]|[^:/?#]*)(?::(?<port>\d*))?(?:[/?#].*)?$/.exec(
      origin.toLowerCase(),
    )
  const { scheme = '', host = '', port = '' } = match?.groups ?? {}
  return match ? { scheme, host, port } : undefined
}
