import { request } from 'node:http'
import { expect } from 'chai'
import { Counter } from 'prom-client'
import { explain } from '../../../actors/cli/failures.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { NodeOptions } from '../../../actors/peerchart/node-options.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import { plantedBugs } from '../../bugs.ts'
import { failureOf } from '../../failure.ts'
import { startNode, stopNodes, until } from './nodes.ts'
import { type Scrape, scrape, typesOf } from './scrape.ts'

describe('the metrics of a node', () => {
  afterEach(stopNodes)
  const metered = (options: NodeOptions = {}) => startNode({ metrics: { port: 0 }, ...options })

  it('count a peer that comes and goes, at both ends', async () => {
    const [near, far] = [await metered(), await metered()]
    near.addPeer(far.enode)
    await until(near, 'eth-peer', 'active.(chain.syncing reading.flowing)')
    await until(far, 'eth-peer', 'active.(chain.syncing reading.flowing)')
    const [ours, theirs] = [await scrape(near), await scrape(far)]
    expect(pick(ours, 'p2p_peers', 'p2p_peers_outbound', 'p2p_dials', 'p2p_dials_success')).to.deep.equal([1, 1, 1, 1])
    expect(pick(ours, 'p2p_peers_inbound', 'p2p_serves', 'p2p_serves_success')).to.deep.equal([0, 0, 0])
    expect(pick(theirs, 'p2p_peers', 'p2p_peers_inbound', 'p2p_serves', 'p2p_serves_success')).to.deep.equal([
      1, 1, 1, 1,
    ])
    expect(ours.get('p2p_egress')).to.be.above(400).and.equal(theirs.get('p2p_ingress'))
    await near.removePeer(far.enode)
    await until(far, 'peer', 'closed')
    const [left, was] = [await scrape(near), await scrape(far)]
    expect(pick(left, 'p2p_peers', 'p2p_dials_success')).to.deep.equal([0, 1])
    expect(left.get('peerchart_peers_ended_total{by="us",reason="disconnect requested"}')).to.equal(1)
    expect(was.get('peerchart_peers_ended_total{by="remote",reason="disconnect requested"}')).to.equal(1)
  })

  it('count messages by their names, and under geth’s', async () => {
    const [near, far] = [await metered({ ethVersions: [69] }), await metered({ ethVersions: [69] })]
    near.addPeer(far.enode)
    await until(near, 'eth-peer', 'active.(chain.syncing reading.flowing)')
    const samples = await scrape(near)
    const of = 'direction="ingress",protocol="eth",version="69",message="Status"'
    expect(samples.get(`peerchart_messages_total{${of}}`)).to.equal(1)
    expect(samples.get(`peerchart_message_bytes_total{${of}}`)).to.be.within(70, 100)
    expect(samples.get('p2p_ingress_eth_69_0x00_packets')).to.equal(1)
    const hello = 'direction="egress",protocol="p2p",version="5",message="Hello"'
    expect(samples.get(`peerchart_messages_total{${hello}}`)).to.equal(1)
  })

  it('count states entered and transitions taken, and who is in which state now', async () => {
    const [near, far] = [await metered(), await metered()]
    near.addPeer(far.enode)
    await until(near, 'eth-peer', 'active.(chain.syncing reading.flowing)')
    const samples = await scrape(near)
    const entered = (chart: string, state: string) =>
      samples.get(`peerchart_chart_state_entered_total{chart="${chart}",state="${state}"}`)
    expect(entered('server', 'idle')).to.equal(1)
    expect(entered('peer', 'securing.handshaking')).to.equal(1)
    expect(entered('peer', 'admitted')).to.equal(1)
    const transition = 'greeting.exchanging · hello.accepted'
    expect(samples.get(`peerchart_chart_transitions_total{chart="peer",transition="${transition}"}`)).to.equal(1)
    expect(samples.get('peerchart_actors{chart="eth-peer",state="active.(chain.syncing reading.flowing)"}')).to.equal(1)
    expect(samples.get('peerchart_mailbox_depth{chart="peer"}')).to.be.at.least(1)
    expect((await scrape(near)).get('peerchart_mailbox_depth{chart="peer"}')).to.equal(0)
  })

  it('count the calls over RPC, by method', async () => {
    const node = await metered({ rpc: { http: { port: 0, api: ['eth'] } } })
    const call = async (method: string, params: unknown[] = []) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const headers = { 'content-type': 'application/json' }
      return (await fetch(node.rpc!.http!, { method: 'POST', headers, body })).json()
    }
    for (let i = 0; i < 3; i++) await call('eth_blockNumber')
    await call('eth_getBlockByNumber', ['pending', false])
    await call('eth_nothing')
    const samples = await scrape(node)
    expect(pick(samples, 'rpc_requests', 'rpc_success', 'rpc_failure')).to.deep.equal([4, 3, 1])
    expect(pick(samples, 'rpc_duration_all_count')).to.deep.equal([4])
    const of = 'method="eth_blockNumber",outcome="success"'
    expect(samples.get(`peerchart_rpc_calls_total{${of}}`)).to.equal(3)
    expect([...samples.keys()].filter((name) => name.includes('nothing'))).to.deep.equal([])
  })

  it('get no label and no name from a remote', async () => {
    const node = await metered()
    const attack = async (word: string, reason: number, code: number) => {
      const hello = {
        name: `${word}"} 1\n${word} 1`,
        caps: [
          { name: 'eth', version: 69 },
          { name: word, version: 7 },
        ],
      }
      const leaver = dial(node.enode, { hello })
      await leaver.until('running')
      leaver.send('Disconnect', { reason })
      await leaver.closed()
      const breaker = dial(node.enode, { hello })
      await breaker.until('running')
      breaker.raw({ code: 16 + code, compressed: true }) // of eth's range, and of no message of eth/69
      await breaker.closed()
    }
    await attack('ann', 0x42, 0x0b)
    const once = await scrape(node)
    await attack('bob', 0x43, 0x0b)
    const twice = await scrape(node)
    const names = (samples: Scrape) => [...samples.keys()].filter((name) => !/^(process|nodejs)_/.test(name))
    expect(names(twice)).to.deep.equal(names(once))
    expect(names(twice).join('\n')).not.to.match(/ann|bob/)
    expect(twice.get('peerchart_peers_ended_total{by="remote",reason="unknown"}')).to.equal(2)
    const of = 'direction="ingress",protocol="eth",version="69",message="0x0b"'
    expect(twice.get(`peerchart_messages_total{${of}}`)).to.equal(2)
  })

  it('are of one node each, and of one process', async () => {
    const [near, far, idle] = [await metered(), await metered(), await metered()]
    near.addPeer(far.enode)
    await until(near, 'eth-peer', 'active.(chain.syncing reading.flowing)')
    expect(pick(await scrape(idle), 'p2p_peers', 'p2p_serves', 'p2p_ingress')).to.deep.equal([0, 0, 0])
    const samples = await scrape(near)
    for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds', 'process_open_fds'])
      expect(samples.get(name), name).to.be.above(0)
    expect([...samples.keys()].find((key) => key.startsWith('peerchart_info{'))).to.contain('version="0.1.0"')
  })

  it('may have others beside them, whose faults are their own', async () => {
    const node = await metered()
    const registers = [node.metrics!.registry]
    new Counter({ name: 'lamps_total', help: 'Of the spec', registers }).inc(3)
    expect((await scrape(node)).get('lamps_total')).to.equal(3)
    const collect = () => {
      throw new Error('no lamp')
    }
    new Counter({ name: 'broken_total', help: 'Of the spec', registers, collect })
    const response = await fetch(node.metrics!.url!)
    expect([response.status, await response.text()]).to.deep.equal([500, 'no lamp\n'])
    expect(plantedBugs().map(({ actor, ends }) => [actor, ends])).to.deep.equal([['metrics', 'connection']])
    expect(node.failure).to.equal(undefined)
    expect((await fetch(node.metrics!.url!, { method: 'HEAD' })).status).to.equal(200)
  })

  it('say what each is', async () => {
    const text = await (await fetch((await metered()).metrics!.url!)).text()
    const types = [...typesOf(text)]
    expect(types).to.have.length.above(20)
    for (const [name] of types) expect(text).to.match(new RegExp(`^# HELP ${name} \\S`, 'm'))
  })

  it('are neither counted nor served unless asked for', async () => {
    const node = await startNode()
    expect(node.metrics).to.equal(undefined)
    expect(node.feed.isRead).to.equal(false)
  })

  it('end with the node', async () => {
    const node = await metered()
    const url = node.metrics!.url!
    await node.stop()
    expect(node.feed.isRead).to.equal(false)
    expect(node.metrics!.url).to.equal(undefined)
    expect(await failureOf(fetch(url))).to.be.an.instanceof(TypeError)
  })

  it('fail the start when their port is taken, in one line', async () => {
    const { port } = new URL((await metered()).metrics!.url!)
    const second = await createNode({ port: 0, metrics: { port: Number(port) } })
    const error = await failureOf(second.start())
    const why = `listen tcp 127.0.0.1:${port}: bind: address already in use`
    const reported = `metrics: ${why}; choose another with --metrics.addr or --metrics.port`
    expect(error).to.include({ name: 'MetricsListenFailed', message: reported })
    expect(explain(error)).to.equal(reported)
    await second.stop()
    expect(second.feed.isRead).to.equal(false)
  })
})

describe('the server of the metrics', () => {
  afterEach(stopNodes)
  let node: PeerchartNode
  beforeEach(async () => {
    node = await startNode({ metrics: { port: 0 } })
  })
  const at = (path: string) => new URL(path, node.metrics!.url)

  it('answers at /metrics, and where geth does', async () => {
    for (const path of ['/metrics', '/debug/metrics/prometheus', '/metrics?name=x']) {
      const response = await fetch(at(path))
      expect(response.status, path).to.equal(200)
      expect(response.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/)
      expect(await response.text()).to.contain('\np2p_peers 0\n')
    }
  })
  it('knows no other path and no other method', async () => {
    expect((await fetch(at('/'))).status).to.equal(404)
    expect((await fetch(at('/metrics'), { method: 'POST', body: 'x' })).status).to.equal(405)
    const head = await fetch(at('/metrics'), { method: 'HEAD' })
    expect([head.status, await head.text()]).to.deep.equal([200, ''])
  })
  it('listens on loopback', () => expect(new URL(node.metrics!.url!).hostname).to.equal('127.0.0.1'))
  for (const [host, status] of [
    ['localhost:6060', 200],
    ['LOCALHOST', 200],
    ['127.0.0.1', 200],
    ['[::1]:6060', 200],
    ['rebound.example', 403],
    ['127.0.0.1.rebound.example:6060', 403],
  ] as const)
    it(`answers ${status} to the Host header '${host}'`, async () => {
      const got = await new Promise((resolve) => {
        request(at('/metrics'), { headers: { host } }, ({ statusCode }) => resolve(statusCode)).end()
      })
      expect(got).to.equal(status)
    })
})

const pick = (samples: ReadonlyMap<string, number>, ...names: string[]) => names.map((name) => samples.get(name))
