import { atOnce } from '../../protocols/chain/at-once.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { jsonText } from '../../protocols/lib/json-text.ts'

// What a method takes: each reads one JSON value and refuses with geth's messages (common/hexutil, rpc/types.go).

export type Param<Value> = {
  /** May be left out, or null, where it is an argument: a pointer in geth's signature. */
  readonly isOptional: boolean
  /** @throws {ParamError} */
  read(json: unknown): Value
  /** As `read`, step by step, where it may take long. */
  steps?(json: unknown): Generator<void, Value>
}

/** @throws {ParamError} */
export function* readSteps<Value>(param: Param<Value>, json: unknown): Generator<void, Value> {
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
export const bytes: Param<Uint8Array> = inSteps(function* (json) {
  const digits = byteDigits(json, 'hexutil.Bytes')
  const bytes = new Uint8Array(digits.length / 2)
  for (let at = 0; at < digits.length; at += digitsInStep) {
    if (at > 0) yield
    const piece = digits.slice(at, at + digitsInStep)
    if (!isHex(piece)) throw malformed('invalid hex string', 'hexutil.Bytes')
    bytes.set(hexToBytes(piece), at / 2)
  }
  return bytes
})

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
  const digits = byteDigits(json, type)
  if (digits.length !== 2 * length)
    throw new ParamError(`hex string has length ${digits.length}, want ${2 * length} for ${type}`)
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

/** Half a millisecond. */
const digitsInStep = 65_536

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

/** The digits of whole bytes, not looked at; none for an empty string. */
function byteDigits(json: unknown, type: string): string {
  if (typeof json !== 'string') throw malformed('non-string', type)
  if (json !== '' && !hasPrefix(json)) throw malformed('hex string without 0x prefix', type)
  if (json.length % 2 === 1) throw malformed('hex string of odd length', type)
  return json.slice(2)
}

const hasPrefix = (text: string) => /^0x/i.test(text)
const isHex = (digits: string) => /^[0-9a-f]*$/i.test(digits)

/** One argument is not what the method takes; the error names it, with code -32602. */
export class ParamError extends Error {
  override readonly name = 'ParamError'
}
