import { expect } from 'chai'
import fc from 'fast-check'
import type { AnyActor, AnyStateMachine, EventObject } from 'xstate'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { memoryNetwork } from '../../../actors/simulation/memory-network.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import type { FeedEntry } from '../../../actors/trace/entries.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import type { Live } from '../../../actors/trace/live.ts'
import * as charts from '../../../machines/index.ts'

type Args = { readonly self: AnyActor; readonly event: EventObject }
type Effect = (args: Args, params: unknown) => unknown
type Running = { readonly what: string; readonly started: AnyActor[] }

/** Stands around every effect of every chart, and sees in which place of the feed each is run. */
class Witness {
  readonly faults: string[] = []
  effects = 0
  /** The last step of each actor. */
  readonly #steps = new Map<AnyActor, { readonly effects: readonly string[]; readonly event?: EventObject }>()
  readonly #running: Running[] = []
  readonly #restore: (() => void)[] = []

  constructor(feed: Feed) {
    feed.subscribe((entry, live) => this.#take(entry, live))
    for (const chart of Object.values(charts)) this.#surround(chart)
  }

  end(): void {
    for (const restore of this.#restore) restore()
  }

  #take(entry: FeedEntry, { actor, event }: Live): void {
    const running = this.#running.at(-1)
    if (entry.type === 'actor.started') {
      this.#steps.set(actor!, { effects: [] })
      running?.started.push(actor!)
    } else if (entry.type === 'transition') {
      this.#steps.set(actor!, { effects: entry.effects, event: event! })
      // An actor that an effect starts takes its first steps there.
      const isNew = this.#running.some(({ started }) => started.includes(actor!))
      if (running && !isNew) this.faults.push(`${entry.actor} takes ${entry.event} inside of ${running.what}`)
    }
  }

  #surround(chart: AnyStateMachine): void {
    const { actions } = chart.implementations as unknown as { actions: Record<string, object> }
    for (const [type, action] of Object.entries(actions)) {
      if (typeof action !== 'function' || 'resolve' in action) continue
      actions[type] = (args: Args, params: unknown) => this.#run(type, args, () => (action as Effect)(args, params))
      this.#restore.push(() => {
        actions[type] = action
      })
    }
  }

  #run(type: string, { self, event }: Args, effect: () => unknown): unknown {
    this.effects += 1
    const step = this.#steps.get(self)
    const isOfStart = event.type === 'xstate.init'
    if (isOfStart ? step?.event !== undefined || !step : !step?.effects.includes(type))
      this.faults.push(`${self.id} runs ${type}, which is not of its last step in the feed`)
    this.#running.push({ what: `${type} of ${self.id}`, started: [] })
    try {
      return effect()
    } finally {
      this.#running.pop()
    }
  }
}

const doings = {
  meet: ({ a, b }) => a.addPeer(b.enode),
  part: ({ a, b }) => void a.removePeer(b.enode),
  trust: ({ a, b }) => a.addTrustedPeer(b.enode),
  ask: ({ peer }) => peer('GetBlockHeaders', { origin: 0, amount: 3 }),
  askBadly: ({ raw }) => raw(0x13, Uint8Array.of(0xc1)),
  announce: ({ raw }) => raw(0x21, new Uint8Array(40)),
  ping: ({ peer }) => peer('Ping', {}),
  unknown: ({ raw }) => raw(0x7f, new Uint8Array(1)),
  leave: ({ peer }) => peer('Disconnect', { reason: 8 }),
  hangUp: ({ script }) => script()?.close(),
} satisfies Record<string, (world: World) => void>

type World = {
  readonly a: PeerchartNode
  readonly b: PeerchartNode
  peer(name: string, fields: object): void
  raw(code: number, payload: Uint8Array): void
  script(): ScriptedPeer | undefined
}

/** Two nodes and a script on one virtual clock, to whom `steps` happen with some time in between. @returns what was seen */
async function live(steps: readonly (readonly [keyof typeof doings, number])[]): Promise<Witness> {
  const clock = new VirtualClock()
  const feed = new Feed()
  const witness = new Witness(feed)
  const network = memoryNetwork()
  const options = { genesis: devGenesisJson, port: 0, runtime: { clock, feed }, transport: network }
  const [a, b] = await Promise.all([createNode(options), createNode(options)])
  await Promise.all([a.start(), b.start()])
  let script: ScriptedPeer | undefined
  const spoken = (say: (peer: ScriptedPeer) => void) => {
    if (!script || script.isClosed) script = dial(b.enode, { network, runtime: processRuntime({ clock, feed }) })
    else if (script.states.some(({ label }) => label === 'running')) say(script)
  }
  const world: World = {
    ...{ a, b, script: () => script },
    peer: (name, fields) => spoken((peer) => void peer.send(name as 'GetBlockHeaders', fields as never)),
    raw: (code, payload) => spoken((peer) => void peer.send(code, payload)),
  }
  for (const [what, ms] of steps) {
    doings[what](world)
    await clock.run(ms)
  }
  script?.close()
  for (const node of [a, b]) {
    const stopped = node.stop()
    await clock.run(10_000)
    await stopped
  }
  witness.end()
  return witness
}

describe('the feed of a session', () => {
  it('has every entry after its cause: no effect runs before its step is published, or has a step of another inside', async () => {
    const steps = fc.array(
      fc.tuple(
        fc.constantFrom(...(Object.keys(doings) as (keyof typeof doings)[])),
        fc.constantFrom(0, 1, 100, 16_000),
      ),
      { minLength: 4, maxLength: 12 },
    )
    let effects = 0
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        const witness = await live([['meet', 100], ['ping', 100], ...steps])
        effects += witness.effects
        expect(witness.faults).to.deep.equal([])
      }),
      { numRuns: 12, seed: 15 },
    )
    expect(effects).to.be.above(500)
  }).timeout(60_000)
})
