import { closestTo, logDistance } from '../../protocols/enode/distance.ts'
import { isLan, parseIp } from '../../protocols/enode/netutil.ts'
import { isUnicast } from '../../protocols/enode/relay.ts'
import { type DiscoveredNode, seqOf } from './discovered-node.ts'

/** geth p2p/discover: nodes of a bucket, and those that wait for a place in it. */
export const bucketSize = 16
const maxReplacements = 10
/** Most nodes are at the greatest distances; the few that are closer share the first bucket. */
const bucketCount = 17
const firstDistance = 256 - bucketCount + 1
/** Of one /24, in a bucket and in the table. Loopback and private networks are exempt. */
const bucketSubnetLimit = 2
const tableSubnetLimit = 10
/** geth `maxFindnodeFailures`, `bucketSize/4`: a node that fails so often goes, if its bucket has enough others. */
const maxFindFails = 5
const enoughNodes = bucketSize / 4

/** Nodes of which nothing is known yet are checked soon, those that answered less often. */
export type Revalidation = 'fast' | 'slow'

export type TableEntry = {
  readonly node: DiscoveredNode
  /** Unix time, ms. */
  readonly addedToTable: number
  readonly addedToBucket: number
  /** PINGs that it answered, less what it lost by those that it did not. */
  readonly checks: number
  /** It has answered at the endpoint that it has now. */
  readonly isLive: boolean
  readonly revalidation: Revalidation
}

export type TableOptions = {
  /** Our own id. */
  readonly self: string
  /** Unix time, ms. */
  readonly now: () => number
  /** An integer from 0 up to `end`, by chance. */
  readonly draw: (end: number) => number
  /** A node that was added to a bucket, or taken out of it. */
  readonly changed?: ((node: DiscoveredNode, isIn: boolean) => void) | undefined
}

/** Kademlia's table of known nodes (geth discover.Table): a data structure, which sends nothing. */
export class Table {
  readonly #options: TableOptions
  readonly #buckets: Bucket[] = Array.from({ length: bucketCount }, () => new Bucket())
  /** Nodes of each /24, of buckets and replacements. BOUNDED: by the table. */
  readonly #subnets = new SubnetCounts(tableSubnetLimit)

  constructor(options: TableOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#buckets.reduce((sum, { entries }) => sum + entries.length, 0)
  }

  get(id: string): TableEntry | undefined {
    return this.#bucketOf(id).entries.find(({ node }) => node.id === id)
  }

  /** Buckets, the closest first. */
  buckets(): readonly (readonly TableEntry[])[] {
    return this.#buckets.map(({ entries }) => entries)
  }

  /**
   * Adds a node, or takes what is new of one that is there. A full bucket keeps it as a replacement.
   * @param isInbound it contacted us: what it says of itself holds, even with a lower sequence number
   * @returns whether it has a new place in a bucket
   */
  add(node: DiscoveredNode, isInbound = false): boolean {
    if (node.id === this.#options.self) return false
    const bucket = this.#bucketOf(node.id)
    if (bucket.entries.some((entry) => entry.node.id === node.id)) {
      this.update(node, isInbound)
      return false
    }
    if (bucket.entries.length >= bucketSize) {
      this.#addReplacement(bucket, node)
      return false
    }
    const waiting = bucket.replacements.find((entry) => entry.node.id === node.id)
    if (waiting) {
      bucket.replacements = bucket.replacements.filter((entry) => entry !== waiting)
      this.#removeIp(bucket, waiting.node.host)
    }
    if (!this.#addIp(bucket, node.host)) return false
    this.#enter(bucket, node, waiting?.addedToTable ?? this.#options.now())
    return true
  }

  /** Takes the record of a node that is in a bucket, when it is newer. @returns whether its endpoint is another now */
  update(node: DiscoveredNode, isInbound = false): boolean {
    const bucket = this.#bucketOf(node.id)
    const entry = this.get(node.id)
    if (!entry || (!isInbound && seqOf(node) <= seqOf(entry.node))) return false
    const hasMoved = node.host !== entry.node.host
    if (hasMoved) {
      this.#removeIp(bucket, entry.node.host)
      if (!this.#addIp(bucket, node.host)) {
        this.#addIp(bucket, entry.node.host)
        return false
      }
    }
    const record = node.record ?? (hasMoved || node.udp !== entry.node.udp ? undefined : entry.node.record)
    const isElsewhere = hasMoved || node.udp !== entry.node.udp
    bucket.replace({
      ...entry,
      node: { ...node, ...(record && { record }) },
      ...(isElsewhere && { isLive: false, revalidation: 'fast' }),
    })
    return isElsewhere
  }

  /** It answered a check, at the endpoint that it has in the table. */
  noteAlive(id: string, checks: number): void {
    const entry = this.get(id)
    if (entry) this.#bucketOf(id).replace({ ...entry, checks, isLive: true, revalidation: 'slow' })
  }

  /** It did not answer a check. With no checks left it goes, and a replacement comes. */
  noteSilent(id: string, checks: number): void {
    const entry = this.get(id)
    if (!entry) return
    if (checks <= 0) this.remove(id)
    else this.#bucketOf(id).replace({ ...entry, checks, revalidation: 'fast' })
  }

  /** @param fails in a row, of FINDNODE */
  noteFindFails(id: string, fails: number): void {
    if (fails >= maxFindFails && this.#bucketOf(id).entries.length >= enoughNodes) this.remove(id)
  }

  remove(id: string): void {
    const bucket = this.#bucketOf(id)
    const entry = this.get(id)
    if (!entry) return
    bucket.entries = bucket.entries.filter((other) => other !== entry)
    this.#removeIp(bucket, entry.node.host)
    this.#options.changed?.(entry.node, false)
    if (bucket.replacements.length === 0) return
    const [replacement] = bucket.replacements.splice(this.#options.draw(bucket.replacements.length), 1)
    this.#enter(bucket, replacement!.node, replacement!.addedToTable)
  }

  /**
   * @param preferLive only those that answered a check, if there are any
   * @returns the `count` nodes closest to `target`, the closest first
   */
  closest(target: string, count: number, preferLive: boolean): DiscoveredNode[] {
    const all = this.#buckets.flatMap(({ entries }) => entries)
    const live = preferLive ? all.filter(({ isLive }) => isLive) : []
    const nodes = (live.length > 0 ? live : all).map(({ node }) => node)
    return closestTo(target, nodes, count)
  }

  /** @returns nodes that answered a check and share a bucket with `distance`, 1 to 256 */
  atDistance(distance: number): DiscoveredNode[] {
    return this.#buckets[bucketIndex(distance)]!.entries.filter(({ isLive }) => isLive).map(({ node }) => node)
  }

  /** @returns one of the list by chance, and none that `isBusy`; undefined when there is none */
  pick(revalidation: Revalidation, isBusy: (id: string) => boolean): DiscoveredNode | undefined {
    const due = this.#buckets
      .flatMap(({ entries }) => entries)
      .filter((entry) => entry.revalidation === revalidation && !isBusy(entry.node.id))
    return due.length === 0 ? undefined : due[this.#options.draw(due.length)]!.node
  }

  #bucketOf(id: string): Bucket {
    return this.#buckets[bucketIndex(logDistance(this.#options.self, id))]!
  }

  #enter(bucket: Bucket, node: DiscoveredNode, addedToTable: number): void {
    const addedToBucket = this.#options.now()
    bucket.entries.push({ node, addedToTable, addedToBucket, checks: 0, isLive: false, revalidation: 'fast' })
    this.#options.changed?.(node, true)
  }

  /** The latest are kept. */
  #addReplacement(bucket: Bucket, node: DiscoveredNode): void {
    if (bucket.replacements.some((entry) => entry.node.id === node.id) || !this.#addIp(bucket, node.host)) return
    bucket.replacements.unshift({ node, addedToTable: this.#options.now() })
    const removed = bucket.replacements.length > maxReplacements ? bucket.replacements.pop() : undefined
    if (removed) this.#removeIp(bucket, removed.node.host)
  }

  #addIp(bucket: Bucket, ip: string): boolean {
    if (!isUnicast(ip)) return false
    if (isLan(ip)) return true
    const subnet = subnetOf(ip)
    if (!this.#subnets.add(subnet)) return false
    if (bucket.subnets.add(subnet)) return true
    this.#subnets.remove(subnet)
    return false
  }

  #removeIp(bucket: Bucket, ip: string): void {
    if (isLan(ip)) return
    this.#subnets.remove(subnetOf(ip))
    bucket.subnets.remove(subnetOf(ip))
  }
}

class Bucket {
  /** BOUNDED: bucketSize. */
  entries: TableEntry[] = []
  /** The latest first. BOUNDED: maxReplacements. */
  replacements: { readonly node: DiscoveredNode; readonly addedToTable: number }[] = []
  readonly subnets = new SubnetCounts(bucketSubnetLimit)

  replace(entry: TableEntry): void {
    this.entries = this.entries.map((other) => (other.node.id === entry.node.id ? entry : other))
  }
}

/** How many addresses of each subnet there are (geth netutil.DistinctNetSet). BOUNDED: by the table. */
class SubnetCounts {
  readonly #limit: number
  readonly #counts = new Map<string, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** @returns whether there was room */
  add(subnet: string): boolean {
    const count = this.#counts.get(subnet) ?? 0
    if (count >= this.#limit) return false
    this.#counts.set(subnet, count + 1)
    return true
  }

  remove(subnet: string): void {
    const count = this.#counts.get(subnet)! - 1
    if (count > 0) this.#counts.set(subnet, count)
    else this.#counts.delete(subnet)
  }
}

const bucketIndex = (distance: number) => Math.max(0, distance - firstDistance)
/** The first 24 bits, of either family as in geth. */
const subnetOf = (ip: string) => parseIp(ip)!.subarray(0, 3).join('.')
