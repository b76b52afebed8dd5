import { bytesToHex, hexToBytes } from '../lib/bytes.ts'
import { givenNames } from '../lib/json-names.ts'
import { firstValue } from '../lib/json-scanner.ts'
import { jsonText } from '../lib/json-text.ts'
import { type JsonPath, readTwice } from '../lib/json-twice.ts'

// Reading a genesis.json the way geth's gencodec and math.HexOrDecimal do, with the name of the field in every error.

/** One object of the file: fields by their names in any case, or a map. `path` names it in errors: `config.blobSchedule`. */
export class JsonFields {
  readonly path: string
  readonly #json: Readonly<Record<string, unknown>>
  /** BOUNDED: by the object. */
  #names: ReadonlyMap<string, readonly string[]> | undefined

  /** @throws {InvalidGenesis} `value` is no object */
  constructor(value: unknown, path = '') {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new InvalidGenesis(path || 'the file', 'must be an object')
    this.path = path
    this.#json = value as Record<string, unknown>
  }

  /** geth reads null as a field left out. */
  has(name: string): boolean {
    return this.#value(name) !== null
  }

  object(name: string): JsonFields {
    return new JsonFields(this.#required(name), this.#at(name))
  }

  optionalObject(name: string): JsonFields | undefined {
    return this.has(name) ? this.object(name) : undefined
  }

  /** @param bits the widest the integer may be; decimal or 0x-hex, a number or a string, an empty one for 0 */
  uint(name: string, bits = 64): bigint {
    const value = this.#required(name)
    // A number beyond 2^53 comes from a program: from a file it is a string already.
    const text = typeof value === 'number' && Number.isInteger(value) ? BigInt(value).toString() : value
    if (typeof text !== 'string' || !/^(0x[0-9a-f]+|[0-9]*)$/i.test(text))
      throw this.error(name, `must be a whole number, got ${jsonText(value, 80)}`)
    const number = BigInt(text)
    if (number >> BigInt(bits) !== 0n) throw this.error(name, `must fit in ${bits} bits, got ${text}`)
    return number
  }

  optionalUint(name: string, bits?: number): bigint | undefined {
    return this.has(name) ? this.uint(name, bits) : undefined
  }

  optionalBoolean(name: string): boolean | undefined {
    if (!this.has(name)) return undefined
    const value = this.#value(name)
    if (typeof value !== 'boolean') throw this.error(name, `must be true or false, got ${jsonText(value, 80)}`)
    return value
  }

  /** @param length the only length allowed, in bytes; any when left out, and then an empty string is no bytes */
  bytes(name: string, length?: number): Uint8Array {
    const value = this.#required(name)
    if (typeof value !== 'string' || !/^(0x([0-9a-f]{2})*)?$/i.test(value))
      throw this.error(name, `must be 0x and whole bytes in hex, got ${jsonText(value, 80)}`)
    const bytes = hexToBytes(value.slice(2))
    if (length !== undefined && bytes.length !== length)
      throw this.error(name, `must be ${length} bytes, got ${bytes.length}`)
    return bytes
  }

  optionalBytes(name: string, length?: number): Uint8Array | undefined {
    return this.has(name) ? this.bytes(name, length) : undefined
  }

  /**
   * What a map has, its names as addresses of 20 bytes or as slots of 32, padded on the left.
   * @returns with each its place, for errors @throws {InvalidGenesis} a name that is none, or one twice
   */
  *entries(length: 20 | 32): Generator<[key: Uint8Array, value: unknown, path: string]> {
    const seen = new Set<string>()
    for (const name of Object.keys(this.#json)) {
      const key = length === 32 ? toWord(name, this.#at(name)) : this.#toAddress(name)
      const hex = bytesToHex(key)
      if (seen.has(hex)) throw this.error(name, 'is given twice')
      seen.add(hex)
      yield [key, this.#json[name], this.#at(name)]
    }
  }

  error(name: string, reason: string): InvalidGenesis {
    return new InvalidGenesis(this.#at(name), reason)
  }

  #toAddress(name: string): Uint8Array {
    if (!/^(0x)?[0-9a-f]{40}$/i.test(name)) throw this.error(name, 'must be an address of 20 bytes')
    return hexToBytes(name.replace(/^0x/i, ''))
  }

  #required(name: string): unknown {
    if (!this.has(name)) throw this.error(name, 'is missing')
    return this.#value(name)
  }

  /** Null where there is none. Of a name in several cases the last counts, as to Go, which would put objects together. */
  #value(name: string): unknown {
    this.#names ??= givenNames(this.#json)
    const given = this.#names.get(name.toLowerCase()) ?? []
    const value = this.#json[given.at(-1) ?? name] ?? null
    if (given.length > 1 && typeof value === 'object' && value !== null)
      throw this.error(name, `is given twice, as ${given.join(' and ')}`)
    return value
  }

  #at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`
  }
}

/**
 * Parses JSON whose integers may be wider than a double: those become strings of their digits. What follows the first
 * value is passed over, as by Go's json.Decoder. Of a name that is twice in an object the last value counts, and what is
 * an object to geth goes into the one before; an account takes the place of the one before.
 * @param twice is called with what is given twice, if anything is
 * @throws {SyntaxError} {JsonSyntaxError}
 */
export function parseJson(text: string, twice: (names: readonly string[]) => void = () => {}): unknown {
  const whole = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
  const wide = text.replace(whole, (token) => (/^\d{16,}$/.test(token) ? `"${token}"` : token))
  const value = firstOf(wide)
  const read = readTwice(value, isFilled)
  if (read.twice.length > 0) twice(read.twice.map((path) => path.join('.')))
  return read.value
}

/** @returns the text of the first value @throws {SyntaxError} {JsonSyntaxError} */
function firstOf(text: string): string {
  try {
    JSON.parse(text)
    return text
  } catch {
    const value = firstValue(text)
    JSON.parse(value)
    return value
  }
}

/** geth's `alloc` is a map, and one of its accounts is read anew: encoding/json fills only what is there. */
const isFilled = (path: JsonPath) => path.length !== 2 || !/^alloc$/i.test(path[0]!)

/** A storage slot or value: up to 32 bytes of hex with or without 0x, padded on the left. @throws {InvalidGenesis} */
export function toWord(value: unknown, path: string): Uint8Array {
  if (value === null) return new Uint8Array(32)
  if (typeof value !== 'string' || !/^(0x)?[0-9a-f]{0,64}$/i.test(value))
    throw new InvalidGenesis(path, 'must be at most 32 bytes in hex')
  return hexToBytes(value.replace(/^0x/i, '').padStart(64, '0'))
}

/** A genesis file that cannot be used: its author is at fault. The message is one line that names the field. */
export class InvalidGenesis extends Error {
  override readonly name = 'InvalidGenesis'
  readonly field: string

  constructor(field: string, reason: string, options?: ErrorOptions) {
    super(`invalid genesis: ${field} ${reason}`, options)
    this.field = field
  }
}
