import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ScriptedPeer } from '../../actors/scripted-peer/scripted-peer.ts'
import { parseEnode } from '../../protocols/enode/enode.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { startOwnNode } from '../support/own-node.ts'
import { programFile, programLoader } from '../support/project.ts'
import { meet } from '../support/stages.ts'
import { untilRead } from '../support/unread-streams.ts'
import { latencyOf } from './latency.ts'
import { type AttackName, attackNames, type SiegeTarget } from './siege-attacks.ts'

export type SiegeResult = Record<
  AttackName,
  {
    /** What the attackers got done, each second: connections, or messages. */
    readonly rate: number
    readonly asked: number
    readonly lost: number
    readonly p50: number
    readonly p99: number
    /** Calls of a good client of RPC, as the requests of the good peer before. */
    readonly rpc: { readonly asked: number; readonly lost: number; readonly p50: number; readonly p99: number }
    /** Resident memory of the node at its highest, over what it was before, in MB; and ten seconds after the attackers left. */
    readonly growthMB: number
    readonly growthAfterMB: number
    /** The longest that the node did not look at its sockets, in ms: what others took of the core is in it. */
    readonly longestMs: number
    /** The most of the processor's time that its thread took meanwhile, in ms: its longest step. */
    readonly stepMs: number
    /** How much of that step V8 collected garbage, and the longest step without what it collected in it. */
    readonly gcMs: number
    readonly workMs: number
    /** The longest pause for garbage, by the clock. */
    readonly pauseMs: number
    /**
     * How long the system went on with what the attackers' process had written before its end. The end of each stream stands
     * behind that, and so no node can know of it: 0 where that is not so, as for a reset.
     */
    readonly sentAfterMs: number
    /** Of one core, in the half second that begins 0.2 s after that. */
    readonly idlePercent: number
  }
>

/**
 * A node in its own process, attackers in another at full rate, a good peer that asks for one header every 100 ms, and a good
 * client of RPC that asks for the head as often.
 */
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
      `${name.padEnd(18)} ${one.rate}/s; lost ${one.lost} of ${one.asked}, p50 ${one.p50} ms, p99 ${one.p99} ms; ` +
        `RPC lost ${one.rpc.lost} of ${one.rpc.asked}, p50 ${one.rpc.p50} ms, p99 ${one.rpc.p99} ms; longest ${one.longestMs} ms, step ${one.stepMs} ms (gc ${one.gcMs}), without gc ${one.workMs}, longest gc ${one.pauseMs}; ` +
        `${one.growthMB} MB more, ${one.growthAfterMB} after; ${one.idlePercent} % when cut, of what was sent by ${one.sentAfterMs} ms`,
    )
  }
  return result
}

/** With its database on disk, as a node has it: blocks in memory would count as what an attack leaves behind. */
async function besiege(name: AttackName, seconds: number): Promise<SiegeResult[AttackName]> {
  const datadir = await mkdtemp(join(tmpdir(), 'peerchart-siege-'))
  try {
    return await besiegeIn(datadir, name, seconds)
  } finally {
    await rm(datadir, { recursive: true })
  }
}

async function besiegeIn(datadir: string, name: AttackName, seconds: number): Promise<SiegeResult[AttackName]> {
  const secret = randomBytes(32)
  const node = await startOwnNode({
    ...{ datadir, blocks: 600, maxPeers: 50, rpc: { http: { port: 0 }, ws: { port: 0 }, auth: { port: 0, secret } } },
    isSynced: name === 'announcements-100k' || name === 'big-transactions', // who else listens to them
    ...(name === 'datagrams' && { discovery: {} }),
    ...(name === 'big-blocks' && { headPollInterval: 200 }), // else half of the time passes before it asks for them
  })
  const peer = await meet(node.enode, { answerPings: true })
  await peer.status()
  const agent = new Agent({ keepAlive: true })
  const both = (seconds: number) =>
    Promise.all([
      askEvery100ms(seconds, (i) => askPeer(peer, BigInt(Date.now() * 1_000 + i))),
      askEvery100ms(seconds, () => call(node.http!, agent)),
    ])
  await both(2) // what a node that has run for a while has long compiled
  await node.vitals()
  await sleep(200)
  const { peak: before = 0 } = await node.vitals()
  const attack = attackers(name, {
    ...{ enode: node.enode, http: node.http!, auth: node.auth!, secret: bytesToHex(secret), seconds },
  })
  await attack.begun
  await node.call('strain')
  const [ofPeer, ofRpc] = await both(seconds)
  const { longest, step, gc, work, pause } = await node.call('strain')
  const rate = Math.round((await attack.done) / seconds)
  await attack.ended
  const [ofPeers, ofClients, ofEngine] = [parseEnode(node.enode).tcp, portOf(node.http!), portOf(node.auth!)]
  const sentAfter = Math.max(...(await Promise.all([ofPeers, ofClients, ofEngine].map(untilRead))))
  await sleep(200)
  const idle = await node.call('cpu')
  await sleep(500)
  const idlePercent = Math.round(((await node.call('cpu')) - idle) / 5_000)
  await sleep(9_300)
  const { rss: after } = await node.call('strain')
  const { peak: highest = 0 } = await node.vitals()
  peer.close()
  agent.destroy()
  await node.stop()
  const inMB = (bytes: number) => Math.round(bytes / 1e5) / 10
  return {
    rate,
    ...summary(ofPeer),
    rpc: summary(ofRpc),
    longestMs: tenths(longest),
    stepMs: tenths(step),
    gcMs: tenths(gc),
    workMs: tenths(work),
    pauseMs: tenths(pause),
    growthMB: inMB(highest - before),
    growthAfterMB: inMB(after - before),
    sentAfterMs: Math.round(sentAfter),
    idlePercent,
  }
}

const tenths = (value: number) => Math.round(value * 10) / 10
const portOf = (url: string) => Number(new URL(url).port)

function summary(latencies: readonly (number | undefined)[]) {
  const answered = latencies.filter((one) => one !== undefined)
  return { asked: latencies.length, lost: latencies.length - answered.length, ...latencyOf(answered) }
}

/** @returns milliseconds to each answer; undefined where none came in 5 s */
async function askEvery100ms(seconds: number, ask: (i: number) => Promise<unknown>): Promise<(number | undefined)[]> {
  const asks: Promise<number | undefined>[] = []
  for (let i = 0; i < seconds * 10; i++) {
    const began = performance.now()
    asks.push(
      ask(i).then(
        () => performance.now() - began,
        () => undefined,
      ),
    )
    await sleep(100)
  }
  return Promise.all(asks)
}

async function askPeer(peer: ScriptedPeer, id: bigint): Promise<void> {
  const request = { kind: 'GetBlockHeaders', id, origin: 300n, amount: 1n, skip: 0n, reverse: false } as const
  await peer.request(request, { timeout: 5_000 })
}

/** @throws (rejects) no answer in 5 s, or another */
function call(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const req = request(url, { method: 'POST', agent, headers, timeout: 5_000 }, async (res) => {
      const body = await text(res)
      if (body.includes('"result":"0x')) resolve()
      else reject(new Error(body))
    })
    req.on('error', reject)
    req.on('timeout', () => req.destroy(new Error('no answer')))
    req.end('{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}')
  })
}

function attackers(
  name: AttackName,
  target: SiegeTarget,
): { begun: Promise<unknown>; done: Promise<number>; ended: Promise<unknown> } {
  const args = [name, JSON.stringify(target)]
  const child = fork(programFile('spec/bench/siege-attacks'), args, { execArgv: [...programLoader] })
  // The good peer lives in this process: on two cores the attackers must not take its time from it.
  if (child.pid !== undefined) setPriority(child.pid, 10)
  const begun = once(child, 'message')
  const done = begun.then(() => once(child, 'message')).then(([{ count }]) => Number(count))
  return { begun, done, ended: once(child, 'exit') }
}
