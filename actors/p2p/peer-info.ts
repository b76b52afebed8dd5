import { type Enode, formatEnode } from '../../protocols/enode/enode.ts'
import { sortCaps } from '../../protocols/p2p/matching.ts'
import { parseAddress } from './address.ts'
import type { PeerFacts } from './protocol.ts'

/** One peer, as admin_peers shows it (geth's p2p.PeerInfo). */
export type PeerInfo = {
  readonly enode: string
  readonly id: string
  readonly name: string
  /** All that it advertised, by name and version: `eth/69`. */
  readonly caps: readonly string[]
  readonly network: {
    readonly localAddress: string
    readonly remoteAddress: string
    readonly inbound: boolean
    readonly trusted: boolean
    readonly static: boolean
  }
  /** What each running protocol says of itself. */
  readonly protocols: Readonly<Record<string, unknown>>
}

/** @param target whom we dialed; an inbound peer is known by the port it came from */
export function peerInfo(facts: PeerFacts, protocols: Record<string, unknown>, target?: Enode): PeerInfo {
  const { id, name, caps, publicKey, localAddress, remoteAddress, inbound, trusted, static: isStatic } = facts
  const { ip, port } = parseAddress(remoteAddress) ?? { ip: '0.0.0.0', port: 0 }
  return {
    enode: formatEnode(target ?? { publicKey, host: ip, tcp: port, udp: port }),
    id,
    name,
    caps: sortCaps(caps).map((cap) => `${cap.name}/${cap.version}`),
    network: { localAddress, remoteAddress, inbound, trusted, static: isStatic },
    protocols,
  }
}
