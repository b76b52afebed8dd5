import { connectionOf } from '../../trace/actor-names.ts'
import type { ActorFacts, Changes, Moment, PeerFacts, Snapshot } from '../wire.ts'

/** All actors at one moment: the present, which changes, or one of the past, which does not. */
export class Scene {
  /** Parents before their children. BOUNDED: by what the node remembers. */
  readonly actors = new Map<string, ActorFacts>()
  /** By the actor of the chart `peer`. BOUNDED: as the actors. */
  readonly peers = new Map<string, PeerFacts>()
  now: Moment
  oldest: Moment
  /** Raised when actors come or go: what is listed has to be listed anew. */
  shape = 0

  constructor({ seq, at, oldest, actors, peers }: Snapshot) {
    this.now = { seq, at }
    this.oldest = oldest
    for (const facts of actors) this.actors.set(facts.actor, facts)
    for (const facts of peers) this.peers.set(facts.actor, facts)
  }

  apply({ now, oldest, started, stopped, forgotten, states, peers, bugs }: Changes): void {
    this.now = now
    this.oldest = oldest
    for (const facts of started) this.actors.set(facts.actor, facts)
    for (const [actor, state, count] of states) this.#change(actor, { state, count })
    for (const actor of stopped) this.#change(actor, { stoppedAt: now.at })
    for (const [actor, bug] of bugs) this.#change(actor, { bug })
    for (const facts of peers) this.peers.set(facts.actor, facts)
    for (const actor of forgotten) this.#forget(actor)
    if (started.length + stopped.length + forgotten.length > 0) this.shape += 1
  }

  /** Facts of one actor with more in them than a change has. */
  learn(facts: ActorFacts): void {
    this.actors.set(facts.actor, facts)
  }

  /** The peer that an actor is, is a session of, or is beneath of. */
  peerOf(actor: string | undefined): PeerFacts | undefined {
    const ofSession = actor !== undefined && this.peers.get(connectionOf(actor) ?? '')
    if (ofSession) return ofSession
    for (let facts = this.#facts(actor); facts; facts = this.#facts(facts.parent)) {
      const peer = this.peers.get(facts.actor)
      if (peer) return peer
    }
    return undefined
  }

  /** An actor and what it is beneath of, outwards. */
  lineageOf(actor: string): ActorFacts[] {
    const lineage: ActorFacts[] = []
    for (let facts = this.#facts(actor); facts && lineage.length < deepest; facts = this.#facts(facts.parent))
      lineage.push(facts)
    return lineage
  }

  /** Whether an actor is another, is beneath it, or is a session on a peer that is. */
  isWithin(actor: string, scope: string): boolean {
    const isBeneath = (name: string) => this.lineageOf(name).some((facts) => facts.actor === scope)
    const peer = this.peerOf(actor)
    return actor === scope || isBeneath(actor) || (peer !== undefined && isBeneath(peer.actor))
  }

  /** Actors beneath one and sessions on those, itself first, at most `limit`; all, or those that live. */
  beneath(actor: string, limit: number, isAlive = false): string[] {
    const found = new Set([actor])
    for (const facts of this.actors.values()) {
      if (found.size >= limit) break
      if (isAlive && facts.stoppedAt !== undefined) continue
      if (found.has(facts.parent ?? '') || this.#isSessionOf(found, facts)) found.add(facts.actor)
    }
    return [...found]
  }

  /** A session is beneath its protocol, and belongs to its connection by name. */
  #isSessionOf(found: ReadonlySet<string>, { actor }: ActorFacts): boolean {
    const connection = connectionOf(actor) ?? ''
    return found.has(connection) && this.peers.has(connection)
  }

  #facts(actor: string | undefined): ActorFacts | undefined {
    return actor === undefined ? undefined : this.actors.get(actor)
  }

  #change(actor: string, change: Partial<ActorFacts>): void {
    const facts = this.actors.get(actor)
    if (facts) this.actors.set(actor, { ...facts, ...change })
  }

  #forget(actor: string): void {
    this.actors.delete(actor)
    this.peers.delete(actor)
  }
}

const deepest = 16
