import { type Input, RLP } from '@ethereumjs/rlp'
import { hexToBytes } from './bytes.ts'

// Reading RLP lazily: items are views on the bytes they came from, nothing is inflated before it is asked for, and a
// hostile length, depth or count costs nothing. Canonical form is enforced as geth's decoder does (Yellow Paper, appendix B).

export type RlpInput = Input

/** @returns the RLP of `value`: bytes, bigints and numbers as strings, arrays as lists */
export function encodeRlp(value: RlpInput): Uint8Array {
  if (value instanceof Uint8Array) return encodeBytes(value)
  return typeof value === 'bigint' && value >= 0n ? encodeBytes(bigEndianOf(value)) : RLP.encode(value)
}

/** Without leading zeros. */
function bigEndianOf(value: bigint): Uint8Array {
  if (value === 0n) return nothing
  const digits = value.toString(16)
  return hexToBytes(digits.length % 2 === 0 ? digits : `0${digits}`)
}

const nothing = new Uint8Array(0)

/** As {@link encodeRlp} of bytes. */
export function encodeBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  if (length === 1 && bytes[0]! < 0x80) return bytes
  const start = prefixSize(length)
  const encoded = new Uint8Array(start + length)
  writePrefix(encoded, length, 0x80)
  encoded.set(bytes, start)
  return encoded
}

/** @returns the list of `items`, each of them RLP already */
export function encodeList(items: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const item of items) length += item.length
  let offset = prefixSize(length)
  const list = new Uint8Array(offset + length)
  writePrefix(list, length, 0xc0)
  for (const item of items) {
    list.set(item, offset)
    offset += item.length
  }
  return list
}

/** One item: `content` without its prefix, `raw` with it. Both are views. */
export type RlpItem = { readonly isList: boolean; readonly content: Uint8Array; readonly raw: Uint8Array }

/** @throws {RlpError} the bytes at `offset` are no canonical RLP item or reach past the end */
export function readItem(bytes: Uint8Array, offset = 0): RlpItem {
  const end = skipItem(bytes, offset)
  return {
    isList: bytes[offset]! >= 0xc0,
    content: bytes.subarray(contentStart(bytes, offset), end),
    raw: bytes.subarray(offset, end),
  }
}

/**
 * Looks at one prefix and nothing else.
 * @returns where the item at `offset` ends
 * @throws {RlpError} as {@link readItem}
 */
export function skipItem(bytes: Uint8Array, offset = 0): number {
  const prefix = bytes[offset]
  if (prefix === undefined) throw new RlpError('unexpected end of input')
  if (prefix < 0x80) return offset + 1
  const short = prefix - (prefix >= 0xc0 ? 0xc0 : 0x80)
  const end = short > 55 ? longEnd(bytes, offset + 1, short - 55) : offset + 1 + short
  if (end > bytes.length) throw new RlpError('value larger than the input')
  if (prefix === 0x81 && bytes[offset + 1]! < 0x80) throw new RlpError('non-canonical single byte')
  return end
}

/** @returns where the content of the item at `offset` begins, once {@link skipItem} has checked it */
export function contentStart(bytes: Uint8Array, offset: number): number {
  return offset + prefixLength(bytes[offset]!)
}

/** How far a list's content has been counted, from its beginning. */
export type Count = { at: number; items: number }

/**
 * Counts the items of a list's `content` on, without opening any, to `until` or the end of the item there.
 * @throws {RlpError} they do not fill it exactly
 */
export function countOn(content: Uint8Array, count: Count, until: number): void {
  let { at, items } = count
  for (; at < until; items++) {
    const prefix = content[at]!
    // 10 MiB of empty items are a message like any other, so this loop must cost next to nothing.
    at = prefix <= 0x80 || prefix === 0xc0 ? at + 1 : skipItem(content, at)
  }
  count.at = at
  count.items = items
}

/** @returns how many items stand in a list's `content`, without opening any @throws {RlpError} as {@link countOn} */
export function countItems(content: Uint8Array): number {
  const count = { at: 0, items: 0 }
  countOn(content, count, content.length)
  return count.items
}

/** Takes the items of one list in order. Every method throws {@link RlpError} when the next item is not what it names. */
export class RlpReader {
  readonly #content: Uint8Array
  #offset = 0

  /** @param content a list's content, without its prefix */
  constructor(content: Uint8Array) {
    this.#content = content
  }

  /** Opens the list that `bytes` begin with. Bytes after it are ignored, as geth's `Msg.Decode` does. */
  static open(bytes: Uint8Array): RlpReader {
    const item = readItem(bytes)
    if (!item.isList) throw new RlpError('expected a list')
    return new RlpReader(item.content)
  }

  get isDone(): boolean {
    return this.#offset >= this.#content.length
  }

  item(): RlpItem {
    const item = readItem(this.#content, this.#offset)
    this.#offset += item.raw.length
    return item
  }

  /** @param length the only length allowed, in bytes; any when left out */
  bytes(length?: number): Uint8Array {
    const item = this.item()
    if (item.isList) throw new RlpError('expected a string, got a list')
    if (length !== undefined && item.content.length !== length)
      throw new RlpError(`expected ${length} bytes, got ${item.content.length}`)
    return item.content
  }

  /** @param maxBytes the widest the integer may be: 8 for a uint64, 32 for a uint256 */
  uint(maxBytes = 8): bigint {
    return toUint(this.bytes(), maxBytes)
  }

  bool(): boolean {
    const value = this.uint(1)
    if (value > 1n) throw new RlpError('expected a boolean')
    return value === 1n
  }

  list(): RlpReader {
    return new RlpReader(this.listItem().content)
  }

  listItem(): RlpItem {
    const item = this.item()
    if (!item.isList) throw new RlpError('expected a list, got a string')
    return item
  }

  /** Takes every item that is left. BOUNDED: by the bytes of the message, each item costs its reader one view. */
  *rest(): Generator<RlpItem> {
    while (!this.isDone) yield this.item()
  }

  /** The list must end here. */
  end(): void {
    if (!this.isDone) throw new RlpError('too many list items')
  }
}

/** @returns the integer of a canonical big-endian string without leading zeros */
export function toUint(bytes: Uint8Array, maxBytes = 8): bigint {
  if (bytes.length > maxBytes) throw new RlpError(`integer wider than ${maxBytes} bytes`)
  if (bytes[0] === 0) throw new RlpError('integer with a leading zero')
  if (bytes.length <= maxNumberBytes) return BigInt(bigEndian(bytes, 0, bytes.length))
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

/** Integers up to here are exact as a number. */
const maxNumberBytes = 6

function bigEndian(bytes: Uint8Array, offset: number, width: number): number {
  let value = 0
  for (let i = offset; i < offset + width; i++) value = value * 256 + bytes[i]!
  return value
}

function prefixLength(prefix: number): number {
  if (prefix < 0x80) return 0
  const short = prefix - (prefix >= 0xc0 ? 0xc0 : 0x80)
  return short > 55 ? short - 54 : 1
}

/** @param kind of what it stands before: 0x80 of a string, but for one of a single small byte, 0xc0 of a list */
export function lengthPrefix(length: number, kind: 0x80 | 0xc0): Uint8Array {
  const prefix = new Uint8Array(prefixSize(length))
  writePrefix(prefix, length, kind)
  return prefix
}

function prefixSize(length: number): number {
  let size = 1
  if (length >= 56) for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size++
  return size
}

/** As {@link lengthPrefix}, at the beginning of `target`: an array for each prefix would be most of the work. */
function writePrefix(target: Uint8Array, length: number, kind: 0x80 | 0xc0): void {
  if (length < 56) {
    target[0] = kind + length
    return
  }
  const digits = prefixSize(length) - 1
  target[0] = kind + 55 + digits
  for (let at = digits, rest = length; at > 0; at--, rest = Math.floor(rest / 256)) target[at] = rest % 256
}

/** @returns where the content ends whose length of `width` bytes stands at `offset` */
function longEnd(bytes: Uint8Array, offset: number, width: number): number {
  const start = offset + width
  if (start > bytes.length) throw new RlpError('value larger than the input')
  if (bytes[offset] === 0) throw new RlpError('length with a leading zero')
  if (width > maxNumberBytes) throw new RlpError('value larger than the input')
  const length = bigEndian(bytes, offset, width)
  if (length < 56) throw new RlpError('non-canonical length')
  return start + length
}

/** The bytes are not the RLP that was expected: the fault of their sender. */
export class RlpError extends Error {
  override readonly name = 'RlpError'
}
