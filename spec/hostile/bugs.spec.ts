import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import type { AnyStateMachine } from 'xstate'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { method } from '../../actors/rpc/api.ts'
import { RpcClient } from '../../actors/rpc/client.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import type { ScriptedPeer } from '../../actors/scripted-peer/scripted-peer.ts'
import * as machines from '../../machines/index.ts'
import { plantedBugs } from '../bugs.ts'
import { failureOf } from '../failure.ts'
import { type Plant, plant, plantsOf } from './plants.ts'

// In a node that runs, bugs are planted in the ports of its charts, and in guards of those that belong to no connection, one
// at a time: what they end is what they belong to. Those that no peer here comes to are in bugs-charts.spec.ts.

describe('a bug', function () {
  this.timeout(60_000)
  let node: PeerchartNode
  const open = () => {
    const door = { namespace: 'door', methods: { knock: method([], () => 'come in') } }
    const rpc = { http: { port: 0, api: ['door'] }, ws: { port: 0, api: ['door'] } }
    return createNode({ genesis: devGenesisJson, port: 0, rpc, apis: [door], maxPeers: 4, headPollInterval: 20 })
  }
  beforeEach(async () => {
    node = await open()
    await node.start()
  })
  afterEach(() => node.stop())

  const answers = async (peer: ScriptedPeer) => {
    const { headers } = await peer.request('GetBlockHeaders', { origin: 0, amount: 1 })
    expect(headers.count).to.equal(1)
  }
  /** Says what makes charts of its connection do what they can. */
  async function converse(peer: ScriptedPeer) {
    await peer.until('running', { timeout: 1_000 })
    peer.send('Ping')
    await peer.expect('Pong', {}, { timeout: 1_000 })
    await answers(peer)
    peer.send('BlockRangeUpdate', { earliest: 0, latest: 5, latestHash: new Uint8Array(32).fill(1) })
    peer.send('PooledTransactions', { id: 7n, transactions: [] })
    const asked = await peer.expect('GetBlockHeaders', {}, { timeout: 1_000 })
    peer.send('BlockHeaders', { id: asked.id, headers: [] })
    await peer.listen(20)
    peer.send('Disconnect', { reason: 'Requested' } as never)
    await peer.closed({ timeout: 2_000 })
  }

  /** Breaks a rule with its Status. */
  async function differ(peer: ScriptedPeer) {
    await peer.status({ genesis: new Uint8Array(32).fill(9) })
    await peer.closed({ timeout: 2_000 })
  }
  /** Hangs up before its Hello. */
  async function leave(peer: ScriptedPeer) {
    await peer.until('greeting', { timeout: 1_000 })
    const isThere = () => node.feed.actors.some(({ id, chart }) => chart === 'peer' && id !== 'peer/1')
    peer.close()
    while (isThere()) await new Promise(setImmediate)
  }
  const scenes = [
    { options: {}, play: converse },
    { options: { through: 'hello' }, play: differ },
    { options: { through: 'rlpx' }, play: leave },
  ] as const

  for (const [machine, elsewhere] of [
    [machines.peerMachine, ['sendPing', 'abandon']], // only time comes to them: bugs-late.spec.ts
    [machines.ethPeerMachine, ['checkTransactions', 'checkAnswer', 'fail']], // of a synced node, of answers that a node does not ask for, and of a request that no peer outlives: bugs-charts.spec.ts
  ] as unknown as [AnyStateMachine, string[]][])
    it(`in what ${machine.id} does ends that peer alone, and nothing of it stays`, async () => {
      const unreached: string[] = []
      await using bystander = dial(node.enode)
      await bystander.until('running')
      const isVictims = (actor: string) => actor.startsWith('peer/') && !/^peer\/1(\/|$)/.test(actor)
      for (const planted of plantsOf(machine).filter(({ kind }) => kind === 'actions')) {
        using bug = plant(machine, planted, isVictims)
        for (const { options, play } of scenes) {
          if (bug.count > 0) break
          await using victim = dial(node.enode, options)
          await failureOf(play(victim)).catch(() => {})
          await victim.closed({ timeout: 5_000 })
        }
        const bugs = plantedBugs()
        if (bug.count === 0) {
          unreached.push(planted.name)
          continue
        }
        expect(bugs.length, planted.name).to.be.above(0)
        for (const { ends, error } of bugs) expect(`${ends}: ${error}`).to.match(/^connection: .*planted in/)
        await answers(bystander)
        while (node.peers().length > 1) await bystander.listen(5)
        const left = node.feed.actors.filter(({ id }) => isVictims(id))
        expect(left, planted.name).to.deep.equal([])
        expect(node.failure).to.equal(undefined)
      }
      expect(unreached).to.deep.equal(elsewhere)
      // Every slot is free again.
      await using second = dial(node.enode)
      await using third = dial(node.enode)
      for (const peer of [second, third]) await peer.until('running')
    })

  it('in what rpc-connection does ends that client alone', async () => {
    const machine = machines.rpcConnectionMachine as unknown as AnyStateMachine
    const bystander = await RpcClient.connect(node.rpc!.ws!)
    const own = node.feed.actors.find(({ chart }) => chart === machine.id)!.id
    const { port } = new URL(node.rpc!.ws!)
    for (const planted of plantsOf(machine)) {
      using bug = plant(machine, planted, (actor) => actor !== own)
      const victim = new WebSocket(`ws://127.0.0.1:${port}`)
      const closed = once(victim, 'close')
      await once(victim, 'open')
      victim.send('no JSON')
      await closed
      expect(await bystander.call('door_knock')).to.equal('come in')
      const bugs = plantedBugs()
      expect(bugs.map(({ ends }) => ends)).to.deep.equal(Array(bug.count).fill('connection'))
      if (planted.name === 'hangUp') expect(bug.count).to.equal(1)
    }
    bystander.close()
    expect(node.failure).to.equal(undefined)
  })

  /** A node's whole life, with two peers. */
  async function live(): Promise<ScriptedPeer> {
    const bystander = dial(node.enode)
    await bystander.until('running')
    await using newcomer = dial(node.enode)
    await Promise.race([failureOf(converse(newcomer)).catch(() => {}), node.wait()])
    await Promise.race([node.stop(), late()])
    return bystander
  }

  for (const machine of [
    machines.serverMachine,
    machines.dialerMachine,
    machines.protocolManagerMachine,
    machines.downloaderMachine,
    machines.rpcServerMachine,
    machines.nodeMachine,
  ] as unknown as AnyStateMachine[])
    it(`in what ${machine.id} does ends the node in order`, async () => {
      await node.stop()
      const begin = async (plants: readonly Plant[], isBad: boolean) => {
        const planted = plants.map((one) => plant(machine, one, () => true, isBad))
        try {
          node = await open()
        } catch (error) {
          expect(`${error}`).to.match(/planted in/) // a node that cannot be made
          return planted.map((one) => one[Symbol.dispose]())
        }
        await Promise.race([failureOf(node.start()).catch(() => {}), late()])
        const bystander = node.failure ? undefined : await live().catch(() => undefined)
        await Promise.race([node.stop().catch(() => {}), late()]).catch((cause) => {
          for (const one of planted) one[Symbol.dispose]()
          throw cause
        })
        bystander?.close()
        for (const one of planted) one[Symbol.dispose]()
        return planted.map(({ count }) => count)
      }
      const counts = await begin(plantsOf(machine), false)
      const reached = plantsOf(machine).filter((_, i) => counts[i]! > 0)
      expect(reached.length).to.be.above(2)
      for (const one of reached) {
        const counts = await begin([one], true).catch((cause) => {
          throw new Error(one.name, { cause })
        })
        if (counts[0] === undefined) continue
        const bugs = plantedBugs()
        expect(bugs.length, one.name).to.be.above(0)
        for (const { error } of bugs) expect(`${error}`).to.match(/planted in/)
        await node.wait()
        expect(isClosed(node), `${one.name}: the chain is closed`).to.equal(true)
      }
    })
})

/** A database that is closed is read no more. */
function isClosed({ chain }: PeerchartNode): boolean {
  return chain.headerByHash(chain.genesis.hash) === undefined
}

async function late(): Promise<never> {
  await setTimeout(3_000, undefined, { ref: false })
  throw new Error('the node does not stop')
}
