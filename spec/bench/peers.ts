import { setTimeout as sleep } from 'node:timers/promises'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import { FastPeer } from './fast-peer.ts'

/** Memory of an idle connected peer over loopback TCP, in KiB: of a whole node in its own process, p2p and eth session. */
export async function benchPeers(connections: number, report: (line: string) => void) {
  // Of its peers a third is for those that it dials.
  const node = await startOwnNode({ maxPeers: 2 * (connections + warmUp) })
  const peers: FastPeer[] = []
  const join = async (count: number) => {
    for (let i = 0; i < count; i++) peers.push(await FastPeer.join(node.enode))
  }
  // The first ones pay for code and tables that the others share.
  await join(warmUp)
  const before = await settled(node)
  await join(connections)
  const after = await settled(node)
  if (after.peers !== peers.length) throw new Error(`${peers.length - after.peers} peers were lost`)
  const kib = (key: 'rss' | 'memory') => Math.round(((after[key] - before[key]) / 1024 / connections) * 10) / 10
  const result = { connections, rssKiB: kib('rss'), heapAndExternalKiB: kib('memory') }
  report(
    `${connections} connections: ${result.rssKiB} KiB RSS each, ${result.heapAndExternalKiB} KiB of it heap and buffers`,
  )
  for (const peer of peers) peer.close()
  await node.stop()
  return result
}

const warmUp = 20

async function settled(node: OwnNode): Promise<{ rss: number; memory: number; peers: number }> {
  for (let i = 0; i < 4; i++) {
    await node.vitals() // collects garbage, and begins a new peak
    await sleep(200)
  }
  const { peak = 0, memory, peers } = await node.vitals()
  return { rss: peak, memory, peers }
}
