import { ClassicLevel } from 'classic-level'
import { EnodeError, formatEnode, parseEnode } from '../../protocols/enode/enode.ts'
import { formatRecord, parseRecord, RecordError } from '../../protocols/enr/record.ts'
import { CorruptDatabase, DatabaseLocked } from '../chain/store.ts'
import type { Logger } from '../log/log.ts'
import { makeDirectory } from '../runtime/make-directory.ts'
import type { Clock } from '../runtime/runtime.ts'
import { type DiscoveredNode, nodeOfRecord, seqOf } from './discovered-node.ts'

export type NodeDatabaseOptions = {
  /** Where LevelDB keeps its files; in memory when left out. */
  readonly directory?: string | undefined
  readonly clock: Clock
  /** Unix time, ms. */
  readonly now: () => number
  readonly log: Logger
}

/** What was last heard of a node at one address; times are Unix ms, 0 for never. */
type Place = { readonly ping: number; readonly pong: number; readonly fails: number; readonly failsV5: number }
type Stored = { readonly node?: DiscoveredNode | undefined; readonly places: ReadonlyMap<string, Place> }

/** geth `dbNodeExpiration`, `dbCleanupCycle`. */
const expiry = 24 * 3_600_000
const expiryInterval = 3_600_000
/** BOUNDED: nodes kept, those of which something was heard last. geth has no such limit. */
const maxNodes = 8_192
/** BOUNDED: addresses that a node is known at. */
const maxPlaces = 4

/**
 * Nodes that have proven their endpoint, on disk: when, how they failed, and where a node that starts may begin (geth
 * enode.DB). All of it is in memory, too, so that a packet is judged at once; it is written behind.
 */
export class NodeDatabase {
  readonly #level: Level | undefined
  readonly #clock: Clock
  readonly #now: () => number
  readonly #log: Logger
  /** The one heard of last is last. BOUNDED: maxNodes. */
  readonly #nodes = new Map<string, Stored>()
  /** BOUNDED: by who runs nodes on this directory: each id is a node key. */
  readonly #localSeqs = new Map<string, bigint>()
  /** Ids whose entries are to be written. BOUNDED: maxNodes, and as many dropped. */
  readonly #changed = new Set<string>()
  #writing: Promise<void> | undefined
  #timer: unknown
  #isBroken = false

  /**
   * @throws {DatabaseLocked} another process has it open
   * @throws {CorruptDatabase} LevelDB could not repair its files
   */
  static async open(options: NodeDatabaseOptions): Promise<NodeDatabase> {
    const { directory } = options
    const database = new NodeDatabase(options, directory === undefined ? undefined : await openLevel(directory))
    await database.#load()
    return database
  }

  private constructor({ clock, now, log }: NodeDatabaseOptions, level: Level | undefined) {
    this.#level = level
    this.#clock = clock
    this.#now = now
    this.#log = log
    this.#timer = clock.setTimeout(() => this.#expire(), expiryInterval)
  }

  get size(): number {
    return this.#nodes.size
  }

  lastPing(id: string, ip: string): number {
    return this.#place(id, ip).ping
  }

  lastPong(id: string, ip: string): number {
    return this.#place(id, ip).pong
  }

  findFails(id: string, ip: string): number {
    return this.#place(id, ip).fails
  }

  findFailsV5(id: string, ip: string): number {
    return this.#place(id, ip).failsV5
  }

  /** Of a node that never answered a PING nothing is kept: nothing shows that it exists. */
  notePing(id: string, ip: string): void {
    if (this.#nodes.get(id)?.places.has(ip)) this.#change(id, ip, { ping: this.#now() })
  }

  notePong(id: string, ip: string): void {
    this.#change(id, ip, { pong: this.#now() })
  }

  noteFindFails(id: string, ip: string, fails: number): void {
    if (this.#nodes.has(id)) this.#change(id, ip, { fails })
  }

  noteFindFailsV5(id: string, ip: string, failsV5: number): void {
    if (this.#nodes.has(id)) this.#change(id, ip, { failsV5 })
  }

  node(id: string): DiscoveredNode | undefined {
    return this.#nodes.get(id)?.node
  }

  /** Keeps `node` as one to begin with; ignored when a newer record of it is kept. */
  setNode(node: DiscoveredNode): void {
    const kept = this.#nodes.get(node.id)
    if (seqOf(node) < seqOf(kept?.node)) return
    this.#set(node.id, { node, places: kept?.places ?? new Map() })
  }

  /**
   * @param draw an integer from 0 up to its argument, by chance
   * @returns as many nodes that answered within `maxAge` ms, drawn by chance
   */
  seeds(count: number, maxAge: number, draw: (end: number) => number): DiscoveredNode[] {
    const since = this.#now() - maxAge
    const left = [...this.#nodes.values()].flatMap(({ node, places }) =>
      node && (places.get(node.host)?.pong ?? 0) >= since ? [node] : [],
    )
    const seeds: DiscoveredNode[] = []
    while (seeds.length < count && left.length > 0) {
      const last = left.pop()!
      const at = draw(left.length + 1)
      seeds.push(at < left.length ? left.splice(at, 1, last)[0]! : last)
    }
    return seeds
  }

  localSeq(id: string): bigint | undefined {
    return this.#localSeqs.get(id)
  }

  async storeLocalSeq(id: string, seq: bigint): Promise<void> {
    this.#localSeqs.set(id, seq)
    await this.#write([{ type: 'put', key: `${localPrefix}${id}`, value: String(seq) }])
  }

  /** Resolves when all that was noted is written. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  async close(): Promise<void> {
    this.#clock.clearTimeout(this.#timer)
    await this.flush()
    await this.#level?.close()
  }

  #place(id: string, ip: string): Place {
    return this.#nodes.get(id)?.places.get(ip) ?? unheard
  }

  #change(id: string, ip: string, change: Partial<Place>): void {
    const { node, places = new Map<string, Place>() } = this.#nodes.get(id) ?? {}
    const next = new Map(places)
    next.delete(ip)
    next.set(ip, { ...(places.get(ip) ?? unheard), ...change })
    for (const [oldest] of next) {
      if (next.size <= maxPlaces) break
      next.delete(oldest)
    }
    this.#set(id, { node, places: next })
  }

  #set(id: string, stored: Stored): void {
    this.#nodes.delete(id)
    this.#nodes.set(id, stored)
    this.#save(id)
    for (const [oldest] of this.#nodes) {
      if (this.#nodes.size <= maxNodes) break
      this.#drop(oldest)
    }
  }

  #drop(id: string): void {
    this.#nodes.delete(id)
    this.#save(id)
  }

  /** geth: an address that has not answered for a day is forgotten, and so is a node without one that has. */
  #expire(): void {
    const since = this.#now() - expiry
    for (const [id, { node, places }] of this.#nodes) {
      const left = new Map([...places].filter(([, { pong }]) => pong >= since))
      if (left.size === 0) this.#drop(id)
      else if (left.size < places.size) {
        this.#nodes.set(id, { node, places: left })
        this.#save(id)
      }
    }
    this.#timer = this.#clock.setTimeout(() => this.#expire(), expiryInterval)
  }

  #save(id: string): void {
    if (!this.#level) return
    this.#changed.add(id)
    this.#writing ??= this.#writeChanged()
  }

  /** One batch at a time: what changes meanwhile is in the next. */
  async #writeChanged(): Promise<void> {
    await undefined
    while (this.#changed.size > 0) {
      const batch = Array.from(this.#changed, (id): Operation => {
        const stored = this.#nodes.get(id)
        const key = `${nodePrefix}${id}`
        return stored ? { type: 'put', key, value: toText(stored) } : { type: 'del', key }
      })
      this.#changed.clear()
      await this.#write(batch)
    }
    this.#writing = undefined
  }

  async #write(batch: Operation[]): Promise<void> {
    if (!this.#level || this.#isBroken) return
    try {
      await this.#level.batch(batch)
    } catch (error) {
      this.#isBroken = true
      const err = error instanceof Error ? error.message : String(error)
      this.#log.warn('The node database cannot be written, and keeps nothing more', { err })
    }
  }

  async #load(): Promise<void> {
    if (!this.#level) return
    for await (const [key, value] of this.#level.iterator({ gte: localPrefix, lt: `${localPrefix}~` }))
      if (/^\d{1,20}$/.test(value)) this.#localSeqs.set(key.slice(localPrefix.length), BigInt(value))
    for await (const [key, value] of this.#level.iterator({ gte: nodePrefix, lt: `${nodePrefix}~`, limit: maxNodes })) {
      const stored = fromText(key.slice(nodePrefix.length), value)
      if (stored) this.#nodes.set(key.slice(nodePrefix.length), stored)
    }
  }
}

type Level = ClassicLevel<string, string>
type Operation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string }

const nodePrefix = 'node:'
const localPrefix = 'local:'
const unheard: Place = { ping: 0, pong: 0, fails: 0, failsV5: 0 }

/** Its files hold nothing that cannot be learned again: damaged ones are repaired, as geth does. */
async function openLevel(directory: string): Promise<Level> {
  await makeDirectory(directory)
  const open = async () => {
    const level: Level = new ClassicLevel(directory, { keyEncoding: 'utf8', valueEncoding: 'utf8' })
    await level.open()
    return level
  }
  try {
    return await open()
  } catch (error) {
    const cause = causeOf(error)
    if (cause.code === 'LEVEL_LOCKED') throw new DatabaseLocked(directory, { cause })
    try {
      await ClassicLevel.repair(directory)
      return await open()
    } catch (error) {
      throw new CorruptDatabase(directory, causeOf(error))
    }
  }
}

function causeOf(error: unknown): Error & { code?: string } {
  const { cause } = error as Error
  return (cause ?? error) as Error & { code?: string }
}

function toText({ node, places }: Stored): string {
  const text = node && (node.record ? formatRecord(node.record) : formatEnode(node))
  return JSON.stringify({ ...(text !== undefined && { node: text }), places: Object.fromEntries(places) })
}

/** @returns undefined for what we did not write, or wrote in another form: it is learned again */
function fromText(id: string, text: string): Stored | undefined {
  try {
    const { node: written, places } = JSON.parse(text) as { node?: string; places: Record<string, Place> }
    const node = written === undefined ? undefined : readNode(written)
    if (node && node.id !== id) return undefined
    const kept = Object.entries(places).filter(([, place]) => isPlace(place))
    return { node, places: new Map(kept.slice(0, maxPlaces)) }
  } catch (error) {
    if (isForeign.some((fault) => error instanceof fault)) return undefined
    throw error
  }
}

const isForeign = [SyntaxError, TypeError, EnodeError, RecordError]

function readNode(text: string): DiscoveredNode | undefined {
  if (text.startsWith('enr:')) return nodeOfRecord(parseRecord(text))
  const { host, ...node } = parseEnode(text)
  return host === undefined ? undefined : { ...node, host }
}

const isPlace = (place: Place | null) =>
  [place?.ping, place?.pong, place?.fails, place?.failsV5].every((value) => Number.isSafeInteger(value))
