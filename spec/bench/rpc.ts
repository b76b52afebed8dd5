import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { baseCodes, emptyPayload } from '../../protocols/p2p/messages.ts'
import { startOwnNode } from '../harness/own-node.ts'
import { FastPeer } from './fast-peer.ts'
import { type Latency, latencyOf } from './latency.ts'
import type { Load } from './rpc-load-child.ts'

export type RpcBench = { readonly seconds: number; readonly connections: number; readonly peers: number }

export type RpcResult = RpcBench & {
  /** Calls of eth_blockNumber that were answered, a second. */
  readonly rate: number
  /** Milliseconds to an answer. */
  readonly call: Latency
  /** Milliseconds from a peer's Ping to the node's Pong: while nobody calls, and while the callers do. */
  readonly ping: { readonly idle: Latency; readonly loaded: Latency }
}

/** A node in its own process, callers in another, each with one call at a time on one connection, and peers in this one. */
export async function benchRpc(bench: RpcBench, report: (line: string) => void): Promise<RpcResult> {
  const { seconds, connections, peers: count } = bench
  const node = await startOwnNode({ blocks: 40, maxPeers: 2 * count })
  const url = await node.call('serve')
  const peers: FastPeer[] = []
  for (let i = 0; i < count; i++) peers.push(await FastPeer.join(node.enode))
  await load(url, connections, 1) // what has run for a while is compiled
  const idle = latencyOf(await ping(peers, sleepFor(seconds)))
  const calls = load(url, connections, seconds)
  const loaded = latencyOf(await ping(peers, calls))
  const { count: answered, latencies } = await calls
  if (peers.some(({ isClosed }) => isClosed)) throw new Error('a peer was lost')
  for (const peer of peers) peer.close()
  await node.stop()
  const result = {
    ...bench,
    rate: Math.round(answered / seconds),
    call: latencyOf(latencies),
    ping: { idle, loaded },
  }
  const of = ({ p50, p99 }: Latency) => `p50 ${p50} ms, p99 ${p99} ms`
  report(`eth_blockNumber over ${connections} connections: ${result.rate}/s; ${of(result.call)}`)
  report(`ping of ${count} peers: ${of(idle)} without load, ${of(loaded)} with it`)
  return result
}

/** Every peer pings every 100 ms until `end`. @returns milliseconds to each Pong */
async function ping(peers: readonly FastPeer[], end: Promise<unknown>): Promise<number[]> {
  const latencies: number[] = []
  const timers = peers.map((peer, i) => {
    let sent = 0
    peer.heard = (code) => {
      if (code === baseCodes.Pong) latencies.push(performance.now() - sent)
    }
    const send = () => {
      sent = performance.now()
      peer.send(baseCodes.Ping, emptyPayload)
      peer.flush()
    }
    // They are not in step.
    let timer: NodeJS.Timeout | undefined
    const first = setTimeout(() => {
      timer = setInterval(send, 100)
    }, i * 2)
    return () => {
      clearTimeout(first)
      clearInterval(timer)
    }
  })
  await end
  for (const stop of timers) stop()
  return latencies
}

async function load(url: string, connections: number, seconds: number): Promise<Load> {
  const isBuilt = import.meta.url.endsWith('.js')
  const program = fileURLToPath(new URL(`./rpc-load-child.${isBuilt ? 'js' : 'ts'}`, import.meta.url))
  const child = fork(program, [url, `${connections}`, `${seconds}`], { execArgv: isBuilt ? [] : ['--import', 'tsx'] })
  const [result] = (await once(child, 'message')) as [Load]
  return result
}

function sleepFor(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
}
