import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export type Verdict =
  /** What was asked for, behind the token: `/`, `/feed`. */
  { readonly path: string } | { readonly status: number; readonly why: string }

/**
 * Admits requests that have the token, come from this machine, and are made by no page of another site. A browser sends
 * where a page comes from; a foreign name that is made to point here (DNS rebinding) is in its Host.
 * @param token hex digits, the first part of every path
 */
export function admit({ method, url = '/', headers }: IncomingMessage, token: string): Verdict {
  if (!isOurs(headers.host)) return { status: 403, why: 'this is served on 127.0.0.1 and localhost alone' }
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`)
    return { status: 403, why: 'pages of other sites may not read this' }
  const [, given = '', path = ''] = /^\/([^/?#]*)([^?#]*)/.exec(url) ?? []
  if (!isSame(given, token)) return { status: 403, why: 'open the whole address that the node printed' }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, why: 'this can be read, not changed: GET' }
  return { path }
}

const isOurs = (host = '') => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host)

/** Takes as long for every wrong token. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}
