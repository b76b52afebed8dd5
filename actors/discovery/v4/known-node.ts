import type { Actor } from 'xstate'
import {
  bondExpiry,
  type Discv4NodeEvent,
  type Discv4NodePorts,
  discv4NodeMachine,
  type Query,
  type QueryFailure,
} from '../../../machines/discv4-node.ts'
import { type Endpoint, maxNeighbors, type Neighbor, type Packet } from '../../../protocols/discv4/packets.ts'
import { formatIp, parseIp } from '../../../protocols/enode/netutil.ts'
import { checkRelay } from '../../../protocols/enode/relay.ts'
import { decodeRecord, type NodeRecord, RecordError } from '../../../protocols/enr/record.ts'
import { equalBytes } from '../../../protocols/lib/bytes.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { startActor } from '../../runtime/start-actor.ts'
import type { MessageTrace } from '../../trace/message-trace.ts'
import type { UdpEndpoint } from '../datagrams.ts'
import { type DiscoveredNode, nodeOfRecord, seqOf } from '../discovered-node.ts'
import type { LocalNode } from '../local-node.ts'
import type { NodeDatabase } from '../node-database.ts'

/** What a known node needs of the protocol around it. */
export type KnownNodeOwner = {
  readonly database: NodeDatabase
  readonly localNode: LocalNode
  /** Unix time, ms. */
  now(): number
  /** Signs and sends. @returns the packet's hash */
  send(packet: Packet, node: Pick<KnownNode, 'id' | 'ip' | 'trace'>, port: number): Uint8Array
  /** Nodes of the table that may be named to one at `ip`, the closest first. */
  closestFor(target: Uint8Array, ip: string): readonly DiscoveredNode[]
  /** @returns undefined for one that a node at `ip` may not name, or that we would not contact */
  neighborOf(neighbor: Neighbor, ip: string): DiscoveredNode | undefined
  proven(node: KnownNode): void
  lapsed(node: KnownNode): void
  contacted(node: KnownNode): void
  checked(node: KnownNode, outcome: { isAlive: boolean; checks: number; seq?: bigint }): void
  failedFindnode(node: KnownNode, fails: number): void
  crashed(node: KnownNode): void
}

export type KnownNodeOptions = {
  /** Of its actor. */
  readonly actorId: string
  readonly parent: string
  readonly node: DiscoveredNode
  /** Checks that it passed. */
  readonly checks: number
  readonly owner: KnownNodeOwner
}

/** A node at one address: runs {@link discv4NodeMachine}. */
export class KnownNode {
  readonly id: string
  readonly ip: string
  /** Of its packets, for the feed. */
  readonly trace: MessageTrace
  readonly #owner: KnownNodeOwner
  readonly #actor: Actor<typeof discv4NodeMachine>
  #node: DiscoveredNode
  /** The PING that is out, and the ENRREQUEST. */
  #ping: { readonly request: number; readonly hash: Uint8Array } | undefined
  #recordRequest: { readonly query: number; readonly hash: Uint8Array } | undefined
  #lastQuery = 0
  /** Who waits for what. BOUNDED: by the chart's queries. */
  readonly #calls = new Map<number, Call>()

  constructor(runtime: Runtime, { actorId, parent, node, checks, owner }: KnownNodeOptions) {
    const { id, host } = node
    this.id = id
    this.ip = host
    this.#node = node
    this.#owner = owner
    this.trace = runtime.feed.messageTrace({ actor: actorId, protocol: 'discv4', version: 4 })
    const left = (since: number) => Math.max(0, since + bondExpiry - owner.now())
    this.#actor = startActor(runtime, discv4NodeMachine, {
      id: actorId,
      parent,
      crashed: () => owner.crashed(this),
      input: {
        ports: this.#ports(),
        id,
        remote: `${host}:${node.udp}`,
        provenFor: left(owner.database.lastPong(id, host)),
        introducedFor: left(owner.database.lastPing(id, host)),
        findFails: owner.database.findFails(id, host),
        checks,
      },
    })
  }

  /** Where it is now, by its last PING or by what is known of it. */
  get node(): DiscoveredNode {
    return this.#node
  }

  get isBusy(): boolean {
    return this.#calls.size > 0
  }

  /** A packet of its own, in time. */
  receive(packet: Packet, hash: Uint8Array, { port }: UdpEndpoint): void {
    // The bond is with an address: the port is the one of its last PING.
    if (packet.name === 'PING') this.#node = { ...this.#node, udp: port, tcp: packet.from.tcp }
    const event = this.#eventOf(packet, hash, port)
    if (event) this.#actor.send(event)
  }

  /** PINGs it, for its place in the table. */
  check(): void {
    this.#actor.send({ type: 'check' })
  }

  /**
   * @returns the nodes that it names
   * @throws {QueryFailed} (rejects)
   */
  findnode(target: Uint8Array): Promise<readonly DiscoveredNode[]> {
    return new Promise((resolve, reject) => {
      this.#ask('FINDNODE', { target, reject, resolve: ({ nodes }) => resolve(nodes as readonly DiscoveredNode[]) })
    })
  }

  /**
   * @returns it with its record; what is known of it when it gives none that is its own
   * @throws {QueryFailed} (rejects)
   */
  requestRecord(): Promise<DiscoveredNode> {
    return new Promise((resolve, reject) => {
      const take = (record: NodeRecord | undefined) => {
        const node = record && nodeOfRecord(record)
        const isNewer = node !== undefined && seqOf(node) >= seqOf(this.#node)
        if (isNewer && node.host === this.ip) this.#node = node
        resolve(isNewer ? node : this.#node)
      }
      this.#ask('ENRREQUEST', { reject, resolve: ({ record }) => take(record) })
    })
  }

  forget(): void {
    this.#actor.send({ type: 'node.forget' })
  }

  /** @returns undefined for an answer that nothing waits for */
  #eventOf(packet: Packet, hash: Uint8Array, udp: number): Discv4NodeEvent | undefined {
    switch (packet.name) {
      case 'PING':
        return { type: 'ping.received', ping: { hash, udp, tcp: packet.from.tcp, to: placeOf(packet.to) } }
      case 'PONG': {
        if (!this.#ping || !equalBytes(this.#ping.hash, packet.replyTo)) return undefined
        const pong = { seq: packet.enrSeq ?? 0n, to: placeOf(packet.to) }
        return { type: 'pong.received', request: this.#ping.request, pong }
      }
      case 'FINDNODE':
        return { type: 'findnode.received', findnode: { target: packet.target, udp } }
      case 'NEIGHBORS': {
        if (!this.isBusy) return undefined
        const nodes = packet.nodes.flatMap((neighbor) => this.#owner.neighborOf(neighbor, this.ip) ?? [])
        return { type: 'neighbors.received', nodes, count: packet.nodes.length }
      }
      case 'ENRREQUEST':
        return { type: 'enrrequest.received', request: { hash, udp } }
      case 'ENRRESPONSE': {
        if (!this.#recordRequest || !equalBytes(this.#recordRequest.hash, packet.replyTo)) return undefined
        return { type: 'record.received', query: this.#recordRequest.query, record: this.#recordOf(packet.record) }
      }
    }
  }

  #ask(kind: Query['kind'], call: Call): void {
    const query = ++this.#lastQuery
    this.#calls.set(query, call)
    this.#actor.send({ type: 'query', query, kind })
    if (this.#actor.getSnapshot().status !== 'active') this.#abandon()
  }

  #ports(): Discv4NodePorts {
    const owner = this.#owner
    const expiration = () => BigInt(Math.floor(owner.now() / 1_000)) + packetLife
    const endpoint = (udp: number, tcp: number): Endpoint => ({ ip: parseIp(this.ip)!, udp, tcp })
    return {
      sendPing: ({ request }) => {
        const { udp } = this.#node
        const { enode, seq: enrSeq } = owner.localNode
        const from = { ip: parseIp(enode.host ?? '0.0.0.0')!, udp: enode.udp, tcp: enode.tcp }
        const ping = {
          name: 'PING',
          version: 4n,
          from,
          to: endpoint(udp, 0),
          expiration: expiration(),
          enrSeq,
        } as const
        this.#ping = { request, hash: owner.send(ping, this, udp) }
      },
      sendPong: ({ ping: { hash, udp, tcp } }) => {
        const to = endpoint(udp, tcp)
        const enrSeq = owner.localNode.seq
        owner.send({ name: 'PONG', to, replyTo: hash, expiration: expiration(), enrSeq }, this, udp)
        owner.database.notePing(this.id, this.ip)
      },
      sendNeighbors: ({ findnode: { target, udp } }) => {
        const nodes = owner.closestFor(target, this.ip).map(neighborFields)
        // With none to name, too: who asked is to know.
        for (let i = 0; i === 0 || i < nodes.length; i += maxNeighbors)
          owner.send(
            { name: 'NEIGHBORS', nodes: nodes.slice(i, i + maxNeighbors), expiration: expiration() },
            this,
            udp,
          )
      },
      sendRecord: ({ request: { hash, udp } }) =>
        void owner.send({ name: 'ENRRESPONSE', replyTo: hash, record: owner.localNode.record.raw }, this, udp),
      sendQuery: ({ query }) => {
        const target = this.#calls.get(query)?.target
        if (target) owner.send({ name: 'FINDNODE', target, expiration: expiration() }, this, this.#node.udp)
        else {
          const hash = owner.send({ name: 'ENRREQUEST', expiration: expiration() }, this, this.#node.udp)
          this.#recordRequest = { query, hash }
        }
      },
      noteProof: ({ pong: { to } }) => {
        this.#ping = undefined
        owner.database.notePong(this.id, this.ip)
        if (to) owner.localNode.addStatement(this.ip, to)
        owner.proven(this)
      },
      noteLapse: () => owner.lapsed(this),
      noteContact: ({ ping: { to } }) => {
        owner.database.notePing(this.id, this.ip)
        if (to) owner.localNode.addStatement(this.ip, to)
        owner.contacted(this)
      },
      reportAlive: ({ checks, seq }) => owner.checked(this, { isAlive: true, checks, seq }),
      reportSilent: ({ checks }) => owner.checked(this, { isAlive: false, checks }),
      noteFindFails: ({ fails }) => {
        owner.database.noteFindFails(this.id, this.ip, fails)
        owner.failedFindnode(this, fails)
      },
      settle: ({ query, why, nodes, record }) => {
        const call = this.#calls.get(query)
        this.#calls.delete(query)
        if (this.#recordRequest?.query === query) this.#recordRequest = undefined
        if (why !== undefined) call?.reject(new QueryFailed(why))
        else call?.resolve({ nodes: nodes ?? [], record })
      },
      abandon: () => this.#abandon(),
    }
  }

  #abandon(): void {
    for (const { reject } of this.#calls.values()) reject(new QueryFailed('closed'))
    this.#calls.clear()
  }

  /** @returns undefined for what is no record of this node, or names an address that it may not (geth RequestENR) */
  #recordOf(bytes: Uint8Array): NodeRecord | undefined {
    try {
      const record = decodeRecord(bytes)
      const node = nodeOfRecord(record)
      return node?.id === this.id && checkRelay(this.ip, node.host) === undefined ? record : undefined
    } catch (error) {
      if (error instanceof RecordError) return undefined
      throw error
    }
  }
}

type Call = {
  readonly target?: Uint8Array
  resolve(answer: { nodes: readonly unknown[]; record: NodeRecord | undefined }): void
  reject(error: QueryFailed): void
}

/** geth `expiration`, in seconds. */
const packetLife = 20n

const neighborFields = ({ host, udp, tcp, publicKey }: DiscoveredNode): Neighbor => ({
  ...{ ip: parseIp(host)!, udp, tcp, publicKey },
})

/** @returns undefined for what is no IP address: a remote may write anything there */
function placeOf({ ip, udp }: Endpoint): UdpEndpoint | undefined {
  const bytes = ip.length === 4 || ip.length === 16 ? parseIp(formatIp(ip)) : undefined
  return bytes && { ip: formatIp(bytes), port: udp }
}

/** A node did not answer what it was asked. */
export class QueryFailed extends Error {
  override readonly name = 'QueryFailed'
  constructor(why: QueryFailure) {
    super(why)
  }
}
