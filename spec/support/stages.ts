import { type DialOptions, dial } from '../../actors/scripted-peer/dial.ts'
import type { ScriptedPeer } from '../../actors/scripted-peer/scripted-peer.ts'

// How far a peer comes before a script takes over, of which most that break a rule say one version of eth.

const caps = ['eth/69']

/** Of a peer that does nothing by itself. */
export const tcpOnly = { caps, answerPings: false, through: 'tcp' } as const

/** Connects, and says nothing. @throws {ScriptError} the connection is refused */
export const openTcp = (node: string, options?: DialOptions): Promise<ScriptedPeer> =>
  dial(node, { ...tcpOnly, ...options }).until('securing')

/** Connects and goes as far as both Hellos. @throws {ScriptError} the node did not */
export async function meet(node: string, options?: DialOptions): Promise<ScriptedPeer> {
  const peer = dial(node, { ...tcpOnly, ...options, through: 'hello' })
  await peer.expect('Hello')
  return peer
}
