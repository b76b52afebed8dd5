import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { PageRequest } from '../../actors/inspector/wire.ts'
import { encode } from '../../protocols/eth/messages.ts'
import { baseCodes, emptyPayload } from '../../protocols/p2p/messages.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import type { Watcher } from '../support/own-node-process.ts'
import { FastPeer } from './fast-peer.ts'

type Load = { readonly code: number; readonly answer: number; readonly payload: Uint8Array }
/** What the node answers: a second, and microseconds of its processor each. */
type Rates = { readonly perSecond: number; readonly cpuMicros: number }
/**
 * By who watches. The ratio is that of the rates a second, watched over unwatched, the median over neighbouring turns;
 * `cpuRatio` is that of the processor's time, unwatched over watched, all threads of the process together: what else the
 * machine does moves it less.
 */
export type InspectResult = Record<
  keyof typeof loads,
  Partial<Record<keyof typeof watchers, Rates & { readonly ratio: number; readonly cpuRatio: number }>>
>

const ethOffset = 16
const request = { kind: 'GetBlockHeaders', id: 7n, origin: 20n, amount: 1n, skip: 0n, reverse: false } as const

/** What a peer asks. All pass charts: headers those of its session and of the protocol manager, a ping that of the peer. */
const loads = {
  header: { code: ethOffset + 3, answer: ethOffset + 4, payload: encode(69, request) },
  /** Answers of 20 KiB. */
  headers: { code: ethOffset + 3, answer: ethOffset + 4, payload: encode(69, { ...request, origin: 0n, amount: 40n }) },
  ping: { code: baseCodes.Ping, answer: baseCodes.Pong, payload: emptyPayload },
} as const satisfies Record<string, Load>

/** Who watches; what an open page asks for is given with it. */
const watchers = {
  unwatched: { watcher: 'unwatched' },
  ring: { watcher: 'ring' },
  metrics: { watcher: 'metrics' },
  recorder: { watcher: 'recorder' },
  inspector: { watcher: 'inspector' },
  /** A page that shows the tree. */
  idlePage: { watcher: 'inspector', asks: [] },
  /** A page that shows the peer that asks, and the messages of all. */
  busyPage: {
    watcher: 'inspector',
    asks: [
      { ask: 'watch', actors: ['peer/1', 'peer/1/eth'] },
      { ask: 'messages', isOn: true },
    ],
  },
} as const satisfies Record<string, { watcher: Watcher; asks?: readonly PageRequest[] }>
const allNames = Object.keys(watchers) as Name[]
type Name = keyof typeof watchers

/** A node in its own process, asked over loopback TCP as fast as it answers, watched in one way and another by turns. */
export async function benchInspect(
  { seconds, only }: { seconds: number; only: readonly string[] },
  report: (line: string) => void,
): Promise<InspectResult> {
  const names = allNames.filter((name) => name === 'unwatched' || only.length === 0 || only.includes(name))
  const node = await startOwnNode()
  const peer = await FastPeer.join(node.enode)
  const result: Partial<InspectResult> = {}
  for (const load of Object.keys(loads) as (keyof typeof loads)[]) {
    const all = await measure(node, peer, loads[load], { seconds, names })
    result[load] = all
    for (const [watcher, { perSecond, cpuMicros, ratio, cpuRatio }] of Object.entries(all))
      report(
        `${load.padEnd(7)} ${watcher.padEnd(9)} ${perSecond}/s, ${cpuMicros} µs each, ratio ${ratio}, of cpu ${cpuRatio}`,
      )
  }
  peer.close()
  await node.stop()
  return result as InspectResult
}

/** Short turns, and medians of them: whatever else the machine does disturbs neighbours alike. */
async function measure(
  node: OwnNode,
  peer: FastPeer,
  load: Load,
  { seconds, names }: { seconds: number; names: readonly Name[] },
) {
  const turns = Object.fromEntries(names.map((name) => [name, [] as Rates[]])) as Record<Name, Rates[]>
  const count = Math.ceil((seconds * 1_000) / turnLength)
  for (let i = -warmUp; i < count; i++)
    for (const name of i % 2 === 0 ? names : names.toReversed()) {
      const page = await watch(node, watchers[name])
      await ask(peer, load, performance.now() + leadIn)
      const rates = await turn(node, peer, load)
      page?.terminate()
      if (i >= 0) turns[name].push(rates)
    }
  await node.call('watch', 'unwatched')
  const summary = (name: Name) => ({
    perSecond: median(turns[name].map(({ perSecond }) => perSecond)),
    cpuMicros: median(turns[name].map(({ cpuMicros }) => cpuMicros)),
    ratio: round(median(turns[name].map(({ perSecond }, i) => perSecond / turns.unwatched[i]!.perSecond))),
    cpuRatio: round(median(turns[name].map(({ cpuMicros }, i) => turns.unwatched[i]!.cpuMicros / cpuMicros))),
  })
  return Object.fromEntries(names.map((name) => [name, summary(name)])) as InspectResult['header']
}

/** @returns the page, where one is to be open */
async function watch(node: OwnNode, { watcher, asks }: { watcher: Watcher; asks?: readonly PageRequest[] }) {
  const address = await node.call('watch', watcher)
  if (!asks) return undefined
  const page = new WebSocket(new URL('feed', address.replace('http', 'ws')))
  await once(page, 'open')
  for (const ask of asks) page.send(JSON.stringify(ask))
  return page
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
const turnLength = 200
/** What it costs to begin to watch is not measured. */
const leadIn = 200
const warmUp = 8
const round = (value: number) => Math.round(value * 100) / 100
