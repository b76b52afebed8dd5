import type { Actor } from 'xstate'
import { discoveryTableMachine } from '../../../machines/discovery-table.ts'
import type { CallFailure } from '../../../machines/discv5-session.ts'
import type { Findnode, Message, Ping, Pong, TalkRequest, TalkResponse } from '../../../protocols/discv5/messages.ts'
import { maxPacketBytes } from '../../../protocols/discv5/packet.ts'
import { PacketError } from '../../../protocols/discv5/packet-error.ts'
import { logDistance } from '../../../protocols/enode/distance.ts'
import type { Enode } from '../../../protocols/enode/enode.ts'
import { formatIp, parseIp } from '../../../protocols/enode/netutil.ts'
import { checkRelay } from '../../../protocols/enode/relay.ts'
import type { NodeRecord } from '../../../protocols/enr/record.ts'
import { bytesToHex, utf8ToBytes } from '../../../protocols/lib/bytes.ts'
import type { Logger } from '../../log/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { startActor } from '../../runtime/start-actor.ts'
import { guard, reportBug } from '../../runtime/supervision.ts'
import type { UdpEndpoint } from '../datagrams.ts'
import { type DiscoveredNode, seqOf } from '../discovered-node.ts'
import { type Lookup, startLookup } from '../lookups.ts'
import { type ProtocolOptions, seedCount, seedMaxAge } from '../protocol-options.ts'
import { bucketSize, Table } from '../table.ts'
import { FoundNodes, maxFound, packNodes } from './nodes.ts'
import type { Call, Session } from './session.ts'
import { Sessions } from './sessions.ts'
import { type TalkHandler, TalkProtocols } from './talk.ts'

/** geth lookupRequestLimit: distances in one FINDNODE of a lookup. */
const lookupDistanceCount = 3
/** geth handleResponse: answered checks after which a node is kept as a seed. */
const checksOfSeed = 5

/** Node discovery v5 (geth UDPv5): sessions, a table of nodes, and what others ask of us. It owns no socket. */
export class Discv5 {
  readonly #runtime: Runtime
  readonly #options: ProtocolOptions
  readonly #log: Logger
  readonly #sessions: Sessions
  readonly #talk = new TalkProtocols()
  readonly table: Table
  readonly #actor: Actor<typeof discoveryTableMachine>
  /** Nodes that contact us are taken: before, they could fill an empty table (geth isInitDone). */
  #isOpen = false
  #isClosed = false
  #lastLookup = 0
  /** BOUNDED: by who looks up: the chart one for itself and one for the dialer, callers theirs. */
  readonly #lookups = new Set<Lookup>()
  /** Nodes that are being checked. BOUNDED: by the table. */
  readonly #checking = new Set<string>()

  constructor(runtime: Runtime, options: ProtocolOptions) {
    const { id, parent, localNode, privateKey, database, now, log } = options
    this.#runtime = runtime
    this.#options = options
    this.#log = log
    this.table = new Table({ self: localNode.id, now, draw: (end) => this.#draw(end) })
    this.#sessions = new Sessions({
      ...{ id, runtime, localNode, privateKey },
      send: (datagram, to) => {
        // Only an application's own message can be so long.
        if (datagram.length > maxPacketBytes) log.warn('A discv5 packet is too long', { ...to, size: datagram.length })
        else if (!this.#isClosed) options.send(datagram, to)
      },
      find: (id) => this.table.get(id)?.node ?? database.node(id),
      proven: (node) => {
        if (this.#isOpen) this.table.add(node, true)
      },
      receive: (session, message) => this.#handle(session, message),
      fault: ({ id, endpoint }, error) => log.debug('Bad discv5 packet', { id, ...endpoint, err: error.message }),
    })
    this.#actor = startActor(runtime, discoveryTableMachine, {
      ...{ id, parent },
      input: (send) => {
        const refresh = (target: string) =>
          this.#inBackground(() => this.lookUp(target).then(() => send({ type: 'lookup.ended' })))
        return {
          seed: this.#draw(2 ** 32),
          ports: {
            loadSeeds: () => this.#loadSeeds(),
            lookUpSelf: () => refresh(localNode.id),
            lookUpRandom: () => refresh(this.#randomId()),
            openTable: () => {
              this.#isOpen = true
            },
            checkOne: ({ list }) => this.#check(list),
            walk: () => this.#inBackground(() => this.#walk().then((seen) => send({ type: 'walk.ended', seen }))),
            reportRested: () => options.rested?.(),
          },
        }
      },
    })
  }

  /** Looks for nodes to dial (geth RandomNodes): `found` gets them, and `rested` comes when it can be asked again. */
  want(): void {
    this.#actor.send({ type: 'walk.wanted' })
  }

  /** Calls that are under way fail. */
  close(): void {
    this.#isClosed = true
    this.#actor.send({ type: 'discovery.stop' })
    for (const lookup of this.#lookups) lookup.stop()
    this.#sessions.close()
  }

  /** Sessions with keys, and nodes that we challenge or ask. */
  get sessions(): { readonly established: number; readonly strangers: number } {
    return this.#sessions.size
  }

  /**
   * Takes a datagram.
   * @returns false when it is no packet of this protocol
   */
  receive(datagram: Uint8Array, from: UdpEndpoint): boolean {
    if (this.#isClosed) return false
    try {
      this.#sessions.receive(datagram, from)
      return true
    } catch (error) {
      if (!(error instanceof PacketError)) throw error
      if (!error.isForeign) this.#log.debug('Bad discv5 packet', { ...from, err: error.message })
      return !error.isForeign
    }
  }

  /** @throws {CallFailed} (rejects) */
  async ping(node: DiscoveredNode): Promise<Pong> {
    const recordSeq = this.#options.localNode.seq
    return (await this.#ask(node, 'Pong', (requestId): Ping => ({ kind: 'Ping', requestId, recordSeq }))) as Pong
  }

  /**
   * Asks a node for those that it knows at some distances from it.
   * @returns those that came, also when not all did
   * @throws {CallFailed} (rejects) none came
   */
  async findNode(node: DiscoveredNode, distances: readonly number[]): Promise<readonly DiscoveredNode[]> {
    const found = new FoundNodes(node, distances, this.#options.isAllowed)
    const request = (requestId: Uint8Array): Findnode => ({ kind: 'Findnode', requestId, distances })
    try {
      await this.#ask(node, 'Nodes', request, (message) => message.kind === 'Nodes' && found.take(message))
    } catch (error) {
      if (!(error instanceof CallFailed) || found.nodes.length === 0) throw error
    }
    return found.nodes
  }

  /** @returns the node with its record of now @throws {CallFailed} (rejects) */
  async requestRecord(node: DiscoveredNode): Promise<DiscoveredNode> {
    const [found, ...others] = await this.findNode(node, [0])
    if (!found || others.length > 0) throw new CallFailed('no record')
    return found
  }

  /** @returns the response, empty when the node does not speak `protocol` @throws {CallFailed} (rejects) */
  async talk(node: DiscoveredNode, protocol: string, request: Uint8Array): Promise<Uint8Array> {
    const name = utf8ToBytes(protocol)
    const asked = (requestId: Uint8Array): TalkRequest => ({ kind: 'TalkRequest', requestId, protocol: name, request })
    return ((await this.#ask(node, 'TalkResponse', asked)) as TalkResponse).response
  }

  /** Answers the TALKREQs of an application protocol from here on. */
  onTalk(protocol: string, handler: TalkHandler): void {
    this.#talk.register(protocol, handler)
  }

  /**
   * @param target 64 hex digits
   * @param report takes nodes as they are found
   * @returns the closest nodes to it; it never fails
   */
  lookUp(target: string, report?: ProtocolOptions['found']): Promise<readonly DiscoveredNode[]> {
    if (this.#isClosed) return Promise.resolve([])
    const { id, localNode } = this.#options
    const lookup = startLookup(this.#runtime, {
      ...{ id: `${id}/lookup/${++this.#lastLookup}`, parent: id, target, self: localNode.id },
      start: this.table.closest(target, bucketSize, false),
      query: (node) => this.#askNear(node, target),
      ...(report && { report }),
    })
    this.#lookups.add(lookup)
    return lookup.closest.finally(() => this.#lookups.delete(lookup))
  }

  /** @returns the node with the newest record that it has itself, or that others have of it */
  async resolve(node: DiscoveredNode): Promise<DiscoveredNode> {
    const known = this.table.get(node.id)?.node
    const newest = known && seqOf(known) > seqOf(node) ? known : node
    const answer = await this.requestRecord(newest).catch(unlessFailed)
    if (answer) return answer
    const found = (await this.lookUp(node.id)).find(({ id }) => id === node.id)
    return found && seqOf(found) > seqOf(newest) ? found : newest
  }

  /** @returns a node where it is now; it never fails */
  async locate({ id }: Pick<Enode, 'id'>): Promise<DiscoveredNode | undefined> {
    const found = this.table.get(id)?.node ?? (await this.lookUp(id)).find((node) => node.id === id)
    return found && this.resolve(found)
  }

  #handle(session: Session, message: Message): void {
    const { id, endpoint } = session
    switch (message.kind) {
      case 'Ping':
        session.send({
          ...{ kind: 'Pong', requestId: message.requestId, recordSeq: this.#options.localNode.seq },
          ...{ ip: parseIp(endpoint.ip)!, port: endpoint.port },
        })
        return
      case 'Findnode':
        for (const nodes of packNodes(message.requestId, this.#collect(endpoint.ip, message.distances)))
          session.send(nodes)
        return
      case 'TalkRequest':
        this.#inBackground(() => this.#answerTalk(session, message))
        return
      default:
        if (!session.respond(message))
          return void this.#log.debug(`Unsolicited/late ${message.kind} response`, { id, ...endpoint })
        if (message.kind === 'Pong')
          this.#options.localNode.addStatement(endpoint.ip, { ip: formatIp(message.ip), port: message.port })
    }
  }

  /** geth collectTableNodes: those that are known to be there, of each distance in no order that one could rely on. */
  #collect(asker: string, distances: readonly number[]): NodeRecord[] {
    const self = this.#options.localNode.id
    const records: NodeRecord[] = []
    for (const distance of new Set(distances)) {
      if (distance === 0) records.push(this.#options.localNode.record)
      else if (distance <= 256)
        for (const { id, host, record } of this.#shuffled(this.table.atDistance(distance)))
          if (record && logDistance(self, id) === distance && checkRelay(asker, host) === undefined)
            records.push(record)
      if (records.length >= maxFound) break
    }
    return records.slice(0, maxFound)
  }

  async #answerTalk(session: Session, message: TalkRequest): Promise<void> {
    const { id, endpoint } = session
    try {
      const response = await this.#talk.answer(message, { id, endpoint })
      if (response) session.send({ kind: 'TalkResponse', requestId: message.requestId, response })
    } catch (error) {
      // The handler is the program's: its fault ends only this answer.
      this.#log.warn('A handler of TALKREQ failed', { id, err: error instanceof Error ? error.message : String(error) })
    }
  }

  /** @param take a response that came; whether it was the last */
  #ask(
    node: DiscoveredNode,
    response: Message['kind'],
    request: Call['request'],
    take: (message: Message) => boolean = () => true,
  ): Promise<Message> {
    return new Promise((resolve, reject) => {
      const { host, udp } = node
      if (udp === 0 || !this.#options.isAllowed(host)) return reject(new CallFailed('no endpoint'))
      if (this.#isClosed) return reject(new CallFailed('closed'))
      this.#sessions.call(node, {
        ...{ request, response },
        fail: (why) => reject(new CallFailed(why)),
        take: (message) => {
          const isLast = take(message)
          if (isLast) resolve(message)
          return isLast
        },
      })
    })
  }

  #loadSeeds(): void {
    const { database, bootnodes, isAllowed } = this.#options
    const seeds = database.seeds(seedCount, seedMaxAge, (end) => this.#draw(end))
    for (const node of [...seeds, ...bootnodes]) if (isAllowed(node.host)) this.table.add(node)
  }

  /** Nodes that fail so are known by it, those that they name are taken. */
  async #askNear(node: DiscoveredNode, target: string): Promise<readonly DiscoveredNode[]> {
    const { database, localNode } = this.#options
    const found = await this.findNode(node, lookupDistances(target, node.id)).catch((error) => {
      if (error instanceof CallFailed && error.why === 'closed') return undefined
      return unlessFailed(error) ?? []
    })
    if (!found) return []
    const nodes = found.filter(({ id }) => id !== localNode.id)
    const fails = found.length > 0 ? 0 : database.findFailsV5(node.id, node.host) + 1
    database.noteFindFailsV5(node.id, node.host, fails)
    this.table.noteFindFails(node.id, fails)
    for (const other of nodes) this.table.add(other)
    return nodes
  }

  #check(list: 'fast' | 'slow'): void {
    const node = this.table.pick(list, (id) => this.#checking.has(id))
    if (!node) return
    this.#checking.add(node.id)
    this.#inBackground(() => this.#revalidate(node).finally(() => this.#checking.delete(node.id)))
  }

  /** geth doRevalidate, handleResponse. */
  async #revalidate(node: DiscoveredNode): Promise<void> {
    const pong = await this.ping(node).catch(unlessFailed)
    const entry = this.table.get(node.id)
    if (!entry) return
    if (!pong) return this.table.noteSilent(node.id, Math.floor(entry.checks / 3))
    const newer = pong.recordSeq > seqOf(node) ? await this.requestRecord(node).catch(unlessFailed) : undefined
    const checks = entry.checks + 1
    this.table.noteAlive(node.id, checks)
    this.#options.database.notePong(node.id, node.host)
    if (newer) this.table.update(newer)
    const now = this.table.get(node.id)
    if (now?.isLive && checks > checksOfSeed) this.#options.database.setNode(now.node)
  }

  #inBackground(work: () => Promise<unknown>): void {
    guard(work, (error) => reportBug(this.#runtime, { actor: this.#options.id, error, ends: 'connection' }))
  }

  async #walk(): Promise<number> {
    const target = this.#randomId()
    const start = this.table.closest(target, bucketSize, false)
    let seen = start.length
    const report = (nodes: readonly DiscoveredNode[]) => {
      seen += nodes.length
      this.#options.found?.(nodes)
    }
    this.#options.found?.(start)
    await this.lookUp(target, report)
    return seen
  }

  #randomId(): string {
    return bytesToHex(this.#runtime.entropy(32))
  }

  #draw(end: number): number {
    const bytes = this.#runtime.entropy(4)
    return Math.floor((new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32) * end)
  }

  #shuffled<T>(list: readonly T[]): T[] {
    const all = [...list]
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.#draw(i + 1)
      ;[all[i], all[j]] = [all[j]!, all[i]!]
    }
    return all
  }
}

/** geth lookupDistances: that of the target from whom we ask, and those beside it. */
export function lookupDistances(target: string, asked: string): number[] {
  const distance = logDistance(target, asked)
  const distances = [distance]
  for (let i = 1; distances.length < lookupDistanceCount; i++) {
    if (distance + i <= 256) distances.push(distance + i)
    if (distance - i > 0) distances.push(distance - i)
  }
  return distances
}

function unlessFailed(error: unknown): undefined {
  if (error instanceof CallFailed) return undefined
  throw error
}

/** A node did not answer, or could not be asked. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed'
  readonly why: CallFailure | 'no record' | 'no endpoint'

  constructor(why: CallFailed['why']) {
    super(`discv5: ${why}`)
    this.why = why
  }
}
