import { isIP } from 'node:net'

/**
 * Whether a request to `host` is served: addresses always, names if they are listed (geth's virtualHostHandler, against
 * pages that rebind their name to this machine).
 * @param host the Host header, with or without a port
 */
export function isVhostAllowed(vhosts: ReadonlySet<string>, host = ''): boolean {
  if (host === '' || vhosts.has('*')) return true
  const { name = host } = /^(?:\[(?<v6>[^\]]*)\]|(?<name>[^:]*)):\d*$/.exec(host)?.groups ?? {}
  const bare = /^\[(.*)\](?::\d*)?$/.exec(host)?.[1] ?? name
  return isIP(bare) !== 0 || vhosts.has(bare.toLowerCase())
}
