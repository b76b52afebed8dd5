import { type Enode, EnodeError } from '../../protocols/enode/enode.ts'
import { isDialable, parseNode } from '../../protocols/enr/parse-node.ts'
import { tcpFrom } from '../p2p/tcp.ts'
import type { Offers, Spoken, UsualOffers } from './caps.ts'
import { ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts'

export type DialOptions<O extends Offers = Offers> = ScriptedPeerOptions<O> & {
  /** The address to dial from: any of 127.0.0.0/8 plays another host. */
  readonly localAddress?: string
}

/**
 * Dials a node, named by its enode URL or its record. What comes of it is seen with {@link ScriptedPeer.until}.
 *
 * ```ts
 * await using peer = dial('enode://…@127.0.0.1:30303', { caps: ['eth/70'] })
 * await peer.until('running')                       // TCP, RLPx, both Hellos, both Statuses
 * const { headers } = await peer.request('GetBlockHeaders', { origin: 1, amount: 3 })
 * peer.raw({ code: 0x7f })                          // a code of no protocol
 * await peer.closed()
 * ```
 * @throws {EnodeError} it names no node, or no place to dial
 */
export function dial<const O extends Offers = UsualOffers>(
  node: string | Enode,
  options: DialOptions<O> = {},
): ScriptedPeer<Spoken<O>> {
  const remote = typeof node === 'string' ? parseNode(node) : node
  if (!isDialable(remote)) throw new EnodeError('does not say where to dial')
  const { host, tcp: port, publicKey } = remote
  const { localAddress, network = tcpFrom(localAddress), timeout = 5_000 } = options
  return new ScriptedPeer(options as ScriptedPeerOptions, {
    remotePublicKey: publicKey,
    connect: (signal) => network.dial(host, port, timeout, signal),
  })
}
