import { atOnce } from '../../protocols/chain/at-once.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { jsonText } from '../../protocols/lib/json-text.ts'
import { LongText, pieceBytes } from './json/long-text.ts'

// What a method takes: each reads one JSON value and refuses with geth's messages (common/hexutil, rpc/types.go).

export type Param<Value> = {
  /** May be left out, or null, where it is an argument: a pointer in geth's signature. */
  readonly isOptional: boolean
  /** @throws {ParamError} */
  read(json: unknown): Value
  /** As `read`, step by step, where it may take long. */
  steps?(json: unknown): Generator<void, Value>
  /** `steps` reads a {@link LongText} too: a string of more than 1,048,576 characters, which all others refuse. */
  readonly takesLongText?: boolean
}

/** @throws {ParamError} */
export function* readSteps<Value>(param: Param<Value>, json: unknown): Generator<void, Value> {
  if (json instanceof LongText && !param.takesLongText)
    throw new ParamError(`string of ${json.length} bytes is too long`)
  return param.steps ? yield* param.steps(json) : param.read(json)
}

export const boolean: Param<boolean> = required((json) => {
  if (typeof json === 'boolean') return json
  throw unfit(json, 'bool')
})

/** In a list or struct, null is empty to geth. */
export const string: Param<string> = required((json) => {
  if (typeof json === 'string') return json
  if (json === null) return ''
  throw unfit(json, 'string')
})

/** A JSON number without a fraction, below 2^53. */
export const int: Param<number> = required((json) => {
  if (Number.isSafeInteger(json)) return json as number
  throw typeof json === 'number'
    ? new ParamError(`json: cannot unmarshal number ${json} into Go value of type int`)
    : unfit(json, 'int')
})

/** A JSON number, as Go's float64. */
export const number: Param<number> = required((json) => {
  if (typeof json === 'number') return json
  throw unfit(json, 'float64')
})

/** A number below 2^64 in hex or decimal, quoted or not (geth `math.HexOrDecimal64`). */
export const hexOrDecimal: Param<bigint> = required((json) => {
  const text = typeof json === 'string' ? json : jsonText(json)
  const isNumber = /^(?:0x[0-9a-f]+|[0-9]*)$/i.test(text) && text.length <= 40
  const value = isNumber ? BigInt(text) : maxUint64 + 1n
  if (value > maxUint64) throw new ParamError(`invalid hex or decimal integer ${JSON.stringify(text)}`)
  return value
})

const maxUint64 = 2n ** 64n - 1n

/** What may be left out, or null. */
export function optional<Value>(param: Param<Value>): Param<Value | undefined> {
  return {
    isOptional: true,
    takesLongText: param.takesLongText === true,
    read: (json) => (json === null ? undefined : param.read(json)),
    *steps(json) {
      return json === null ? undefined : yield* readSteps(param, json)
    },
  }
}

/** 32 bytes in hex. */
export const hash: Param<Uint8Array> = required((json) => fixedBytes(json, 32, 'common.Hash'))

/** 20 bytes in hex. */
export const address: Param<Uint8Array> = required((json) => fixedBytes(json, 20, 'common.Address'))

/** Any number of bytes in hex. */
export const bytes: Param<Uint8Array> = {
  ...inSteps(function* (json) {
    const length = digitsOf(json, 'hexutil.Bytes')
    const bytes = new Uint8Array(length / 2)
    const target = Buffer.from(bytes.buffer)
    for (let at = 0; at < length; ) {
      if (at > 0) yield
      const digits = digitsAt(json, at)
      if (!isHex(digits)) throw malformed('invalid hex string', 'hexutil.Bytes')
      target.write(digits, at / 2, 'hex')
      at += digits.length
    }
    return bytes
  }),
  takesLongText: true,
}

/** A number in hex without leading zeros, below 2^64; an empty string is 0. */
export const quantity: Param<bigint> = required((json) => readTyped(json, 'hexutil.Uint64'))

/** As {@link quantity}, below 2^256. */
export const bigQuantity: Param<bigint> = required((json) => readTyped(json, '*hexutil.Big', 256))

/** As {@link quantity}, where geth counts in a machine's own integers. */
export const index: Param<bigint> = required((json) => readTyped(json, 'hexutil.Uint'))

/** @throws {ParamError} as geth's `hexutil.DecodeUint64` */
export function readQuantity(text: string): bigint {
  if (text === '') throw new ParamError('empty hex string')
  const reason = faultOf(text)
  if (reason !== undefined) throw new ParamError(reason)
  return BigInt(text)
}

/** @throws {ParamError} as geth's `hexutil.UnmarshalFixedJSON` */
export function fixedBytes(json: unknown, length: number, type: string): Uint8Array {
  const given = digitsOf(json, type)
  if (given !== 2 * length) throw new ParamError(`hex string has length ${given}, want ${2 * length} for ${type}`)
  const digits = (json as string).slice(2)
  if (!isHex(digits)) throw malformed('invalid hex string', type)
  return hexToBytes(digits)
}

export function required<Value>(read: (json: unknown) => Value): Param<Value> {
  return { isOptional: false, read }
}

/** What may take long. */
export function inSteps<Value>(steps: (json: unknown) => Generator<void, Value>): Param<Value> {
  return { isOptional: false, read: (json) => atOnce(steps(json)), steps }
}

/** @param type as Go names it */
export function unfit(json: unknown, type: string): ParamError {
  const kind = Array.isArray(json) ? 'array' : json === null ? 'null' : typeof json
  return new ParamError(`json: cannot unmarshal ${goKinds[kind] ?? kind} into Go value of type ${type}`)
}

const goKinds: Readonly<Record<string, string>> = { boolean: 'bool' }

/** What of a JSON string does not make the Go value. */
const malformed = (reason: string, type: string) =>
  new ParamError(`json: cannot unmarshal ${reason} into Go value of type ${type}`)

function readTyped(json: unknown, type: string, bits = 64): bigint {
  if (json === '') return 0n
  if (typeof json !== 'string') throw malformed('non-string', type)
  const reason = faultOf(json, bits)
  if (reason !== undefined) throw malformed(reason, type)
  return BigInt(json)
}

/** @returns why `text` is no number in hex */
function faultOf(text: string, bits = 64): string | undefined {
  const digits = text.slice(2)
  if (!hasPrefix(text)) return 'hex string without 0x prefix'
  if (digits === '') return 'hex string "0x"'
  if (digits.length > 1 && digits.startsWith('0')) return 'hex number with leading zero digits'
  if (digits.length > bits / 4) return `hex number > ${bits} bits`
  return isHex(digits) ? undefined : 'invalid hex string'
}

/** How many digits there are, of whole bytes, not looked at; none for an empty string. */
function digitsOf(json: unknown, type: string): number {
  if (typeof json !== 'string' && !(json instanceof LongText)) throw malformed('non-string', type)
  const { length } = json
  if (length === 0) return 0
  if (!hasPrefix(typeof json === 'string' ? json : json.head)) throw malformed('hex string without 0x prefix', type)
  if (length % 2 === 1) throw malformed('hex string of odd length', type)
  return length - 2
}

/** Some of the digits from the `at`th on: no more than are read in one step. */
function digitsAt(json: unknown, at: number): string {
  const from = at + 2
  if (!(json instanceof LongText)) return (json as string).slice(from, from + pieceBytes)
  const skipped = from % pieceBytes
  return json.pieceAt(from - skipped).toString('latin1', skipped)
}

const hasPrefix = (text: string) => /^0x/i.test(text)
const isHex = (digits: string) => /^[0-9a-f]*$/i.test(digits)

/** One argument is not what the method takes; the error names it, with code -32602. */
export class ParamError extends Error {
  override readonly name = 'ParamError'
}
