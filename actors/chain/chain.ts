import { setImmediate } from 'node:timers/promises'
import { type Observable, Subject } from 'rxjs'
import { type ForkFilter, type ForkId, type ForkSchedule, forkFilter, forkId } from '../../protocols/eth/fork-id.ts'
import { decodeHeader, type Header } from '../../protocols/eth/header.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import { type ChainConfig, scheduleOf } from './chain-config.ts'
import type { Genesis } from './genesis.ts'
import { decodeNumber, encodeNumber, keys, schemaVersion } from './schema.ts'
import { CorruptDatabase, type KeyValueStore, openStore, type Write } from './store.ts'
import { type IndexedTransaction, TransactionIndex } from './tx-index.ts'
import { InvalidBlock, verifyBody, verifyHeader } from './verify.ts'

export type ChainOptions = {
  readonly genesis: Genesis
  /** The genesis' chain id when left out. */
  readonly networkId?: bigint
  /** Where the database is; in memory when left out. */
  readonly directory?: string
}

/** What a server of blocks reads. Reads are synchronous; hashes are 32 bytes. */
export type ChainReader = {
  readonly head: Header
  /** @returns the canonical header */
  headerByNumber(number: bigint): Header | undefined
  /** @returns the header, canonical or not */
  headerByHash(hash: Uint8Array): Header | undefined
  canonicalHash(number: bigint): Uint8Array | undefined
  /** @returns RLP of the body, of canonical blocks and others */
  bodyByHash(hash: Uint8Array): Uint8Array | undefined
}

/** `body` is RLP: `[transactions, uncles, withdrawals?]`. */
export type NewBlock = { readonly header: Header; readonly body: Uint8Array }

/** Headers and bodies from the genesis to the head, and blocks beside them, verified as far as can be without executing. */
export class Chain implements ChainReader {
  readonly genesis: Header
  readonly config: ChainConfig
  readonly networkId: bigint
  /** Which fork ids peers may have, judged at our head at the time. */
  readonly forkFilter: ForkFilter
  readonly forkSchedule: ForkSchedule
  readonly #store: KeyValueStore
  readonly #name: string
  readonly #heads = new Subject<Header>()
  readonly #transactions: TransactionIndex
  #head: Header
  #inserting: Promise<unknown> = Promise.resolve()

  private constructor(store: KeyValueStore, { genesis, networkId, directory }: ChainOptions, head: Header) {
    this.#store = store
    this.#name = directory ?? inMemory
    this.genesis = genesis.header
    this.config = genesis.config
    this.networkId = networkId ?? genesis.config.chainId
    this.forkSchedule = scheduleOf(genesis.config, genesis.header.time)
    this.forkFilter = forkFilter(genesis.header.hash, this.forkSchedule, () => this.#head)
    this.#head = head
    this.#transactions = new TransactionIndex(store, this)
  }

  /**
   * @throws {DatabaseLocked} another process has the database open
   * @throws {CorruptDatabase} the database cannot be read
   * @throws {WrongGenesis} the database is of another chain
   */
  static async open(options: ChainOptions): Promise<Chain> {
    const store = await openStore(options.directory)
    try {
      if (store.isNew) await writeGenesis(store, options.genesis)
      return new Chain(store, options, readHead(store, options))
    } catch (error) {
      await store.close()
      throw error
    }
  }

  get head(): Header {
    return this.#head
  }

  /** Each new head, once its block is stored. */
  get heads$(): Observable<Header> {
    return this.#heads.asObservable()
  }

  /** Our fork id at the head (EIP-2124). */
  forkId(): ForkId {
    return forkId(this.genesis.hash, this.forkSchedule, this.#head)
  }

  headerByNumber(number: bigint): Header | undefined {
    const hash = this.canonicalHash(number)
    return hash && this.#header(number, hash)
  }

  headerByHash(hash: Uint8Array): Header | undefined {
    const number = this.#numberOf(hash)
    return number === undefined ? undefined : this.#header(number, hash)
  }

  canonicalHash(number: bigint): Uint8Array | undefined {
    return number > this.#head.number ? undefined : this.#store.get(keys.canonical(number))
  }

  bodyByHash(hash: Uint8Array): Uint8Array | undefined {
    const number = this.#numberOf(hash)
    return number === undefined ? undefined : this.#store.get(keys.body(number, hash))
  }

  /** @returns a canonical transaction of the last 2,350,000 blocks */
  transactionByHash(hash: Uint8Array): IndexedTransaction | undefined {
    return this.#transactions.find(hash)
  }

  hasBlock(hash: Uint8Array): boolean {
    return this.#numberOf(hash) !== undefined
  }

  isCanonical({ number, hash }: Pick<Header, 'number' | 'hash'>): boolean {
    const canonical = this.canonicalHash(number)
    return canonical !== undefined && equalBytes(canonical, hash)
  }

  /**
   * Verifies and stores all of `blocks` or none. The last becomes the head when its number is higher than the head's:
   * without a consensus client the longest chain is the chain, and of equals the first.
   * @param blocks each on the one before it, the first on any block we have; those we have are passed over
   * @throws {InvalidBlock} the first block that cannot be, `parent` when it stands on nothing we have
   */
  insertBlocks(blocks: readonly NewBlock[]): Promise<void> {
    const done = this.#inserting.then(() => this.#insert(blocks))
    this.#inserting = done.catch(() => {})
    return done
  }

  /** Waits for insertions under way. */
  async close(): Promise<void> {
    await this.#inserting
    this.#heads.complete()
    await this.#store.close()
  }

  async #insert(blocks: readonly NewBlock[]): Promise<void> {
    const fresh = await this.#verify(blocks)
    const last = fresh.at(-1)?.header
    if (last === undefined) return
    const isHead = last.number > this.#head.number
    const writes = fresh.flatMap(blockWrites)
    if (isHead) writes.push(...this.#canonicalWrites(fresh), { key: keys.head, value: last.hash })
    await this.#store.write(writes)
    if (!isHead) return
    this.#head = decodeHeader(last.raw.slice())
    this.#heads.next(this.#head)
  }

  /** @returns those of `blocks` that are new */
  async #verify(blocks: readonly NewBlock[]): Promise<NewBlock[]> {
    const fresh: NewBlock[] = []
    let since = performance.now()
    for (const block of blocks) {
      if (this.hasBlock(block.header.hash)) continue
      const before = fresh.at(-1)?.header ?? this.headerByHash(block.header.parentHash)
      if (before === undefined) throw new InvalidBlock(block.header, 'parent', 'unknown')
      verifyHeader(this.config, before, block.header)
      verifyBody(block.header, block.body)
      fresh.push(block)
      if (performance.now() - since > turnMs) {
        await setImmediate()
        since = performance.now()
      }
    }
    return fresh
  }

  /** Makes the branch that ends in `fresh` canonical, down to where it already is. */
  #canonicalWrites(fresh: readonly NewBlock[]): Write[] {
    const writes = fresh.flatMap(({ header, body }) => this.#canonicalWrite(header, body))
    let below = this.headerByHash(fresh[0]!.header.parentHash)
    while (below !== undefined && !this.isCanonical(below)) {
      writes.push(...this.#canonicalWrite(below, this.bodyByHash(below.hash)!))
      below = this.headerByHash(below.parentHash)
    }
    return writes
  }

  #canonicalWrite(header: Header, body: Uint8Array): Write[] {
    const { number, hash } = header
    return [{ key: keys.canonical(number), value: hash }, ...this.#transactions.writes(header, body)]
  }

  #numberOf(hash: Uint8Array): bigint | undefined {
    const bytes = this.#store.get(keys.number(hash))
    return bytes && decodeNumber(bytes)
  }

  #header(number: bigint, hash: Uint8Array): Header | undefined {
    const raw = this.#store.get(keys.header(number, hash))
    const header = raw && tryDecodeHeader(raw)
    if (raw && header === undefined) throw new CorruptDatabase(this.#name, `block ${number} is damaged`)
    return header
  }
}

const inMemory = 'in memory'
/** How long one insertion keeps the thread to itself, in milliseconds. */
const turnMs = 8

function blockWrites({ header, body }: NewBlock): Write[] {
  const { number, hash, raw } = header
  return [
    { key: keys.header(number, hash), value: raw },
    { key: keys.body(number, hash), value: body },
    { key: keys.number(hash), value: encodeNumber(number) },
  ]
}

async function writeGenesis(store: KeyValueStore, { header, body }: Genesis): Promise<void> {
  await store.write([
    { key: keys.version, value: schemaVersion },
    { key: keys.genesis, value: header.hash },
    ...blockWrites({ header, body }),
    { key: keys.canonical(header.number), value: header.hash },
    { key: keys.head, value: header.hash },
  ])
}

/** How far below the head a database is looked through when it is opened: further than its log reaches back. */
const checkedDepth = 1_024n

function readHead(store: KeyValueStore, { genesis, directory = inMemory }: ChainOptions): Header {
  const damaged = (what: string) => new CorruptDatabase(directory, what)
  const stored = store.get(keys.genesis)
  if (stored === undefined) throw damaged('no genesis in it')
  if (!equalBytes(stored, genesis.header.hash)) throw new WrongGenesis(directory, stored, genesis.header.hash)
  const version = store.get(keys.version)
  if (version === undefined || !equalBytes(version, schemaVersion)) throw damaged(`version ${version} of the schema`)
  const blockAt = (hash: Uint8Array | undefined) => {
    const number = hash && store.get(keys.number(hash))
    const raw = number && store.get(keys.header(decodeNumber(number), hash))
    const header = raw && tryDecodeHeader(raw)
    if (header === undefined || !equalBytes(header.hash, hash!)) throw damaged('a block is missing')
    if (store.get(keys.body(header.number, header.hash)) === undefined)
      throw damaged(`block ${header.number} has no body`)
    const canonical = store.get(keys.canonical(header.number))
    if (!canonical || !equalBytes(canonical, header.hash)) throw damaged(`block ${header.number} is not canonical`)
    return header
  }
  const head = blockAt(store.get(keys.head))
  for (let at = head; at.number > genesis.header.number && head.number - at.number < checkedDepth; )
    at = blockAt(at.parentHash)
  return head
}

function tryDecodeHeader(raw: Uint8Array): Header | undefined {
  try {
    return decodeHeader(raw)
  } catch {
    return undefined
  }
}

/** The database holds another chain than the one asked for. */
export class WrongGenesis extends Error {
  override readonly name = 'WrongGenesis'

  constructor(directory: string, stored: Uint8Array, wanted: Uint8Array) {
    super(`database ${directory}: belongs to genesis 0x${bytesToHex(stored)}, not 0x${bytesToHex(wanted)}`)
  }
}
