import { isIP } from 'node:net'

/**
 * Whether a request to `host` is served: addresses always, names if they are listed (geth's virtualHostHandler, against
 * pages that rebind their name to this machine).
 * @param host the Host header, with or without a port
 */
export function isVhostAllowed(vhosts: ReadonlySet<string>, host = ''): boolean {
  if (host === '' || vhosts.has('*')) return true
  const parts = /^(?:\[(?<address>[^\]]*)\]|(?<name>[^:]*)):[^:]*$/.exec(host)?.groups
  const name = parts?.address ?? parts?.name ?? host // Go takes no brackets without a port
  return isIP(name) !== 0 || vhosts.has(name.toLowerCase())
}
