import type { DiscoveredNode } from '../../../actors/discovery/discovered-node.ts'
import { logDistance } from '../../../protocols/enode/distance.ts'
import { toEnode } from '../../../protocols/enode/enode.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'

/** The `i`th key there is, from 1. */
export function keyOf(i: number): Uint8Array {
  const key = new Uint8Array(32)
  new DataView(key.buffer).setUint32(28, i)
  return key
}

/** A node with that key. */
export const someNode = (i: number, host = '127.0.0.1', udp = 30_000 + i): DiscoveredNode => ({
  ...toEnode(publicKeyOf(keyOf(i)), host, udp, udp),
  host,
})

/** `count` nodes at the greatest distance from `self`, which share a bucket. */
export function farNodes(
  self: string,
  count: number,
  host: (i: number) => string = () => '127.0.0.1',
): DiscoveredNode[] {
  const nodes: DiscoveredNode[] = []
  for (let i = 1; nodes.length < count; i++) {
    const node = someNode(i, host(nodes.length))
    if (logDistance(self, node.id) === 256) nodes.push(node)
  }
  return nodes
}
