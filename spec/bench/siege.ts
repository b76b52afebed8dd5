import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ScriptedPeer } from '../../actors/harness/scripted-peer.ts'
import { startOwnNode } from '../harness/own-node.ts'
import { meet } from '../harness/stages.ts'
import { type AttackName, attackNames } from './siege-attacks.ts'

export type SiegeResult = Record<
  AttackName,
  {
    /** What the attackers got done, each second: connections, or messages. */
    readonly rate: number
    readonly asked: number
    readonly lost: number
    readonly p50: number
    readonly p99: number
    /** Resident memory of the node at its highest, over what it was before, in MB. */
    readonly growthMB: number
  }
>

/** A node in its own process, attackers in another at full rate, and a good peer that asks for one header every 100 ms. */
export async function benchSiege(
  seconds: number,
  only: readonly string[],
  report: (line: string) => void,
): Promise<Partial<SiegeResult>> {
  const result: Partial<SiegeResult> = {}
  for (const name of attackNames) {
    if (only.length > 0 && !only.includes(name)) continue
    const one = await besiege(name, seconds)
    result[name] = one
    report(
      `${name.padEnd(15)} ${one.rate}/s; lost ${one.lost} of ${one.asked}, p50 ${one.p50} ms, p99 ${one.p99} ms; ${one.growthMB} MB more`,
    )
  }
  return result
}

async function besiege(name: AttackName, seconds: number): Promise<SiegeResult[AttackName]> {
  const node = await startOwnNode({ blocks: 600, maxPeers: 50 })
  const peer = await meet(node.enode, { answerPings: true })
  await peer.status()
  await askEvery100ms(peer, 2) // what a node that has run for a while has long compiled
  await node.vitals()
  await sleep(200)
  const { peak: before = 0 } = await node.vitals()
  const attack = attackers(name, node.enode, seconds)
  await attack.begun
  const latencies = await askEvery100ms(peer, seconds)
  const { peak: highest = 0 } = await node.vitals()
  const rate = Math.round((await attack.done) / seconds)
  peer.close()
  await node.stop()
  const answered = latencies.filter((one) => one !== undefined).sort((a, b) => a - b)
  const at = (part: number) => Math.round(answered[Math.max(0, Math.ceil(answered.length * part) - 1)]! * 10) / 10
  return {
    rate,
    asked: latencies.length,
    lost: latencies.length - answered.length,
    p50: at(0.5),
    p99: at(0.99),
    growthMB: Math.round((highest - before) / 1e5) / 10,
  }
}

/** @returns milliseconds to each answer; undefined where none came in 5 s */
async function askEvery100ms(peer: ScriptedPeer, seconds: number): Promise<(number | undefined)[]> {
  const asks: Promise<number | undefined>[] = []
  for (let i = 0; i < seconds * 10; i++) {
    asks.push(ask(peer, BigInt(Date.now() * 1_000 + i)))
    await sleep(100)
  }
  return Promise.all(asks)
}

async function ask(peer: ScriptedPeer, id: bigint): Promise<number | undefined> {
  const began = performance.now()
  const request = { kind: 'GetBlockHeaders', id, origin: 300n, amount: 1n, skip: 0n, reverse: false } as const
  try {
    await peer.request(request, { timeout: 5_000 })
    return performance.now() - began
  } catch {
    return undefined
  }
}

function attackers(
  name: AttackName,
  enode: string,
  seconds: number,
): { begun: Promise<unknown>; done: Promise<number> } {
  const isBuilt = import.meta.url.endsWith('.js')
  const program = fileURLToPath(new URL(`./siege-attacks.${isBuilt ? 'js' : 'ts'}`, import.meta.url))
  const child = fork(program, [name, enode, String(seconds)], { execArgv: isBuilt ? [] : ['--import', 'tsx'] })
  // The good peer lives in this process: on two cores the attackers must not take its time from it.
  if (child.pid !== undefined) setPriority(child.pid, 10)
  const begun = once(child, 'message')
  const done = begun.then(() => once(child, 'message')).then(([{ count }]) => Number(count))
  return { begun, done }
}
