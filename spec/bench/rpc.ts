import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { findGeth } from '../support/clients.ts'
import { Geth } from '../support/geth.ts'
import { startOwnNode } from '../support/own-node.ts'
import { programFile, programLoader } from '../support/project.ts'
import { FastPeer } from './fast-peer.ts'
import { type Latency, latencyOf } from './latency.ts'
import { ping } from './ping.ts'
import type { Load } from './rpc-load-child.ts'

export type RpcBench = { readonly seconds: number; readonly connections: number; readonly peers: number }

export type RpcResult = RpcBench & {
  /** Calls of eth_blockNumber that were answered, a second. */
  readonly rate: number
  /** Milliseconds to an answer. */
  readonly call: Latency
  /** Milliseconds from a peer's Ping to the node's Pong: while no one calls, at {@link steadyRate}, and at full rate. */
  readonly ping: { readonly idle: Latency; readonly steady: Latency; readonly full: Latency }
  /** geth at the same calls, without peers, if it is there. */
  readonly geth?: { readonly rate: number; readonly call: Latency }
}

/** A node in its own process, callers in another, each with one call at a time on one connection, and peers in this one. */
export async function benchRpc(bench: RpcBench, report: (line: string) => void): Promise<RpcResult> {
  const { seconds, connections, peers: count } = bench
  const node = await startOwnNode({ blocks: 40, maxPeers: 2 * count, rpc: { http: { port: 0 } } })
  const url = node.http!
  const peers: FastPeer[] = []
  for (let i = 0; i < count; i++) peers.push(await FastPeer.join(node.enode))
  await callers(url, connections, 1, 0).done // what has run for a while is compiled
  const idle = latencyOf(await ping(peers, sleep(seconds * 1_000)))
  const pingUnder = async ({ begun, done }: Callers) => {
    await begun
    const latencies = await ping(peers, sleep(seconds * 1_000))
    return [latencyOf(latencies), await done] as const
  }
  const [steady] = await pingUnder(callers(url, connections, seconds, steadyRate))
  const [full, { count: answered, latencies }] = await pingUnder(callers(url, connections, seconds, 0))
  if (peers.some(({ isClosed }) => isClosed)) throw new Error('a peer was lost')
  for (const peer of peers) peer.close()
  await node.stop()
  const result = {
    ...bench,
    rate: Math.round(answered / seconds),
    call: latencyOf(latencies),
    ping: { idle, steady, full },
    ...(await benchGeth(bench)),
  }
  const of = ({ p50, p99 }: Latency) => `p50 ${p50} ms, p99 ${p99} ms`
  report(`eth_blockNumber over ${connections} connections: ${result.rate}/s; ${of(result.call)}`)
  report(
    `ping of ${count} peers: without calls ${of(idle)}; at ${steadyRate} a second ${of(steady)}; at full rate ${of(full)}`,
  )
  if (result.geth) report(`geth at the same calls: ${result.geth.rate}/s; ${of(result.geth.call)}`)
  return result
}

async function benchGeth({ connections, seconds }: RpcBench): Promise<Pick<RpcResult, 'geth'>> {
  const path = findGeth()
  if (path === undefined) return {}
  const directory = await mkdtemp(join(tmpdir(), 'peerchart-bench-'))
  const genesis = join(directory, 'genesis.json')
  await writeFile(genesis, JSON.stringify(devGenesisJson))
  const geth = await Geth.start({ path, genesis, networkId: 7331n })
  try {
    await callers(geth.url, connections, 1, 0).done
    const { count, latencies } = await callers(geth.url, connections, seconds, 0).done
    return { geth: { rate: Math.round(count / seconds), call: latencyOf(latencies) } }
  } finally {
    await geth.stop()
    await rm(directory, { recursive: true })
  }
}

/** Calls a second. */
const steadyRate = 5_000

type Callers = { readonly begun: Promise<unknown>; readonly done: Promise<Load> }

/** @param rate calls a second, as many as they can when it is 0 */
function callers(url: string, connections: number, seconds: number, rate: number): Callers {
  const child = fork(programFile('spec/bench/rpc-load-child'), [url, `${connections}`, `${seconds}`, `${rate}`], {
    execArgv: [...programLoader],
  })
  // On two cores the callers must not take the time of the peers, which live in this process.
  if (child.pid !== undefined) setPriority(child.pid, 10)
  const begun = once(child, 'message')
  const done = begun.then(() => once(child, 'message')).then(([load]) => load as Load)
  return { begun, done }
}
