import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Ethtest, ethtests } from '../support/ethtest.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import { FastPeer } from './fast-peer.ts'
import { type Latency, latencyOf } from './latency.ts'
import { ping } from './ping.ts'

export type ImportResult = {
  readonly chain: string
  readonly blocks: number
  readonly seconds: number
  /** Of the processor, over all threads of the node. */
  readonly cpuSeconds: number
  readonly blocksPerSecond: number
  /** The most resident memory of the node, in MB. */
  readonly rss: number
  /** Milliseconds from a peer's Ping to the node's Pong: before the import, and during it. */
  readonly ping: { readonly idle: Latency; readonly importing: Latency }
}

/**
 * Blocks a second that a fresh node reads of a file, executes and writes to the disk, and what it costs the pings of its peers.
 * @throws (rejects) a chain is not there, or does not end where it should; a peer was lost
 */
export async function benchImport(peers: number, report: (line: string) => void): Promise<readonly ImportResult[]> {
  const missing = ethtests.find(({ chain }) => !existsSync(chain))
  if (missing) throw new Error(`no test chain at ${missing.folder}`)
  const results: ImportResult[] = []
  for (const chain of ethtests) {
    const result = await measure(chain, peers)
    results.push(result)
    const { blocks, seconds, cpuSeconds, blocksPerSecond, rss } = result
    report(
      `${result.chain}: ${blocks} blocks in ${seconds} s, ${blocksPerSecond} a second, ${cpuSeconds} s of processor; ${rss} MB; ` +
        `ping of ${peers} peers p99 ${result.ping.importing.p99} ms, idle ${result.ping.idle.p99} ms`,
    )
  }
  return results
}

async function measure(chain: Ethtest, count: number): Promise<ImportResult> {
  const datadir = await mkdtemp(join(tmpdir(), 'peerchart-import-'))
  const node = await startOwnNode({ genesis: chain.genesis, execute: true, datadir, maxPeers: 2 * count })
  const peers: FastPeer[] = []
  try {
    for (let i = 0; i < count; i++) peers.push(await FastPeer.join(node.enode))
    const idle = latencyOf(await ping(peers, new Promise((resolve) => setTimeout(resolve, 2_000))))
    const measured = await importing(node, chain, peers)
    if (peers.some(({ isClosed }) => isClosed)) throw new Error('a peer was lost')
    const { importing: latency, ...rest } = measured
    return { chain: basename(chain.folder), ...rest, ping: { idle, importing: latency } }
  } finally {
    for (const peer of peers) peer.close()
    await node.stop()
    await rm(datadir, { recursive: true })
  }
}

async function importing(node: OwnNode, chain: Ethtest, peers: readonly FastPeer[]) {
  await node.vitals() // a new peak begins
  const cpu = await node.call('cpu')
  const start = performance.now()
  let seconds = 0
  const done = node.call('importChain', chain.chain).then(() => {
    seconds = (performance.now() - start) / 1_000
  })
  const latencies = await ping(peers, done)
  const cpuSeconds = ((await node.call('cpu')) - cpu) / 1e6
  const { peak = 0 } = await node.vitals()
  const { number, hash } = await node.call('head')
  if (hash !== chain.head.hash) throw new Error(`the head is ${number}, ${hash}`)
  return {
    blocks: number,
    seconds: rounded(seconds),
    cpuSeconds: rounded(cpuSeconds),
    blocksPerSecond: Math.round(number / seconds),
    rss: Math.round(peak / 1e6),
    importing: latencyOf(latencies),
  }
}

const rounded = (value: number) => Math.round(value * 100) / 100
