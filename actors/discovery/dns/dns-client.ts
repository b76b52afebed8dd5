import {
  isRoot,
  parseEntry,
  parseRoot,
  type Tree,
  type TreeEntry,
  TreeError,
  type TreeLink,
  type TreeRoot,
} from '../../../protocols/dnsdisc/tree.ts'
import type { NodeRecord } from '../../../protocols/enr/record.ts'
import type { Clock } from '../../runtime/runtime.ts'
import type { LookUpTxt } from './txt-lookup.ts'

export type DnsClientOptions = {
  readonly lookUpTxt: LookUpTxt
  readonly clock: Clock
  /** Questions a second, for long. @default 3, as in geth */
  readonly rate?: number | undefined
}

/** geth `defaultCache`, and the questions that may be asked at once. */
const maxCached = 1_000
const burst = 10
/** BOUNDED: entries of a list that is read whole. geth has no bound. */
export const maxEntries = 65_536

/** A list that was read whole. */
export type SyncedTree = {
  readonly tree: Tree
  readonly records: readonly NodeRecord[]
  readonly links: readonly TreeLink[]
  /** Entries that had to be asked for. */
  readonly fetched: number
}

/**
 * Reads lists of nodes from DNS (EIP-1459, geth dnsdisc.Client): a root holds when the list's key has signed it, an entry
 * when it is what its hash says, so that no DNS server has to be trusted. An entry is asked for once: after an update of
 * the root, only what is new.
 */
export class DnsClient {
  readonly #lookUpTxt: LookUpTxt
  readonly #clock: Clock
  readonly #interval: number
  /** TXT of entries by hash, the one used last at the end. BOUNDED: maxCached. */
  readonly #cache = new Map<string, TreeEntry>()
  /** When the next question may be asked, if all before were asked in their time. */
  #due = Number.NEGATIVE_INFINITY

  constructor({ lookUpTxt, clock, rate = 3 }: DnsClientOptions) {
    this.#lookUpTxt = lookUpTxt
    this.#clock = clock
    this.#interval = 1_000 / rate
  }

  /** @throws {DnsLookupFailed} {TreeError} (rejects) */
  async root({ domain, publicKey }: TreeLink): Promise<TreeRoot> {
    await this.#turn()
    const txt = (await this.#lookUpTxt(domain)).find(isRoot)
    if (txt === undefined) throw new TreeError(`${domain}: no valid root found`)
    return parseRoot(txt, publicKey)
  }

  /** @throws {DnsLookupFailed} {TreeError} (rejects) */
  async entry({ domain }: TreeLink, hash: string): Promise<TreeEntry> {
    // geth: what is known has its turn, too, or a caller that finds nothing new would ask without end.
    await this.#turn()
    const known = this.#cache.get(hash)
    const entry = known ?? (await this.#fetchText(`${hash}.${domain}`, hash)).entry
    this.#cache.delete(hash)
    this.#cache.set(hash, entry)
    for (const [oldest] of this.#cache) {
      if (this.#cache.size <= maxCached) break
      this.#cache.delete(oldest)
    }
    return entry
  }

  /**
   * Reads a list whole.
   * @param known TXT of entries that are there from before, by hash
   * @param report is called with how many entries were read
   * @throws {DnsLookupFailed} {TreeError} (rejects)
   */
  async sync(
    link: TreeLink,
    { known, report }: { known?: ReadonlyMap<string, string>; report?(entries: number): void } = {},
  ): Promise<SyncedTree> {
    const root = await this.root(link)
    const entries = new Map<string, string>()
    const records: NodeRecord[] = []
    const links: TreeLink[] = []
    let fetched = 0
    const read = async (hash: string) => {
      const txt = entries.get(hash) ?? known?.get(hash)
      if (txt !== undefined) return { txt, entry: parseEntry(txt, hash)! }
      fetched++
      await this.#turn()
      return this.#fetchText(`${hash}.${link.domain}`, hash)
    }
    for (const [start, kind] of [
      [root.linksRoot, 'link'],
      [root.nodesRoot, 'node'],
    ] as const) {
      const missing = [start]
      /** Of this subtree: what is in both is of the wrong kind in one. BOUNDED: maxEntries. */
      const seen = new Set<string>()
      for (let hash = missing.pop(); hash !== undefined; hash = missing.pop()) {
        if (seen.has(hash)) continue
        seen.add(hash)
        if (entries.size >= maxEntries) throw new TreeError(`the list has more than ${maxEntries} entries`)
        const { txt, entry } = await read(hash)
        checkKind(entry, kind)
        entries.set(hash, txt)
        report?.(entries.size)
        if (entry.kind === 'branch') for (const child of entry.children) missing.push(child)
        else if (entry.kind === 'node') records.push(entry.record)
        else links.push(entry.link)
      }
    }
    return { tree: { root, entries }, records, links, fetched }
  }

  async #fetchText(name: string, hash: string): Promise<{ txt: string; entry: TreeEntry }> {
    for (const txt of await this.#lookUpTxt(name)) {
      const entry = entryAt(name, txt, hash)
      if (entry) return { txt, entry }
    }
    throw new TreeError(`${name}: no valid tree entry found`)
  }

  /** Waits for the next question's turn: `burst` at once, then one an interval. */
  async #turn(): Promise<void> {
    const now = this.#clock.now()
    this.#due = Math.max(this.#due, now - burst * this.#interval) + this.#interval
    const wait = this.#due - now
    if (wait >= 1) await new Promise<void>((go) => this.#clock.setTimeout(go, wait))
  }
}

/** @throws {TreeError} nodes and links have a tree each */
function checkKind({ kind }: TreeEntry, wanted: 'node' | 'link'): void {
  if (kind === 'branch' || kind === wanted) return
  throw new TreeError(kind === 'node' ? 'enr entry in link tree' : 'link entry in ENR tree')
}

function entryAt(name: string, txt: string, hash: string): TreeEntry | undefined {
  try {
    return parseEntry(txt, hash)
  } catch (cause) {
    if (cause instanceof TreeError) throw new TreeError(`${name}: ${cause.message}`, { cause })
    throw cause
  }
}
