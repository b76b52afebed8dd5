import type { Enode } from '../../protocols/enode/enode.ts'
import { parseIp } from '../../protocols/enode/netutil.ts'
import type { NodeRecord } from '../../protocols/enr/record.ts'
import type { DiscoveredNode } from '../discovery/discovered-node.ts'
import { QueryFailed } from '../discovery/v4/known-node.ts'
import { CallFailed } from '../discovery/v5/discv5.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { DiscoveryEndpoint } from './discovery-endpoint.ts'

/** A node that a crawl knows. Times are Unix ms, 0 for never (geth cmd/devp2p nodeJSON). */
export type CrawledNode = {
  readonly node: Enode
  readonly record?: NodeRecord | undefined
  /** Checks that it passed, halved by each that it did not. */
  readonly score: number
  readonly firstResponse: number
  readonly lastResponse: number
  readonly lastCheck: number
  /** What became of the last check: `timeout`, or what a dial came to. */
  readonly reason?: string | undefined
  readonly cause?: string | undefined
  readonly client?: string | undefined
}

/** What a dial came to: `ok`, `full`, `other-network` … */
export type DialReport = Pick<CrawledNode, 'reason' | 'cause' | 'client'>

export type CrawlOptions = {
  readonly endpoint: DiscoveryEndpoint
  /** What is known from before, by id. */
  readonly known: ReadonlyMap<string, CrawledNode>
  readonly bootnodes: readonly DiscoveredNode[]
  /** Nodes that are asked at a time. */
  readonly parallel: number
  /** Nodes that are begun with in a second. */
  readonly rate: number
  /** ms: a node that was checked within is asked for others alone. */
  readonly recheck: number
  /** Dials a node that answers; left out, none is dialed. */
  readonly dial?: ((node: DiscoveredNode) => Promise<DialReport>) | undefined
}

export type CrawlProgress = { readonly seen: number; readonly asked: number; readonly answered: number }

/** BOUNDED: nodes of a crawl. geth has no bound. */
export const maxNodes = 262_144
/** FINDNODEs of one node: as long as they bring more, at most so many; two that bring nothing new end it. */
const maxQueries = 16
const maxBarren = 2
/** geth crawl: nodes of a bucket, and buckets. */
const bucketCount = 17
/** Nodes at one distance: those beyond have half as many each. */
const sparse = 5

/** Asks every node for all that it knows, until none names another (geth cmd/devp2p crawl, which walks at random). */
export class Crawler {
  readonly #runtime: Runtime
  readonly #options: CrawlOptions
  /** By id. BOUNDED: maxNodes. */
  readonly #nodes: Map<string, CrawledNode>
  /** BOUNDED: maxNodes. */
  readonly #seen = new Set<string>()
  /** BOUNDED: maxNodes. */
  #waiting: DiscoveredNode[] = []
  #active = 0
  #asked = 0
  #answered = 0
  #due = Number.NEGATIVE_INFINITY
  #isRunning = false
  #isStopped = false
  #conclude: () => void = () => {}
  #fail: (error: unknown) => void = () => {}

  constructor(runtime: Runtime, options: CrawlOptions) {
    this.#runtime = runtime
    this.#options = options
    this.#nodes = new Map(options.known)
    const known = [...options.known.values()].map(({ node, record }) => ({ ...node, ...(record && { record }) }))
    this.#find([...options.bootnodes, ...known])
  }

  /** What is known now. */
  get nodes(): ReadonlyMap<string, CrawledNode> {
    return this.#nodes
  }

  get progress(): CrawlProgress {
    return { seen: this.#seen.size, asked: this.#asked, answered: this.#answered }
  }

  /** Settles when no node names another, or it was stopped. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#conclude = resolve
      this.#fail = reject
      this.#isRunning = true
      this.#pump()
    })
  }

  /** Nodes that are asked now are not waited for. */
  stop(): void {
    this.#isStopped = true
    this.#conclude()
  }

  #pump(): void {
    if (!this.#isRunning) return
    while (!this.#isStopped && this.#active < this.#options.parallel && this.#waiting.length > 0) {
      const wait = this.#takeTurn()
      if (wait > 0) {
        this.#runtime.clock.setTimeout(() => this.#pump(), wait)
        return
      }
      const node = this.#waiting.pop()!
      this.#active++
      this.#visit(node).then(
        () => {
          this.#active--
          this.#pump()
        },
        (error) => this.#fail(error),
      )
    }
    if (this.#active === 0 && this.#waiting.length === 0) this.#conclude()
  }

  /** @returns ms to wait for it; 0: it is taken */
  #takeTurn(): number {
    const now = this.#runtime.clock.now()
    if (this.#due > now) return Math.ceil(this.#due - now)
    this.#due = Math.max(this.#due, now - 100) + 1_000 / this.#options.rate
    return 0
  }

  async #visit(node: DiscoveredNode): Promise<void> {
    this.#asked++
    const { recheck, dial } = this.#options
    const before = this.#nodes.get(node.id) ?? { node, score: 0, firstResponse: 0, lastResponse: 0, lastCheck: 0 }
    const now = this.#runtime.wallClock()
    const isRecent = before.lastResponse > 0 && now - before.lastCheck < recheck
    if (isRecent) {
      this.#answered++
      return this.#askForAll(node)
    }
    const resolved = await this.#resolve(node)
    if (this.#isStopped) return
    if (!resolved) {
      const fault = { reason: 'timeout', cause: 'it does not answer over UDP' }
      this.#nodes.set(node.id, { ...before, score: Math.floor(before.score / 2), lastCheck: now, ...fault })
      return
    }
    this.#answered++
    const { record = before.record, ...place } = resolved
    const answered = {
      ...{ node: place, record, score: before.score + 1, lastCheck: now, lastResponse: now },
      firstResponse: before.firstResponse || now,
    }
    this.#nodes.set(node.id, answered)
    const [report] = await Promise.all([dial?.(resolved), this.#askForAll(resolved)])
    if (report) this.#nodes.set(node.id, { ...answered, ...report })
  }

  /** Over the protocols that run, discv5 first: its records need no bond. @returns undefined when it answers none */
  async #resolve(node: DiscoveredNode): Promise<DiscoveredNode | undefined> {
    const { v4, v5 } = this.#options.endpoint
    const over5 = v5 && node.record && (await v5.requestRecord(node).catch(unlessSilent))
    if (over5) return over5
    return v4?.requestRecord(node).catch(unlessSilent)
  }

  async #askForAll(node: DiscoveredNode): Promise<void> {
    const { v4, v5 } = this.#options.endpoint
    await Promise.all([v5 && node.record && this.#askBuckets(node), v4 && this.#askAnywhere(node)])
  }

  /** All its buckets, from the fullest on: an answer has 16 nodes at most, so only what is nearly empty is asked for together. */
  async #askBuckets(node: DiscoveredNode): Promise<void> {
    let [distance, size] = [256, 1]
    while (distance > 256 - bucketCount && !this.#isStopped) {
      const distances = Array.from({ length: size }, (_, i) => distance - i)
      const found = await this.#options.endpoint.v5!.findNode(node, distances).catch(unlessSilent)
      if (!found) return
      this.#find(found)
      distance -= size
      if (found.length <= sparse) size = 3
    }
  }

  /** FINDNODE of discv4 names a target, not a bucket: targets at random, until it has no more to name. */
  async #askAnywhere(node: DiscoveredNode): Promise<void> {
    const named = new Set<string>()
    for (let query = 0, barren = 0; query < maxQueries && barren < maxBarren && !this.#isStopped; query++) {
      const found = await this.#options.endpoint.v4!.findnode(node, this.#runtime.entropy(64))
      const before = named.size
      for (const { id } of found) named.add(id)
      barren = named.size === before ? barren + 1 : 0
      this.#find(found)
    }
  }

  #find(nodes: readonly (Enode | DiscoveredNode)[]): void {
    const { endpoint } = this.#options
    for (const { host, ...node } of nodes) {
      const isHere = host !== undefined && parseIp(host) && node.udp > 0 && endpoint.isAllowed(host)
      if (!isHere || this.#seen.has(node.id) || node.id === endpoint.local.id || this.#seen.size >= maxNodes) continue
      this.#seen.add(node.id)
      this.#waiting.push({ ...node, host })
    }
    this.#pump()
  }
}

function unlessSilent(error: unknown): undefined {
  if (error instanceof QueryFailed || error instanceof CallFailed) return undefined
  throw error
}
