import type { PoolTransaction } from '../../machines/pool-content.ts'
import { closestTo } from '../../protocols/enode/distance.ts'
import { columnsOf, dataColumns, isSubset } from '../../protocols/eth/cell-mask.ts'
import { limits } from '../../protocols/eth/limits.ts'
import type { EthMessage, MessageOf } from '../../protocols/eth/messages.ts'
import { type CellMask, readCells } from '../../protocols/eth/transaction-messages.ts'
import { bytesToHex, concatBytes, equalBytes, hexToBytes, utf8ToBytes } from '../../protocols/lib/bytes.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { asItem, HashList, LazyList, Uint32List } from '../../protocols/lib/lazy-list.ts'
import { encodeBytes, encodeList, encodeRlp, type RlpItem, readItem } from '../../protocols/lib/rlp.ts'
import { columnOf, pooledItem, type StoredBlobs } from '../pool/blob-store.ts'
import type { TxPool } from '../pool/tx-pool.ts'
import { SeenSet } from '../runtime/seen-set.ts'
import type { Steps } from '../runtime/time-slicer.ts'

/** A session, as far as transactions go to it. */
export type GossipPeer = {
  readonly version: number
  /** The remote's node id, hex digits. */
  readonly id: string
  /** Neither waits for its output to be read nor is gone. */
  readonly canSend: boolean
  sendMessage(message: EthMessage): void
}

type Remote = {
  readonly peer: GossipPeer
  /** {@link Gossip.#secretId} of its node: how near it is to a sender's decides who gets what. */
  readonly id: string
  /** What it has sent, or was sent: 48 bits of each hash. Two that are alike harm none but it. BOUNDED: maxKnown. */
  readonly known: SeenSet<number>
  /** Hashes for it. BOUNDED: maxQueued each, the oldest go. */
  direct: string[]
  announced: string[]
}

/**
 * Which peer gets which transaction of the pool, whole or by its hash (geth eth/handler.go BroadcastTransactions,
 * protocols/eth/broadcast.go).
 */
export class Gossip {
  readonly #pool: TxPool
  /** Of this process, so that no other can say who gets what. */
  readonly #key: Uint8Array
  readonly #random: () => number
  /** BOUNDED: the registered peers. */
  readonly #remotes = new Map<GossipPeer, Remote>()

  /** @param key 16 random bytes @param random in [0, 1) */
  constructor(pool: TxPool, { key, random }: { readonly key: Uint8Array; readonly random: () => number }) {
    this.#pool = pool
    this.#key = key
    this.#random = random
  }

  /** A peer is registered: it is sent the hash of all that can be executed. */
  joined(peer: GossipPeer): void {
    const known = new SeenSet<number>(maxKnown, this.#random)
    const remote: Remote = { peer, id: this.#secretId(peer.id), known, direct: [], announced: [] }
    this.#remotes.set(peer, remote)
    for (const from of this.#pool.content.senders)
      for (const { hash } of this.#pool.content.pendingOf(from)) note(remote.announced, hash, maxQueued)
    for (const hash of remote.announced) known.add(shortOf(hash))
    this.flush(peer)
  }

  left(peer: GossipPeer): void {
    this.#remotes.delete(peer)
  }

  /** What a peer has sent, step by step. @param given with their hashes in hex digits */
  *received(peer: GossipPeer, given: readonly { readonly hash: string }[]): Steps<void> {
    const known = this.#remotes.get(peer)?.known
    for (let at = 0; at < given.length; at += hashesInStep, yield)
      for (const { hash } of given.slice(at, at + hashesInStep)) known?.add(shortOf(hash))
  }

  /** What a peer has announced, step by step: it may be 300,000. */
  *announced(peer: GossipPeer, hashes: HashList): Steps<void> {
    const known = this.#remotes.get(peer)?.known
    let count = 0
    for (const hash of hashes) {
      known?.add(shortOfBytes(hash))
      if (++count % hashesInStep === 0) yield
    }
  }

  /** @returns those that are here, as lists carry them: 4,096 are looked for at most, until there are 2 MiB */
  *pooled(peer: GossipPeer, hashes: HashList): Steps<LazyList<RlpItem>> {
    const known = this.#remotes.get(peer)?.known
    const found: Uint8Array[] = []
    let [size, looked] = [0, 0]
    for (const bytes of hashes.first(limits.maxPooledLookups)) {
      if (++looked % hashesInStep === 0) yield
      const hash = bytesToHex(bytes)
      const one = this.#pool.content.get(hash)
      if (!one) continue
      const item: RlpItem | undefined = one.blobs ? yield* this.#pooledBlobs(hash, peer.version) : one.item
      if (!item) continue
      known?.add(shortOf(hash))
      found.push(item.raw)
      size += one.blobs ? item.raw.length : one.size
      if (size >= limits.softResponseBytes) break
      yield
    }
    return LazyList.of(found, asItem)
  }

  *#pooledBlobs(hash: string, version: number): Steps<RlpItem | undefined> {
    const stored: StoredBlobs | undefined = yield this.#pool.blobs.get(hash)
    return stored && pooledItem(stored, version)
  }

  /**
   * @returns the cells of those that are here, column by column: of 4,096 hashes at most, until there are 1,024 cells. What
   *   lacks one of the mask's columns is left out whole
   */
  *cells({ id, hashes, mask }: MessageOf<'GetCells'>): Steps<MessageOf<'Cells'>> {
    const columns = columnsOf(mask)
    const found: { readonly hash: Uint8Array; readonly cells: Uint8Array }[] = []
    let count = 0
    for (const bytes of hashes.first(limits.maxPooledLookups)) {
      if (count >= limits.softResponseBytes / limits.cellBytes || columns.length === 0) break
      const hash = bytesToHex(bytes)
      const blobs = this.#pool.content.get(hash)?.blobs
      if (!blobs || !isSubset(mask, blobs.mask)) continue
      const stored: StoredBlobs | undefined = yield this.#pool.blobs.get(hash)
      const cells = stored ? columns.flatMap((column) => columnOf(stored, column) ?? []) : []
      if (cells.length === 0) continue
      found.push({ hash: bytes, cells: encodeList(cells.map(encodeBytes)) })
      count += cells.length
      yield
    }
    return {
      ...{ kind: 'Cells', id, mask },
      hashes: HashList.of(found.map(({ hash }) => hash)),
      cells: LazyList.of(
        found.map(({ cells }) => cells),
        readCells,
      ),
    }
  }

  /** These can be executed from now on: to ceil(√n) peers whole, chosen by their sender, and their hashes to the others. */
  broadcast(ready: readonly PoolTransaction[]): void {
    const direct = new Map<string, ReadonlySet<Remote>>()
    for (const { hash, from, size, blobs } of ready) {
      if (!direct.has(from)) direct.set(from, this.#closest(from))
      for (const remote of this.#remotes.values()) {
        if (remote.known.has(shortOf(hash))) continue
        const isWhole = !blobs && size <= maxDirectBytes && direct.get(from)!.has(remote)
        note(isWhole ? remote.direct : remote.announced, hash, maxQueued)
        remote.known.add(shortOf(hash))
      }
    }
    for (const peer of this.#remotes.keys()) this.flush(peer)
  }

  /** Sends what waits for a peer, as long as it reads. */
  flush(peer: GossipPeer): void {
    const remote = this.#remotes.get(peer)
    while (remote && peer.canSend && remote.direct.length > 0) {
      const all = this.#takeDirect(remote)
      if (all.length > 0)
        peer.sendMessage({
          kind: 'Transactions',
          transactions: LazyList.of(
            all.map(({ item }) => item.raw),
            asItem,
          ),
        })
    }
    while (remote && peer.canSend) {
      const all = this.#takeAnnounced(remote)
      if (all.length === 0) break
      peer.sendMessage(announcement(all, peer.version))
    }
  }

  /** From the front, until they are 100 KiB; what has left the pool is not sent. */
  #takeDirect(remote: Remote): PoolTransaction[] {
    const taken: PoolTransaction[] = []
    let [at, size] = [0, 0]
    for (; at < remote.direct.length && size < maxPacketBytes; at++) {
      const one = this.#pool.content.get(remote.direct[at]!)
      if (!one) continue
      taken.push(one)
      size += one.size
    }
    remote.direct = remote.direct.slice(at)
    return taken
  }

  /**
   * From the front, until they are 100 KiB. Of those with blobs one message has such as have the same cells here; which cannot
   * be given whole stay where a peer has to be given that.
   */
  #takeAnnounced(remote: Remote): PoolTransaction[] {
    const taken: PoolTransaction[] = []
    const left: string[] = []
    let mask: CellMask | undefined
    for (const hash of remote.announced) {
      const one = taken.length < maxPacketBytes / 32 ? this.#pool.content.get(hash) : undefined
      if (taken.length >= maxPacketBytes / 32) left.push(hash)
      if (!one) continue
      const cells = one.blobs?.mask
      const isGivable = !cells || remote.peer.version >= 72 || columnsOf(cells).length >= dataColumns
      if (isGivable && (!cells || !mask || equalBytes(cells, mask))) {
        taken.push(one)
        mask ??= cells
      } else left.push(hash)
    }
    remote.announced = left
    return taken
  }

  /** The peers that a sender's transactions go to whole: always the same, as long as they are there. */
  #closest(from: string): ReadonlySet<Remote> {
    const count = Math.ceil(Math.sqrt(this.#remotes.size))
    return new Set(closestTo(this.#secretId(from), this.#remotes.values(), count))
  }

  /** 64 hex digits. */
  #secretId(id: string): string {
    return bytesToHex(keccak256(concatBytes(this.#key, utf8ToBytes(id))))
  }
}

function announcement(all: readonly PoolTransaction[], version: number): EthMessage {
  const sizes = all.map(({ size, blobs }) => (version >= 72 ? (blobs?.sizeWithoutBlobs ?? size) : size))
  const mask = all.find(({ blobs }) => blobs)?.blobs?.mask
  return {
    kind: 'NewPooledTransactionHashes',
    types: Uint8Array.from(all, ({ type }) => type),
    sizes: new Uint32List(readItem(encodeRlp(sizes))),
    hashes: HashList.of(all.map(({ hash }) => hexToBytes(hash))),
    ...(mask && version >= 72 && { mask }),
  }
}

function note(queue: string[], hash: string, most: number): void {
  queue.push(hash)
  if (queue.length > most) queue.shift()
}

const shortOf = (hash: string) => Number.parseInt(hash.slice(0, 12), 16)
const shortOfBytes = (hash: Uint8Array) => hash.subarray(0, 6).reduce((number, byte) => number * 256 + byte, 0)
/** Less than a millisecond. */
const hashesInStep = 512

/** geth eth/protocols/eth: maxQueuedTxs and maxQueuedTxAnns, maxTxPacketSize, maxKnownTxs; eth/handler.go txMaxBroadcastSize. */
const maxQueued = 4_096
const maxPacketBytes = 102_400
const maxKnown = 32_768
const maxDirectBytes = 4_096
