import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { method } from '../../actors/rpc/api.ts'
import { queries, variables } from '../actors/metrics/dashboard.ts'
import { startNode, stopNodes, synced } from '../actors/metrics/nodes.ts'
import { findPrometheus, skip } from '../support/clients.ts'
import { eventually } from './own-ethtest-node.ts'

describe('Prometheus', () => {
  let prometheus: Prometheus
  before(async function () {
    const path = findPrometheus()
    if (path === undefined) return skip(this, 'no prometheus on PATH: set PROMETHEUS or PATH to run this')
    const nodes = [await startNode({ metrics: { port: 0 } }), await startNode({ metrics: { port: 0 } }, 3)] as const
    const [near, far] = nodes
    near.metrics!.meterApis([{ namespace: 'lamp', methods: { shine: method([], () => 'light') } }])
    near.addPeer(far.enode)
    await synced(near, far)
    await near.removePeer(far.enode)
    prometheus = await Prometheus.start(
      path,
      nodes.map(({ metrics }) => new URL(metrics!.url!).host),
    )
    // A rate takes two scrapes.
    const twice = 'min(count_over_time(p2p_peers[1m])) >= 3'
    await eventually('three scrapes of each', async () => (await prometheus.query(twice)).length > 0)
  })
  after(async () => {
    await prometheus?.stop()
    await stopNodes()
  })

  it('reads every node', async () => {
    const { data } = await prometheus.get('/api/v1/targets')
    const { activeTargets } = data as { activeTargets: { health: string; lastError: string }[] }
    expect(activeTargets.map(({ health, lastError }) => [health, lastError])).to.deep.equal([
      ['up', ''],
      ['up', ''],
    ])
  })

  for (const { panel, query } of queries)
    it(`answers what the dashboard asks in '${panel}': ${query}`, async () => {
      // Garbage is collected when it is, and who has collected none has no samples.
      if (query.includes('nodejs_gc_')) await eventually(query, async () => (await prometheus.query(query)).length > 0)
      expect(await prometheus.query(query)).not.to.deep.equal([])
    })

  it('knows what the dashboard lets one choose from', async () => {
    for (const { metric, label } of variables) {
      const { data } = await prometheus.get(`/api/v1/label/${label}/values?match[]=${metric}`)
      expect(data, label).to.have.length.above(1)
    }
  })
})

type Answer = { readonly status: string; readonly data: unknown; readonly error?: string }

/** One on a free port of 127.0.0.1 that scrapes every half second. */
class Prometheus {
  readonly #process: ChildProcess
  readonly #directory: string
  readonly #url: string

  private constructor(process: ChildProcess, directory: string, url: string) {
    this.#process = process
    this.#directory = directory
    this.#url = url
  }

  static async start(path: string, targets: readonly string[]): Promise<Prometheus> {
    const directory = await mkdtemp(join(tmpdir(), 'peerchart-prometheus-'))
    const file = join(directory, 'prometheus.yml')
    const job = `{job_name: peerchart, static_configs: [{targets: ${JSON.stringify(targets)}}]}`
    await writeFile(file, `global: {scrape_interval: 500ms, scrape_timeout: 500ms}\nscrape_configs: [${job}]\n`)
    const flags = [`--storage.tsdb.path=${join(directory, 'data')}`, '--web.listen-address=127.0.0.1:0']
    const process = spawn(path, [`--config.file=${file}`, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] })
    const url = await urlOf(process)
    // It listens before it answers: 503 until it has replayed its log.
    await eventually('Prometheus is ready', async () => (await fetch(`${url}/-/ready`)).ok)
    return new Prometheus(process, directory, url)
  }

  async query(query: string): Promise<readonly unknown[]> {
    const { data } = await this.get(`/api/v1/query?query=${encodeURIComponent(query)}`)
    return (data as { result: unknown[] }).result
  }

  /** @throws {Error} what Prometheus says is wrong */
  async get(path: string): Promise<{ data: unknown }> {
    const { status, data, error } = (await (await fetch(`${this.#url}${path}`)).json()) as Answer
    if (status !== 'success') throw new Error(error)
    return { data }
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM')
    if (this.#process.exitCode === null) await once(this.#process, 'exit')
    await rm(this.#directory, { recursive: true, force: true })
  }
}

/** Reads its log until it has said where it listens; from then on the log is thrown away. */
async function urlOf(process: ChildProcess): Promise<string> {
  const tail: string[] = []
  for await (const line of createInterface({ input: process.stderr! })) {
    tail.push(line)
    const [, address] = line.match(/msg="Listening on" address=(\S+)/) ?? []
    if (address === undefined) continue
    process.stderr!.resume()
    return `http://${address}`
  }
  throw new Error(`prometheus ended before it listened:\n${tail.slice(-20).join('\n')}`)
}
