import { sortCaps } from '../../protocols/p2p/matching.ts'
import { baseCodes, decodeFirstMessage } from '../../protocols/p2p/messages.ts'
import type { MessageEntry, TransitionEntry } from '../trace/entries.ts'
import { type Data, fullName } from '../trace/feed-lines.ts'
import type { PeerFacts } from './facts.ts'

/** Who is at the other end of each connection, and what went over it: gathered from the events of the charts. */
export class PeerTable {
  /** By the connection's actor. BOUNDED: by the actors that are remembered. */
  readonly #peers = new Map<string, Peer>()
  /** BOUNDED: by the peers. */
  readonly #changed = new Set<Peer>()
  readonly #nodes: ReadonlyMap<string, string>

  constructor(nodes: ReadonlyMap<string, string>, peers: readonly PeerFacts[]) {
    this.#nodes = nodes
    for (const facts of peers) this.#peers.set(facts.actor, new Peer(facts))
  }

  get facts(): readonly PeerFacts[] {
    return Array.from(this.#peers.values(), ({ facts }) => facts)
  }

  get(actor: string): PeerFacts | undefined {
    return this.#peers.get(actor)?.facts
  }

  /** @param input what its chart was given: it says who dials */
  add(actor: string, input?: Data): void {
    const peer = new Peer({ actor, received: [0, 0], sent: [0, 0] })
    this.#peers.set(actor, peer)
    this.#learn(peer, originOf(input ?? {}))
  }

  delete(actor: string): void {
    const peer = this.#peers.get(actor)
    if (!peer) return
    this.#peers.delete(actor)
    this.#changed.delete(peer)
  }

  takeChanges(): readonly PeerFacts[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    for (const peer of changed) peer.isNoted = false
    return changed.map(({ facts }) => facts)
  }

  /** A peer whose messages go to {@link noteMessage}. */
  find(actor: string): Peer | undefined {
    return this.#peers.get(actor)
  }

  noteMessage(entry: MessageEntry, peer: Peer, payload: Uint8Array | undefined): void {
    peer.count(entry.type === 'message.sent', entry.size)
    this.#note(peer)
    if (entry.version !== undefined && entry.protocol !== 'rlpx' && !peer.speaks(entry.protocol))
      this.#learn(peer, { speaks: [...(peer.facts.speaks ?? []), `${entry.protocol}/${entry.version}`] })
    const isHello = entry.code === baseCodes.Hello && entry.protocol === 'p2p'
    if (isHello && entry.type === 'message.received' && payload) this.#learn(peer, helloOf(payload))
  }

  /** The connection's own chart says who it is, the server's that it is a peer. */
  noteTransition(
    { chart, event }: TransitionEntry,
    { actor, node }: { readonly actor: string; readonly node: string | undefined },
    learnedFrom: object | undefined,
  ): void {
    if (isConnection(chart)) {
      const learnt = Object.hasOwn(ownEvents, event) ? ownEvents[event]!((learnedFrom ?? {}) as Data) : {}
      const peer = learnt.id !== undefined || learnt.address !== undefined ? this.#peers.get(actor) : undefined
      if (peer) this.#learn(peer, learnt)
    } else if (chart === 'server' && Object.hasOwn(origins, event)) {
      const data = (learnedFrom ?? {}) as Data
      const peer = this.#peers.get(fullName(node, `peer/${data.conn}`))
      if (peer) this.#learn(peer, origins[event]!(data))
    }
  }

  #learn(peer: Peer, facts: Learnt): void {
    const isNode = facts.id === undefined ? undefined : this.#nodes.get(facts.id)
    peer.learn({ ...facts, ...(isNode !== undefined && { isNode }) })
    this.#note(peer)
  }

  #note(peer: Peer): void {
    if (peer.isNoted) return
    peer.isNoted = true
    this.#changed.add(peer)
  }
}

/** Whether actors of a chart are connections: a server's, or a script's. */
export const isConnection = (chart: string): boolean => chart === 'peer' || chart === 'scripted-peer'

/** Whether the events of a chart say who a peer is. */
export const isAboutPeers = (chart: string): boolean => isConnection(chart) || chart === 'server'

type Learnt = Pick<PeerFacts, 'id' | 'client' | 'caps' | 'speaks' | 'inbound' | 'address' | 'isNode'>

/** What a connection's own events say of it. */
const ownEvents: Readonly<Record<string, (data: Data) => Learnt>> = {
  'stream.opened': ({ remote }) => (typeof remote === 'string' ? { address: remote } : {}),
  'rlpx.secured': ({ id }) => (typeof id === 'string' ? { id } : {}),
}

const originOf = ({ isDialing, remote, target }: Data): Learnt => ({
  ...(typeof isDialing === 'boolean' && { inbound: !isDialing }),
  ...(typeof remote === 'string' && { address: remote }),
  ...(typeof target === 'string' && { id: target }),
})

/** What the server's events say of a connection. */
const origins: Readonly<Record<string, (data: Data) => Learnt>> = {
  'peer.added': ({ id, remote }) => ({ id: String(id), address: String(remote) }),
}

/** A Hello that is none teaches nothing. */
function helloOf(payload: Uint8Array): Learnt {
  try {
    const { name, caps } = decodeFirstMessage(baseCodes.Hello, payload)
    return { client: name.slice(0, 200), caps: sortCaps(caps).map(({ name, version }) => `${name}/${version}`) }
  } catch {
    return {}
  }
}

export class Peer {
  #facts: PeerFacts
  #received: [number, number]
  #sent: [number, number]
  #isStale = false
  isNoted = false

  constructor(facts: PeerFacts) {
    this.#facts = facts
    this.#received = [...facts.received]
    this.#sent = [...facts.sent]
  }

  count(isSent: boolean, bytes: number): void {
    const traffic = isSent ? this.#sent : this.#received
    traffic[0] += bytes
    traffic[1] += 1
    this.#isStale = true
  }

  /** Whether a version of it is known to be spoken: asked at every message. */
  speaks(protocol: string): boolean {
    return this.#facts.speaks?.some((cap) => cap.startsWith(protocol) && cap[protocol.length] === '/') ?? false
  }

  learn(facts: Learnt): void {
    this.#facts = { ...this.#facts, ...facts }
  }

  get facts(): PeerFacts {
    if (this.#isStale) this.#facts = { ...this.#facts, received: [...this.#received], sent: [...this.#sent] }
    this.#isStale = false
    return this.#facts
  }
}
