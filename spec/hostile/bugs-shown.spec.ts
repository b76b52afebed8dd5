import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { AnyStateMachine } from 'xstate'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { BlockProducer } from '../../actors/chain/producer.ts'
import { runCli } from '../../actors/cli/program.ts'
import { explain } from '../../actors/explain/explanation.ts'
import { History } from '../../actors/explain/history.ts'
import { GossipWatch } from '../../actors/gossip-watch/gossip-watch.ts'
import { createLogger } from '../../actors/log/log.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { Dispatcher } from '../../actors/rpc/dispatcher.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import type { Bug } from '../../actors/runtime/runtime.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import type { ScriptedPeer } from '../../actors/scripted-peer/scripted-peer.ts'
import type { FeedEntry } from '../../actors/trace/entries.ts'
import { ethPeerMachine, gossipWatchMachine, peerMachine, scriptedPeerMachine } from '../../machines/index.ts'
import { ScriptedIo, Written } from '../actors/cli/scripted-io.ts'
import { scrape } from '../actors/metrics/scrape.ts'
import { replayFile } from '../actors/recording/record.ts'
import { plantedBugs } from '../bugs.ts'
import { plant, plantsOf } from './plants.ts'

// What is to be seen of a bug: in the feed, and so in metrics, inspector and recordings; by who asks over HTTP; by commands.

describe('what is to be seen of a bug', function () {
  this.timeout(60_000)
  let dir: string
  let node: PeerchartNode
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-bugs-'))
    const options = { rpc: { http: { port: 0 } }, metrics: { port: 0 }, record: { file: join(dir, 'recording') } }
    node = await createNode({ genesis: devGenesisJson, port: 0, ...options })
    await node.start()
  })
  afterEach(async () => {
    await node.stop()
    await rm(dir, { recursive: true })
  })

  for (const [machine, name, label] of [
    [peerMachine, 'sendPong', 'A bug of ours ended it: TypeError: planted in sendPong.'],
    [ethPeerMachine, 'serve', 'A bug of ours ended it with 0x10 subprotocol error: TypeError: planted in serve.'],
  ] as const)
    it(`that ends a connection, in ${machine.id}: an entry before its end, a count, Why, a recording`, async () => {
      const entries: FeedEntry[] = []
      const history = new History({ now: () => performance.now() })
      history.follow(node.feed)
      node.feed.subscribe((entry) => entries.push(entry))
      using bug = plant(machine as unknown as AnyStateMachine, { kind: 'actions', name }, () => true)
      const victim = dial(node.enode)
      await victim.until('running')
      victim.send('Ping')
      victim.send('GetBlockHeaders', { origin: 0, amount: 1 })
      await victim.closed()
      while (!entries.some(({ type, actor }) => type === 'actor.stopped' && actor === 'peer/1')) await victim.listen(5)
      expect(plantedBugs().map(({ ends }) => ends)).to.deep.equal(['connection'])

      const actor = machine.id === 'peer' ? 'peer/1' : 'peer/1/eth'
      const at = entries.findIndex(({ type }) => type === 'bug')
      const entry = { type: 'bug', actor, error: 'TypeError', message: `planted in ${name}`, ends: 'connection' }
      expect(entries[at]).to.deep.equal(entry)
      expect(entries.findIndex((one) => one.type === 'actor.stopped' && one.actor === actor)).to.be.above(at)
      const samples = await scrape(node)
      expect(samples.get('peerchart_bugs_total{ends="connection"}')).to.equal(1)
      expect(samples.get('peerchart_bugs_total{ends="node"}')).to.equal(0)
      expect(explain(history, 'peer/1')).to.include({ summary: label, by: 'local' })
      expect(history.departures.all.map(({ summary }) => summary)).to.deep.equal([label])
      expect(history.picture()!.actors.find((one) => one.actor === actor)!.bug).to.equal(
        `TypeError: planted in ${name}`,
      )
      expect(history.takeChanges().bugs).to.deep.equal([[actor, `TypeError: planted in ${name}`]])
      await node.stop()
      bug[Symbol.dispose]() // the replay is of charts as they are
      expect((await replayFile(join(dir, 'recording'))).difference).to.equal(undefined)
    })

  for (const [what, reader, subscribe] of [
    ['the feed', 'reader', (node: PeerchartNode, read: () => never) => node.feed.subscribe(read)],
    ['events$', 'events', (node: PeerchartNode, read: () => never) => node.events$.subscribe(read)],
    ['peerEvents$', 'events', (node: PeerchartNode, read: () => never) => node.peerEvents$.subscribe(read)],
    ['heads$', 'heads', (node: PeerchartNode, read: () => never) => node.chain.heads$.subscribe(read)],
    ['progress$', 'eth/progress', (node: PeerchartNode, read: () => never) => node.eth.progress$.subscribe(read)],
  ] as const)
    it(`in a reader of ${what}: that reader ends, the log has its stack, it is counted, and the node goes on`, async () => {
      await node.stop()
      const log = new Written()
      node = await createNode({
        genesis: devGenesisJson,
        port: 0,
        log: createLogger({ stream: log }),
        metrics: { port: 0 },
      })
      await node.start()
      let calls = 0
      subscribe(node, () => {
        calls += 1
        throw new TypeError('planted')
      })
      for (let i = 0; i < 2; i++) {
        await using peer = dial(node.enode)
        await peer.until('running')
        const producer = await BlockProducer.open(node.chain, { seed: new Uint8Array(32) })
        await producer.produce(node.chain.head.time + 1n)
      }
      expect(calls).to.equal(1)
      expect(plantedBugs().map(({ actor, ends }) => `${actor} ${ends}`)).to.deep.equal([`${reader} reader`])
      const logged = JSON.parse(log.text.split('\n').find((line) => line.includes('A bug of ours'))!)
      expect(logged).to.include({ level: 'error', actor: reader, ends: 'reader' })
      expect(logged.err).to.match(/^TypeError: planted\n {4}at /)
      expect((await scrape(node)).get('peerchart_bugs_total{ends="reader"}')).to.equal(1)
      expect(node.failure).to.equal(undefined)
    })

  it('while a request over HTTP is answered: 500, and the next is answered', async () => {
    const ask = () =>
      fetch(node.rpc!.http!, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{"jsonrpc":"2.0","id":1,"method":"net_version"}',
      })
    const { answerInParts } = Dispatcher.prototype
    Dispatcher.prototype.answerInParts = () => {
      throw new TypeError('planted')
    }
    const reply = await ask().finally(() => Object.assign(Dispatcher.prototype, { answerInParts }))
    expect([reply.status, reply.headers.get('connection'), await reply.text()]).to.deep.equal([
      ...[500, 'close', 'internal server error\n'],
    ])
    expect(plantedBugs().map(({ actor, ends }) => `${actor} ${ends}`)).to.deep.equal(['rpc/http connection'])
    expect((await ask()).status).to.equal(200)
  })

  const scripted = scriptedPeerMachine as unknown as AnyStateMachine
  const portsOf = (machine: AnyStateMachine) => plantsOf(machine).filter(({ kind }) => kind === 'actions')
  const isBugs = (err: string, name: string) =>
    expect(err.split('\n').filter((line) => !line.startsWith('waiting'))).to.deep.equal([
      `error: a bug of ours ended it: TypeError: planted in ${name}; please report it; \`--explain\` prints its stack`,
      '',
    ])

  it('in a port of the peer that connect plays: one line, and an exit status of its own', async () => {
    const reached: string[] = []
    for (const planted of portsOf(scripted)) {
      if (planted.name === 'hangUp') continue // when all is done
      using bug = plant(scripted, planted, () => true)
      const io = new ScriptedIo()
      const status = await runCli(['connect', node.enode], io)
      if (bug.count === 0) continue
      reached.push(planted.name)
      expect(status, planted.name).to.equal(70)
      isBugs(io.err, planted.name)
      expect(plantedBugs().length, planted.name).to.be.above(0)
    }
    expect(reached).to.have.members(['connect', 'secure', 'sayHello', 'sayStatus'])
  })
  it('in a port of the peer that listen plays: the same', async () => {
    const reached: string[] = []
    for (const name of ['secure', 'sayHello', 'sayStatus']) {
      using bug = plant(scripted, { kind: 'actions', name }, () => true)
      const io = new ScriptedIo()
      const done = runCli(['listen'], io)
      const line = await io.stderr.line(/enode/)
      node.addPeer(line.split(' ').at(-1)!)
      expect(await done, name).to.equal(70)
      await node.removePeer(line.split(' ').at(-1)!)
      isBugs(io.err, name)
      if (bug.count > 0) reached.push(name)
      expect(plantedBugs().length, name).to.be.above(0)
    }
    expect(reached).to.deep.equal(['secure', 'sayHello', 'sayStatus'])
  })
  it('with --explain: its stack, too', async () => {
    using _bug = plant(scripted, { kind: 'actions', name: 'sayHello' }, () => true)
    const io = new ScriptedIo()
    expect(await runCli(['connect', node.enode, '--explain'], io)).to.equal(70)
    expect(io.err).to.match(/^TypeError: planted in sayHello\n {4}at /)
    expect(io.out).to.contain('bug: a bug of ours ended it')
    plantedBugs()
  })
  it('in a command itself: its stack behind the line, and that exit status', async () => {
    const io = new ScriptedIo(() => {
      throw new TypeError('planted')
    })
    expect(await runCli(['start', '--no-execute', '--port', '0'], io)).to.equal(70)
    expect(io.err).to.match(/^error: a bug of ours, please report it: TypeError: planted\b/)
    expect(plantedBugs()).to.have.length(1)
  })

  it('in a port of a watch: that watch alone', async () => {
    const machine = gossipWatchMachine as unknown as AnyStateMachine
    const reached: string[] = []
    const untilGossip = ['deny', 'fetch', 'emit'] // this node sends none
    for (const planted of portsOf(machine).filter(({ name }) => !untilGossip.includes(name))) {
      using bug = plant(machine, planted, () => true)
      const bugs: Bug[] = []
      const runtime = processRuntime({ supervisor: (one) => bugs.push(one) })
      let peer: ScriptedPeer | undefined
      const lost: string[] = []
      let failures = 0
      const watch = new GossipWatch('1', {
        ...{ runtime, timeout: 5_000, fetches: false, now: () => 0n, monotonic: () => 0n, isNew: () => true },
        dial: (parent) => {
          peer = dial(planted.name === 'reportFailed' ? absent : node.enode, { runtime, parent })
          return peer
        },
        emit: () => undefined,
        running: () => {},
        lost: (cause) => lost.push(cause),
        failed: () => {
          failures += 1
        },
      })
      while (bugs.length === 0 && watch.state === 'connecting') await new Promise(setImmediate)
      if (planted.name === 'reportLost') peer!.close()
      while (planted.name === 'reportLost' && bugs.length === 0) await new Promise(setImmediate)
      if (bugs.length === 0) watch.stop()
      if (bug.count === 0) continue
      reached.push(planted.name)
      expect(
        bugs.map(({ actor, ends }) => `${actor} ${ends}`),
        planted.name,
      ).to.deep.equal(['watch/1 connection'])
      expect([lost, failures], planted.name).to.deep.equal([['internal error'], 0])
    }
    expect(reached).to.have.members(['connect', 'running', 'read', 'hangUp', 'reportLost', 'reportFailed'])
  })
})

/** A key, and a port that no one listens on. */
const absent = `enode://${'1b84c5567b126440995d3ed5aaba0565d71e1834604819ff9c17f5e9d5dd078f70beaf8f588b541507fed6a642c5ab42dfdf8120a7f639de5122d47a69a8e8d1'}@127.0.0.1:1`
