import type { Actor } from 'xstate'
import { discoveryTableMachine } from '../../../machines/discovery-table.ts'
import type { QueryFailure } from '../../../machines/discv4-node.ts'
import {
  decodePacket,
  encodePacket,
  isExpired,
  type Packet,
  PacketError,
  type SignedPacket,
  typeOf,
} from '../../../protocols/discv4/packets.ts'
import { type Enode, toEnode } from '../../../protocols/enode/enode.ts'
import { formatIp, isLan, parseIp } from '../../../protocols/enode/netutil.ts'
import { checkRelay, isUnicast } from '../../../protocols/enode/relay.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { isPublicKey } from '../../../protocols/lib/secp256k1.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { startActor } from '../../runtime/start-actor.ts'
import type { MessageTrace } from '../../trace/message-trace.ts'
import type { UdpEndpoint } from '../datagrams.ts'
import { type DiscoveredNode, seqOf } from '../discovered-node.ts'
import { type Lookup, startLookup } from '../lookups.ts'
import { type ProtocolOptions, seedCount, seedMaxAge } from '../protocol-options.ts'
import { bucketSize, Table } from '../table.ts'
import { KnownNode, type KnownNodeOwner, QueryFailed } from './known-node.ts'
import { UnprovenTraffic } from './unproven-traffic.ts'

/** BOUNDED: nodes whose endpoint is not proven, and of those at one address that is not local; nodes that have proven it. */
const maxUnproven = 1_024
const maxUnprovenOfIp = 16
const maxProven = 4_096
/** geth: the checks that a seed has passed. */
const seedChecks = 5
/** geth: a node below has no business to be named. */
const lowestPort = 1_024

/** Node Discovery v4 (discv4.md, geth UDPv4): packets go to the charts of their senders, in the order they came. */
export class Discv4 {
  readonly table: Table
  readonly #runtime: Runtime
  readonly #options: ProtocolOptions
  readonly #actor: Actor<typeof discoveryTableMachine>
  /** By id and address, the oldest first. BOUNDED: maxUnproven. */
  readonly #unproven = new Map<string, KnownNode>()
  /** Of those, how many at each address. BOUNDED: by them. */
  readonly #unprovenAt = new Map<string, number>()
  /** BOUNDED: maxProven. */
  readonly #proven = new Map<string, KnownNode>()
  /** Ids that are being checked. BOUNDED: by the table. */
  readonly #checking = new Set<string>()
  /** BOUNDED: by who looks up: the chart one for itself and one for the dialer, callers theirs. */
  readonly #lookups = new Set<Lookup>()
  /** Who waits for a PONG. BOUNDED: by the program, which asks. */
  readonly #pings = new Map<KnownNode, readonly Settle[]>()
  readonly #owner: KnownNodeOwner
  /** Of sound packets that no node's chart hears of. */
  readonly #ignored: MessageTrace
  readonly #traffic: UnprovenTraffic
  #lastActor = 0
  #isOpen = false
  #isClosed = false

  constructor(runtime: Runtime, options: ProtocolOptions) {
    this.#runtime = runtime
    this.#options = options
    this.#traffic = new UnprovenTraffic(runtime.clock)
    this.#owner = this.#createOwner()
    this.#ignored = runtime.feed.messageTrace({ actor: options.id, protocol: 'discv4', version: 4 })
    const draw = (end: number) => uint32(runtime.entropy(4)) % end
    this.table = new Table({ self: options.localNode.id, now: options.now, draw })
    this.#actor = startActor(runtime, discoveryTableMachine, {
      id: options.id,
      parent: options.parent,
      input: (send) => ({
        seed: uint32(runtime.entropy(4)),
        ports: {
          loadSeeds: () => {
            const seeds = options.database.seeds(seedCount, seedMaxAge, draw)
            for (const node of [...seeds, ...options.bootnodes]) if (options.isAllowed(node.host)) this.table.add(node)
          },
          lookUpSelf: () => void this.lookup(options.localNode.publicKey).then(() => send({ type: 'lookup.ended' })),
          lookUpRandom: () => void this.lookup(runtime.entropy(64)).then(() => send({ type: 'lookup.ended' })),
          openTable: () => {
            this.#isOpen = true
          },
          checkOne: ({ list }) => this.#checkOne(list),
          walk: () => void this.#walk().then((seen) => send({ type: 'walk.ended', seen })),
          reportRested: () => options.rested?.(),
        },
      }),
    })
  }

  /**
   * Takes a datagram.
   * @returns false when it is no packet of this protocol
   */
  receive(bytes: Uint8Array, from: UdpEndpoint): boolean {
    try {
      const { packet, publicKey, hash } = decodePacket(bytes)
      this.#dispatch({ packet, publicKey, hash }, from, bytes)
      return true
    } catch (error) {
      if (!(error instanceof PacketError)) throw error
      this.#options.log.trace('Bad discv4 packet', { addr: `${from.ip}:${from.port}`, err: error.message })
      return false
    }
  }

  /** @returns the closest nodes to `target`, a public key or any 64 bytes; it never fails */
  lookup(target: Uint8Array, report?: (nodes: readonly DiscoveredNode[]) => void): Promise<readonly DiscoveredNode[]> {
    if (this.#isClosed) return Promise.resolve([])
    const { id, localNode } = this.#options
    const targetId = bytesToHex(keccak256(target))
    const lookup = startLookup(this.#runtime, {
      ...{ id: `${id}/lookup/${++this.#lastActor}`, parent: id, target: targetId, self: localNode.id },
      start: this.table.closest(targetId, bucketSize, false),
      query: (node) => this.findnode(node, target),
      ...(report && { report }),
    })
    this.#lookups.add(lookup)
    return lookup.closest.finally(() => this.#lookups.delete(lookup))
  }

  /**
   * @param target a public key or any 64 bytes
   * @returns the nodes that it names; none when it does not answer
   */
  async findnode(node: DiscoveredNode, target: Uint8Array): Promise<readonly DiscoveredNode[]> {
    const nodes = this.#isClosed
      ? []
      : await this.#known(node)
          .findnode(target)
          .catch(() => [])
    for (const found of nodes) this.table.add(found)
    return nodes
  }

  /** PINGs a node, and settles with its PONG. @throws {QueryFailed} (rejects) */
  ping(node: DiscoveredNode): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new QueryFailed('closed'))
      const known = this.#known(node)
      const settle: Settle = (why) => (why === undefined ? resolve() : reject(new QueryFailed(why)))
      this.#pings.set(known, [...(this.#pings.get(known) ?? []), settle])
      known.check()
    })
  }

  /** @returns the node with its record @throws {QueryFailed} (rejects) it does not answer */
  async requestRecord(node: DiscoveredNode): Promise<DiscoveredNode> {
    if (this.#isClosed) throw new QueryFailed('closed')
    return this.#known(node).requestRecord()
  }

  /** Nodes that it remembers, those of the table among them. */
  get nodeCount(): number {
    return this.#proven.size + this.#unproven.size
  }

  /** @returns the node with its record, if it gives it; it never fails */
  async resolve(node: DiscoveredNode): Promise<DiscoveredNode | undefined> {
    if (this.#isClosed) return undefined
    // What is in the table with its record is kept up to date.
    const entry = this.table.get(node.id)
    if (entry?.isLive && entry.node.record) return entry.node
    const resolved = await this.#known(node)
      .requestRecord()
      .catch(() => undefined)
    if (resolved) this.table.update(resolved)
    return resolved
  }

  /** @returns a node where it is now, with its record if it gives it (geth UDPv4.Resolve); it never fails */
  async locate({ id, publicKey, host, tcp, udp }: Enode): Promise<DiscoveredNode | undefined> {
    const known = host !== undefined && parseIp(host) && udp > 0 ? { id, publicKey, host, tcp, udp } : undefined
    const isThere = known && this.#options.isAllowed(known.host) ? await this.resolve(known) : undefined
    if (isThere) return isThere
    const found = this.table.get(id)?.node ?? (await this.lookup(publicKey)).find((node) => node.id === id)
    return found && ((await this.resolve(found)) ?? found)
  }

  /** Looks for nodes to dial: `found` gets them, and `rested` comes when it can be asked again. */
  want(): void {
    this.#actor.send({ type: 'walk.wanted' })
  }

  close(): void {
    this.#isClosed = true
    this.#actor.send({ type: 'discovery.stop' })
    for (const lookup of this.#lookups) lookup.stop()
    for (const nodes of [this.#unproven, this.#proven]) {
      for (const node of nodes.values()) {
        this.#settlePings(node, 'closed')
        node.forget()
      }
      nodes.clear()
    }
  }

  #dispatch({ packet, publicKey, hash }: SignedPacket, from: UdpEndpoint, bytes: Uint8Array): void {
    const { id } = toEnode(publicKey)
    const code = typeOf(packet.name)
    if ('expiration' in packet && isExpired(packet.expiration, this.#options.now())) {
      this.#ignored.received(code, bytes)
      return
    }
    if (id === this.#options.localNode.id || this.#isClosed) return
    const key = keyOf(id, from.ip)
    // A PONG is not answered, and may prove the address.
    if (this.#isBooked(id, from.ip) && !this.#traffic.received(from.ip, bytes.length) && packet.name !== 'PONG') return
    const known = this.#proven.get(key) ?? this.#unproven.get(key) ?? this.#meet(packet, publicKey, from)
    if (!known) return void this.#ignored.received(code, bytes)
    known.trace.received(code, bytes)
    known.receive(packet, hash, from)
  }

  /** @returns undefined for one that has proven nothing, and does not begin as it should */
  #meet(packet: Packet, publicKey: Uint8Array, { ip, port }: UdpEndpoint): KnownNode | undefined {
    if (packet.name === 'PING') return this.#admit({ ...toEnode(publicKey, ip, packet.from.tcp, port), host: ip })
    const node = { ...toEnode(publicKey, ip, 0, port), host: ip }
    return this.#wasProven(node.id, ip) ? this.#add(node) : undefined
  }

  /** The database remembers it, though it has no chart now. */
  #wasProven(id: string, ip: string): boolean {
    return this.#options.database.lastPong(id, ip) > 0
  }

  /** Whether what goes to a node and comes from it counts: it has proven nothing, and its address may be anyone's. */
  #isBooked(id: string, ip: string): boolean {
    return !isLan(ip) && !this.#proven.has(keyOf(id, ip)) && !this.#wasProven(id, ip)
  }

  /** An address that does not answer our PINGs gets no more than a few of them: it may be a victim's. */
  #admit(node: DiscoveredNode): KnownNode | undefined {
    const isCrowded = (this.#unprovenAt.get(node.host) ?? 0) >= maxUnprovenOfIp
    if (isCrowded && !isLan(node.host) && !this.#wasProven(node.id, node.host)) return undefined
    return this.#add(node)
  }

  #known(node: DiscoveredNode): KnownNode {
    const key = keyOf(node.id, node.host)
    return this.#proven.get(key) ?? this.#unproven.get(key) ?? this.#add(node)
  }

  #add(node: DiscoveredNode): KnownNode {
    const { id } = this.#options
    const known = new KnownNode(this.#runtime, {
      ...{ actorId: `${id}/node/${node.id.slice(0, 8)}/${++this.#lastActor}`, parent: id, node, owner: this.#owner },
      checks: this.table.get(node.id)?.checks ?? 0,
    })
    this.#unproven.set(keyOf(node.id, node.host), known)
    this.#unprovenAt.set(node.host, (this.#unprovenAt.get(node.host) ?? 0) + 1)
    this.#evict(this.#unproven, maxUnproven, known)
    return known
  }

  #createOwner(): KnownNodeOwner {
    const { database, localNode, privateKey, now, isAllowed } = this.#options
    return {
      ...{ database, localNode, now },
      send: (packet, { id, ip, trace }, port) => {
        const { bytes, hash } = encodePacket(packet, privateKey)
        if (this.#isClosed) return hash
        if (this.#isBooked(id, ip)) this.#traffic.sent(ip, bytes.length)
        trace.sent(typeOf(packet.name), bytes)
        this.#options.send(bytes, { ip, port })
        return hash
      },
      closestFor: (target, ip) =>
        this.table
          .closest(bytesToHex(keccak256(target)), bucketSize, true)
          .filter(({ host }) => checkRelay(ip, host) === undefined),
      neighborOf: ({ ip: bytes, udp, tcp, publicKey }, sender) => {
        if (udp <= lowestPort || (bytes.length !== 4 && bytes.length !== 16)) return undefined
        const host = formatIp(parseIp(formatIp(bytes))!)
        if (checkRelay(sender, host) !== undefined || !isUnicast(host) || !isAllowed(host)) return undefined
        return isPublicKey(publicKey) ? { ...toEnode(publicKey, host, tcp, udp), host } : undefined
      },
      proven: (node) => {
        const key = keyOf(node.id, node.ip)
        if (this.#unproven.get(key) === node) this.#removeUnproven(key, node)
        this.#traffic.forgive(node.ip)
        this.#proven.delete(key)
        this.#proven.set(key, node)
        this.#evict(this.#proven, maxProven, node)
      },
      lapsed: (node) => {
        if (!this.#isNeeded(node)) this.#forget(node)
      },
      contacted: ({ node }) => {
        if (this.#isOpen) this.table.add(node, true)
      },
      checked: (node, { isAlive, checks, seq = 0n }) => {
        this.#checking.delete(node.id)
        this.#settlePings(node, isAlive ? undefined : 'timeout')
        const entry = this.table.get(node.id)
        if (entry?.node.host !== node.ip) return
        if (!isAlive) this.table.noteSilent(node.id, checks)
        else {
          this.table.noteAlive(node.id, checks)
          if (checks > seedChecks) database.setNode(entry.node)
          if (seq > seqOf(entry.node)) this.#update(node)
        }
      },
      failedFindnode: ({ id }, fails) => this.table.noteFindFails(id, fails),
      crashed: (node) => this.#forget(node),
    }
  }

  /** It has a newer record: geth's doRevalidate. */
  #update(known: KnownNode): void {
    known.requestRecord().then(
      (node) => void this.table.update(node),
      () => {},
    )
  }

  #forget(node: KnownNode): void {
    const key = keyOf(node.id, node.ip)
    if (this.#unproven.get(key) === node) this.#removeUnproven(key, node)
    if (this.#proven.get(key) === node) this.#proven.delete(key)
    this.#checking.delete(node.id)
    this.#settlePings(node, 'closed')
    node.forget()
  }

  #settlePings(node: KnownNode, why?: QueryFailure): void {
    const waiting = this.#pings.get(node) ?? []
    this.#pings.delete(node)
    for (const settle of waiting) settle(why)
  }

  #removeUnproven(key: string, { ip }: KnownNode): void {
    this.#unproven.delete(key)
    const left = this.#unprovenAt.get(ip)! - 1
    if (left > 0) this.#unprovenAt.set(ip, left)
    else this.#unprovenAt.delete(ip)
  }

  /** The oldest that is not needed goes; if all are needed, the oldest. */
  #evict(nodes: ReadonlyMap<string, KnownNode>, most: number, newest: KnownNode): void {
    if (nodes.size <= most) return
    const others = [...nodes.values()].filter((node) => node !== newest)
    this.#forget(others.find((node) => !this.#isNeeded(node)) ?? others[0]!)
  }

  #isNeeded(node: KnownNode): boolean {
    return node.isBusy || this.table.get(node.id)?.node.host === node.ip
  }

  #checkOne(list: 'fast' | 'slow'): void {
    const node = this.table.pick(list, (id) => this.#checking.has(id))
    if (!node) return
    this.#checking.add(node.id)
    this.#known(node).check()
  }

  async #walk(): Promise<number> {
    const target = this.#runtime.entropy(64)
    const start = this.table.closest(bytesToHex(keccak256(target)), bucketSize, false)
    let seen = start.length
    this.#options.found?.(start)
    await this.lookup(target, (nodes) => {
      seen += nodes.length
      this.#options.found?.(nodes)
    })
    return seen
  }
}

/** @param why it failed; undefined when it did not */
type Settle = (why?: QueryFailure) => void

const keyOf = (id: string, ip: string) => `${id} ${ip}`
const uint32 = (bytes: Uint8Array): number => new DataView(bytes.slice().buffer).getUint32(0)
