import { Resolver } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { isLoopback, parseIp } from '../../../protocols/enode/netutil.ts'

/**
 * TXT records as a port: DNS in a process, a map in a spec.
 * @returns each record of a name, its strings joined
 * @throws {DnsLookupFailed} (rejects)
 */
export type LookUpTxt = (name: string) => Promise<readonly string[]>

export type DnsOptions = {
  /** Addresses of DNS servers, as `127.0.0.1:5353` or `[::1]`. @default those of the system */
  readonly servers?: readonly string[] | undefined
  /** Where questions are sent from, as a node listens: a loopback address keeps them on the machine. */
  readonly host?: string | undefined
  /** ms, of one lookup. @default 5 s, as in geth */
  readonly timeout?: number | undefined
}

/** @returns lookups by Node's resolver (c-ares), which no other part of the process shares */
export function dnsLookup({ servers, host, timeout = 5_000 }: DnsOptions): LookUpTxt {
  const resolver = new Resolver({ timeout, tries: 1 })
  if (servers) resolver.setServers(servers)
  if (host !== undefined && isIPv6(host)) resolver.setLocalAddress('0.0.0.0', host)
  else if (host !== undefined) resolver.setLocalAddress(host)
  return async (name) => {
    try {
      return (await resolver.resolveTxt(name)).map((strings) => strings.join(''))
    } catch (cause) {
      if (cause instanceof Error && 'syscall' in cause) throw new DnsLookupFailed(name, cause)
      throw cause
    }
  }
}

/**
 * @param host that questions are sent from
 * @returns those of `servers` that may be asked: from a loopback address only what is on the machine
 */
export function reachableServers(servers: readonly string[], host: string): readonly string[] {
  return isLoopback(host) ? servers.filter((server) => isLoopback(serverAddress(server))) : servers
}

/** @returns `127.0.0.1` of `127.0.0.1:53` */
export const serverAddress = (server: string): string =>
  /^\[(.*)\]/.exec(server)?.[1] ?? (parseIp(server) ? server : server.replace(/:\d+$/, ''))

/** @returns the servers that the system asks, as `127.0.0.53` */
export const systemServers = (): readonly string[] => new Resolver().getServers()

/** A name has no answer: of the network, or of its DNS server. */
export class DnsLookupFailed extends Error {
  override readonly name = 'DnsLookupFailed'
  constructor(name: string, cause: Error & { code?: string }) {
    super(`DNS lookup of ${name} failed: ${cause.code ?? cause.message}`, { cause })
  }
}
