import { encode } from '../../protocols/eth/messages.ts'
import { baseCodes, emptyPayload } from '../../protocols/p2p/messages.ts'
import { type OwnNode, startOwnNode } from '../harness/own-node.ts'
import type { Watcher } from '../harness/own-node-process.ts'
import { FastPeer } from './fast-peer.ts'

type Load = { readonly code: number; readonly answer: number; readonly payload: Uint8Array }
/** What the node answers: a second, and microseconds of its processor each. */
type Rates = { readonly perSecond: number; readonly cpuMicros: number }
/** By who watches. The ratio is that of the rates a second: watched over unwatched. */
export type InspectResult = Record<
  keyof typeof loads,
  Record<(typeof watchers)[number], Rates & { readonly ratio: number }>
>

const ethOffset = 16
const request = { kind: 'GetBlockHeaders', id: 7n, origin: 20n, amount: 1n, skip: 0n, reverse: false } as const

/** What a peer asks. Both pass charts: a header those of its session and of the protocol manager, a ping that of the peer. */
const loads = {
  header: { code: ethOffset + 3, answer: ethOffset + 4, payload: encode(69, request) },
  ping: { code: baseCodes.Ping, answer: baseCodes.Pong, payload: emptyPayload },
} as const satisfies Record<string, Load>

const watchers = ['nobody', 'ring', 'metrics'] as const satisfies Watcher[]

/** A node in its own process, asked over loopback TCP as fast as it answers, watched in one way and another by turns. */
export async function benchInspect(seconds: number, report: (line: string) => void): Promise<InspectResult> {
  const node = await startOwnNode()
  const peer = await FastPeer.join(node.enode)
  const result: Partial<InspectResult> = {}
  for (const load of Object.keys(loads) as (keyof typeof loads)[]) {
    const all = await measure(node, peer, loads[load], seconds)
    result[load] = all
    for (const [watcher, { perSecond, cpuMicros, ratio }] of Object.entries(all))
      report(`${load.padEnd(7)} ${watcher.padEnd(7)} ${perSecond}/s, ${cpuMicros} µs each, ratio ${ratio}`)
  }
  peer.close()
  await node.stop()
  return result as InspectResult
}

/** Short turns, and medians of them: whatever else the machine does disturbs neighbours alike. */
async function measure(node: OwnNode, peer: FastPeer, load: Load, seconds: number) {
  const turns = Object.fromEntries(watchers.map((watcher) => [watcher, [] as Rates[]])) as Record<Watcher, Rates[]>
  const count = Math.ceil((seconds * 1_000) / turnLength)
  for (let i = -warmUp; i < count; i++)
    for (const watcher of i % 2 === 0 ? watchers : watchers.toReversed()) {
      await node.call('watch', watcher)
      const rates = await turn(node, peer, load)
      if (i >= 0) turns[watcher].push(rates)
    }
  await node.call('watch', 'nobody')
  const summary = (watcher: Watcher) => ({
    perSecond: median(turns[watcher].map(({ perSecond }) => perSecond)),
    cpuMicros: median(turns[watcher].map(({ cpuMicros }) => cpuMicros)),
    ratio: round(median(turns[watcher].map(({ perSecond }, i) => perSecond / turns.nobody[i]!.perSecond))),
  })
  return Object.fromEntries(watchers.map((watcher) => [watcher, summary(watcher)])) as InspectResult['header']
}

async function turn(node: OwnNode, peer: FastPeer, load: Load): Promise<Rates> {
  const before = await node.call('cpu')
  const start = performance.now()
  const answers = await ask(peer, load, start + turnLength)
  const elapsed = performance.now() - start
  const cpu = (await node.call('cpu')) - before
  return { perSecond: Math.round((answers * 1_000) / elapsed), cpuMicros: round(cpu / answers) }
}

/** @returns how many were answered until `end`, so many always on their way */
function ask(peer: FastPeer, { code, answer, payload }: Load, end: number): Promise<number> {
  return new Promise((resolve) => {
    let [waiting, answers] = [0, 0]
    const fill = () => {
      for (; waiting < width; waiting++) peer.send(code, payload)
      peer.flush()
    }
    peer.heard = (heard) => {
      if (heard !== answer) return
      waiting--
      answers++
      if (performance.now() < end) {
        if (waiting <= width / 2) fill()
      } else if (waiting === 0) resolve(answers)
    }
    fill()
  })
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!
const width = 64
/** Milliseconds. */
const turnLength = 100
const warmUp = 16
const round = (value: number) => Math.round(value * 100) / 100
