import { hexToBytes } from '../../protocols/lib/bytes.ts'

// What a method takes: each reads one JSON value and refuses in geth's words (common/hexutil, rpc/types.go).

export type Param<Value> = {
  readonly isOptional: boolean
  /** @throws {ParamError} */
  read(json: unknown): Value
}

/** May be left out, or null. */
export const optional = <Value>({ read }: Param<Value>): Param<Value | undefined> => ({
  isOptional: true,
  read: (json) => (json === null || json === undefined ? undefined : read(json)),
})

export const text: Param<string> = required((json) => {
  if (typeof json === 'string') return json
  throw unfit(json, 'string')
})

export const boolean: Param<boolean> = required((json) => {
  if (typeof json === 'boolean') return json
  throw unfit(json, 'bool')
})

/** A JSON number, whole and not below zero. */
export const whole: Param<number> = required((json) => {
  if (typeof json === 'number' && Number.isSafeInteger(json) && json >= 0) return json
  throw unfit(json, 'int')
})

/** 32 bytes in hex. */
export const hash: Param<Uint8Array> = required((json) => fixedBytes(json, 32, 'common.Hash'))

/** Any number of bytes in hex. */
export const bytes: Param<Uint8Array> = required((json) => {
  const digits = hexDigits(json, 'hexutil.Bytes')
  if (digits.length % 2 === 1) throw new ParamError('hex string of odd length')
  return hexToBytes(digits)
})

/** A number in hex without leading zeros, below 2^64. */
export const quantity: Param<bigint> = required((json) => readQuantity(json))

/** Whatever it is. */
export const json: Param<unknown> = required((json) => json)

/** @throws {ParamError} */
export function readQuantity(json: unknown): bigint {
  const digits = hexDigits(json, 'hexutil.Uint64')
  if (digits === '') throw new ParamError('hex string "0x"')
  if (digits.length > 1 && digits.startsWith('0')) throw new ParamError('hex number with leading zero digits')
  if (digits.length > 16) throw new ParamError('hex number > 64 bits')
  return BigInt(`0x${digits}`)
}

/** @throws {ParamError} */
export function fixedBytes(json: unknown, length: number, type: string): Uint8Array {
  const digits = hexDigits(json, type)
  if (digits.length !== 2 * length)
    throw new ParamError(`hex string has length ${digits.length}, want ${2 * length} for ${type}`)
  return hexToBytes(digits)
}

export function required<Value>(read: (json: unknown) => Value): Param<Value> {
  return { isOptional: false, read }
}

/** @param type as Go names it */
export function unfit(json: unknown, type: string): ParamError {
  const kind = Array.isArray(json) ? 'array' : json === null ? 'null' : typeof json
  return new ParamError(`json: cannot unmarshal ${goKinds[kind] ?? kind} into Go value of type ${type}`)
}

const goKinds: Readonly<Record<string, string>> = { boolean: 'bool' }

function hexDigits(json: unknown, type: string): string {
  if (typeof json !== 'string') throw unfit(json, type)
  if (json === '') throw new ParamError('empty hex string')
  if (!/^0x/i.test(json)) throw new ParamError('hex string without 0x prefix')
  if (!/^[0-9a-f]*$/i.test(json.slice(2))) throw new ParamError('invalid hex string')
  return json.slice(2)
}

/** One argument is not what the method takes; the caller is told which, with code -32602. */
export class ParamError extends Error {
  override readonly name = 'ParamError'
}
