import { type Enode, formatEnode } from '../../protocols/enode/enode.ts'
import { joinHostPort } from '../../protocols/enode/netutil.ts'
import type { Listener } from './connection.ts'
import type { Protocol } from './protocol.ts'

/** A node of itself, as admin_nodeInfo shows it (geth's p2p.NodeInfo). */
export type NodeInfo = {
  readonly id: string
  readonly name: string
  readonly enode: string
  readonly ip: string
  readonly ports: { readonly discovery: number; readonly listener: number }
  /** What is really listened on; empty when nothing is. */
  readonly listenAddr: string
  /** What each protocol says of itself, by its name. */
  readonly protocols: Readonly<Record<string, unknown>>
}

export function nodeInfo(
  name: string,
  self: Enode,
  listener: Pick<Listener, 'host' | 'port'> | undefined,
  protocols: readonly Protocol[],
): NodeInfo {
  const firsts = [...new Map(protocols.toReversed().map((protocol) => [protocol.name, protocol])).values()]
  return {
    id: self.id,
    name,
    enode: formatEnode(self),
    ip: self.host ?? '',
    ports: { discovery: self.udp, listener: self.tcp },
    listenAddr: listener ? joinHostPort(listener.host, listener.port) : '',
    protocols: Object.fromEntries(
      firsts.toReversed().map((protocol) => [protocol.name, protocol.nodeInfo?.() ?? 'unknown']),
    ),
  }
}
