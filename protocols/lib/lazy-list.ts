import {
  type Count,
  contentStart,
  countOn,
  encodeList,
  encodeRlp,
  RlpError,
  type RlpItem,
  readItem,
  skipItem,
} from './rlp.ts'

// Lists that stay the bytes they came as. Their items are counted and bounded when a message is decoded, as geth's
// rlp.RawList does, and opened one by one when somebody asks.

/** Counts on, to `until` or the end of the item there. @throws {RlpError} an item is not what the list is of */
type CountOn = (content: Uint8Array, count: Count, until: number) => void

/** What lists have in common. 10 MiB can be ten million items: a message's are counted step by step, once it is decoded. */
export abstract class RawList {
  /** The whole list, prefix included. */
  readonly raw: Uint8Array
  readonly #content: Uint8Array
  readonly #countOn: CountOn
  readonly #count: Count = { at: 0, items: 0 }

  /** @throws {RlpError} `list` is none */
  protected constructor(list: RlpItem, countOn: CountOn) {
    if (!list.isList) throw new RlpError('expected a list, got a string')
    this.raw = list.raw
    this.#content = list.content
    this.#countOn = countOn
  }

  /** How many items it has. It must be counted. */
  get count(): number {
    if (this.#count.at < this.#content.length) throw new Error('a list was read before it was counted')
    return this.#count.items
  }

  /** @throws {RlpError} its items are not what it is of, or do not fill it exactly */
  countNow(): this {
    this.#countOn(this.#content, this.#count, this.#content.length)
    return this
  }

  /** As {@link countNow}, in steps of 64 KiB. */
  *countSteps(): Generator<void, void> {
    const count = this.#count
    const end = this.#content.length
    while (count.at < end) {
      this.#countOn(this.#content, count, Math.min(end, count.at + fewBytes))
      if (count.at < end) yield
    }
  }
}

/** That are counted in one step: half a millisecond. */
const fewBytes = 65_536

/** A list whose items are read on every walk over it. It keeps alive the buffer it is a view of. */
export class LazyList<T> extends RawList implements Iterable<T> {
  readonly #read: ReadItem<T>

  /**
   * @param leastBytes an item has: more items than fit into the list are refused before any is opened
   * @throws {RlpError} `list` is none, or the items do not fill it exactly
   */
  constructor(list: RlpItem, read: ReadItem<T>, leastBytes = 1, isCounted = true) {
    super(list, leastBytes === 1 ? countOn : countOnOf(leastBytes))
    this.#read = read
    if (isCounted) this.countNow()
  }

  /** Of a message: who decodes it counts the items. @throws {RlpError} `list` is none */
  static uncounted<T>(list: RlpItem, read: ReadItem<T>): LazyList<T> {
    return new LazyList(list, read, 1, false)
  }

  /** @param items each of them RLP already */
  static of<T>(items: readonly Uint8Array[], read: ReadItem<T>): LazyList<T> {
    return new LazyList(readItem(encodeList(items)), read)
  }

  /** The items, not looked into. */
  *items(): Generator<RlpItem> {
    let item: RlpItem
    for (let at = contentStart(this.raw, 0); at < this.raw.length; at += item.raw.length) {
      item = readItem(this.raw, at)
      yield item
    }
  }

  /** @throws {MalformedItem} at the first item that is not what this list is of */
  *[Symbol.iterator](): Generator<T> {
    let index = 0
    for (const item of this.items()) yield this.#readAt(item, index++)
  }

  #readAt(item: RlpItem, index: number): T {
    try {
      return this.#read(item)
    } catch (cause) {
      if (cause instanceof RlpError || cause instanceof MalformedItem) throw new MalformedItem(index, cause)
      throw cause
    }
  }
}

/** @throws {RlpError} the item is not a `T` */
export type ReadItem<T> = (item: RlpItem) => T

/** For lists whose items their user opens. */
export const asItem: ReadItem<RlpItem> = (item) => item

/** For lists of byte strings. */
export const asBytes: ReadItem<Uint8Array> = ({ isList, content }) => {
  if (isList) throw new RlpError('expected a string, got a list')
  return content
}

/** A list of 32-byte hashes, checked when it is made. */
export class HashList extends RawList implements Iterable<Uint8Array> {
  /** @throws {RlpError} anything but a list of 32-byte strings */
  constructor(list: RlpItem, isCounted = true) {
    super(list, countHashes)
    if (list.content.length % hashItemBytes !== 0) throw new RlpError('expected 32 bytes')
    if (isCounted) this.countNow()
  }

  /** As {@link LazyList.uncounted}. */
  static uncounted(list: RlpItem): HashList {
    return new HashList(list, false)
  }

  static of(hashes: readonly Uint8Array[]): HashList {
    return new HashList(readItem(encodeList(hashes.map(encodeHash))))
  }

  /** @returns a view of the hash at `index`, counted from 0 */
  at(index: number): Uint8Array | undefined {
    if (index < 0 || index >= this.count) return undefined
    const start = contentStart(this.raw, 0) + index * hashItemBytes + 1
    return this.raw.subarray(start, start + 32)
  }

  /** The first `count` hashes, or as many as there are. */
  *first(count: number): Generator<Uint8Array> {
    for (let i = 0; i < Math.min(count, this.count); i++) yield this.at(i)!
  }

  [Symbol.iterator](): Generator<Uint8Array> {
    return this.first(this.count)
  }
}

/** A list of uint32, checked when it is made. */
export class Uint32List extends RawList implements Iterable<number> {
  /** @throws {RlpError} anything but a list of canonical integers of at most 4 bytes */
  constructor(list: RlpItem, isCounted = true) {
    super(list, countUint32s)
    if (isCounted) this.countNow()
  }

  /** As {@link LazyList.uncounted}. */
  static uncounted(list: RlpItem): Uint32List {
    return new Uint32List(list, false)
  }

  static of(values: readonly number[]): Uint32List {
    return new Uint32List(readItem(encodeList(values.map(encodeUint32))))
  }

  *[Symbol.iterator](): Generator<number> {
    let end: number
    for (let at = contentStart(this.raw, 0); at < this.raw.length; at = end) {
      end = skipItem(this.raw, at)
      let value = 0
      for (let i = contentStart(this.raw, at); i < end; i++) value = value * 256 + this.raw[i]!
      yield value
    }
  }
}

const countOnOf =
  (leastBytes: number): CountOn =>
  (content, count, until) => {
    while (count.at < until) {
      countOn(content, count, Math.min(until, count.at + fewBytes))
      if (count.items * leastBytes > content.length)
        throw new RlpError(`${count.items} items in ${content.length} bytes`)
    }
  }

const countHashes: CountOn = (content, count, until) => {
  for (; count.at < until; count.at += hashItemBytes, count.items++)
    if (content[count.at] !== hashPrefix) throw new RlpError('expected 32 bytes')
}

const countUint32s: CountOn = (content, count, until) => {
  let { at, items } = count
  for (; at < until; items++) {
    const prefix = content[at]!
    // 2 to 4 bytes are what sizes have: 200,000 of them must cost next to nothing.
    const isShort = prefix > 0x81 && prefix <= 0x84 && content[at + 1]! > 0 && at + prefix - 0x80 < content.length
    if (isShort) at += prefix - 0x7f
    else at = prefix > 0 && prefix <= 0x80 ? at + 1 : skipUint32(content, at)
  }
  count.at = at
  count.items = items
}

function skipUint32(bytes: Uint8Array, offset: number): number {
  const end = skipItem(bytes, offset)
  const start = contentStart(bytes, offset)
  if (bytes[offset]! >= 0xc0) throw new RlpError('expected a string, got a list')
  if (end - start > 4) throw new RlpError('integer wider than 4 bytes')
  if (bytes[start] === 0) throw new RlpError('integer with a leading zero')
  return end
}

/** A 32-byte string and the prefix it always has. */
const hashItemBytes = 33
const hashPrefix = 0xa0

function encodeHash(hash: Uint8Array): Uint8Array {
  if (hash.length !== 32) throw new RangeError(`a hash of ${hash.length} bytes`)
  return encodeRlp(hash)
}

function encodeUint32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw new RangeError(`${value} is no uint32`)
  return encodeRlp(value)
}

/**
 * An item of a list whose message was decoded: a breach by the remote. geth wraps such an error, so the session ends
 * with SubprotocolError (0x10) where a malformed message ends it with ProtocolError (0x02).
 */
export class MalformedItem extends Error {
  override readonly name = 'MalformedItem'
  readonly index: number

  constructor(index: number, cause: Error) {
    super(`item ${index}: ${cause.message}`, { cause })
    this.index = index
  }
}
