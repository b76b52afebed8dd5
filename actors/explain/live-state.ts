import { discv4NodeMachine } from '../../machines/discv4-node.ts'
import { discv5SessionMachine } from '../../machines/discv5-session.ts'
import { lookupMachine } from '../../machines/lookup.ts'
import type { BugEntry } from '../trace/entries.ts'
import type { Data, Kept } from '../trace/feed-lines.ts'
import type { ActorFacts, Checkpoint, HistoryChanges, SeenActor } from './facts.ts'
import { isConnection, PeerTable } from './peer-table.ts'

export type LiveChanges = Pick<
  HistoryChanges,
  'started' | 'stopped' | 'forgotten' | 'states' | 'peers' | 'endings' | 'bugs'
>

/** The actors and peers of a process as they are after the entries that were applied. */
export class LiveState {
  readonly peers: PeerTable
  readonly #nodes: ReadonlyMap<string, string>
  /** BOUNDED: by the actors alive, maxEnded and maxEndedOfDiscovery of those that are not. */
  readonly #actors = new Map<string, Tracked>()
  /** The oldest first. BOUNDED: maxEnded. */
  readonly #ended: string[] = []
  /** Those of discovery, which come and go all the time: they push no other out. BOUNDED: maxEndedOfDiscovery. */
  readonly #endedOfDiscovery: string[] = []
  /** BOUNDED: maxEnded. */
  #forgotten: string[] = []
  /** Lines at which a peer left. BOUNDED: maxEnded. */
  endings: readonly number[] = []
  /** BOUNDED: as those. */
  #newEndings: number[] = []
  /** BOUNDED: maxEnded. */
  #newBugs: (readonly [actor: string, label: string])[] = []
  /** BOUNDED: by the actors. */
  readonly #changed = new Set<Tracked>()

  /** @param nodes names of the nodes here, by their ids */
  constructor(nodes: ReadonlyMap<string, string>, { actors, peers }: Checkpoint = nothing) {
    this.#nodes = nodes
    this.peers = new PeerTable(nodes, peers)
    for (const facts of actors) {
      this.#actors.set(facts.actor, new Tracked(facts))
      if (facts.stoppedAt !== undefined) this.#endedLike(facts.chart).push(facts.actor)
    }
  }

  apply(kept: Kept): void {
    const { entry, actor, at } = kept
    if (entry.type === 'transition') {
      const known = this.#actors.get(actor)
      if (known) this.step(known, entry.to, kept.edges, at)
      this.peers.noteTransition(entry, kept, kept.data)
    } else if (entry.type === 'actor.started') this.#begin(kept, entry.chart)
    else if (entry.type === 'actor.stopped') this.#end(kept)
    else if (entry.type === 'bug') this.#break(actor, bugLabel(entry))
    else {
      const peer = this.peers.find(actor)
      if (peer) this.peers.noteMessage(entry, peer, kept.payload)
    }
  }

  /** @param edges by name; @param at of the clock of all entries */
  step(actor: Tracked, to: string, edges: readonly string[], at: number): void {
    actor.step(to, edges, at)
    this.#note(actor)
  }

  /** An actor whose steps go to {@link step}. */
  find(name: string): Tracked | undefined {
    return this.#actors.get(name)
  }

  /** An actor that was there before anybody looked. */
  add(facts: Omit<ActorFacts, 'count'>): void {
    this.#set({ ...facts, count: 0, edges: {} })
  }

  actor(name: string): SeenActor | undefined {
    return this.#actors.get(name)?.facts
  }

  /** Costs what has changed since the last one, and a reference for each of the rest. */
  checkpoint(): Checkpoint {
    return { actors: Array.from(this.#actors.values(), ({ facts }) => facts), peers: this.peers.facts }
  }

  /** What has changed since the last call. */
  takeChanges(): LiveChanges {
    const changed = [...this.#changed]
    const forgotten = this.#forgotten
    const endings = this.#newEndings
    const bugs = this.#newBugs
    this.#changed.clear()
    this.#forgotten = []
    this.#newEndings = []
    this.#newBugs = []
    const started: ActorFacts[] = []
    const stopped: string[] = []
    const states: [actor: string, state: string, count: number][] = []
    for (const actor of changed) {
      const { edges: _, ...facts } = actor.facts
      if (actor.isNew) started.push(facts)
      else states.push([facts.actor, facts.state, facts.count])
      if (facts.stoppedAt !== undefined) stopped.push(facts.actor)
      actor.isNew = false
      actor.isNoted = false
    }
    return { started, stopped, forgotten, states, peers: this.peers.takeChanges(), endings, bugs }
  }

  #begin({ actor, parent, node, at, state = '', data }: Kept, chart: string): void {
    const of = { ...(parent !== undefined && { parent }), ...(node !== undefined && { node }) }
    const known = isOfDiscovery(chart) && typeof data?.id === 'string' ? this.#nodes.get(data.id) : undefined
    const facts = { actor, chart, ...of, ...(known !== undefined && { knows: known }) }
    this.#set({ ...facts, state, count: 0, startedAt: at, edges: {} }, data)
  }

  #set(facts: SeenActor, input?: Data): void {
    const actor = new Tracked(facts)
    this.#actors.set(facts.actor, actor)
    this.#note(actor)
    if (isConnection(facts.chart)) this.peers.add(facts.actor, input)
  }

  #end({ actor: name, at, seq }: Kept): void {
    const actor = this.#actors.get(name)
    if (!actor) return
    actor.stop(at)
    this.#note(actor)
    if (this.peers.get(name)) {
      this.endings = [...this.endings, seq].slice(-maxEnded)
      this.#newEndings = [...this.#newEndings, seq].slice(-maxEnded)
    }
    const ended = this.#endedLike(actor.facts.chart)
    ended.push(name)
    if (ended.length > (ended === this.#ended ? maxEnded : maxEndedOfDiscovery)) this.#forget(ended.shift()!)
  }

  #endedLike(chart: string): string[] {
    return isOfDiscovery(chart) || chart === lookupMachine.id ? this.#endedOfDiscovery : this.#ended
  }

  #break(name: string, label: string): void {
    const actor = this.#actors.get(name)
    if (!actor) return // an endpoint
    actor.break(label)
    this.#note(actor)
    this.#newBugs = [...this.#newBugs, [name, label] as const].slice(-maxEnded)
  }

  #forget(name: string): void {
    const actor = this.#actors.get(name)
    if (actor?.facts.stoppedAt === undefined) return // the name was given anew
    this.#actors.delete(name)
    this.#changed.delete(actor)
    this.peers.delete(name)
    if (this.#forgotten.length < maxEnded) this.#forgotten.push(name)
  }

  #note(actor: Tracked): void {
    if (actor.isNoted) return
    actor.isNoted = true
    this.#changed.add(actor)
  }
}

/** Counted as it goes; its facts are made when somebody asks, and kept until it changes. */
export class Tracked {
  readonly #base: SeenActor
  readonly #edges: Map<string, [count: number, at: number]>
  #state: string
  #count: number
  #stoppedAt: number | undefined
  #bug: string | undefined
  #facts: SeenActor | undefined
  isNoted = false
  isNew = true

  constructor(facts: SeenActor) {
    this.#base = facts
    this.#state = facts.state
    this.#count = facts.count
    this.#stoppedAt = facts.stoppedAt
    this.#bug = facts.bug
    this.#edges = new Map(Object.entries(facts.edges).map(([name, [count, at]]) => [name, [count, at]]))
    this.#facts = facts
  }

  step(state: string, edges: readonly string[], at: number): void {
    this.#facts = undefined
    this.#state = state
    this.#count += 1
    for (const name of edges) {
      const edge = this.#edges.get(name)
      if (edge) {
        edge[0] += 1
        edge[1] = at
      } else this.#edges.set(name, [1, at])
    }
  }

  stop(at: number): void {
    this.#facts = undefined
    this.#stoppedAt = at
  }

  /** The first is kept: what follows may come of it. */
  break(label: string): void {
    this.#facts = undefined
    this.#bug ??= label
  }

  get facts(): SeenActor {
    this.#facts ??= {
      ...this.#base,
      state: this.#state,
      count: this.#count,
      ...(this.#stoppedAt !== undefined && { stoppedAt: this.#stoppedAt }),
      ...(this.#bug !== undefined && { bug: this.#bug }),
      edges: Object.fromEntries(Array.from(this.#edges, ([name, [count, at]]) => [name, [count, at] as const])),
    }
    return this.#facts
  }
}

export const bugLabel = ({ error, message }: BugEntry): string => `${error}: ${message}`

/** Whether actors of a chart are what discovery has for a node. */
const isOfDiscovery = (chart: string): boolean => chart === discv4NodeMachine.id || chart === discv5SessionMachine.id

/** Actors whose end is remembered: a peer has two or three. */
const maxEnded = 1_000
const maxEndedOfDiscovery = 30
const nothing: Checkpoint = { actors: [], peers: [] }
