import type { Data } from '../trace/feed-lines.ts'
import { longestBytes, toPlain } from '../trace/values.ts'

// The data of events as bytes in one buffer: objects that are kept for long are what makes a garbage collector slow.
// What has no form here (lists, maps, errors) is kept as an object, by its number.

const tag = { no: 0, yes: 1, null: 2, number: 3, bigint: 4, string: 5, bytes: 6, size: 7, object: 8 } as const

export class EventBytes {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  /** Names of fields, and strings. BOUNDED: by the entries of a segment. */
  readonly #strings: string[] = []
  readonly #numbers = new Map<string, number>()
  /** BOUNDED: as those. */
  readonly #objects: unknown[] = []
  /** Bytes that strings and objects take beside the buffer, near enough. */
  weight = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /**
   * Writes the fields of an event, but its type.
   * @returns the end of what was written, `start` where there was nothing to write; -1 where there is no room
   */
  write(event: object, start: number): number {
    let at = start + 1
    let count = 0
    for (const key in event) {
      if (key === 'type') continue
      const value = (event as Data)[key]
      if (value === undefined || typeof value === 'function') continue
      if (count === mostFields) break
      if (at + roomForField > this.#bytes.length) return -1
      this.#view.setUint32(at, this.#numberOf(key))
      at = this.#writeValue(value, at + 4)
      count += 1
    }
    if (count === 0) return start
    this.#bytes[start] = count
    return at
  }

  read(start: number): Data {
    const data: Record<string, unknown> = {}
    let at = start + 1
    for (let left = this.#bytes[start]!; left > 0; left--) {
      const key = this.#strings[this.#view.getUint32(at)]!
      const kind = this.#bytes[at + 4]!
      at += 5
      data[key] = this.#readValue(kind, at)
      at += kind === tag.bytes ? 1 + this.#bytes[at]! : widths[kind]!
    }
    return data
  }

  #writeValue(value: unknown, at: number): number {
    const view = this.#view
    if (typeof value === 'number') {
      view.setUint8(at, tag.number)
      view.setFloat64(at + 1, value)
    } else if (typeof value === 'boolean') view.setUint8(at, value ? tag.yes : tag.no)
    else if (typeof value === 'string') return this.#writeNumber(at, tag.string, this.#numberOf(value))
    else if (value === null) view.setUint8(at, tag.null)
    else if (typeof value === 'bigint' && value >= 0n && value < 1n << 64n) {
      view.setUint8(at, tag.bigint)
      view.setBigUint64(at + 1, value)
    } else if (!(value instanceof Uint8Array)) return this.#writeNumber(at, tag.object, this.#keep(value))
    else if (value.length > longestBytes) return this.#writeNumber(at, tag.size, value.length)
    else {
      view.setUint8(at, tag.bytes)
      view.setUint8(at + 1, value.length)
      this.#bytes.set(value, at + 2)
      return at + 2 + value.length
    }
    return at + 1 + widths[view.getUint8(at)]!
  }

  #readValue(kind: number, at: number): unknown {
    switch (kind) {
      case tag.number:
        return this.#view.getFloat64(at)
      case tag.bigint:
        return this.#view.getBigUint64(at)
      case tag.string:
        return this.#strings[this.#view.getUint32(at)]
      case tag.bytes:
        return this.#bytes.slice(at + 1, at + 1 + this.#bytes[at]!)
      case tag.size:
        return { $size: this.#view.getUint32(at) }
      case tag.object:
        return this.#objects[this.#view.getUint32(at)]
      default:
        return kind === tag.null ? null : kind === tag.yes
    }
  }

  #writeNumber(at: number, kind: number, number: number): number {
    this.#view.setUint8(at, kind)
    this.#view.setUint32(at + 1, number)
    return at + 5
  }

  #numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.weight += 64 + text.length
    this.#numbers.set(text, this.#strings.length)
    return this.#strings.push(text) - 1
  }

  #keep(value: unknown): number {
    const plain = toPlain(value)
    this.weight += weigh(plain)
    return this.#objects.push(plain) - 1
  }
}

/** Bytes of memory that a plain value takes, near enough. */
export function weigh(value: unknown): number {
  if (typeof value === 'string') return 24 + value.length
  if (typeof value !== 'object' || value === null) return 16
  let size = 40
  for (const key in value) size += 8 + weigh((value as Data)[key])
  return size
}

const widths: readonly number[] = [0, 0, 0, 8, 8, 4, 0, 4, 4]
/** What is counted in a byte; no event of ours has a tenth of it. */
const mostFields = 255
const roomForField = 6 + longestBytes
