import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { devGenesis, devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { Inspector } from '../../actors/inspector/inspector.ts'
import { createLogger } from '../../actors/log/log.ts'
import { NodeMetrics } from '../../actors/metrics/node-metrics.ts'
import type { PeerInfo } from '../../actors/p2p/peer-info.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { Recorder } from '../../actors/recording/recorder.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import type { Bug } from '../../actors/runtime/runtime.ts'
import { bugs } from '../../actors/runtime/supervision.ts'
import type { FeedEntry } from '../../actors/trace/entries.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { makeBlocks } from '../actors/chain/make-chain.ts'
import type { OwnNodeOptions } from './own-node.ts'
import { StepMeter, type Steps } from './step-meter.ts'
import type { Vitals } from './subject.ts'

// The process of startOwnNode: runs one node as its parent says.

export type OwnNodeCalls = {
  start(options: OwnNodeOptions & { nodeKey: Uint8Array }): Promise<{ enode: string; head: number } & Endpoints>
  addPeer(enode: string): Promise<void>
  removePeer(enode: string): Promise<void>
  /** Reads a chain.rlp while the node runs. */
  importChain(path: string): Promise<void>
  vitals(): Promise<Vitals>
  head(): Promise<{ number: number; hash: string }>
  /**
   * Who reads the feed from now on: none, one that keeps its newest entries, the metrics, or the inspector.
   * @returns the inspector's address
   */
  watch(watcher: Watcher): Promise<string>
  /** Microseconds of processor time since the process began. */
  cpu(): Promise<number>
  /** Without a collection of garbage; what is the longest is since the last look. */
  strain(): Promise<Strain>
  /** Those of ours that came up since this was last asked, with their stacks. */
  bugs(): Promise<readonly string[]>
  /** The `step` of `strain`, since it was asked for last. */
  longestStep(): Promise<number>
  peers(): Promise<readonly Pick<PeerInfo, 'id' | 'name' | 'caps' | 'protocols'>[]>
  stop(): Promise<void>
}

/** URLs of its RPC, as far as that is served; a path of IPC. */
export type Endpoints = Readonly<Partial<Record<'http' | 'ws' | 'auth' | 'ipc', string>>>

export type Call = { readonly id: number; readonly name: keyof OwnNodeCalls; readonly params: readonly unknown[] }
export type Reply = { readonly id: number; readonly result?: unknown; readonly error?: string }

export type Strain = Steps & {
  /** Resident memory in bytes. */
  readonly rss: number
  /** The longest time that the sockets were not looked at, in milliseconds: what others took of the core is in it. */
  readonly longest: number
}

const delayResolution = 1
const delay = monitorEventLoopDelay({ resolution: delayResolution })
delay.enable()

let node: PeerchartNode
/** The highest resident memory since it was last asked for. */
let peak = 0
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 50).unref()

const steps = new StepMeter()

/** BOUNDED: by who asks for them. */
const seenBugs: string[] = []
bugs.subscribe((bug) => {
  const { actor, error } = bug as Bug
  seenBugs.push(`${actor}: ${error instanceof Error ? error.stack : String(error)}`)
})

export type Watcher = 'unwatched' | 'ring' | 'metrics' | 'recorder' | 'inspector'

/** How each begins, and ends. */
type Watching = { end(): unknown; readonly address?: string }
const watchers: Record<Watcher, (node: PeerchartNode) => Watching | Promise<Watching>> = {
  unwatched: () => ({ end() {} }),
  ring: ({ feed }) => ({
    end: feed.subscribe((entry) => {
      ring[kept++ % ringSize] = entry
    }),
  }),
  metrics: ({ feed }) => {
    const metrics = new NodeMetrics(
      processRuntime({ feed }),
      { port: 0 },
      { chain: { head: { number: 0n } }, protocols: [] },
    )
    return { end: () => metrics.close() }
  },
  recorder: async ({ feed, name: client }) => {
    const file = join(await mkdtemp(join(tmpdir(), 'peerchart-recorder-')), 'recording.ndjson')
    const recorder = await Recorder.open(file, { client, maxBytes: 20e9 })
    recorder.follow(feed)
    return {
      end: async () => {
        await recorder.close()
        await rm(dirname(file), { recursive: true })
      },
    }
  },
  inspector: async (node) => {
    const inspector = await Inspector.open(node)
    return { end: () => inspector.close(), address: inspector.address }
  },
}
let watching: Watching = { end() {} }
/** BOUNDED: the newest ringSize entries. It stays full while no one reads: what it holds costs all alike. */
const ring: FeedEntry[] = []
const ringSize = 65_536
let kept = 0

const methods: OwnNodeCalls = {
  async start({ chain, blocks = 40, isWatched = false, isSynced = false, genesis, ...options }) {
    node = await createNode({
      ...{ host: '127.0.0.1', port: 0, maxPeers: 500, ...options },
      genesis: genesis ?? devGenesisJson,
      ...(isWatched && { log: createLogger({ verbosity: 5, json: true }) }),
    })
    if (isWatched)
      node.events$.subscribe((event) =>
        JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
      )
    if (chain !== undefined) await node.importChain(chain)
    else if (genesis === undefined) await node.chain.insertBlocks(makeBlocks(devGenesis(), node.chain.head, blocks))
    await node.start()
    if (isSynced) node.eth.follow({ hash: node.chain.head.hash, number: node.chain.head.number, isOurs: true })
    const { http, ws, auth, ipc } = node.rpc ?? {}
    const served = Object.entries({ http, ws, auth, ipc }).filter(([, address]) => address !== undefined)
    return { enode: node.enode, head: Number(node.chain.head.number), ...Object.fromEntries(served) }
  },
  async addPeer(enode) {
    node.addPeer(enode)
  },
  removePeer: (enode) => node.removePeer(enode),
  async importChain(path) {
    await node.importChain(path)
  },
  async vitals() {
    globalThis.gc!()
    steps.restart()
    const { heapUsed, external, rss } = process.memoryUsage()
    const highest = Math.max(peak, rss)
    peak = 0
    const resources = process.getActiveResourcesInfo()
    return {
      memory: heapUsed + external,
      peak: highest,
      peers: node.peers().length,
      sockets: resources.filter((resource) => resource.startsWith('TCP')).length,
      timers: resources.filter((resource) => resource === 'Timeout').length,
      actors: node.feed.actors.length,
    }
  },
  async head() {
    const { number, hash } = node.chain.head
    return { number: Number(number), hash: bytesToHex(hash) }
  },
  async watch(watcher) {
    await watching.end()
    watching = await watchers[watcher](node)
    return watching.address ?? ''
  },
  async cpu() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
  async strain() {
    const longest = Math.max(0, delay.max / 1e6 - delayResolution)
    delay.reset()
    return { ...(await steps.take()), rss: process.memoryUsage.rss(), longest }
  },
  async bugs() {
    return seenBugs.splice(0)
  },
  async longestStep() {
    return (await steps.take()).step
  },
  async peers() {
    return node.peers().map(({ id, name, caps, protocols }) => ({ id, name, caps, protocols }))
  },
  async stop() {
    await node.stop()
    setImmediate(() => process.disconnect()) // the answer first
  },
}

process.on('message', async ({ id, name, params }: Call) => {
  const method = methods[name] as (...params: readonly unknown[]) => Promise<unknown>
  // biome-ignore lint/plugin: as many as the method has, our own
  const reply = await method(...params).then(
    (result): Reply => ({ id, result }),
    (error: Error): Reply => ({ id, error: error.stack ?? error.message }),
  )
  if (process.connected) process.send!(reply)
})
process.on('disconnect', () => process.exit()) // stopped, or left behind
