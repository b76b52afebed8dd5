import { contentStart, countItems, encodeList, encodeRlp, RlpError, type RlpItem, readItem, skipItem } from './rlp.ts'

// Lists that stay the bytes they came as. Their items are counted and bounded when a message is decoded, as geth's
// rlp.RawList does, and opened one by one when somebody asks.

/** A list whose items are read on every walk over it. It keeps alive the buffer it is a view of. */
export class LazyList<T> implements Iterable<T> {
  /** The whole list, prefix included. */
  readonly raw: Uint8Array
  readonly count: number
  readonly #read: ReadItem<T>

  /**
   * @param leastBytes an item has: more items than fit into the list are refused before any is opened
   * @throws {RlpError} `list` is none, or the items do not fill it exactly
   */
  constructor(list: RlpItem, read: ReadItem<T>, leastBytes = 1) {
    this.raw = list.raw
    this.count = countItems(contentOf(list))
    if (this.count * leastBytes > list.content.length)
      throw new RlpError(`${this.count} items in ${list.content.length} bytes`)
    this.#read = read
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
export class HashList implements Iterable<Uint8Array> {
  readonly raw: Uint8Array
  readonly count: number

  /** @throws {RlpError} anything but a list of 32-byte strings */
  constructor(list: RlpItem) {
    this.raw = list.raw
    this.count = countHashes(contentOf(list))
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
export class Uint32List implements Iterable<number> {
  readonly raw: Uint8Array
  readonly count: number

  /** @throws {RlpError} anything but a list of canonical integers of at most 4 bytes */
  constructor(list: RlpItem) {
    this.raw = list.raw
    this.count = countUint32s(contentOf(list))
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

function contentOf({ isList, content }: RlpItem): Uint8Array {
  if (!isList) throw new RlpError('expected a list, got a string')
  return content
}

function countHashes(content: Uint8Array): number {
  const count = content.length / hashItemBytes
  if (!Number.isInteger(count)) throw new RlpError('expected 32 bytes')
  for (let at = 0; at < content.length; at += hashItemBytes)
    if (content[at] !== hashPrefix) throw new RlpError('expected 32 bytes')
  return count
}

function countUint32s(content: Uint8Array): number {
  let count = 0
  for (let offset = 0; offset < content.length; count++) {
    const prefix = content[offset]!
    // 2 to 4 bytes are what sizes have: 200,000 of them must cost next to nothing.
    const isShort =
      prefix > 0x81 && prefix <= 0x84 && content[offset + 1]! > 0 && offset + prefix - 0x80 < content.length
    if (isShort) offset += prefix - 0x7f
    else offset = prefix > 0 && prefix <= 0x80 ? offset + 1 : skipUint32(content, offset)
  }
  return count
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
