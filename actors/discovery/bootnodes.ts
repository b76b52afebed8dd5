import { dnsTimeout } from '../../machines/dialer.ts'
import type { Enode } from '../../protocols/enode/enode.ts'
import { parseIp } from '../../protocols/enode/netutil.ts'
import type { Logger } from '../log/log.ts'
import { firstAddress, type LookUp } from '../p2p/dialer.ts'
import type { Clock } from '../runtime/runtime.ts'
import type { DiscoveredNode } from './discovered-node.ts'

/**
 * @returns the nodes to begin with, those that DNS names with their address of now; one without an address is left out,
 *   where geth does not start
 */
export async function resolveBootnodes(
  nodes: readonly Enode[],
  { lookUp, clock, log }: { readonly lookUp: LookUp | undefined; readonly clock: Clock; readonly log: Logger },
): Promise<readonly DiscoveredNode[]> {
  const resolved = nodes.map(async ({ host: name, ...node }) => {
    const host = name === undefined || parseIp(name) ? name : await addressOf(name, lookUp, clock)
    if (host !== undefined && node.udp > 0) return [{ ...node, host }]
    log.warn('Bootstrap node left out: it has no IP address or no UDP port', { id: node.id, host: name })
    return []
  })
  return (await Promise.all(resolved)).flat()
}

function addressOf(name: string, lookUp: LookUp | undefined, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const conclude = (ip?: string) => {
      clock.clearTimeout(timer)
      resolve(ip)
    }
    const timer = clock.setTimeout(conclude, dnsTimeout)
    if (!lookUp) return conclude()
    lookUp(name).then(
      (ips) => conclude(firstAddress(ips)),
      () => conclude(),
    )
  })
}
