import type { Protocol } from '../../actors/p2p/protocol.ts'
import { createEnd, dial, listen } from './loopback.ts'

/** Memory of idle connected peers over loopback TCP, both ends in this process, in KiB an end. */
export async function benchPeers(count: number, report: (line: string) => void) {
  const protocol: Protocol = { name: 'bench', version: 1, length: 1, run: () => ({ message() {}, closed() {} }) }
  const [server, client] = [createEnd('server', [protocol]), createEnd('client', [protocol])]
  const listener = await listen(server)
  // The first ones pay for code and tables that the others share.
  for (let i = 0; i < 20; i++) await dial(client, server, listener.port)
  const before = await settled()
  for (let i = 0; i < count; i++) await dial(client, server, listener.port)
  const after = await settled()
  const kib = (key: 'rss' | 'heapUsed' | 'external') =>
    Math.round(((after[key] - before[key]) / 1024 / count / 2) * 10) / 10
  const result = { connections: count, rssKiB: kib('rss'), heapKiB: kib('heapUsed'), externalKiB: kib('external') }
  report(
    `${count} connections: ${result.rssKiB} KiB RSS an end (heap ${result.heapKiB}, external ${result.externalKiB})`,
  )
  await listener.close()
  return result
}

async function settled(): Promise<NodeJS.MemoryUsage> {
  if (!globalThis.gc) throw new Error('run with node --expose-gc')
  for (let i = 0; i < 5; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return process.memoryUsage()
}
