import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Chain } from '../../actors/chain/chain.ts'
import { devGenesis, devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { NodeOptions } from '../../actors/peerchart/node-options.ts'
import { makeBlocks } from '../actors/chain/make-chain.ts'
import { testSecret } from '../actors/rpc/test-stack.ts'
import { plantedBugs } from '../bugs.ts'
import { type FuzzedNode, Watch } from './node.ts'
import { type Readers, reader, readersTarget } from './readers.ts'
import { Fault, type Target } from './target.ts'
import { captures } from './targets/captures.ts'
import { configuration } from './targets/configuration.ts'
import { decoders } from './targets/decoders.ts'
import { engine } from './targets/engine.ts'
import { recordings } from './targets/recordings.ts'
import { rpc } from './targets/rpc.ts'
import { syncing } from './targets/syncing.ts'
import { wire } from './targets/wire.ts'
import { tryInputs } from './trying.ts'

const seed = 14

/** What is thrown where something was sabotaged. */
class Planted extends Error {
  override readonly name = 'Planted'
}
const plant = (): never => {
  throw new Planted('here')
}

describe('the fuzzer', () => {
  const tables: Readonly<Record<string, () => Readers | Promise<Readers>>> = {
    decoders: () => decoders,
    captures: () => captures,
    recordings,
    configuration,
  }
  for (const [name, load] of Object.entries(tables)) {
    it(`finds nothing in a few ${name}`, async () => {
      const target = readersTarget(await load())
      const { inputs, found } = await tryInputs(async () => target, { name, seed, count: 60 })
      expect({ inputs, found }).to.deep.equal({ inputs: 60, found: [] })
    }).timeout(60_000)

    it(`finds what no reader of ${name} documents, in each of them`, async () => {
      for (const [one, { inputs, errors }] of Object.entries(await load())) {
        const target = readersTarget({ [one]: { inputs, errors, read: plant } })
        const { found } = await tryInputs(async () => target, { name, seed, count: 2 })
        const reported = found.map(({ kind, what, inputs, times }) => ({
          kind,
          what: what.split('\n')[0],
          inputs,
          times,
        }))
        expect(reported).to.deep.equal([
          { kind: 'foreign error', what: `${one}: Planted: here`, inputs: [0, 0], times: 2 },
        ])
      }
    }).timeout(60_000)
  }

  const running: readonly {
    readonly name: string
    readonly open: (start: () => Promise<FuzzedNode>) => Promise<Target>
    /** What of its chain throws. */
    readonly sabotaged: keyof Chain
    readonly options?: NodeOptions
    readonly isEmpty?: true
  }[] = [
    { name: 'wire', open: wire, sabotaged: 'bodyByHash' },
    { name: 'syncing', open: syncing, sabotaged: 'hasBlock', options: { headPollInterval: 100 }, isEmpty: true },
    {
      name: 'rpc',
      // Of so many methods, those that ask for what throws.
      open: async (start) => {
        const target = await rpc(start)
        return { ...target, inputs: target.inputs.filter(({ bytes }) => Buffer.from(bytes).includes('eth_getBlock')) }
      },
      sabotaged: 'bodyByHash',
      options: {
        rpc: { http: { port: 0 }, ws: { port: 0 }, ipc: join(tmpdir(), `peerchart-fuzz-${process.pid}.ipc`) },
      },
    },
    {
      name: 'engine',
      open: engine,
      sabotaged: 'headerByHash',
      options: { rpc: { auth: { port: 0, secret: testSecret } } },
    },
  ]
  for (const { name, open, sabotaged, options = {}, isEmpty } of running)
    it(`finds a fault of a node by ${name}`, async () => {
      let starts = 0
      const start = () => {
        starts += 1
        return startHere(options, isEmpty ? 0 : 40, sabotaged)
      }
      const { found } = await tryInputs(() => open(start), { name, seed, count: 256, isOver: () => starts > 1 })
      expect(found.some(({ what }) => /Planted: here|method handler crashed/.test(what))).to.equal(
        true,
        JSON.stringify(found),
      )
    }).timeout(60_000)

  it('finds what a promise fails with that nothing waits for', async () => {
    const mochas = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    try {
      const target: Target = { inputs: fc.constant(0), try: () => void Promise.reject(new Planted('here')) }
      const { found } = await tryInputs(async () => target, { name: 'x', seed, count: 3 })
      expect(found.map(({ kind, times }) => [kind, times])).to.deep.equal([['unhandled rejection', 3]])
    } finally {
      for (const listener of mochas) process.on('unhandledRejection', listener)
    }
  })

  it('finds a reader that takes too long for what it reads', async () => {
    let now = 0
    const target = readersTarget({ slow: reader(fc.constant(0), () => {}) }, () => (now += 1_001))
    const { found } = await tryInputs(async () => target, { name: 'x', seed, count: 1 })
    expect(found.map(({ kind, what }) => [kind, what])).to.deep.equal([
      ['step', 'slow: it took 1001 ms of the processor'],
    ])
  })

  it('tries the same input again for the same seed and number, and others otherwise', async () => {
    const inputs = async (seed: number, first: number, count: number) => {
      const seen: string[] = []
      const target = { inputs: fc.uint8Array({ minLength: 8 }), try: (input: Uint8Array) => seen.push(String(input)) }
      await tryInputs(async () => target, { name: 'x', seed, first, count })
      return seen
    }
    const all = await inputs(seed, 0, 9)
    expect(new Set(all).size).to.equal(9)
    expect(await inputs(seed, 7, 2)).to.deep.equal(all.slice(7))
    expect(await inputs(seed + 1, 0, 9)).to.not.deep.equal(all)
  })

  const calm = { memory: 1e9, peers: 1 }
  const healthy: FuzzedNode = {
    enode: '',
    bugs: async () => [],
    longestStep: async () => 0,
    vitals: async () => calm,
    head: async () => 0,
    stop: async () => {},
  }
  const watched = async (change: Partial<FuzzedNode>) => {
    let isAsked = 0
    const bystander = { ask: async () => ++isAsked > 1 && change.enode === 'lost' && plant(), close: () => {} }
    const node = { ...healthy }
    const watch = await Watch.over(node, { 'a good peer': bystander })
    Object.assign(node, change)
    return watch.look().then(() => watch.close(0))
  }
  for (const [what, change, kind] of [
    ['a bug that a node outlived', { bugs: async () => ['peer/1: TypeError'] }, 'foreign error'],
    ['a step that kept a node from all else', { longestStep: async () => 1_001 }, 'step'],
    ['a good peer that lost its connection', { enode: 'lost' }, 'bystander'],
    ['a process that has ended', { vitals: () => Promise.reject(new Error('the node ended with 1')) }, 'process'],
    ['memory that does not come back', { vitals: async () => ({ ...calm, memory: 2e9 }) }, 'left over'],
    ['a connection that stays', { vitals: async () => ({ ...calm, peers: 2 }) }, 'left over'],
  ] as const)
    it(`finds ${what}`, async () => {
      const fault = await watched(change).then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(fault).to.be.instanceOf(Fault)
      expect((fault as Fault).kind).to.equal(kind)
    })
  it('finds nothing in a node that is as it was', () => watched({}))
})

/** A node in this process, with a method of its chain that throws. */
async function startHere(options: NodeOptions, blocks: number, sabotaged: keyof Chain): Promise<FuzzedNode> {
  const node = await createNode({ genesis: devGenesisJson, port: 0, noDial: true, ...options })
  await node.chain.insertBlocks(makeBlocks(devGenesis(), node.chain.head, blocks))
  await node.start()
  Object.defineProperty(node.chain, sabotaged, { value: plant })
  const { http, ws, auth, ipc } = node.rpc ?? {}
  const served = Object.fromEntries(Object.entries({ http, ws, auth, ipc }).filter(([, place]) => place !== undefined))
  return {
    enode: node.enode,
    ...served,
    bugs: async () => plantedBugs().map(({ actor, error }) => `${actor}: ${error}`),
    longestStep: async () => 0,
    vitals: async () => ({ memory: 0, peers: 0 }),
    head: async () => Number(node.chain.head.number),
    stop: async () => {
      await node.stop()
      plantedBugs()
    },
  }
}
