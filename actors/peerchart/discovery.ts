import type { ForkFilter } from '../../protocols/chain/fork-id.ts'
import { parseLink } from '../../protocols/dnsdisc/tree.ts'
import type { Enode } from '../../protocols/enode/enode.ts'
import { isInNetlist, type Netlist } from '../../protocols/enode/netlist.ts'
import { isLoopback, parseIp } from '../../protocols/enode/netutil.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { forkIdIn } from '../../protocols/enr/record.ts'
import { resolveBootnodes } from '../discovery/bootnodes.ts'
import { candidateMix } from '../discovery/candidate-mix.ts'
import { Candidates } from '../discovery/candidates.ts'
import { type DatagramSocket, type Datagrams, reachable, restricted, type UdpEndpoint } from '../discovery/datagrams.ts'
import type { DiscoveredNode } from '../discovery/discovered-node.ts'
import { DnsClient } from '../discovery/dns/dns-client.ts'
import { DnsLists } from '../discovery/dns/dns-lists.ts'
import { type DnsOptions, type LookUpTxt, reachableServers, systemServers } from '../discovery/dns/txt-lookup.ts'
import type { LocalNode } from '../discovery/local-node.ts'
import type { NodeDatabase } from '../discovery/node-database.ts'
import { inTurns } from '../discovery/turns.ts'
import { Discv4 } from '../discovery/v4/discv4.ts'
import { Discv5 } from '../discovery/v5/discv5.ts'
import type { Logger } from '../log/log.ts'
import type { Service } from '../node/node.ts'
import type { CandidateSource, LookUp } from '../p2p/dialer.ts'
import type { InputRoom } from '../runtime/input-room.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FairScheduler } from '../runtime/scheduler.ts'
import { reportBug } from '../runtime/supervision.ts'

type Bootnodes = readonly string[] | (() => readonly string[])

export type DiscoveryOptions = {
  /** Which protocols run, on one port. @default both, as in geth */
  readonly v4?: boolean
  readonly v5?: boolean
  /** UDP port, 0 for any free one. @default the TCP port that is listened on */
  readonly port?: number
  /**
   * enode URLs or records of nodes to begin with, by an IP address or a DNS name. A function is asked when discovery
   * starts: an enode is not known before its node has a port. @default none
   */
  readonly bootnodes?: Bootnodes
  /** For discv5. @default the same */
  readonly bootnodesV5?: Bootnodes
  /** Lists of nodes in DNS, `enrtree://<key>@<domain>`, whose nodes are dialed, too. @default none */
  readonly dns?: readonly string[]
  /** DNS servers for them, as `127.0.0.1:5353`; a node that listens on loopback asks no others. @default those of the system */
  readonly dnsServers?: readonly string[]
}

export type DiscoveryParts = {
  /** Its actor's parent. */
  readonly parent: string
  readonly datagrams: Datagrams
  /** Of bootnodes that are DNS names. */
  readonly lookUp: LookUp | undefined
  /** TXT records of lists. */
  readonly dnsLookup: ((options: DnsOptions) => LookUpTxt) | undefined
  readonly privateKey: Uint8Array
  readonly localNode: LocalNode
  readonly database: NodeDatabase
  /** That the node listens on. */
  readonly host: string
  readonly netRestrict: Netlist | undefined
  readonly scheduler: FairScheduler
  readonly input: InputRoom
  /** Of nodes to dial. */
  readonly forkFilter: ForkFilter
  /** Once the p2p server runs. */
  tcpPort(): number
  readonly log: Logger
}

/** Finds nodes of our chain for the dialer, and answers those that look for nodes (geth Server.setupDiscovery). */
export class DiscoveryService implements Service {
  readonly name = 'discovery'
  readonly #runtime: Runtime
  readonly #options: DiscoveryOptions
  readonly #parts: DiscoveryParts
  readonly #bootnodes: { readonly v4: () => readonly Enode[]; readonly v5: () => readonly Enode[] }
  readonly #v4Nodes = new Candidates((node) => this.#isOurs(node))
  readonly #v5Nodes = new Candidates((node) => this.#isOurs(node))
  readonly #dnsNodes = new Candidates((node) => this.#isOurs(node))
  /** Nodes for the dialer, from when the service runs. */
  readonly candidates: CandidateSource
  readonly #started: Promise<void>
  #settleStart: () => void = () => {}
  #socket: DatagramSocket | undefined
  #v4: Discv4 | undefined
  #v5: Discv5 | undefined
  #lists: DnsLists | undefined

  /** @throws {EnodeError} a bootnode is none @throws {TreeError} a list is none */
  constructor(runtime: Runtime, options: DiscoveryOptions, parts: DiscoveryParts) {
    this.#runtime = runtime
    this.#options = options
    this.#parts = parts
    const { bootnodes = [], bootnodesV5 = bootnodes } = options
    this.#bootnodes = { v4: readBootnodes(bootnodes), v5: readBootnodes(bootnodesV5) }
    this.#started = new Promise((resolve) => {
      this.#settleStart = resolve
    })
    const { v4 = true, v5 = true, dns = [] } = options
    for (const url of dns) parseLink(url)
    this.candidates = candidateMix(runtime, {
      ...{ id: 'candidates', parent: parts.parent },
      sources: {
        ...(dns.length > 0 && { dns: this.#dnsNodes.source }),
        ...(v4 && { v4: this.#v4Nodes.source }),
        ...(v5 && { v5: this.#v5Nodes.source }),
      },
    })
  }

  /** The table of discv4, its buckets from the closest on; undefined when it does not run. */
  get v4(): Pick<Discv4, 'table'> | undefined {
    return this.#v4
  }

  /** What runs of discv5: requests of one's own, and protocols for TALKREQ. */
  get v5(): Discv5 | undefined {
    return this.#v5
  }

  /** @throws (rejects) the system's error: the port is taken */
  async start(): Promise<void> {
    const { datagrams, lookUp, host, netRestrict, privateKey, localNode, database, parent, scheduler, input, log } =
      this.#parts
    const { port = this.#parts.tcpPort(), v4 = true, v5 = true } = this.#options
    const { wallClock: now } = this.#runtime
    const isAllowed = reachable(host, netRestrict)
    const { clock } = this.#runtime
    const [bootnodes, bootnodesV5] = await Promise.all(
      [v4 ? this.#bootnodes.v4() : [], v5 ? this.#bootnodes.v5() : []].map(async (nodes) => {
        const resolved = await resolveBootnodes(nodes, { lookUp, clock, log })
        for (const { id, host } of resolved)
          if (netRestrict && !isInNetlist(netRestrict, host))
            log.error('Bootstrap node filtered by netrestrict', { id, ip: host })
        return resolved
      }),
    )
    const crashed = (error: unknown) => reportBug(this.#runtime, { actor: 'discovery', error, ends: 'connection' })
    const received = inTurns(restricted(datagrams, isAllowed), { scheduler, input }, crashed)
    // geth: what discv4 cannot read may be of discv5.
    const socket = await received.bind(
      host,
      port,
      (bytes, from) => void (this.#v4?.receive(bytes, from) || this.#v5?.receive(bytes, from)),
    )
    this.#socket = socket
    localNode.setTcp(this.#parts.tcpPort())
    localNode.setFallback(isWildcard(host) ? '127.0.0.1' : socket.ip, socket.port)
    const common = {
      ...{ parent, privateKey, localNode, database, isAllowed, now, log },
      send: (bytes: Uint8Array, to: UdpEndpoint) => socket.send(bytes, to),
    }
    if (v4) {
      const nodes = this.#v4Nodes
      const discv4 = new Discv4(this.#runtime, { id: 'discv4', bootnodes: bootnodes!, ...common, ...reportTo(nodes) })
      nodes.attach({ want: () => discv4.want(), resolve: (node) => discv4.resolve(node) })
      this.#v4 = discv4
    }
    if (v5) {
      const nodes = this.#v5Nodes
      const discv5 = new Discv5(this.#runtime, { id: 'discv5', bootnodes: bootnodesV5!, ...common, ...reportTo(nodes) })
      // What discv5 finds has its record already.
      nodes.attach({ want: () => discv5.want(), resolve: async (node) => node })
      this.#v5 = discv5
    }
    this.#readLists()
    this.#settleStart()
    log.info('Node discovery runs', {
      udp: socket.port,
      bootnodes: new Set([...bootnodes!, ...bootnodesV5!].map(({ id }) => id)).size,
    })
    if (isLoopback(host)) log.info('Discovery stays on this machine: --host 0.0.0.0 opens it', { host })
  }

  async stop(): Promise<void> {
    this.#settleStart()
    this.#v4Nodes.detach()
    this.#v5Nodes.detach()
    this.#dnsNodes.detach()
    this.#lists?.close()
    this.#v4?.close()
    this.#v5?.close()
    await this.#socket?.close()
  }

  #readLists(): void {
    const { dns = [], dnsServers = systemServers() } = this.#options
    const { dnsLookup, host, parent, log } = this.#parts
    if (dns.length === 0) return
    const servers = reachableServers(dnsServers, host)
    if (!dnsLookup || servers.length === 0)
      return void log.warn('Lists of nodes are not read: no DNS server may be asked', { host })
    const client = new DnsClient({ lookUpTxt: dnsLookup({ servers, host }), clock: this.#runtime.clock })
    const nodes = this.#dnsNodes
    const lists = new DnsLists(this.#runtime, { id: 'dns', parent, urls: dns, client, log, ...reportTo(nodes) })
    nodes.attach({ want: () => lists.want(), resolve: async (node) => node })
    this.#lists = lists
  }

  /** Looks for a node whose address is not known, or not the right one; it never fails. */
  async resolve(node: Enode): Promise<DiscoveredNode | undefined> {
    await this.#started
    return (await this.#v4?.locate(node)) ?? this.#v5?.locate(node)
  }

  /** geth eth.NewNodeFilter. */
  #isOurs({ record, host }: DiscoveredNode): boolean {
    const { netRestrict, forkFilter } = this.#parts
    const forkId = record && forkIdIn(record)
    if (!forkId || (netRestrict && !isInNetlist(netRestrict, host))) return false
    return forkFilter(forkId) === undefined
  }
}

/** @throws {EnodeError} at once, where they are known */
function readBootnodes(bootnodes: Bootnodes): () => readonly Enode[] {
  if (typeof bootnodes === 'function') return () => bootnodes().map(parseNode)
  const nodes = bootnodes.map(parseNode)
  return () => nodes
}

const reportTo = (candidates: Candidates) => ({
  found: (nodes: readonly DiscoveredNode[]) => candidates.found(nodes),
  rested: () => candidates.rested(),
})

const isWildcard = (host: string) => parseIp(host)?.every((byte) => byte === 0) ?? true
